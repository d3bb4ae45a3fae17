//! Each change, judged by what the site answers afterwards.

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
fn every_event_that_webhooks_know_can_happen() {
    let mut site = site();
    let sprint = site.sprints[2].id;
    let version = site.versions[0].id;
    let account = site.users()[1].account_id.clone();
    for (change, event) in [
        (
            json!({"op": "create_issue", "project": "PAY"}),
            "jira:issue_created",
        ),
        (
            json!({"op": "update_issue", "key": "PAY-1"}),
            "jira:issue_updated",
        ),
        (
            json!({"op": "delete_issue", "key": "PAY-101"}),
            "jira:issue_deleted",
        ),
        (
            json!({"op": "create_version", "project": "PAY", "name": "v"}),
            "jira:version_created",
        ),
        (
            json!({"op": "update_version", "id": version, "name": "w"}),
            "jira:version_updated",
        ),
        (
            json!({"op": "update_version", "id": version, "released": false}),
            "jira:version_unreleased",
        ),
        (
            json!({"op": "update_version", "id": version, "released": true}),
            "jira:version_released",
        ),
        (
            json!({"op": "move_version", "id": version}),
            "jira:version_moved",
        ),
        (
            json!({"op": "delete_version", "id": version}),
            "jira:version_deleted",
        ),
        (
            json!({"op": "create_project", "key": "NEW", "name": "N"}),
            "project_created",
        ),
        (
            json!({"op": "change_project_key", "key": "NEW", "new_key": "NEWER"}),
            "project_updated",
        ),
        (
            json!({"op": "archive_project", "key": "NEWER"}),
            "project_archived",
        ),
        (
            json!({"op": "unarchive_project", "key": "NEWER"}),
            "project_restored_archived",
        ),
        (
            json!({"op": "bin_project", "key": "NEWER"}),
            "project_soft_deleted",
        ),
        (
            json!({"op": "restore_project", "key": "NEWER"}),
            "project_restored_deleted",
        ),
        (
            json!({"op": "delete_project", "key": "NEWER"}),
            "project_deleted",
        ),
        (json!({"op": "create_user", "name": "N."}), "user_created"),
        (
            json!({"op": "update_user", "account_id": account}),
            "user_updated",
        ),
        (
            json!({"op": "delete_user", "account_id": account}),
            "user_deleted",
        ),
        (
            json!({"op": "create_board", "project": "PAY", "name": "b"}),
            "board_created",
        ),
        (
            json!({"op": "update_board", "id": 5, "name": "c"}),
            "board_updated",
        ),
        (json!({"op": "delete_board", "id": 5}), "board_deleted"),
        (
            json!({"op": "log_work", "issue": "PAY-1", "minutes": 5}),
            "worklog_created",
        ),
        (
            json!({"op": "update_worklog", "id": 10_000_000_001_u64, "minutes": 6}),
            "worklog_updated",
        ),
        (
            json!({"op": "delete_worklog", "id": 10_000_000_001_u64}),
            "worklog_deleted",
        ),
        (
            json!({"op": "create_sprint", "board": 1, "name": "s"}),
            "sprint_created",
        ),
        (
            json!({"op": "update_sprint", "id": sprint, "name": "t"}),
            "sprint_updated",
        ),
        (
            json!({"op": "update_sprint", "id": sprint, "state": "closed"}),
            "sprint_closed",
        ),
        (
            json!({"op": "delete_sprint", "id": sprint}),
            "sprint_deleted",
        ),
    ] {
        let outcome = make(&mut site, change);
        assert_eq!(self::event(&outcome)["webhookEvent"], event);
        assert_eq!(outcome.events.last().expect("an event").name, event);
    }
}

#[test]
fn a_project_in_the_bin_is_hidden_with_everything_in_it_until_it_is_restored() {
    let mut site = site();
    make(&mut site, json!({"op": "bin_project", "key": "PAY"}));
    assert!(site.find_project("PAY").is_none());
    assert!(shown(&site, "PAY-1").is_none());
    assert_eq!(site.boards().count(), 3);
    let again: Change =
        serde_json::from_value(json!({"op": "bin_project", "key": "PAY"})).expect("a change");
    assert!(site.apply(&again).is_err());
    make(&mut site, json!({"op": "restore_project", "key": "PAY"}));
    assert!(shown(&site, "PAY-1").is_some());
    make(&mut site, json!({"op": "bin_project", "key": "PAY"}));
    make(&mut site, json!({"op": "delete_project", "key": "PAY"}));
    let restore: Change =
        serde_json::from_value(json!({"op": "restore_project", "key": "PAY"})).expect("a change");
    assert!(site.apply(&restore).is_err());
}

#[test]
fn a_project_with_a_new_key_and_its_issues_still_answer_to_the_old_one() {
    let mut site = site();
    let change = json!({"op": "change_project_key", "key": "PAY", "new_key": "CASH"});
    make(&mut site, change);
    assert_eq!(shown(&site, "PAY-1").expect("issue")["key"], "CASH-1");
    assert_eq!(site.find_project("PAY"), site.find_project("CASH"));
    assert_eq!(site.projects[0].former_keys, ["PAY"]);
    let taken = json!({"op": "create_project", "key": "PAY", "name": "x"});
    let taken: Change = serde_json::from_value(taken).expect("a change");
    assert!(site.apply(&taken).is_err());
}

#[test]
fn a_merged_version_names_its_heir() {
    let mut site = site();
    let (gone, heir) = (site.versions[0].id, site.versions[1].id);
    let change = json!({"op": "delete_version", "id": gone, "merged_to": heir});
    let event = event(&make(&mut site, change));
    assert_eq!(event["version"]["id"], gone.to_string());
    assert_eq!(event["mergedTo"]["id"], heir.to_string());
}

#[test]
fn logged_work_shows_until_it_is_deleted() {
    use crate::jira::data::worklog;
    let mut site = site();
    let minutes = |site: &Site, id| worklog::find(site, id).map(|work| work.minutes);
    let all = |site: &Site| -> Vec<u64> {
        let entries = site
            .issues_from(0)
            .flat_map(|issue| worklog::entries(site, &issue));
        entries.map(|work| work.id).collect()
    };
    let seeded = all(&site);
    let made = make(
        &mut site,
        json!({"op": "log_work", "issue": "PAY-1", "minutes": 5}),
    );
    let added: u64 = made.changed[0].id.parse().expect("an id");
    let mut expected = seeded.clone();
    expected.push(added);
    assert_eq!(all(&site).len(), expected.len());
    for id in [seeded[0], added] {
        make(
            &mut site,
            json!({"op": "update_worklog", "id": id, "minutes": 7}),
        );
        assert_eq!(minutes(&site, id), Some(7));
        make(&mut site, json!({"op": "delete_worklog", "id": id}));
        assert_eq!(minutes(&site, id), None);
    }
    assert_eq!(all(&site), seeded[1..]);
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
