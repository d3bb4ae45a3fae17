//! Every style of paging yields every item once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{ALL, ask, get, search, small, twin, walk_search};
use crate::jira::JiraTwin;

/// Follows offsets until `stop` and returns the text under `id` of each item.
async fn walk_offset(
    twin: &JiraTwin,
    path: &str,
    (key, id): (&str, &str),
    stop: impl Fn(&Value, usize) -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    for _ in 0..100 {
        let mark = if path.contains('?') { '&' } else { '?' };
        let start = found.len();
        let page = get(twin, &format!("{path}{mark}maxResults=50&startAt={start}")).await;
        let items = if key.is_empty() { &page } else { &page[key] };
        let items = items.as_array().expect("items");
        found.extend(
            items
                .iter()
                .map(|item| item[id].to_string().replace('"', "")),
        );
        if items.is_empty() || stop(&page, found.len()) {
            return found;
        }
    }
    panic!("{path} never ends");
}

fn total_reached(page: &Value, seen: usize) -> bool {
    page["total"].as_u64() == Some(seen as u64)
}

fn is_last(page: &Value, _: usize) -> bool {
    page["isLast"] == true
}

fn once(found: &[String]) -> BTreeSet<&str> {
    let set: BTreeSet<_> = found.iter().map(String::as_str).collect();
    assert_eq!(set.len(), found.len(), "an item came twice");
    set
}

fn set(expected: &[String]) -> BTreeSet<&str> {
    expected.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn platform_pages_yield_each_item_once() {
    let twin = small().projects(70).start().await.expect("a free port");
    let path = "/rest/api/3/project/search?expand=insight";
    let found = walk_offset(&twin, path, ("values", "key"), total_reached).await;
    assert_eq!(once(&found), set(&twin.site().project_keys()));
    let found = walk_offset(&twin, path, ("values", "key"), is_last).await;
    assert_eq!(found.len(), 70);
    let page = get(&twin, path).await;
    assert!(page["values"][0]["insight"]["totalIssueCount"].is_number());
}

#[tokio::test]
async fn the_user_list_is_bare_and_ends_with_an_empty_page() {
    let twin = twin().await;
    let found = walk_offset(
        &twin,
        "/rest/api/3/users/search",
        ("", "accountId"),
        |_, _| false,
    )
    .await;
    assert_eq!(once(&found), set(&twin.site().user_ids()));
    let users = get(&twin, "/rest/api/3/users/search?maxResults=1000").await;
    let users = users.as_array().expect("a list").iter();
    assert!(users.clone().any(|user| user["active"] == false));
    assert!(users.clone().any(|user| user["accountType"] == "app"));
    assert!(users.clone().any(|user| user.get("emailAddress").is_none()));
}

#[tokio::test]
async fn search_tokens_yield_each_issue_once() {
    let twin = twin().await;
    for jql in [
        "statusCategory != Done",
        "project = PAY",
        "project is not EMPTY order by created",
    ] {
        let found = walk_search(&twin, jql, 7).await;
        let expected = twin.site().matching_issue_keys(jql).expect("valid");
        assert_eq!(once(&found), set(&expected), "{jql}");
    }
}

#[tokio::test]
async fn an_issue_that_stays_is_on_one_page_while_others_go() {
    let twin = twin().await;
    let mut body = json!({"jql": ALL, "maxResults": 10, "fields": ["key"]});
    let first = search(&twin, body.clone()).await.json;
    let gone = first["issues"][9]["key"].as_str().expect("key");
    twin.site().delete_issue(gone).expect("deleted");
    body["nextPageToken"] = first["nextPageToken"].clone();
    let second = search(&twin, body).await.json;
    assert_eq!(second["issues"][0]["id"], "100010");
}

#[tokio::test]
async fn teams_and_members_follow_cursors() {
    let twin = twin().await;
    let base = "/gateway/api/public/teams/v1/org/twin-org/teams";
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(&twin, &format!("{base}{cursor}")).await;
        let teams = page["entities"].as_array().expect("teams").iter();
        found.extend(teams.map(|team| team["teamId"].as_str().expect("id").to_owned()));
        match page["cursor"].as_str() {
            Some(next) => cursor = format!("?cursor={next}"),
            None => break,
        }
    }
    assert_eq!(once(&found), set(&twin.site().team_ids()));

    let path = format!("{base}/{}/members", found[1]);
    let page = ask(&twin, "POST", &format!("{path}?first=50"), &Value::Null)
        .await
        .json;
    assert_eq!(page["results"].as_array().map(Vec::len), Some(50));
    let after = &page["pageInfo"]["endCursor"];
    let page = ask(&twin, "POST", &path, &json!({"first": 50, "after": after}))
        .await
        .json;
    assert_eq!(page["results"].as_array().map(Vec::len), Some(10));
    assert_eq!(
        page["pageInfo"],
        json!({"hasNextPage": false, "endCursor": null})
    );
    let answer = ask(
        &twin,
        "GET",
        &base.replace("twin-org", "other"),
        &Value::Null,
    )
    .await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn agile_and_software_pages_yield_each_item_once() {
    let twin = twin().await;
    let walk = async |rest: &str, id: &str| {
        let path = format!("/rest/agile/1.0/board{rest}");
        walk_offset(&twin, &path, ("values", id), is_last).await
    };
    assert_eq!(once(&walk("", "id").await).len(), 12);
    assert_eq!(walk("?type=kanban", "id").await, ["2", "6", "10"]);
    assert_eq!(walk("?projectKeyOrId=EDGE", "id").await, ["7", "8"]);
    assert_eq!(walk("/7/project", "key").await, ["DLV", "EDGE"]);
    assert_eq!(walk("/1/sprint?state=active", "id").await, ["102"]);
    assert_eq!(once(&walk("/1/epic", "key").await).len(), 2);
    let path = "/rest/agile/1.0/board/1/backlog?fields=key";
    let backlog = walk_offset(&twin, path, ("issues", "key"), total_reached).await;
    assert!(!once(&backlog).is_empty());
    let page = get(
        &twin,
        "/rest/software/1.0/board/1/backlog?maxResults=2&fields=summary",
    )
    .await;
    let token = page["nextPageToken"]
        .as_str()
        .expect("more than two")
        .to_owned();
    let path = format!("/rest/software/1.0/board/1/backlog?nextPageToken={token}");
    let rest = get(&twin, &path).await;
    let both = [&page, &rest]
        .into_iter()
        .flat_map(|page| page["issues"].as_array().expect("issues"));
    let both: Vec<_> = both
        .map(|issue| issue["key"].as_str().expect("key").to_owned())
        .collect();
    assert_eq!(both, backlog);
}

#[tokio::test]
async fn versions_components_and_worklogs_are_paged() {
    let twin = twin().await;
    let versions = walk_offset(
        &twin,
        "/rest/api/3/project/PAY/version",
        ("values", "id"),
        is_last,
    )
    .await;
    assert_eq!(once(&versions).len(), 3);
    let version = get(&twin, &format!("/rest/api/3/version/{}", versions[0])).await;
    assert_eq!(version["projectId"], 10_000);
    let path = "/rest/api/3/project/PAY/component?componentSource=jira";
    assert_eq!(
        walk_offset(&twin, path, ("values", "name"), is_last)
            .await
            .len(),
        5
    );
    let path = format!("{path}&query=web");
    assert_eq!(
        walk_offset(&twin, &path, ("values", "name"), is_last).await,
        ["web"]
    );
    let mut logged = 0;
    for key in twin
        .site()
        .matching_issue_keys("project = PAY")
        .expect("valid")
    {
        let path = format!("/rest/api/3/issue/{key}/worklog");
        logged += walk_offset(&twin, &path, ("worklogs", "id"), total_reached)
            .await
            .len();
    }
    assert!(logged > 0);
}
