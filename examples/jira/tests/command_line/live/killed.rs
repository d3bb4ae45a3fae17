//! The program dies at any moment: what it answered 200 to is in the catalog after the next start.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ocean_testkit::jira::IssueEdit;

use super::sender::{post, updated};
use super::stage::Stage;

/// Rounds of a test run; the variable raises it, for example to the 200 of the promise.
#[expect(
    clippy::disallowed_methods,
    reason = "a test has no settings, and this one is for whoever runs it by hand"
)]
fn rounds() -> u32 {
    let given = std::env::var("OCEAN_KILL_ROUNDS").ok();
    given.and_then(|given| given.parse().ok()).unwrap_or(12)
}

/// An issue that is changed and told about: its id, its key and the version that was accepted last.
type Accepted = Arc<Mutex<BTreeMap<String, u64>>>;

/// Changes issues and tells the program, until it does not answer any more.
async fn load(stage: &Stage, issues: &[(u64, String)], version: &Mutex<u64>, accepted: &Accepted) {
    let senders = (0..8).map(|_| async {
        loop {
            let (id, key) = &issues[fastrand::usize(..issues.len())];
            let now = {
                let mut version = version.lock().unwrap();
                *version += 1;
                let edit = IssueEdit::new().summary(format!("version {version}"));
                stage.jira.site().update_issue(key.as_str(), edit).unwrap();
                *version
            };
            match post(stage.listens, "", &updated(*id, key)).await {
                Some(200) => {
                    let mut accepted = accepted.lock().unwrap();
                    let known = accepted.entry(key.clone()).or_default();
                    *known = now.max(*known);
                }
                Some(503) => {}
                Some(status) => panic!("an event was answered {status}"),
                None => return,
            }
        }
    });
    futures::future::join_all(senders).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f56_every_event_that_was_answered_200_is_in_the_catalog_however_the_program_dies() {
    let stage = Stage::new("WEBHOOKS_ONLY").await;
    let issues: Vec<(u64, String)> = stage
        .jira
        .site()
        .matching_issue_keys("statusCategory != Done")
        .unwrap()
        .into_iter()
        .map(|key| {
            let issue = stage.jira.site().issue(&key).unwrap();
            (issue["id"].as_str().unwrap().parse().unwrap(), key)
        })
        .collect();
    let (version, accepted) = (Mutex::new(0), Accepted::default());
    for round in 0..rounds() {
        let running = stage.start().await;
        let kill = async {
            tokio::time::sleep(Duration::from_millis(fastrand::u64(5..300))).await;
            // Every third time it is asked to stop, with whatever waits.
            running.send(if round % 3 == 2 { "-TERM" } else { "-KILL" });
            let (code, output) = running.end().await;
            assert!(matches!(code, None | Some(143)), "{code:?} {output}");
        };
        futures::join!(kill, load(&stage, &issues, &version, &accepted));
    }
    let running = stage.start().await;
    stage.settled(&running).await;
    let titles = stage.titles();
    let accepted = accepted.lock().unwrap().clone();
    assert!(
        accepted.len() > 10,
        "too little was accepted to mean anything: {accepted:?}"
    );
    for (key, version) in accepted.iter() {
        let title = titles
            .get(key)
            .unwrap_or_else(|| panic!("{key} was accepted and is lost"));
        let stored: u64 = title.strip_prefix("version ").unwrap().parse().unwrap();
        assert!(
            stored >= *version,
            "{key}: {title}, but {version} was accepted"
        );
    }
    running.terminate().await;
}
