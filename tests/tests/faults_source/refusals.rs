//! Jira answers with an error status: later, in vain, or with a pause.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ocean_core::Outcome;
use ocean_testkit::Action;
use ocean_testkit::jira::RateLimit;
use ocean_tests::canary::{JIRA_EMAIL, JIRA_TOKEN};
use ocean_tests::check::{ISSUES, MEMBERS, PROJECTS, TEAMS, USERS, at};
use ocean_tests::{Expected, Scene};
use serde_json::Value;

/// Attempts for one request.
const ATTEMPTS: usize = 11;
/// How long a request may be under way that was sent before a pause was announced.
const IN_FLIGHT: Duration = Duration::from_millis(150);

fn refusal(code: u16, header: &str, value: &str) -> Action {
    Action::Status {
        code,
        headers: BTreeMap::from([(header.to_owned(), value.to_owned())]),
        body: Value::Null,
    }
}

/// When the first answer with this status was ready.
fn refused_at(scene: &Scene, status: u16) -> Instant {
    scene
        .entries("/")
        .iter()
        .find(|entry| entry.status.is_some_and(|found| found == status))
        .and_then(|entry| entry.ended)
        .expect("a request was refused")
}

#[tokio::test]
async fn f01_a_burst_of_500_is_retried() {
    let scene = Scene::start().await;
    for listing in [PROJECTS, USERS, TEAMS, MEMBERS, ISSUES] {
        scene.fault(at(listing, Action::status(500)).skip(1).times(3));
    }
    scene.run(Expected::completed()).await;
    assert_eq!(scene.requests("/"), scene.usual_requests + 5 * 3);
}

#[tokio::test]
async fn f02_a_page_that_stays_unavailable_leaves_its_kind_incomplete() {
    let scene = Scene::start().await;
    for (code, kind, listing) in [
        (500, "project", PROJECTS),
        (502, "team", TEAMS),
        (503, "issue", ISSUES),
        (504, "user", USERS),
    ] {
        scene.fault(at(listing, Action::status(code)).skip(1));
        let says = [&format!("status {code}"), listing];
        scene.run(Expected::incomplete(kind, &says)).await;
        let most = scene.usual_requests + ATTEMPTS;
        assert!(scene.requests("/") < most, "{kind}");
    }
    scene.run(Expected::completed()).await;
}

#[tokio::test]
async fn f03_an_announced_pause_is_kept_whole_for_the_whole_host() {
    let scene = Scene::start().await;
    scene.fault(at(PROJECTS, refusal(429, "retry-after", "0.6")).times(1));
    scene.run(Expected::completed()).await;
    let refused = refused_at(&scene, 429);
    let since = |from: Duration| {
        let entries = scene.entries("/");
        entries
            .iter()
            .filter(|entry| entry.started >= refused + from)
            .count()
    };
    let after = since(Duration::from_millis(600));
    assert_eq!(since(IN_FLIGHT), after, "requests inside the pause");
    assert!(after > 5, "{after} requests after the pause");
}

#[tokio::test]
async fn f03_a_pause_beyond_the_limit_fails_the_calls_without_hammering() {
    let scene = Scene::start().await;
    for pause in ["301", "100000"] {
        scene.fault(at(PROJECTS, refusal(429, "retry-after", pause)));
        let says = ["asked to wait until"];
        scene.run(Expected::all_incomplete(&says)).await;
        let refused = refused_at(&scene, 429);
        let late = |started: Instant| started > refused + IN_FLIGHT;
        let entries = scene.entries("/");
        assert!(
            !entries.iter().any(|entry| late(entry.started)),
            "{entries:#?}"
        );
        assert!(entries.len() < scene.usual_requests, "{}", entries.len());
    }
}

#[tokio::test]
async fn f04_a_429_without_a_pause_is_retried_after_a_while() {
    let scene = Scene::start().await;
    for listing in [PROJECTS, USERS, MEMBERS, ISSUES] {
        scene.fault(at(listing, Action::status(429)).times(3));
    }
    scene.run(Expected::completed()).await;
    assert_eq!(scene.requests("/"), scene.usual_requests + 4 * 3);
}

#[tokio::test]
async fn f04_the_budget_that_jira_announces_slows_all_workers() {
    let scene = Scene::start().await;
    let limit = RateLimit {
        limit: 20,
        window: Duration::from_millis(300),
        enforce: false,
    };
    let site = scene.world.jira.site();
    site.change_rules(|rules| rules.rate_limit = Some(limit));
    scene.run(Expected::completed()).await;
    let starts: Vec<Instant> = scene
        .entries("/")
        .iter()
        .map(|entry| entry.started)
        .collect();
    assert!(starts.len() > 20, "{} requests", starts.len());
    let pause = starts.windows(2).map(|pair| pair[1] - pair[0]).max();
    assert!(pause > Some(Duration::from_millis(100)), "{pause:?}");
}

#[tokio::test]
async fn f14_refused_credentials_stop_the_run_at_once() {
    let scene = Scene::start().await;
    let site = scene.world.jira.site();
    let accept = |token: &str| {
        let credentials = (JIRA_EMAIL.to_owned(), token.to_owned());
        site.change_rules(|rules| rules.basic = Some(credentials));
    };
    accept("another token");
    let says = ["the credentials are refused", "127.0.0.1"];
    let expected = Expected::all_incomplete(&says).outcome(Outcome::Unauthorized);
    scene.run(expected).await;
    assert_eq!(scene.requests("/"), 4, "one for each kind");
    accept(JIRA_TOKEN);
    scene.run(Expected::completed()).await;
}

#[tokio::test]
async fn f14_a_forbidden_kind_is_incomplete_and_not_asked_for_again() {
    let scene = Scene::start().await;
    for (kind, listing) in [("issue", ISSUES), ("user", USERS)] {
        scene.fault(at(listing, Action::status(403)));
        scene
            .run(Expected::incomplete(kind, &["status 403", listing]))
            .await;
        assert_eq!(scene.requests(listing), 1, "{kind}");
    }
}

#[tokio::test]
async fn f15_a_refused_part_of_a_kind_leaves_all_of_it_incomplete() {
    let scene = Scene::start().await;
    for code in [403, 404] {
        scene.fault(at(MEMBERS, Action::status(code)).skip(3).times(1));
        let says = [&format!("status {code}"), MEMBERS];
        scene.run(Expected::incomplete("team", &says)).await;
    }
}
