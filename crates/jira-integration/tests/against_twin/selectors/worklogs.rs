//! Worklogs, which are asked for issue by issue unless the found issues show them.

use std::ops::Range;

use ocean_testkit::jira::SiteConfig;
use serde_json::{Value, json};

use super::{ALL, Row, check, named, row, site};
use crate::site::Site;

const FOREVER: Range<i64> = i64::MIN..i64::MAX;

fn search(jql: &str, page: u32, field: &str) -> String {
    let parts = format!(r#""jql":"{jql}","maxResults":{page},"fields":["{field}"]"#);
    format!("POST /rest/api/3/search/jql {{{parts}}}")
}

/// Rows that ask for nothing that issues do not show. Where issues show no worklogs, each is asked
/// for its own.
fn rows(site: &Site, lists_each: bool) -> Vec<Row> {
    let from = site.twin.site().now() - 30 * 86_400_000;
    let to = from + 15 * 86_400_000;
    let worklogs = |selector: Value, jql, sent: &str, started| {
        let kept = named(site.twin.site().worklogs(jql, started).unwrap());
        let found = search(jql, 100, "worklog");
        if lists_each {
            row("worklog", selector, [&found, &listing(sent)], kept)
        } else {
            row("worklog", selector, [&*found], kept)
        }
    };
    let of = |parameters, sent: &str, started| {
        let selector = json!({"jql": ALL, "apiQueryParams": parameters});
        worklogs(selector, ALL, sent, started)
    };
    let ignored = json!({"jql": ALL, "api_query_params": {"startedAfter": from}});
    let (after, before) = (
        format!("&startedAfter={from}"),
        format!("&startedBefore={to}"),
    );
    vec![
        worklogs(json!({}), "updated >= -1w", "", FOREVER),
        worklogs(
            json!({"jql": " statusCategory = Done "}),
            " statusCategory = Done ",
            "",
            FOREVER,
        ),
        worklogs(ignored, ALL, "", FOREVER),
        of(Value::Null, "", FOREVER),
        of(json!({}), "", FOREVER),
        of(json!({"expand": ""}), "", FOREVER),
        of(
            json!({"expand": null, "startedAfter": null, "startedBefore": null}),
            "",
            FOREVER,
        ),
        of(json!({"startedAfter": from}), &after, from..i64::MAX),
        of(
            json!({"startedAfter": from.to_string()}),
            &after,
            from..i64::MAX,
        ),
        of(json!({"started_after": from}), &after, from..i64::MAX),
        of(
            json!({"startedBefore": from}),
            &format!("&startedBefore={from}"),
            i64::MIN..from,
        ),
        of(
            json!({"started_before": to.to_string()}),
            &before,
            i64::MIN..to,
        ),
        of(
            json!({"startedAfter": from, "started_before": to}),
            &format!("{after}{before}"),
            from..to,
        ),
    ]
}

fn listing(sent: &str) -> String {
    format!("GET /rest/api/3/issue/*/worklog?maxResults=5000&startAt=0{sent}")
}

#[tokio::test]
async fn selectors_of_worklogs() {
    let bare = |config: &mut SiteConfig| config.worklogs_in_issues = 0;
    let site = Site::start(|twin| twin.projects(8).issues(240).config(bare)).await;
    check(&site, rows(&site, true)).await;
}

#[tokio::test]
async fn selectors_of_worklogs_that_their_issues_show() {
    let site = site().await;
    let from = site.twin.site().now() - 30 * 86_400_000;
    let expanded = |parameters, sent: &str, started| {
        let selector = json!({"jql": ALL, "apiQueryParams": parameters});
        let kept = named(site.twin.site().worklogs(ALL, started).unwrap());
        let asked = [&*search(ALL, 5000, "key"), &*listing(sent)];
        row("worklog", selector, asked, kept)
    };
    let mut rows = rows(&site, false);
    rows.extend([
        expanded(
            json!({"expand": "properties"}),
            "&expand=properties",
            FOREVER,
        ),
        expanded(
            json!({"expand": "properties", "startedAfter": from}),
            &format!("&startedAfter={from}&expand=properties"),
            from..i64::MAX,
        ),
    ]);
    check(&site, rows).await;
}
