//! The kinds that are read parent by parent: what each selector field asks for, and which items
//! it keeps.

use ocean_core::RawItem;
use ocean_testkit::jira::{Belonging, SiteConfig, SiteHandle};
use serde_json::{Value, json};

use crate::site::Site;

const ALL: &str = "created >= -520w";
const A: &str = "GET /rest/agile/1.0/board";
const R: &str = "GET /rest/api/3";
const PAGE: &str = "maxResults=50&startAt=0";
const LARGE_PAGE: &str = "maxResults=100&startAt=0";

/// A site whose seventh board shows two projects.
async fn site() -> Site {
    Site::start(|twin| twin.projects(8).issues(240)).await
}

/// The same, with worklogs in a listing of their own only.
async fn without_worklogs_in_issues() -> Site {
    let bare = |config: &mut SiteConfig| config.worklogs_in_issues = 0;
    Site::start(|twin| twin.projects(8).issues(240).config(bare)).await
}

/// An item by what it was read for and its id.
fn belonging(kind: &str, item: &RawItem) -> Belonging {
    let field = match kind {
        "release" => "__projectKey",
        "component" => "__project",
        "board" => "__projectKeys",
        "sprint" => "originBoardId",
        "worklog" => "__issueKey",
        _ => "__boardId",
    };
    let parent = match item.get(field).unwrap() {
        Value::String(key) => key,
        Value::Number(id) => id.to_string(),
        Value::Array(keys) => {
            let keys: Vec<_> = keys.iter().map(|key| key.as_str().unwrap()).collect();
            keys.join(",")
        }
        project => project["key"].as_str().unwrap().to_owned(),
    };
    let id = match item.get("id").unwrap() {
        Value::String(id) => id.parse().unwrap(),
        id => id.as_u64().unwrap(),
    };
    (parent, id)
}

fn sorted(mut all: Vec<Belonging>) -> Vec<Belonging> {
    all.sort_unstable();
    all
}

/// Reads a kind, expects a request among those sent, and exactly these items.
async fn check(
    site: &Site,
    kind: &str,
    selector: Value,
    request: &str,
    expected: impl FnOnce(&SiteHandle) -> Vec<Belonging>,
) {
    let said = format!("{kind} {selector}");
    let items = site.read(kind, selector).await.complete();
    let asked = site.asked();
    assert!(
        asked.iter().any(|one| one == request),
        "{said}: {request} is not among {asked:#?}"
    );
    let read = items.iter().map(|item| belonging(kind, item)).collect();
    let expected = sorted(expected(site.twin.site()));
    assert!(!expected.is_empty(), "{said}");
    assert_eq!(sorted(read), expected, "{said}");
}

#[tokio::test]
async fn releases_carry_the_key_of_their_project() {
    let site = site().await;
    let key = site.twin.site().project_keys().remove(0);
    let request = format!("{R}/project/{key}/version?{LARGE_PAGE}");
    check(&site, "release", json!({}), &request, SiteHandle::versions).await;
}

#[tokio::test]
async fn components_carry_their_project() {
    let site = site().await;
    let key = site.twin.site().project_keys().remove(7);
    let name = site.read("component", json!({})).await.complete()[0]
        .get::<String>("name")
        .unwrap();
    site.asked();
    for (selector, parameters, name) in [
        (json!({}), "componentSource=jira".to_owned(), ""),
        (
            json!({"componentSource": "auto", "nameFilter": ""}),
            "componentSource=auto&query=".to_owned(),
            "",
        ),
        (
            json!({"nameFilter": name}),
            format!("componentSource=jira&query={name}"),
            &name,
        ),
        (
            json!({"nameFilter": null}),
            "componentSource=jira".to_owned(),
            "",
        ),
    ] {
        let request = format!("{R}/project/{key}/component?{LARGE_PAGE}&{parameters}");
        check(&site, "component", selector, &request, |site| {
            site.components(name)
        })
        .await;
    }
    let selector = json!({"componentSource": "compass"});
    assert!(site.read("component", selector).await.complete().is_empty());
    let request = format!("{R}/project/{key}/component?{LARGE_PAGE}&componentSource=compass");
    assert!(site.asked().contains(&request));
}

#[tokio::test]
async fn boards_carry_the_keys_of_all_their_projects() {
    let site = site().await;
    let key = site.twin.site().project_keys().remove(7);
    for (selector, parameters, board_type, of_project) in [
        (json!({}), String::new(), None, None),
        (
            json!({"boardType": "scrum"}),
            "type=scrum&".to_owned(),
            Some("scrum"),
            None,
        ),
        (
            json!({"boardType": "kanban", "projectKey": null}),
            "type=kanban&".to_owned(),
            Some("kanban"),
            None,
        ),
        (
            json!({"projectKey": key}),
            format!("projectKeyOrId={key}&"),
            None,
            Some(&key),
        ),
        (
            json!({"boardType": "simple", "projectKey": 10_007}),
            "type=simple&projectKeyOrId=10007&".to_owned(),
            Some("simple"),
            Some(&key),
        ),
    ] {
        let request = format!("{A}?{parameters}{PAGE}");
        check(&site, "board", selector, &request, |site| {
            let mut boards = site.boards(board_type);
            boards.retain(|(keys, _)| {
                of_project.is_none_or(|wanted| keys.split(',').any(|key| key == wanted))
            });
            boards
        })
        .await;
    }
    let of_board = format!("{A}/7/project?{PAGE}");
    check(&site, "board", json!({}), &of_board, |site| {
        assert!(site.boards(None).iter().any(|(keys, _)| keys.contains(',')));
        site.boards(None)
    })
    .await;
}

#[tokio::test]
async fn sprints_are_read_in_the_states_of_the_selector() {
    let site = site().await;
    for (selector, parameters, states) in [
        (json!({}), "state=active&", &["active"][..]),
        (
            json!({"sprintState": ["future", "closed"]}),
            "state=future%2Cclosed&",
            &["closed", "future"],
        ),
        (
            json!({"sprintState": null}),
            "",
            &["active", "closed", "future"],
        ),
    ] {
        let request = format!("{A}/1/sprint?{parameters}{PAGE}");
        check(&site, "sprint", selector, &request, |site| {
            site.sprints(states)
        })
        .await;
    }
}

#[tokio::test]
async fn epics_carry_the_id_of_their_board() {
    let site = site().await;
    for (selector, parameters, done) in [
        (json!({}), "done=false&", Some(false)),
        (json!({"status": ["complete"]}), "done=true&", Some(true)),
        (json!({"status": ["complete", "incomplete"]}), "", None),
        (json!({"status": []}), "", None),
        (json!({"status": null}), "", None),
    ] {
        let request = format!("{A}/2/epic?{parameters}{PAGE}");
        check(&site, "epic", selector, &request, |site| site.epics(done)).await;
    }
}

#[tokio::test]
async fn backlogs_carry_the_id_of_their_board() {
    let site = site().await;
    let default = "updated+%3E%3D+-1w+OR+statusCategory+%21%3D+Done";
    let software = "GET /rest/software/1.0/board";
    for (selector, request, jql) in [
        (
            json!({}),
            format!("{software}/1/backlog?jql={default}&maxResults=100"),
            "updated >= -1w OR statusCategory != Done",
        ),
        (
            json!({"jql": "", "fields": ["summary", "status"]}),
            format!("{software}/1/backlog?fields=summary%2Cstatus&maxResults=100"),
            ALL,
        ),
        (
            json!({"jql": null, "fields": []}),
            format!("{software}/1/backlog?fields=&maxResults=100"),
            ALL,
        ),
        (
            json!({"jql": "project = 10000", "fields": null}),
            format!("{software}/1/backlog?jql=project+%3D+10000&maxResults=100"),
            "project = 10000",
        ),
    ] {
        check(&site, "backlog", selector, &request, |site| {
            site.backlogs(jql).unwrap()
        })
        .await;
    }
}

#[tokio::test]
async fn backlogs_of_the_agile_api_are_paged_by_position() {
    let site = Site::start(|twin| twin.projects(1).issues(600)).await;
    let selector = json!({"jql": "", "useSoftwareApi": "no"});
    let request = format!("{A}/1/backlog?maxResults=100&startAt=99");
    check(&site, "backlog", selector, &request, |site| {
        site.backlogs(ALL).unwrap()
    })
    .await;
    let request = "GET /rest/software/1.0/board/1/backlog?maxResults=100&nextPageToken=";
    let read = site.read("backlog", json!({"jql": ""})).await.complete();
    assert_eq!(read.len(), site.twin.site().backlogs(ALL).unwrap().len());
    assert!(site.asked().iter().any(|one| one.starts_with(request)));
}

#[tokio::test]
async fn worklogs_carry_the_key_of_their_issue() {
    let site = without_worklogs_in_issues().await;
    let (from, to) = (
        site.twin.site().now() - 30 * 86_400_000,
        site.twin.site().now(),
    );
    let forever = i64::MIN..i64::MAX;
    let worklogs = site.twin.site().worklogs(ALL, from..to).unwrap();
    let issue = worklogs[0].0.clone();
    for (parameters, sent, started) in [
        (Value::Null, String::new(), forever.clone()),
        (
            json!({"startedAfter": from, "started_before": to.to_string(), "expand": "properties"}),
            format!("&startedAfter={from}&startedBefore={to}&expand=properties"),
            from..to,
        ),
        (
            json!({"started_after": from.to_string(), "expand": ""}),
            format!("&startedAfter={from}"),
            from..i64::MAX,
        ),
        (
            json!({"startedBefore": to, "startedAfter": null}),
            format!("&startedBefore={to}"),
            i64::MIN..to,
        ),
    ] {
        let selector = json!({"jql": ALL, "apiQueryParams": parameters});
        let request = format!("{R}/issue/{issue}/worklog?maxResults=5000&startAt=0{sent}");
        check(&site, "worklog", selector, &request, |site| {
            site.worklogs(ALL, started).unwrap()
        })
        .await;
    }
    let search = r#"POST /rest/api/3/search/jql {"jql":"updated >= -1w","maxResults":100,"fields":["worklog"]}"#;
    check(&site, "worklog", json!({}), search, |site| {
        site.worklogs("updated >= -1w", forever).unwrap()
    })
    .await;
}

#[tokio::test]
async fn worklogs_that_their_issues_show_are_not_asked_for() {
    let site = site().await;
    let middle = site.twin.site().now() - 30 * 86_400_000;
    let search = r#"POST /rest/api/3/search/jql {"jql":"created >= -520w","maxResults":100,"fields":["worklog"]}"#;
    for (parameters, started) in [
        (Value::Null, i64::MIN..i64::MAX),
        (json!({"startedAfter": middle}), middle..i64::MAX),
        (json!({"startedBefore": middle}), i64::MIN..middle),
    ] {
        let selector = json!({"jql": ALL, "apiQueryParams": parameters});
        check(&site, "worklog", selector.clone(), search, |site| {
            site.worklogs(ALL, started).unwrap()
        })
        .await;
        site.read("worklog", selector).await.complete();
        let asked = site.asked();
        assert!(asked.iter().all(|ask| ask.starts_with("POST")), "{asked:?}");
    }
}

#[tokio::test]
async fn worklogs_are_the_same_whether_their_issues_show_them_or_not() {
    let selector = json!({"jql": ALL});
    let shown = site().await.read("worklog", selector.clone()).await;
    let asked = without_worklogs_in_issues().await;
    let asked = asked.read("worklog", selector).await;
    let [shown, asked] = [shown, asked].map(|read| {
        let items = read.complete().into_iter();
        let mut items: Vec<_> = items
            .map(|item| item.to_value().unwrap().to_string())
            .collect();
        items.sort_unstable();
        items
    });
    assert!(!shown.is_empty());
    assert_eq!(shown, asked);
}
