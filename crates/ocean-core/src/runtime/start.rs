//! What has to be done before the process is ready, and how long is it tried? [`StartUp`].

use std::convert::Infallible;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::status::Status;

/// The pause after the first failure; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What a process does at Port, and then at the third-party system, before its first resync.
pub trait StartUp: Sync {
    /// Why the process has to end.
    type Error: Send;

    /// Makes sure that Port knows the integration. Called again after a pause when it fails.
    fn provision(&self) -> impl Future<Output = Result<(), Unprepared<Self::Error>>> + Send;

    /// Runs the integration's start hooks, once; live events are handled meanwhile.
    fn run_hooks(&self) -> impl Future<Output = ()> + Send;

    /// Runs the integration's periodic hooks after that, for as long as it is polled.
    fn run_periodic_hooks(&self) -> impl Future<Output = Infallible> + Send;
}

/// The process could not be prepared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unprepared<E> {
    /// It may go better later, for this reason not now.
    NotYet(String),
    /// No later attempt can help.
    Never(E),
}

/// Provisions until it worked.
pub(super) async fn provisioned<S: StartUp>(start: &S, status: &Status) -> Result<(), S::Error> {
    let mut pause = FIRST_PAUSE;
    loop {
        let reason = match start.provision().await {
            Ok(()) => {
                status.port_answered();
                return Ok(());
            }
            Err(Unprepared::Never(error)) => return Err(error),
            Err(Unprepared::NotYet(reason)) => reason,
        };
        tracing::warn!(
            error = reason,
            again_in = pause.as_secs(),
            "port could not be prepared; live events are accepted and wait"
        );
        status.port_failed(reason);
        tokio::time::sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// Runs the start hooks, and then `resyncs` beside the periodic hooks, which end with it.
pub(super) async fn with_hooks<S: StartUp>(
    start: &S,
    resyncs: impl Future<Output = ()>,
    stop: &CancellationToken,
) {
    stop.run_until_cancelled(start.run_hooks()).await;
    let periodic = async {
        stop.run_until_cancelled(start.run_periodic_hooks()).await;
        // Resyncs end after `stop`, once what they write is written.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        biased;
        () = resyncs => {}
        () = periodic => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::time::{Instant, sleep};

    use super::*;

    /// Fails so many times.
    struct Failing {
        times: u32,
        last: Result<(), Unprepared<&'static str>>,
        calls: AtomicU32,
    }

    impl StartUp for Failing {
        type Error = &'static str;

        async fn provision(&self) -> Result<(), Unprepared<&'static str>> {
            if self.calls.fetch_add(1, Ordering::Relaxed) < self.times {
                return Err(Unprepared::NotYet("port is down".to_owned()));
            }
            self.last.clone()
        }

        async fn run_hooks(&self) {}

        async fn run_periodic_hooks(&self) -> Infallible {
            std::future::pending().await
        }
    }

    async fn seconds(times: u32, last: Result<(), Unprepared<&'static str>>) -> (u64, bool) {
        let began = Instant::now();
        let failing = Failing {
            times,
            last,
            calls: AtomicU32::new(0),
        };
        let ended = provisioned(&failing, &Status::default()).await;
        (began.elapsed().as_secs(), ended.is_ok())
    }

    #[tokio::test(start_paused = true)]
    async fn a_port_that_is_down_is_waited_for_with_growing_pauses() {
        assert_eq!(seconds(0, Ok(())).await, (0, true));
        assert_eq!(seconds(3, Ok(())).await, (1 + 2 + 4, true));
        assert_eq!(
            seconds(8, Ok(())).await,
            (1 + 2 + 4 + 8 + 16 + 32 + 60 + 60, true)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_ends_the_wait() {
        assert_eq!(
            seconds(0, Err(Unprepared::Never("refused"))).await,
            (0, false)
        );
        assert_eq!(
            seconds(2, Err(Unprepared::Never("refused"))).await,
            (3, false)
        );
    }

    /// Writes down what it is asked for, and when.
    #[derive(Default)]
    struct Hooked {
        began: Option<Instant>,
        log: Mutex<Vec<(u64, &'static str)>>,
    }

    impl Hooked {
        fn starting_now() -> Self {
            Self {
                began: Some(Instant::now()),
                ..Self::default()
            }
        }

        fn note(&self, what: &'static str) {
            let seconds = self.began.map_or(0, |began| began.elapsed().as_secs());
            self.log.lock().unwrap().push((seconds, what));
        }
    }

    impl StartUp for Hooked {
        type Error = Infallible;

        async fn provision(&self) -> Result<(), Unprepared<Infallible>> {
            Ok(())
        }

        async fn run_hooks(&self) {
            sleep(Duration::from_secs(5)).await;
            self.note("start hook");
        }

        async fn run_periodic_hooks(&self) -> Infallible {
            loop {
                sleep(Duration::from_secs(10)).await;
                self.note("periodic hook");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn periodic_hooks_run_beside_resyncs_from_the_start_hooks_to_the_stop() {
        let hooked = Hooked::starting_now();
        let stop = CancellationToken::new();
        let resyncs = async {
            hooked.note("resyncs begin");
            stop.cancelled().await;
            sleep(Duration::from_secs(30)).await;
            hooked.note("resyncs end");
        };
        let stopping = async {
            sleep(Duration::from_secs(30)).await;
            stop.cancel();
        };
        tokio::join!(with_hooks(&hooked, resyncs, &stop), stopping);
        assert_eq!(
            *hooked.log.lock().unwrap(),
            [
                (5, "start hook"),
                (5, "resyncs begin"),
                (15, "periodic hook"),
                (25, "periodic hook"),
                (60, "resyncs end"),
            ]
        );
    }
}
