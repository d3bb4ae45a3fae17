//! Jira answers late, broken, elsewhere, or not at all.

use std::time::Duration;

use ocean_core::http::{Deadlines, HttpClientBuilder};
use ocean_testkit::Action;
use ocean_testkit::jira::{JiraTwin, lies};
use ocean_tests::check::{ISSUES, MEMBERS, PROJECTS, TEAMS, USERS, at, only};
use ocean_tests::{Expected, Scene, fast_retries};
use serde_json::{Value, json};

const LISTINGS: [&str; 5] = [PROJECTS, USERS, TEAMS, MEMBERS, ISSUES];

/// Far more than all attempts of one call take in an impatient scene, on a busy machine too; far
/// less than the faults last.
const LONG: Duration = Duration::from_secs(10);

/// A scene where one call to Jira takes a second at most.
async fn impatient() -> Scene {
    fn http(http: HttpClientBuilder) -> HttpClientBuilder {
        let deadlines = Deadlines::default()
            .connect(Duration::from_millis(500))
            .first_byte(Duration::from_millis(400))
            .idle(Duration::from_millis(400))
            .total(Duration::from_secs(1));
        http.retry(fast_retries()).deadlines(deadlines)
    }
    let mut world = Scene::small_pages().await;
    world.jira_http = http;
    Scene::of(world).await
}

fn body(content_type: &str, text: &str) -> Action {
    Action::Body {
        content_type: content_type.to_owned(),
        text: text.to_owned(),
    }
}

#[tokio::test]
async fn f05_a_connection_reset_at_any_place_is_retried() {
    let scene = Scene::start().await;
    for reset in [
        Action::Reset,
        Action::ResetAfterHeaders,
        Action::ResetMidBody,
    ] {
        for listing in LISTINGS {
            scene.fault(at(listing, reset.clone()).skip(1).times(1));
        }
        scene.run(Expected::completed()).await;
        let requests = scene.requests("/");
        assert_eq!(requests, scene.usual_requests + 5, "{reset:?}");
    }
}

#[tokio::test]
async fn f06_a_cut_answer_is_not_taken_for_a_whole_one() {
    let scene = Scene::start().await;
    for cut in [Action::CutContentLength, Action::CutChunked] {
        for listing in LISTINGS {
            scene.fault(at(listing, cut.clone()).skip(1).times(1));
        }
        scene.run(Expected::completed()).await;
        assert_eq!(scene.requests("/"), scene.usual_requests + 5, "{cut:?}");
        scene.fault(at(ISSUES, cut.clone()).skip(1));
        let says = ["the answer is not complete", ISSUES];
        scene.run(Expected::incomplete("issue", &says)).await;
    }
}

#[tokio::test]
async fn f07_a_login_page_that_goes_away_does_no_harm() {
    let scene = Scene::start().await;
    for listing in LISTINGS {
        let page = body("text/html", "<html><body>Log in</body></html>");
        scene.fault(at(listing, page).times(1));
    }
    scene.run(Expected::completed()).await;
    assert_eq!(scene.requests("/"), scene.usual_requests + 5);
}

#[tokio::test]
async fn f07_an_answer_that_is_no_page_is_shown_and_believed_by_nobody() {
    let scene = Scene::start().await;
    scene.fault(at(PROJECTS, body("text/html", "<html>Log in</html>")));
    scene.fault(at(USERS, body("application/json", "")));
    scene.fault(at(TEAMS, body("application/json", "{\"entities\":[,]}")));
    scene.fault(at(ISSUES, body("application/json", "null")));
    let expected = Expected::incomplete("project", &[PROJECTS, "text/html", "<html>Log in"])
        .and("user", &[USERS, "application/json", "empty body"])
        .and("team", &[TEAMS, "{\"entities\":[,]}"])
        .and("issue", &[ISSUES, "null"]);
    scene.run(expected).await;
    assert!(scene.requests("/") <= 4 * 3, "{}", scene.requests("/"));
    for (listing, kind, text) in [
        (ISSUES, "issue", "[]"),
        (PROJECTS, "project", "[]"),
        (PROJECTS, "project", "7"),
        (USERS, "user", "{}"),
    ] {
        scene.fault(at(listing, body("application/json", text)).skip(1));
        scene
            .run(Expected::incomplete(kind, &[listing, text]))
            .await;
    }
}

#[tokio::test]
async fn f08_errors_in_the_place_of_items_are_no_empty_listing() {
    let scene = Scene::start().await;
    let says = ["unexpected answer", "Something went wrong."];
    for listing in [PROJECTS, TEAMS, ISSUES] {
        scene.fault(only(listing, lies::missing_items_key("/").skip(1)));
    }
    scene.fault(at(USERS, Action::rewrite(errors)).skip(1));
    scene.run(Expected::all_incomplete(&says)).await;
    for listing in [PROJECTS, USERS, TEAMS, ISSUES] {
        scene.fault(at(listing, Action::rewrite(|_, _| json!({}))));
    }
    scene
        .run(Expected::all_incomplete(&["unexpected answer", "{}"]))
        .await;
}

fn errors(_: &ocean_testkit::Request, _: Value) -> Value {
    json!({"errorMessages": ["Something went wrong."]})
}

#[tokio::test]
async fn f09_a_hanging_answer_is_given_up_and_asked_for_again() {
    let scene = impatient().await;
    for hang in [Action::Hang, Action::HangAfterHeaders] {
        for listing in LISTINGS {
            scene.fault(at(listing, hang.clone()).times(1));
        }
        scene.run(Expected::completed()).await;
        // A busy machine may answer a few other requests too late as well.
        let again = scene.requests("/") - scene.usual_requests;
        assert!((5..40).contains(&again), "{hang:?}: {again}");
    }
}

#[tokio::test]
async fn f09_a_host_that_always_hangs_ends_the_call_in_time() {
    let scene = impatient().await;
    scene.fault(at(ISSUES, Action::Hang));
    scene.fault(at(USERS, Action::HangAfterHeaders));
    let says = ["deadline passed"];
    let expected = Expected::incomplete("issue", &says).and("user", &says);
    let report = scene.run(expected).await;
    assert!(report.duration < LONG, "{report:#?}");
}

#[tokio::test]
async fn f10_an_answer_that_drips_trips_the_total_deadline() {
    let scene = impatient().await;
    let drip = Action::Drip {
        bytes: 1,
        every_ms: 10,
    };
    scene.fault(at(ISSUES, drip).skip(1));
    let says = ["the total deadline passed", ISSUES];
    let report = scene.run(Expected::incomplete("issue", &says)).await;
    assert!(report.duration < LONG, "{report:#?}");
    assert_eq!(
        scene.requests(ISSUES),
        2,
        "a call without time left is over"
    );
}

#[tokio::test]
async fn f26_a_compressed_answer_is_counted_unpacked() {
    let mut world = Scene::small_pages().await;
    world.jira_http = |http| ocean_tests::fast(http).max_body_bytes(1 << 20);
    let scene = Scene::of(world).await;
    scene.fault(at(ISSUES, Action::GzipBomb { megabytes: 2_000 }));
    let says = ["the answer has more than 1048576 bytes", ISSUES];
    scene.run(Expected::incomplete("issue", &says)).await;
    assert_eq!(scene.requests(ISSUES), 1, "it is not asked for again");
}

#[tokio::test]
async fn f27_no_redirect_leads_to_another_host() {
    let other = JiraTwin::builder().start().await.expect("it starts");
    let scene = Scene::start().await;
    for (listing, kind, code) in [(PROJECTS, "project", 302), (ISSUES, "issue", 307)] {
        let location = format!("{}/rest/api/3{listing}", other.url());
        scene.fault(at(listing, Action::Redirect { location, code }).skip(1));
        let says = ["the redirect was not followed", &other.url(), listing];
        scene.run(Expected::incomplete(kind, &says)).await;
    }
    assert!(other.journal().is_empty(), "{:#?}", other.journal());
}

#[tokio::test]
async fn f27_redirects_within_the_host_are_followed_a_few_times() {
    let scene = Scene::start().await;
    let location = "/rest/api/3/project/search?maxResults=50&startAt=0&expand=insight".to_owned();
    let here = Action::Redirect {
        location,
        code: 307,
    };
    scene.fault(at(PROJECTS, here.clone()).times(3));
    scene.run(Expected::completed()).await;
    assert_eq!(scene.requests("/"), scene.usual_requests + 3);
    scene.fault(at(PROJECTS, here));
    let says = ["the redirect was not followed", "more than 5 redirects"];
    scene.run(Expected::incomplete("project", &says)).await;
    assert_eq!(scene.requests(PROJECTS), 6);
}
