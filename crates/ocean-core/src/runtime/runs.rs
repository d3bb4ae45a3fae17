//! When does a run begin, and when is it cancelled for another one? [`run_on_demand`].

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::trigger::{Asking, Demand, Trigger};

/// The least time between two looks at whether a run is outdated, so that somebody who asks all
/// the time does not make us ask Port all the time.
const BETWEEN_LOOKS: Duration = Duration::from_secs(10);

/// What can be run.
pub(super) trait Runs: Sync {
    /// Runs to the end; cancelled, it ends soon.
    fn run(&self, trigger: Trigger, cancel: &CancellationToken) -> impl Future<Output = ()> + Send;

    /// Whether what the present run does is of no use any more. Asked only when somebody wants
    /// another run.
    fn is_outdated(&self) -> impl Future<Output = bool> + Send;
}

/// Runs once for all who asked, one run at a time, until `stop`.
///
/// Whoever asks during a run gets one more run after it. The run itself goes on, with one
/// exception: when it is outdated, it is cancelled and the next one begins at once.
pub(super) async fn run_on_demand(demand: &Demand, runs: &impl Runs, stop: &CancellationToken) {
    while let Some(trigger) = stop.run_until_cancelled(demand.next()).await {
        let mut asking = demand.watch();
        let cancel = stop.child_token();
        let run = runs.run(trigger, &cancel);
        let mut run = std::pin::pin!(run);
        tokio::select! {
            biased;
            () = &mut run => continue,
            () = outdated(runs, &mut asking) => {}
        }
        tracing::info!("the resync is outdated, it is stopped and another one begins");
        cancel.cancel();
        run.await;
    }
}

/// Returns once somebody asked for another run and the present one is of no use.
async fn outdated(runs: &impl Runs, asking: &mut Asking) {
    loop {
        asking.again().await;
        if runs.is_outdated().await {
            return;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::time::{Instant, sleep};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Runs that take ten minutes each, and a mapping that changes at some minutes.
    #[derive(Debug)]
    struct Script {
        began: Instant,
        changes: Vec<u64>,
        present: Mutex<u64>,
        log: Mutex<Vec<String>>,
        looks: Mutex<Vec<u64>>,
    }

    impl Script {
        fn new(changes: &[u64]) -> Self {
            Self {
                began: Instant::now(),
                changes: changes.to_vec(),
                present: Mutex::default(),
                log: Mutex::default(),
                looks: Mutex::default(),
            }
        }

        fn minute(&self) -> u64 {
            self.began.elapsed().as_secs() / 60
        }

        fn note(&self, what: &str) {
            let line = format!("{what} at {}", self.minute());
            self.log.lock().unwrap().push(line);
        }
    }

    impl Runs for Script {
        async fn run(&self, trigger: Trigger, cancel: &CancellationToken) {
            self.note(&format!("{trigger:?}"));
            *self.present.lock().unwrap() = self.minute();
            tokio::select! {
                () = sleep(10 * MINUTE) => self.note("done"),
                () = cancel.cancelled() => self.note("cancelled"),
            }
        }

        async fn is_outdated(&self) -> bool {
            self.looks
                .lock()
                .unwrap()
                .push(self.began.elapsed().as_secs());
            let present = *self.present.lock().unwrap();
            let now = self.minute();
            self.changes.iter().any(|at| *at > present && *at <= now)
        }
    }

    /// What happens within an hour when these ask at these minutes.
    async fn check(changes: &[u64], asks: &[(u64, Trigger)], expected: &[&str]) {
        let (demand, stop) = (Demand::default(), CancellationToken::new());
        let script = Script::new(changes);
        let asking = async {
            for (minute, trigger) in asks {
                tokio::time::sleep_until(script.began + MINUTE * u32::try_from(*minute).unwrap())
                    .await;
                demand.ask(*trigger);
            }
            sleep(60 * MINUTE).await;
            stop.cancel();
        };
        tokio::join!(asking, run_on_demand(&demand, &script, &stop));
        assert_eq!(*script.log.lock().unwrap(), expected, "{asks:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn requests_during_a_run_give_exactly_one_more_run() {
        use Trigger::{Call, Request, Schedule, Start};
        check(
            &[],
            &[
                (0, Start),
                (1, Schedule),
                (2, Request),
                (3, Call),
                (9, Call),
            ],
            &["Start at 0", "done at 10", "Schedule at 10", "done at 20"],
        )
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_after_a_run_gives_a_run_of_its_own() {
        check(
            &[],
            &[(0, Trigger::Start), (30, Trigger::Call)],
            &["Start at 0", "done at 10", "Call at 30", "done at 40"],
        )
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_whose_mapping_was_changed_is_replaced_when_somebody_asks() {
        use Trigger::{Request, Start};
        // A change alone does nothing; the end of the run finds it and deletes nothing.
        check(&[3], &[(0, Start)], &["Start at 0", "done at 10"]).await;
        check(
            &[3],
            &[(0, Start), (2, Request), (4, Request)],
            &["Start at 0", "cancelled at 4", "Request at 4", "done at 14"],
        )
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_the_run_and_begins_no_other() {
        let (demand, stop) = (Demand::default(), CancellationToken::new());
        let script = Script::new(&[]);
        demand.ask(Trigger::Start);
        let stopping = async {
            sleep(MINUTE).await;
            demand.ask(Trigger::Request);
            stop.cancel();
        };
        tokio::join!(stopping, run_on_demand(&demand, &script, &stop));
        assert_eq!(
            *script.log.lock().unwrap(),
            ["Start at 0", "cancelled at 1"]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn f72_somebody_who_asks_all_the_time_neither_stops_a_run_nor_makes_us_ask_port() {
        let (demand, stop) = (Demand::default(), CancellationToken::new());
        let script = Script::new(&[]);
        let asking = async {
            while script.minute() < 10 {
                demand.ask(Trigger::Call);
                sleep(Duration::from_millis(100)).await;
            }
            stop.cancel();
        };
        tokio::join!(asking, run_on_demand(&demand, &script, &stop));
        let log = script.log.lock().unwrap();
        assert_eq!(log[..2], ["Call at 0", "done at 10"]);
        let looks = script.looks.lock().unwrap();
        assert!((2..=60).contains(&looks.len()), "{} looks", looks.len());
    }
}
