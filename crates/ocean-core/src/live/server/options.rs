//! What are the limits of the endpoint? [`ServerOptions`].

use std::time::Duration;

/// Settings and limits of a [`WebhookServer`](super::WebhookServer).
///
/// The defaults suit a process with 1,024 file descriptors behind a reverse proxy. With them the
/// server holds at most about 130 MiB of requests, whatever is sent.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    pub(super) path_prefix: String,
    pub(super) legacy_status: bool,
    pub(super) body_limit: usize,
    pub(super) buffered_limit: usize,
    pub(super) max_connections: usize,
    pub(super) header_timeout: Duration,
    pub(super) body_timeout: Duration,
    pub(super) answer_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) drain_timeout: Duration,
}

impl ServerOptions {
    /// The defaults, which stand at each setter.
    #[must_use]
    pub fn new() -> Self {
        Self {
            path_prefix: String::new(),
            legacy_status: false,
            body_limit: 5 << 20,
            buffered_limit: 64 << 20,
            max_connections: 512,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(15),
            answer_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            drain_timeout: Duration::from_secs(5),
        }
    }

    /// What the paths start with (`/ocean`), empty by default. Slashes at its ends do not count.
    #[must_use]
    pub fn path_prefix(mut self, prefix: &str) -> Self {
        self.path_prefix = match prefix.trim_matches('/') {
            "" => String::new(),
            inner => format!("/{inner}"),
        };
        self
    }

    /// Answers a malformed body 200 instead of 400, as the original does; off by default.
    #[must_use]
    pub const fn legacy_status(mut self, legacy: bool) -> Self {
        self.legacy_status = legacy;
        self
    }

    /// The largest body in bytes, as sent and decompressed; 5 MiB by default. GitHub's largest
    /// events have 25 MB, Jira's have some 100 KiB.
    #[must_use]
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// How many bytes of bodies above 64 KiB each are held at a time; 64 MiB by default. Smaller
    /// bodies are bounded by the number of connections, so large ones cannot crowd them out.
    #[must_use]
    pub const fn buffered_limit(mut self, bytes: usize) -> Self {
        self.buffered_limit = bytes;
        self
    }

    /// How many connections are open at a time, at least 4; 512 by default. When there is one
    /// more, the one that has been waiting longest for its sender is closed.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections.max(4);
        self
    }

    /// How long the head of a request may take from its first byte; 10 s by default.
    #[must_use]
    pub const fn header_timeout(mut self, timeout: Duration) -> Self {
        self.header_timeout = timeout;
        self
    }

    /// How long a body may take; 15 s by default.
    #[must_use]
    pub const fn body_timeout(mut self, timeout: Duration) -> Self {
        self.body_timeout = timeout;
        self
    }

    /// How long an event may take to become durable before its sender is asked to send it again;
    /// 10 s by default, which is less than senders wait.
    #[must_use]
    pub const fn answer_timeout(mut self, timeout: Duration) -> Self {
        self.answer_timeout = timeout;
        self
    }

    /// How long a connection may stay open between requests; 75 s by default, which is longer
    /// than reverse proxies keep one, so that it is the proxy that closes it.
    #[must_use]
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How long requests under way may take to finish when the server stops; 5 s by default.
    #[must_use]
    pub const fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain_timeout = timeout;
        self
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self::new()
    }
}
