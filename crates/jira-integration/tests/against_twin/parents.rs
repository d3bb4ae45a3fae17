//! Parents that fail, that cannot have what they are asked for, and that are listed once for all.

use futures::TryStreamExt as _;
use ocean_core::RunScope;
use ocean_testkit::jira::SiteConfig;
use ocean_testkit::{Action, Rule};
use serde_json::{Value, json};

use crate::site::{Read, Site};

const BOARDS: &str = "GET /rest/agile/1.0/board?maxResults=50&startAt=0";
const PROJECTS: &str = "GET /rest/api/3/project/search?maxResults=50&startAt=0";

/// Each kind with its selector, the listing of its first parent, and the field that tells items of
/// one parent from those of another.
const CHILDREN: [(&str, &str, &str); 7] = [
    ("release", "/project/PAY/version", "__projectKey"),
    ("component", "/project/PAY/component", "__project"),
    ("board", "/board/1/project", "name"),
    ("sprint", "/board/1/sprint", "originBoardId"),
    ("backlog", "/board/1/backlog", "__boardId"),
    ("epic", "/board/1/epic", "__boardId"),
    ("worklog", "/worklog", "__issueKey"),
];

async fn site() -> Site {
    let bare = |config: &mut SiteConfig| config.worklogs_in_issues = 0;
    let site = Site::start(|twin| twin.projects(8).issues(240).config(bare)).await;
    assert_eq!(site.twin.site().project_keys()[0], "PAY");
    site
}

fn selector(kind: &str) -> Value {
    match kind {
        "worklog" => json!({"jql": "project = PAY"}),
        "backlog" => json!({"jql": ""}),
        "sprint" => json!({"sprintState": null}),
        "epic" => json!({"status": null}),
        _ => json!({}),
    }
}

/// How many parents the items are from.
fn parents(read: &Read, field: &str) -> usize {
    let parents = read.items.iter();
    let mut parents: Vec<_> = parents
        .map(|item| item.get::<Value>(field).unwrap().to_string())
        .collect();
    parents.sort_unstable();
    parents.dedup();
    parents.len()
}

/// Reads a kind twice: as it is, and with a failing listing of its first parent.
async fn with_failing_parent(kind: &str, listing: &str, action: Action) -> (Read, Read) {
    let site = site().await;
    let whole = site.read(kind, selector(kind)).await;
    let rule = Rule::new(action).path(listing);
    // All worklogs are listed by the same words.
    let rule = if kind == "worklog" {
        rule.times(1)
    } else {
        rule
    };
    site.twin.faults().add(rule);
    (whole, site.read(kind, selector(kind)).await)
}

fn refusal(code: u16, message: &str) -> Action {
    Action::Status {
        code,
        headers: std::collections::BTreeMap::new(),
        body: json!({"errorMessages": [message], "errors": {}}),
    }
}

#[tokio::test]
async fn a_parent_that_is_refused_makes_its_kind_incomplete_and_no_more() {
    for (kind, listing, field) in CHILDREN {
        let (whole, read) = with_failing_parent(kind, listing, refusal(403, "No.")).await;
        let error = read.error.as_ref().unwrap();
        assert!(
            error.contains("status 403") && error.contains(listing),
            "{error}"
        );
        assert!(!read.items.is_empty() && read.items.len() <= whole.items.len());
        if kind != "worklog" {
            assert_eq!(parents(&read, field) + 1, parents(&whole, field), "{kind}");
        }
    }
}

#[tokio::test]
async fn a_parent_that_is_gone_since_it_was_listed_has_nothing() {
    for (kind, listing, field) in CHILDREN {
        let (whole, read) = with_failing_parent(kind, listing, refusal(404, "Gone.")).await;
        assert_eq!(read.error, None, "{kind}");
        assert_eq!(read.incomplete, Vec::<String>::new());
        if kind != "worklog" {
            assert_eq!(parents(&read, field) + 1, parents(&whole, field), "{kind}");
        }
    }
}

#[tokio::test]
async fn a_404_that_is_not_from_jira_is_an_error() {
    for (kind, listing, _) in CHILDREN {
        let (_, read) = with_failing_parent(kind, listing, Action::status(404)).await;
        assert!(read.error.unwrap().contains("status 404"), "{kind}");
    }
}

#[tokio::test]
async fn a_board_that_cannot_have_it_has_nothing() {
    for (kind, message) in [
        ("sprint", "The board does not support sprints"),
        ("backlog", "Backlogs are not supported on this board"),
        ("epic", "The board does not support epics"),
    ] {
        let listing = format!("/board/1/{kind}");
        let (whole, read) = with_failing_parent(kind, &listing, refusal(400, message)).await;
        let read = read.complete();
        assert!(!read.is_empty() && read.len() < whole.items.len(), "{kind}");
        let (_, read) = with_failing_parent(kind, &listing, refusal(400, "Bad jql.")).await;
        assert!(read.error.unwrap().contains("Bad jql."), "{kind}");
    }
}

#[tokio::test]
async fn a_board_without_a_backlog_has_none_in_the_agile_api_either() {
    let site = site().await;
    let message = "Backlogs are not supported on this board";
    let rule = Rule::new(refusal(400, message)).path("/agile/1.0/board/2/backlog");
    site.twin.faults().add(rule);
    let selector = json!({"jql": "", "useSoftwareApi": false});
    assert!(!site.read("backlog", selector).await.complete().is_empty());
}

#[tokio::test]
async fn several_failing_parents_are_counted() {
    let site = site().await;
    site.twin
        .faults()
        .add(Rule::new(refusal(403, "No.")).path("/version"));
    let read = site.read("release", json!({})).await;
    assert!(read.items.is_empty());
    let error = read.error.unwrap();
    assert!(
        error.starts_with("8 listings could not be read; the first: "),
        "{error}"
    );
}

#[tokio::test]
async fn parents_that_cannot_be_listed_make_the_kind_an_error() {
    for (kind, listing) in [
        ("release", "/project/search"),
        ("component", "/project/search"),
        ("board", "/agile/1.0/board?"),
        ("sprint", "/agile/1.0/board?"),
        ("backlog", "/agile/1.0/board?"),
        ("epic", "/agile/1.0/board?"),
        ("worklog", "/search/jql"),
    ] {
        let site = site().await;
        site.twin
            .faults()
            .add(Rule::new(refusal(403, "No.")).path(listing));
        let read = site.read(kind, selector(kind)).await;
        assert!(read.items.is_empty());
        assert!(read.error.unwrap().contains("status 403"), "{kind}");
    }
}

#[tokio::test]
async fn a_parent_without_a_name_makes_the_kind_incomplete_and_no_more() {
    for (kind, listing, list, name, said) in [
        (
            "release",
            "/project/search",
            "values",
            "key",
            "a project without a key",
        ),
        (
            "sprint",
            "/agile/1.0/board?",
            "values",
            "id",
            "a board without an id",
        ),
        (
            "worklog",
            "/search/jql",
            "issues",
            "key",
            "an issue without a key",
        ),
    ] {
        let site = site().await;
        let nameless = Action::rewrite(move |_, mut answer| {
            answer[list][0].as_object_mut().unwrap().remove(name);
            answer
        });
        site.twin
            .faults()
            .add(Rule::new(nameless).path(listing).times(1));
        let read = site.read(kind, selector(kind)).await;
        assert!(!read.items.is_empty(), "{kind}");
        assert_eq!(read.error.unwrap(), format!("jira sent {said}"));
    }
}

#[tokio::test]
async fn an_issue_of_a_backlog_without_an_id_is_left_out_and_nothing_is_deleted_for_it() {
    let site = site().await;
    let nameless = Action::rewrite(|_, mut answer| {
        answer["issues"][0].as_object_mut().unwrap().remove("id");
        answer
    });
    let whole = site.read("backlog", json!({})).await.complete();
    site.twin
        .faults()
        .add(Rule::new(nameless).path("/board/1/backlog").times(1));
    let read = site.read("backlog", json!({})).await;
    assert_eq!(read.error, None);
    assert_eq!(read.items.len(), whole.len() - 1);
    assert_eq!(read.incomplete, ["a backlog has an issue without an id"]);
}

#[tokio::test]
async fn a_sprint_on_several_boards_is_yielded_once() {
    let site = site().await;
    // Board 3 lists the sprints of board 1.
    let as_of_board_1 = Action::rewrite(|_, mut answer| {
        for sprint in answer["values"].as_array_mut().unwrap() {
            sprint["id"] = (sprint["id"].as_u64().unwrap() - 200).into();
        }
        answer
    });
    let whole = site.read("sprint", selector("sprint")).await.complete();
    let rule = Rule::new(as_of_board_1).path("/board/3/sprint");
    site.twin.faults().add(rule);
    let sprints = site.read("sprint", selector("sprint")).await.complete();
    assert_eq!(sprints.len() + 4, whole.len());
}

#[tokio::test]
async fn parents_are_listed_once_in_a_resync() {
    let site = site().await;
    let run = RunScope::default();
    for kind in ["sprint", "backlog", "epic", "release", "component"] {
        let read = site.start_read(kind, selector(kind), run.for_resource());
        let items: usize = read
            .map_ok(|batch| batch.len())
            .try_fold(0, async |sum, one| Ok(sum + one))
            .await
            .unwrap();
        assert!(items > 0, "{kind}");
    }
    let asked = site.asked();
    let count = |request| asked.iter().filter(|one| *one == request).count();
    assert_eq!((count(BOARDS), count(PROJECTS)), (1, 1));
}
