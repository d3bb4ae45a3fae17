//! Changes to what stands around the issues, and the events that they send.

use serde_json::{Value, json};

use super::{event, make, shown, site};
use crate::jira::change::Change;
use crate::jira::data::worklog;
use crate::jira::site::Site;

/// Makes changes and holds the name of the event against the one that is expected.
fn check(site: &mut Site, rows: Vec<(Value, &str)>) {
    for (change, expected) in rows {
        let outcome = make(site, change);
        assert_eq!(event(&outcome)["webhookEvent"], expected);
        assert_eq!(outcome.events.last().expect("an event").name, expected);
    }
}

#[test]
fn every_event_of_issues_projects_and_users_can_happen() {
    let mut site = site();
    let account = site.users()[1].account_id.clone();
    check(
        &mut site,
        vec![
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
        ],
    );
}

#[test]
fn every_event_of_what_work_is_planned_with_can_happen() {
    let mut site = site();
    let (version, sprint) = (site.versions[0].id, site.sprints[2].id);
    check(
        &mut site,
        vec![
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
                json!({"op": "create_board", "project": "PAY", "name": "b"}),
                "board_created",
            ),
            (
                json!({"op": "update_board", "id": 5, "name": "c"}),
                "board_updated",
            ),
            (json!({"op": "delete_board", "id": 5}), "board_deleted"),
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
        ],
    );
}

#[test]
fn every_event_of_worklogs_can_happen() {
    let id = 10_000_000_001_u64;
    check(
        &mut site(),
        vec![
            (
                json!({"op": "log_work", "issue": "PAY-1", "minutes": 5}),
                "worklog_created",
            ),
            (
                json!({"op": "update_worklog", "id": id, "minutes": 6}),
                "worklog_updated",
            ),
            (json!({"op": "delete_worklog", "id": id}), "worklog_deleted"),
        ],
    );
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
