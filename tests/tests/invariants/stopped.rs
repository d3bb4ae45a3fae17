//! I1: a run that was stopped deletes nothing.

use ocean_core::{Outcome, Progress};
use ocean_testkit::{Action, Request};
use ocean_tests::Scene;
use ocean_tests::check::{ISSUES, KINDS, PROJECTS, TEAMS, USERS, at};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn i1_a_run_that_was_stopped_deletes_nothing() {
    let scene = Scene::start().await;
    let before = scene.plant();
    for (listing, (kind, _)) in [PROJECTS, USERS, TEAMS, ISSUES].into_iter().zip(KINDS) {
        let cancellation = CancellationToken::new();
        let stop = cancellation.clone();
        let stopping = move |_: &Request, answer| {
            stop.cancel();
            answer
        };
        scene.fault(at(listing, Action::rewrite(stopping)));
        let engine = scene.world.engine();
        let progress = Progress::default();
        let run = engine.resync(&progress, &cancellation);
        let report = run.await.expect("it begins");
        scene.world.jira.faults().clear();
        assert_eq!(report.outcome, Outcome::Aborted, "{kind}: {report:#?}");
        assert_eq!(scene.world.deletions(), 0, "{kind}");
        let catalog = scene.catalog();
        assert!(before.iter().all(|key| catalog.contains_key(key)), "{kind}");
    }
}
