//! Incremental syncs of the simulated Jira: only what changed is asked for, and nothing is deleted.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ocean_core::{IntegrationStore as _, Outcome};
use ocean_testkit::jira::Change;
use ocean_testkit::{Action, Rule};
use ocean_tests::World;
use serde_json::{Value, json};

fn change(change: Value) -> Change {
    serde_json::from_value(change).unwrap()
}

/// Sets the clock of the site by ours; what it has was changed months ago.
fn synchronise(world: &World) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    world.jira.site().set_now(now);
}

/// A world that was synced once, and an incremental sync of it whose cursors are at Port.
async fn settled() -> World {
    let world = World::settled().await;
    synchronise(&world);
    world.sync_incrementally().await;
    world.jira.journal().clear();
    world.port.journal().clear();
    world
}

fn happens(world: &World, what: Value) {
    world.jira.site().apply(&change(what)).unwrap();
}

/// The bodies of the searches that Jira was asked.
fn searches(world: &World) -> Vec<Value> {
    let requests = world.jira.journal().requests();
    let searches = requests
        .iter()
        .filter(|entry| entry.path().ends_with("/search/jql"));
    searches.map(ocean_testkit::Entry::json).collect()
}

#[tokio::test]
async fn only_changed_issues_are_asked_for_and_written() {
    let world = settled().await;
    let key = world.ids("jiraIssue")[0].clone();
    happens(
        &world,
        json!({"op": "update_issue", "key": key, "summary": "changed"}),
    );
    let report = world.sync_incrementally().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    let searches = searches(&world);
    assert_eq!((searches.len(), world.jira.journal().len()), (1, 1));
    let jql = searches[0]["jql"].as_str().unwrap();
    assert!(
        jql.contains(" AND updated >= -2m ORDER BY updated ASC"),
        "{jql}"
    );
    assert_eq!(report.totals().fetched, 1);
    let entity = world.port.entity("jiraIssue", &key).unwrap();
    assert_eq!(entity["title"], "changed");
    assert_eq!(world.port.journal().count("POST", "/entities/bulk"), 1);
}

#[tokio::test]
async fn nothing_is_deleted_and_nothing_is_looked_up() {
    let world = settled().await;
    let before = world.port.catalog().len();
    let key = world.ids("jiraIssue")[0].clone();
    happens(&world, json!({"op": "delete_issue", "key": key}));
    world.sync_incrementally().await;
    assert_eq!(world.port.catalog().len(), before);
    assert_eq!(world.deletions(), 0);
    let journal = world.port.journal();
    assert_eq!(journal.count("POST", "/entities/search"), 0);
    assert_eq!(journal.count("POST", "/datasource-entities"), 0);
    assert_eq!(journal.count("PATCH", "/resync-state"), 0);
}

#[tokio::test]
async fn writes_are_told_to_be_those_of_an_incremental_sync() {
    let world = settled().await;
    let key = world.ids("jiraIssue")[0].clone();
    happens(
        &world,
        json!({"op": "update_issue", "key": key, "summary": "changed"}),
    );
    world.sync_incrementally().await;
    let requests = world.port.journal().requests();
    let bulk = requests
        .iter()
        .find(|entry| entry.path().ends_with("/bulk"));
    let query = bulk.unwrap().query();
    assert!(
        query.contains("ocean_info_event_type=incremental_resync"),
        "{query}"
    );
    assert!(!query.contains("ocean_info_resync_id"), "{query}");
}

#[tokio::test]
async fn the_cursor_at_port_moves_on_success_only() {
    let world = settled().await;
    let cursor = || async {
        world
            .port_client()
            .cursor("issue", 3)
            .await
            .unwrap()
            .unwrap()
    };
    let before = cursor().await;
    let rule = Rule::new(Action::status(400)).path("/search/jql").times(1);
    world.jira.faults().add(rule);
    let report = world.sync_incrementally().await;
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert_eq!(cursor().await, before);
    world.sync_incrementally().await;
    let moved = cursor().await;
    assert!(moved > before);
    let behind = SystemTime::now().duration_since(moved).unwrap();
    assert!(behind >= Duration::from_secs(60), "{behind:?}");
}

/// A world with the kinds that can be read incrementally, each with a blueprint of its name.
async fn with_kinds(kinds: &[(&str, Value)]) -> World {
    let mut world = World::start().await;
    synchronise(&world);
    let resource = |(kind, selector): &(&str, Value)| {
        let mut selector = selector.clone();
        selector["query"] = json!("true");
        let entity = json!({
            "identifier": ".id | tostring", "blueprint": format!("\"{kind}\""),
            "title": ".__issueKey",
        });
        json!({"kind": kind, "selector": selector, "port": {"entity": {"mappings": entity}}})
    };
    let resources: Vec<Value> = kinds.iter().map(resource).collect();
    world.mapping["resources"] = resources.into();
    for (kind, _) in kinds {
        let blueprint = json!({"identifier": kind, "schema": {"properties": {}}});
        world.port.put_blueprint(blueprint);
    }
    world.provision().await;
    world
}

#[tokio::test]
async fn every_kind_that_can_be_read_so_is_and_its_changes_arrive() {
    let world = with_kinds(&[
        ("backlog", json!({"jql": null})),
        ("worklog", json!({"jql": "created >= -520w"})),
        ("project", json!({})),
        ("issue", json!({"jql": "created >= -520w"})),
    ])
    .await;
    let first = world.resync().await;
    assert_eq!(first.outcome, Outcome::Completed, "{first:#?}");
    world.sync_incrementally().await;
    world.jira.journal().clear();
    let report = world.sync_incrementally().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    let kinds: Vec<_> = report.resources.iter().map(|one| &*one.kind).collect();
    assert_eq!(kinds, ["backlog", "worklog", "issue"]);
    assert_eq!(report.totals().fetched, 0, "nothing changed: {report:#?}");
    assert_eq!(world.jira.journal().count("POST", "/worklog/list"), 0);
    assert_eq!(world.jira.journal().count("GET", "/worklog/updated"), 1);

    let issue = world
        .jira
        .site()
        .matching_issue_keys("created >= -520w")
        .unwrap()[0]
        .clone();
    let before = world.ids("worklog").len();
    happens(
        &world,
        json!({"op": "log_work", "issue": issue, "minutes": 47}),
    );
    let report = world.sync_incrementally().await;
    assert_eq!(report.resources[1].counts.created, 1, "{report:#?}");
    assert_eq!(world.ids("worklog").len(), before + 1);
    let titles = world
        .port
        .catalog()
        .into_iter()
        .filter(|one| one["blueprint"] == "worklog");
    assert!(titles.into_iter().any(|one| one["title"] == issue.as_str()));
}

#[tokio::test]
async fn worklogs_of_issues_that_the_query_does_not_find_are_left_out() {
    let world = with_kinds(&[("worklog", json!({"jql": "created >= 520w"}))]).await;
    world.sync_incrementally().await;
    let issue = world
        .jira
        .site()
        .matching_issue_keys("created >= -520w")
        .unwrap()[0]
        .clone();
    happens(
        &world,
        json!({"op": "log_work", "issue": issue, "minutes": 47}),
    );
    let report = world.sync_incrementally().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert_eq!(report.totals().fetched, 0);
    assert!(world.ids("worklog").is_empty());
}
