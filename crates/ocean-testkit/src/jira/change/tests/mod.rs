//! Each change, judged by what the site answers afterwards.

mod around;

use serde_json::{Value, json};

use super::*;
use crate::jira::{
    config::SiteConfig,
    data::render::{FieldSet, View},
    json::Json,
    site::Site,
};

fn site() -> Site {
    Site::new(SiteConfig {
        issues: 400,
        projects: 4,
        users: 12,
        teams: 3,
        ..SiteConfig::default()
    })
}

fn make(site: &mut Site, change: Value) -> Outcome {
    let change: Change = serde_json::from_value(change).expect("a change");
    site.apply(&change).expect("possible")
}

fn shown(site: &Site, key: &str) -> Option<Value> {
    let issue = site.find_issue(key)?;
    let mut out = Json::default();
    View {
        issue: &issue,
        site,
    }
    .render(&mut out, FieldSet::ALL, "");
    Some(serde_json::from_slice(&out.into_bytes()).expect("JSON"))
}

fn event(outcome: &Outcome) -> Value {
    serde_json::from_slice(&outcome.events.last().expect("an event").body).expect("JSON")
}

#[test]
fn an_update_sets_fields_and_moves_updated() {
    let mut site = site();
    let before = shown(&site, "PAY-1").expect("issue");
    let outcome = make(
        &mut site,
        json!({"op": "update_issue", "key": "PAY-1", "summary": "New \"one\"", "status": "done",
               "assignee": "user1@example.com", "labels": ["a", "b"], "priority": "Low"}),
    );
    let after = shown(&site, "PAY-1").expect("issue");
    let fields = &after["fields"];
    assert_eq!(fields["summary"], "New \"one\"");
    assert_eq!(fields["status"]["name"], "Done");
    assert_eq!(fields["statusCategory"]["key"], "done");
    assert!(fields["resolutiondate"].is_string());
    assert_eq!(fields["assignee"]["emailAddress"], "user1@example.com");
    assert_eq!(fields["labels"], json!(["a", "b"]));
    assert_eq!(fields["priority"]["name"], "Low");
    assert!(fields["updated"].as_str() > before["fields"]["updated"].as_str());
    assert_eq!(fields["description"], before["fields"]["description"]);
    let event = event(&outcome);
    assert_eq!(event["webhookEvent"], "jira:issue_updated");
    assert_eq!(event["issue"], after);
    let items = event["changelog"]["items"].as_array().expect("items");
    assert!(items.iter().any(|item| item["field"] == "summary"));
    make(
        &mut site,
        json!({"op": "update_issue", "key": "PAY-1", "assignee": null}),
    );
    let after = shown(&site, "PAY-1").expect("issue");
    assert_eq!(after["fields"]["assignee"], Value::Null);
    assert_eq!(after["fields"]["summary"], "New \"one\"");
}

#[test]
fn a_created_issue_gets_the_next_key_and_is_counted() {
    let mut site = site();
    let count = site.projects[1].issues;
    let outcome = make(
        &mut site,
        json!({"op": "create_issue", "project": "HRB", "summary": "Fresh", "issuetype": "Bug"}),
    );
    assert_eq!(outcome.changed[0].key.as_deref(), Some("HRB-101"));
    let issue = shown(&site, "HRB-101").expect("issue");
    assert_eq!(issue["fields"]["summary"], "Fresh");
    assert_eq!(issue["fields"]["issuetype"]["name"], "Bug");
    assert_eq!(site.projects[1].issues, count + 1);
    assert_eq!(site.issues_from(0).count(), 401);
    assert_eq!(event(&outcome)["webhookEvent"], "jira:issue_created");
}

#[test]
fn a_deleted_issue_takes_its_subtasks_with_it() {
    let mut site = site();
    let parent = site
        .issues_from(0)
        .find(|issue| issue.subtasks == 2)
        .expect("a story");
    let (key, ids) = (
        site.issue_key(&parent),
        parent.subtask_ids(site.config()).collect::<Vec<_>>(),
    );
    let outcome = make(&mut site, json!({"op": "delete_issue", "key": key}));
    assert_eq!(outcome.changed.len(), 3);
    assert_eq!(outcome.events.len(), 3);
    assert!(shown(&site, &key).is_none());
    assert!(ids.iter().all(|id| site.issue(*id).is_none()));
    assert_eq!(site.issues_from(0).count(), 397);
    assert_eq!(event(&outcome)["issue"]["key"], json!(key));
}

#[test]
fn a_moved_issue_keeps_its_id_and_answers_to_both_keys() {
    let mut site = site();
    let id = site.find_issue("PAY-5").expect("issue").id;
    let outcome = make(
        &mut site,
        json!({"op": "move_issue", "key": "PAY-5", "project": "SRCH"}),
    );
    assert_eq!(outcome.changed[0].key.as_deref(), Some("SRCH-101"));
    let moved = shown(&site, "PAY-5").expect("issue");
    assert_eq!(moved["key"], "SRCH-101");
    assert_eq!(moved["fields"]["project"]["key"], "SRCH");
    assert_eq!(site.find_issue("SRCH-101").map(|issue| issue.id), Some(id));
    assert_eq!(
        (site.projects[0].issues, site.projects[2].issues),
        (99, 101)
    );
    let event = event(&outcome);
    assert_eq!(event["issue_event_type_name"], "issue_moved");
    assert_eq!(event["changelog"]["items"][1]["fromString"], "PAY-5");
}

#[test]
fn a_deleted_project_takes_its_issues_and_board_with_it() {
    let mut site = site();
    make(&mut site, json!({"op": "delete_project", "key": "PAY"}));
    assert!(shown(&site, "PAY-1").is_none());
    assert_eq!(site.issues_from(0).count(), 300);
    assert!(site.find_project("PAY").is_none());
    assert_eq!(site.boards().count(), 3);
}

#[test]
fn projects_are_created_and_renamed() {
    let mut site = site();
    make(
        &mut site,
        json!({"op": "create_project", "key": "NEW", "name": "Newborn"}),
    );
    make(&mut site, json!({"op": "create_issue", "project": "NEW"}));
    make(
        &mut site,
        json!({"op": "update_project", "key": "NEW", "name": "Grown"}),
    );
    let issue = shown(&site, "NEW-1").expect("issue");
    assert_eq!(issue["fields"]["project"]["name"], "Grown");
}

#[test]
fn users_show_their_changes_inside_of_issues() {
    let mut site = site();
    let id = site.users()[1].account_id.clone();
    make(
        &mut site,
        json!({"op": "update_issue", "key": "PAY-1", "assignee": id}),
    );
    let change = json!({"op": "update_user", "account_id": id, "name": "N. N.", "active": false});
    let outcome = make(&mut site, change);
    let assignee = &shown(&site, "PAY-1").expect("issue")["fields"]["assignee"];
    assert_eq!(
        (&assignee["displayName"], &assignee["active"]),
        (&json!("N. N."), &json!(false))
    );
    assert_eq!(event(&outcome)["user"]["accountId"], json!(id));
    make(&mut site, json!({"op": "delete_user", "account_id": id}));
    assert_eq!(site.find_user(&id), None);
    assert_eq!(site.living_users().count(), 11);
}

#[test]
fn teams_versions_boards_and_sprints_change() {
    let mut site = site();
    let team = site.teams[0].id.clone();
    make(
        &mut site,
        json!({"op": "update_team", "team_id": team, "members": ["one"]}),
    );
    assert_eq!(site.teams[0].members, ["one"]);
    make(&mut site, json!({"op": "delete_team", "team_id": team}));
    assert_eq!(site.teams().count(), 2);

    let version = site.versions[0].id;
    let outcome = make(
        &mut site,
        json!({"op": "update_version", "id": version, "name": "v9"}),
    );
    assert_eq!(event(&outcome)["version"]["name"], "v9");
    make(&mut site, json!({"op": "delete_version", "id": version}));
    assert!(site.versions.iter().all(|one| one.id != version));

    make(
        &mut site,
        json!({"op": "update_board", "id": 1, "name": "Wall"}),
    );
    assert_eq!(site.boards[0].name, "Wall");
    let sprint = site
        .sprints
        .iter()
        .find(|one| one.state == "active")
        .expect("sprint")
        .id;
    let outcome = make(
        &mut site,
        json!({"op": "update_sprint", "id": sprint, "state": "closed"}),
    );
    assert_eq!(event(&outcome)["webhookEvent"], "sprint_closed");
    make(&mut site, json!({"op": "delete_sprint", "id": sprint}));
    assert!(site.sprints.iter().all(|one| one.id != sprint));
    make(&mut site, json!({"op": "delete_board", "id": 1}));
    assert!(site.sprints.iter().all(|one| one.board != 1));
}

#[test]
fn random_changes_are_repeatable_and_of_the_number_asked_for() {
    let change = json!({"op": "random", "updates": 20, "creates": 5, "deletes": 3, "seed": 1});
    let (mut first, mut second) = (site(), site());
    let outcome = make(&mut first, change.clone());
    assert_eq!(outcome.changed, make(&mut second, change).changed);
    let count = |what| {
        outcome
            .changed
            .iter()
            .filter(|one| one.what == what)
            .count()
    };
    assert_eq!((count("updated"), count("created")), (20, 5));
    assert!(count("deleted") >= 3);
    assert_eq!(first.issues_from(0).count(), 405 - count("deleted"));
}

#[test]
fn an_impossible_change_is_named_and_changes_nothing() {
    let mut site = site();
    for (change, message) in [
        (
            json!({"op": "update_issue", "key": "PAY-999"}),
            "no issue `PAY-999`",
        ),
        (
            json!({"op": "update_issue", "key": "PAY-1", "status": "?"}),
            "`?` is no status",
        ),
        (
            json!({"op": "move_issue", "key": "PAY-1", "project": "PAY"}),
            "`PAY` is no other project",
        ),
        (
            json!({"op": "create_project", "key": "PAY", "name": "x"}),
            "`PAY` is no free project key",
        ),
        (json!({"op": "delete_sprint", "id": 7}), "no sprint `7`"),
        (
            json!({"op": "update_sprint", "id": 100, "state": "x"}),
            "`x` is no sprint state",
        ),
    ] {
        let change: Change = serde_json::from_value(change).expect("a change");
        let error = site.apply(&change).expect_err("impossible");
        assert_eq!(error.to_string(), message);
    }
    assert!(site.issues.changed.is_empty());
}
