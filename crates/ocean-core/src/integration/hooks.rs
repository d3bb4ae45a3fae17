//! What an integration does beside reading and handling events: at start, at intervals, around
//! resyncs. [`Hooks`].

use std::convert::Infallible;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};

use crate::error::{SourceError, error_chain};

/// A hook that is to run at no distance at all would leave time for nothing else.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// What an integration does around the reading, with the author's types closed over.
#[derive(Clone, Default)]
pub struct Hooks {
    pub(super) start: Vec<StartHook>,
    pub(super) periodic: Vec<Periodic>,
    pub(super) resync_start: Vec<ResyncHook>,
    pub(super) resync_complete: Vec<ResyncHook>,
}

type HookFuture = BoxFuture<'static, Result<(), SourceError>>;
pub(super) type StartHook = Arc<dyn Fn(StartContext) -> HookFuture + Send + Sync>;
pub(super) type ResyncHook = Arc<dyn Fn() -> HookFuture + Send + Sync>;

/// A hook that runs again and again.
#[derive(Clone)]
pub(super) struct Periodic {
    interval: Duration,
    hook: StartHook,
}

impl Periodic {
    pub(super) fn new(interval: Duration, hook: StartHook) -> Self {
        let interval = interval.max(SHORTEST_INTERVAL);
        Self { interval, hook }
    }

    async fn run(&self, cx: &StartContext) -> Infallible {
        loop {
            tokio::time::sleep(self.interval).await;
            let again_in = self.interval.as_secs();
            let ran = AssertUnwindSafe(async { (self.hook)(cx.clone()).await });
            match ran.catch_unwind().await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    let error = error_chain(&error);
                    tracing::error!(error, again_in, "a periodic hook failed");
                }
                Err(_) => tracing::error!(again_in, "a periodic hook panicked"),
            }
        }
    }
}

impl Hooks {
    /// Runs the start hooks in order, all of them, and returns their errors.
    pub async fn run_start(&self, cx: &StartContext) -> Vec<SourceError> {
        let mut errors = Vec::new();
        for hook in &self.start {
            errors.extend(hook(cx.clone()).await.err());
        }
        errors
    }

    /// Runs the periodic hooks, each at its own interval, without end.
    ///
    /// Their errors are logged. In a process that ends after one resync none of them runs.
    pub async fn run_periodic(&self, cx: &StartContext) -> Infallible {
        if !cx.once {
            join_all(self.periodic.iter().map(|one| one.run(cx))).await;
        }
        std::future::pending().await
    }

    /// Runs the hooks before a resync in order, up to the first error.
    ///
    /// # Errors
    ///
    /// That error, or that a hook panicked.
    pub async fn run_resync_start(&self) -> Result<(), SourceError> {
        run_in_order(&self.resync_start).await
    }

    /// Runs the hooks after a resync in order, up to the first error.
    ///
    /// # Errors
    ///
    /// That error, or that a hook panicked.
    pub async fn run_resync_complete(&self) -> Result<(), SourceError> {
        run_in_order(&self.resync_complete).await
    }
}

async fn run_in_order(hooks: &[ResyncHook]) -> Result<(), SourceError> {
    for hook in hooks {
        let ran = AssertUnwindSafe(async { hook().await }).catch_unwind();
        let panicked = |_| Err(SourceError::permanent("it panicked"));
        ran.await.unwrap_or_else(panicked)?;
    }
    Ok(())
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("start", &self.start.len())
            .field("periodic", &self.periodic.len())
            .field("resync_start", &self.resync_start.len())
            .field("resync_complete", &self.resync_complete.len())
            .finish()
    }
}

/// What a start hook and a periodic one are told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StartContext {
    /// The integration's identifier at Port.
    pub identifier: String,
    /// The public URL of this process, path prefix included; `None` when nothing can reach it.
    pub base_url: Option<String>,
    /// Whether the process ends after one resync, so that webhooks would be of no use.
    pub once: bool,
}

impl StartContext {
    /// The context of a process that serves live events.
    pub fn new(identifier: impl Into<String>) -> Self {
        Self {
            identifier: identifier.into(),
            base_url: None,
            once: false,
        }
    }

    /// The same with a public URL.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// The same for a process that ends after one resync.
    #[must_use]
    pub const fn once(mut self, once: bool) -> Self {
        self.once = once;
        self
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::time::timeout;

    use super::*;
    use crate::integration::Integration;

    const HOUR: Duration = Duration::from_secs(3600);

    /// How often a hook ran.
    #[derive(Clone, Default)]
    struct Runs(Arc<AtomicU32>);

    impl Runs {
        fn count(&self) -> u32 {
            self.0.load(Ordering::Relaxed)
        }
    }

    /// Counts, and fails in each way now and then.
    async fn count(runs: Runs, cx: StartContext) -> Result<(), SourceError> {
        assert_eq!(cx.identifier, "my-desk");
        match runs.0.fetch_add(1, Ordering::Relaxed) {
            1 => Err(SourceError::permanent("the desk is closed")),
            2 => panic!("the desk fell over"),
            _ => Ok(()),
        }
    }

    async fn run_for(hooks: &Hooks, time: Duration, once: bool) {
        let cx = StartContext::new("my-desk").once(once);
        timeout(time, hooks.run_periodic(&cx)).await.unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn a_periodic_hook_runs_at_its_interval_whatever_becomes_of_it() {
        let runs = Runs::default();
        let integration = Integration::new(runs.clone()).every(HOUR, count);
        let minute = Duration::from_secs(60);
        run_for(integration.hooks(), HOUR - minute, false).await;
        assert_eq!(runs.count(), 0);
        run_for(integration.hooks(), HOUR * 5 + minute, false).await;
        assert_eq!(runs.count(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_periodic_hook_neither_overlaps_with_itself_nor_delays_others() {
        let (slow, quick) = (Runs::default(), Runs::default());
        let (slowly, quickly) = (slow.clone(), quick.clone());
        let hooks = Integration::new(())
            .every(HOUR, move |(), _| {
                let runs = slowly.clone();
                async move {
                    runs.0.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(HOUR * 2).await;
                    Ok::<_, SourceError>(())
                }
            })
            .every(HOUR, move |(), _| {
                quickly.0.fetch_add(1, Ordering::Relaxed);
                async { Ok::<_, SourceError>(()) }
            });
        run_for(hooks.hooks(), HOUR * 10 + HOUR / 2, false).await;
        assert_eq!((slow.count(), quick.count()), (4, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_of_one_resync_runs_no_periodic_hook() {
        let runs = Runs::default();
        let integration = Integration::new(runs.clone()).every(HOUR, count);
        run_for(integration.hooks(), HOUR * 5, true).await;
        assert_eq!(runs.count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn an_interval_of_nothing_leaves_time_for_others() {
        let runs = Runs::default();
        let integration = Integration::new(runs.clone()).every(Duration::ZERO, count);
        run_for(integration.hooks(), Duration::from_millis(4500), false).await;
        assert_eq!(runs.count(), 4);
    }
}
