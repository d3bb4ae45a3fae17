//! When do incremental syncs run, beside everything else? [`sync_regularly`].

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Runs one after every interval, the first time when one has passed, until `stop`.
///
/// A run that is longer than the interval is followed by the next beat and not by those it missed:
/// it reads from where the last one succeeded anyway.
pub(super) async fn sync_regularly<F>(
    every: Duration,
    stop: &CancellationToken,
    run: impl Fn() -> F,
) where
    F: Future<Output = ()>,
{
    let mut due = Instant::now();
    loop {
        while due <= Instant::now() {
            due += every;
        }
        if stop.run_until_cancelled(sleep_until(due)).await.is_none() {
            return;
        }
        run().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// The minutes in which a run begins within two hours, when runs take these minutes each.
    async fn check(every: u32, lengths: &[u32], expected: &[u64]) {
        let began = Instant::now();
        let stop = CancellationToken::new();
        let begun = Mutex::new(Vec::new());
        let runs = sync_regularly(MINUTE * every, &stop, || async {
            let run = {
                let mut begun = begun.lock().unwrap();
                begun.push(began.elapsed().as_secs() / 60);
                begun.len() - 1
            };
            let length = lengths.get(run).copied().unwrap_or_default();
            tokio::time::sleep(MINUTE * length).await;
        });
        let stopping = async {
            tokio::time::sleep(MINUTE * 119).await;
            stop.cancel();
        };
        tokio::join!(runs, stopping);
        assert_eq!(*begun.lock().unwrap(), expected, "{lengths:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn incremental_syncs_keep_their_beat_and_never_overlap() {
        check(30, &[], &[30, 60, 90]).await;
        check(30, &[5, 5, 5], &[30, 60, 90]).await;
        check(15, &[20, 40, 0], &[15, 45, 90, 105]).await;
    }
}
