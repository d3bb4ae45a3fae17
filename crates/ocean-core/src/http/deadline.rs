//! How long may a call take? Four [`Deadlines`], because each catches a fault the others miss.

use std::fmt;
use std::time::Duration;

/// The deadlines of every call of a client.
///
/// ```
/// use std::time::Duration;
/// use ocean_core::http::Deadlines;
///
/// let deadlines = Deadlines::default().total(Duration::from_secs(60));
/// assert_eq!(deadlines.connect, Duration::from_secs(10));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deadlines {
    /// Until a connection stands, TLS included. A host that is down is known quickly. 10 s.
    pub connect: Duration,
    /// From the start of an attempt until its headers are there. 30 s.
    pub first_byte: Duration,
    /// Between two pieces of a body. 30 s.
    pub idle: Duration,
    /// All attempts of one call together, waits between them not counted. It ends a body that
    /// drips too slowly for `idle` to notice. A streamed body has no end known beforehand: it has
    /// to make some progress within each such span instead. 120 s.
    pub total: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(120),
        }
    }
}

impl Deadlines {
    /// Changes [`Deadlines::connect`].
    #[must_use]
    pub const fn connect(mut self, connect: Duration) -> Self {
        self.connect = connect;
        self
    }

    /// Changes [`Deadlines::first_byte`].
    #[must_use]
    pub const fn first_byte(mut self, first_byte: Duration) -> Self {
        self.first_byte = first_byte;
        self
    }

    /// Changes [`Deadlines::idle`].
    #[must_use]
    pub const fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Changes [`Deadlines::total`].
    #[must_use]
    pub const fn total(mut self, total: Duration) -> Self {
        self.total = total;
        self
    }
}

/// Which of the [`Deadlines`] passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deadline {
    /// No connection in time.
    Connect,
    /// No headers in time.
    FirstByte,
    /// The body stopped.
    Idle,
    /// The call as a whole took too long.
    Total,
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::FirstByte => "first byte",
            Self::Idle => "idle",
            Self::Total => "total",
        })
    }
}

/// What is left of [`Deadlines::total`] for the further attempts of one call.
#[derive(Debug)]
pub(super) struct Budget {
    left: Duration,
}

impl Budget {
    pub(super) const fn new(total: Duration) -> Self {
        Self { left: total }
    }

    pub(super) const fn left(&self) -> Duration {
        self.left
    }

    pub(super) const fn spend(&mut self, time: Duration) {
        self.left = self.left.saturating_sub(time);
    }

    pub(super) const fn is_spent(&self) -> bool {
        self.left.is_zero()
    }
}
