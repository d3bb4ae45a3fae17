//! Jira's limits: what is asked, and in which order, when not everything can be asked at once.

use std::time::Duration;

use futures::future::{join, join_all};
use http::StatusCode;
use ocean_testkit::jira::{JiraTwinBuilder, RateLimit};
use ocean_testkit::{Action, Entry, Rule};
use serde_json::json;

use crate::live::issue_event;
use crate::site::{Site, texts};

const ALL: &str = "created >= -520w";

/// Kinds with many requests, which together keep more of them waiting than there are slots.
const BUSY: [&str; 4] = ["release", "component", "worklog", "sprint"];

/// A site where every issue is asked for its worklogs.
fn busy(twin: JiraTwinBuilder) -> JiraTwinBuilder {
    twin.config(|config| config.worklogs_in_issues = 0)
}

async fn read_busy_kinds(site: &Site) -> Vec<usize> {
    let reads = BUSY.map(|kind| async move {
        let selector = match kind {
            "worklog" => json!({"jql": ALL}),
            _ => json!({}),
        };
        site.read(kind, selector).await.complete().len()
    });
    join_all(reads).await
}

#[tokio::test]
async fn f03_a_storm_of_429_is_sat_out_and_the_result_is_complete() {
    let calm = Site::start(|twin| busy(twin.projects(20))).await;
    let expected = read_busy_kinds(&calm).await;

    let site = Site::persistent(|twin| busy(twin.projects(20)), |config| config, 11).await;
    let refused = Action::Status {
        code: 429,
        headers: [("retry-after".to_owned(), "0.4".to_owned())].into(),
        body: json!({"errorMessages": ["Rate limit exceeded."]}),
    };
    site.twin
        .faults()
        .add(Rule::new(refused).probability(0.2).times(12));
    assert_eq!(read_busy_kinds(&site).await, expected);

    let entries = site.twin.journal().requests();
    let refusals = entries
        .iter()
        .filter(|one| one.status == Some(StatusCode::TOO_MANY_REQUESTS));
    let refusals: Vec<&Entry> = refusals.collect();
    assert_eq!(refusals.len(), 12);
    // What was on its way when the refusal came could not be called back.
    let on_its_way = Duration::from_millis(200);
    for refusal in refusals {
        let announced = refusal.ended.unwrap();
        let pause = announced + on_its_way..announced + Duration::from_millis(400);
        let inside = entries.iter().filter(|one| pause.contains(&one.started));
        assert_eq!(inside.count(), 0, "requests inside a pause");
    }
}

#[tokio::test]
async fn an_enforced_limit_is_kept_by_all_kinds_together() {
    let limit = RateLimit {
        limit: 40,
        window: Duration::from_millis(250),
        enforce: true,
    };
    let calm = Site::start(busy).await;
    let expected = read_busy_kinds(&calm).await;
    let site = Site::persistent(|twin| busy(twin.rate_limit(limit)), |config| config, 11).await;
    assert_eq!(read_busy_kinds(&site).await, expected);
    let entries = site.twin.journal().requests();
    let refused = |one: &&Entry| one.status == Some(StatusCode::TOO_MANY_REQUESTS);
    // A new window is known from its first answer; till then ten requests may be on their way.
    let refused = entries.iter().filter(refused).count();
    assert!(
        refused * 4 <= entries.len(),
        "{refused} of {}",
        entries.len()
    );
}

#[tokio::test]
async fn a_live_event_goes_before_the_waiting_pages_of_a_resync() {
    let site = Site::start(|twin| busy(twin.projects(40).issues(400))).await;
    let known = site.read("issue", json!({"jql": ALL})).await.complete();
    let (id, key): (String, String) = (known[0].get("id").unwrap(), known[0].get("key").unwrap());
    let event = issue_event("updated", id.parse().unwrap(), &key);
    site.asked();
    site.twin.faults().set_latency(Duration::from_millis(20));

    let resync = read_busy_kinds(&site);
    let live = async {
        while site.twin.journal().len() < 100 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let before = site.twin.journal().len();
        let selector = json!({"jql": ALL});
        let changes = site.handle("issue", selector, &[event]).await.unwrap();
        assert_eq!(texts(&changes.updated, "key"), [key]);
        before
    };
    let (_read, before) = join(resync, live).await;
    let asked = site.asked();
    let place = asked
        .iter()
        .position(|ask| ask.contains("reconcileIssues"))
        .unwrap();
    // Without precedence it would stand behind the thirty that wait for one of ten slots.
    assert!(place <= before + 10, "{place} after {before}");
    assert!(asked.len() > place + 100, "the resync went on");
}
