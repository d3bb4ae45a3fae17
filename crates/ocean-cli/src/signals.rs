//! When does somebody want the process to stop? [`Signals`].

use std::io;
use std::sync::{Arc, OnceLock};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What an operator or a supervisor sends to end a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// What a supervisor sends before it kills.
    Terminate,
}

impl Signal {
    /// The code that a shell shows for a process that the signal ended.
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// Listens for signals as long as it lives.
///
/// The first one cancels [`stop`](Self::stop), and whoever works ends at a safe place. The second
/// one ends the process where it is: that is safe too, since a resync deletes nothing before it
/// has read everything, but Port is not told.
#[derive(Debug)]
pub(crate) struct Signals {
    stop: CancellationToken,
    received: Arc<OnceLock<Signal>>,
    _listener: JoinSet<()>,
}

impl Signals {
    /// Begins to listen; from now on no signal ends the process by itself.
    pub(crate) fn listen() -> io::Result<Self> {
        Self::listen_and(|signal| {
            tracing::warn!(
                ?signal,
                "stopping; what is being written is finished first, a second signal ends at once"
            );
        })
    }

    /// The same for a command that writes nothing, and so has nothing to tell.
    pub(crate) fn listen_quietly() -> io::Result<Self> {
        Self::listen_and(|_| {})
    }

    fn listen_and(tell: impl Fn(Signal) + Send + 'static) -> io::Result<Self> {
        let stop = CancellationToken::new();
        let received = Arc::new(OnceLock::new());
        let mut waiting = Waiting::new()?;
        let mut listener = JoinSet::new();
        listener.spawn({
            let (stop, received) = (stop.clone(), Arc::clone(&received));
            async move {
                let first = waiting.next().await;
                let signal = *received.get_or_init(|| first);
                tell(signal);
                stop.cancel();
                end_process(waiting.next().await);
            }
        });
        Ok(Self {
            stop,
            received,
            _listener: listener,
        })
    }

    /// Cancelled by the first signal.
    pub(crate) const fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// The first signal, once there was one.
    pub(crate) fn received(&self) -> Option<Signal> {
        self.received.get().copied()
    }
}

#[expect(
    clippy::exit,
    reason = "a second signal means now: no destructor may hold it up"
)]
fn end_process(signal: Signal) {
    std::process::exit(signal.exit_code().into());
}

#[cfg(unix)]
struct Waiting {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Waiting {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

#[cfg(not(unix))]
struct Waiting;

#[cfg(not(unix))]
impl Waiting {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            // Nothing can be listened for; the process then ends by the system's default.
            Err(_) => std::future::pending().await,
        }
    }
}
