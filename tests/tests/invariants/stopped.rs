//! I1: a run that was stopped deletes nothing.

use ocean_core::{Outcome, Progress};
use ocean_testkit::{Action, Request};
use ocean_tests::Scene;
use ocean_tests::check::{ISSUES, PROJECTS, TEAMS, USERS, at};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn i1_a_run_that_was_stopped_deletes_nothing() {
    let scene = Scene::start().await;
    let before = scene.plant();
    // At its last page of issues a run has seen almost everything, and no limit would stop it.
    for (listing, page) in [
        (PROJECTS, 0),
        (USERS, 0),
        (TEAMS, 1),
        (ISSUES, 2),
        (ISSUES, 4),
    ] {
        let cancellation = CancellationToken::new();
        let stop = cancellation.clone();
        let stopping = move |_: &Request, answer| {
            stop.cancel();
            answer
        };
        scene.fault(at(listing, Action::rewrite(stopping)).skip(page));
        let engine = scene.world.engine();
        let progress = Progress::default();
        let run = engine.resync(&progress, &cancellation);
        let report = run.await.expect("it begins");
        scene.world.jira.faults().clear();
        assert_eq!(report.outcome, Outcome::Aborted, "{listing}: {report:#?}");
        assert_eq!(scene.world.deletions(), 0, "{listing}");
        let catalog = scene.catalog();
        assert!(
            before.iter().all(|key| catalog.contains_key(key)),
            "{listing}"
        );
    }
}
