//! Jira answers late, broken, or not at all.

use ocean_testkit::Action;
use ocean_tests::check::{ISSUES, MEMBERS, PROJECTS, TEAMS, USERS, at};
use ocean_tests::{Expected, Scene};

const LISTINGS: [&str; 5] = [PROJECTS, USERS, TEAMS, MEMBERS, ISSUES];

/// Attempts for one request, and for a plain 500.
const ATTEMPTS: usize = 11;

#[tokio::test]
async fn f01_a_burst_of_500_is_retried() {
    let scene = Scene::start().await;
    for listing in LISTINGS {
        scene.fault(at(listing, Action::status(500)).skip(1).times(3));
        scene.run(Expected::completed()).await;
        let requests = scene.world.jira.journal().len();
        assert_eq!(requests, scene.usual_requests + 3, "{listing}");
    }
}

#[tokio::test]
async fn f02_a_page_that_stays_unavailable_leaves_its_kind_incomplete() {
    let scene = Scene::start().await;
    for (code, kind, listing) in [
        (502, "project", PROJECTS),
        (503, "issue", ISSUES),
        (504, "user", USERS),
        (503, "team", TEAMS),
        (500, "issue", ISSUES),
    ] {
        scene.fault(at(listing, Action::status(code)).skip(1));
        let status = format!("status {code}");
        scene
            .run(Expected::incomplete(kind, &[&status, listing]))
            .await;
        let most = scene.usual_requests + ATTEMPTS;
        assert!(scene.world.jira.journal().len() < most, "{kind}");
    }
    scene.run(Expected::completed()).await;
}
