//! I7: no secret leaves, not even when both ends repeat them and everything is logged.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use ocean_testkit::{Action, Rule};
use ocean_tests::check::{ISSUES, MEMBERS, PROJECTS, USERS, at};
use ocean_tests::{Scene, canary};
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

/// Everything that was logged.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no panic")).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// An answer that repeats the caller's credentials, as error pages of proxies do.
fn echo(code: u16, credentials: &[String]) -> Action {
    Action::Status {
        code,
        headers: BTreeMap::from([("x-echo".to_owned(), credentials[0].clone())]),
        body: Value::String(credentials.join(" ")),
    }
}

/// The same as a page.
fn echo_page() -> Action {
    Action::Body {
        content_type: "text/html".to_owned(),
        text: canary::of_jira().join(" "),
    }
}

#[tokio::test]
async fn i7_no_secret_leaves_when_everything_fails_and_everything_is_logged() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log.clone())
        .init();
    let scene = Scene::start().await;
    let world = &scene.world;
    let of_jira = canary::of_jira();
    let refused = |code| echo(code, &of_jira);
    let refused_by_port = |code| echo(code, &canary::of_port());
    let location = format!("http://other.test/?token={}", of_jira[1]);
    let redirect = Action::Redirect {
        location,
        code: 302,
    };
    let jira = [
        (at(PROJECTS, refused(503)), at(USERS, refused(401))),
        (at(PROJECTS, refused(500)), at(ISSUES, echo_page())),
        (at(PROJECTS, redirect), at(MEMBERS, Action::ResetMidBody)),
    ];
    let port = [
        Rule::new(refused_by_port(403)).path("/bulk/entities/delete"),
        Rule::new(refused_by_port(500)).path("/entities/search"),
        Rule::new(refused_by_port(401)).path("/v1/"),
    ];
    for ((first, second), at_port) in jira.into_iter().zip(port) {
        scene.plant();
        scene.fault(first).fault(second);
        world.port.faults().add(at_port);
        match world.try_resync().await {
            Ok(report) => {
                canary::assert_absent("the report", &format!("{report:?}"));
                let json = serde_json::to_string(&report).expect("reports are JSON");
                canary::assert_absent("the report as JSON", &json);
            }
            Err(error) => {
                canary::assert_absent("the error", &ocean_core::error_chain(&error));
                canary::assert_absent("the error's debug output", &format!("{error:?}"));
            }
        }
        world.jira.faults().clear();
        world.port.faults().clear();
    }
    canary::assert_not_crossed(world);
    let client = world.port_client();
    canary::assert_absent(
        "the debug output",
        &format!("{client:?} {:?}", world.engine()),
    );
    let log = log.text();
    canary::keep("invariants", &log);
    for expected in ["resync ended", "request failed, trying again", "hyper"] {
        assert!(log.contains(expected), "`{expected}` is not in the log");
    }
    canary::assert_absent("the log", &log);
}
