//! Issues by their key or id, one or many, and their worklogs.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{Call, page::counted, refusal, search::query_fields, written};
use crate::{
    Response,
    jira::data::{
        render::{FieldSet, View},
        worklog,
    },
};

/// Most issues of one bulk fetch.
const MOST_FETCHED: usize = 100;

/// Most worklogs of one list.
const MOST_LISTED: usize = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fetch {
    issue_ids_or_keys: Vec<String>,
    fields: Option<Vec<String>>,
}

/// Those of the named issues that exist, by id, each once. The others are left out.
pub(super) fn bulk(call: &Call<'_>) -> Response {
    let Ok(wanted) = call.request.json::<Fetch>() else {
        return refusal(StatusCode::BAD_REQUEST, "Invalid request payload.");
    };
    if wanted.issue_ids_or_keys.len() > MOST_FETCHED {
        return refusal(
            StatusCode::BAD_REQUEST,
            "No more than 100 issues can be fetched at once.",
        );
    }
    let site = call.site;
    let named = wanted.issue_ids_or_keys.iter();
    let found: BTreeMap<_, _> = named
        .filter_map(|name| site.find_issue(name))
        .map(|issue| (issue.id, issue))
        .collect();
    let fields = match &wanted.fields {
        None => FieldSet::ALL,
        Some(names) => FieldSet::parse(names.iter().map(String::as_str)),
    };
    written(found.len() * 500, |out| {
        out.object(|o| {
            o.key("expand").text("schema,names");
            o.key("issues").array(|o| {
                for issue in found.values() {
                    View { issue, site }.render(o, fields, "");
                }
            });
            o.key("issueErrors").array(|_| {});
        });
    })
}

#[derive(Deserialize)]
struct Ids {
    ids: Vec<u64>,
}

/// The ids of worklogs that changed, a page from an instant on.
///
/// Jira leaves out the last minute; this one does not, so that tests need not wait for it.
pub(super) fn changed_worklogs(call: &Call<'_>) -> Response {
    let since = call.param("since").and_then(|since| since.parse().ok());
    let since: i64 = since.unwrap_or_default();
    let mut changed = worklog::changed_since(call.site, since);
    let is_last = changed.len() <= MOST_LISTED;
    changed.truncate(MOST_LISTED);
    let until = changed.last().map_or(since, |last| last.updated);
    Response::json(&json!({
        "values": changed.iter().map(|entry| json!({
            "worklogId": entry.id, "updatedTime": entry.updated, "properties": [],
        })).collect::<Vec<_>>(),
        "since": since,
        "until": until,
        "lastPage": is_last,
    }))
}

/// Those of the named worklogs that exist. The others are left out.
pub(super) fn listed_worklogs(call: &Call<'_>) -> Response {
    let Ok(Ids { ids }) = call.request.json() else {
        return refusal(StatusCode::BAD_REQUEST, "Invalid request payload.");
    };
    if ids.len() > MOST_LISTED {
        return refusal(
            StatusCode::BAD_REQUEST,
            "No more than 1000 worklogs can be listed at once.",
        );
    }
    written(ids.len() * 1_500, |out| {
        out.array(|o| {
            for worklog in ids.iter().filter_map(|id| worklog::find(call.site, *id)) {
                worklog.render(o, call.site);
            }
        });
    })
}

pub(super) fn one(call: &Call<'_>, key: &str) -> Response {
    let expand = call.param("expand").unwrap_or_default();
    with_issue(call, key, |view| {
        written(10_000, |o| view.render(o, query_fields(call), &expand))
    })
}

pub(super) fn worklogs(call: &Call<'_>, key: &str) -> Response {
    let limit = |name: &str| {
        call.param(name)
            .and_then(|millis| millis.parse::<i64>().ok())
    };
    let after = limit("startedAfter").unwrap_or(i64::MIN);
    let before = limit("startedBefore").unwrap_or(i64::MAX);
    with_issue(call, key, |view| {
        let entries = worklog::entries(view.site, view.issue);
        let wanted = entries.filter(|entry| (after..before).contains(&entry.started));
        call.page(counted("worklogs"), wanted, |entry, o| {
            entry.render(o, view.site);
        })
    })
}

fn with_issue(call: &Call<'_>, key: &str, answer: impl FnOnce(&View<'_>) -> Response) -> Response {
    let site = call.site;
    match site.find_issue(key) {
        Some(issue) => answer(&View {
            issue: &issue,
            site,
        }),
        None => refusal(
            StatusCode::NOT_FOUND,
            "Issue does not exist or you do not have permission to see it.",
        ),
    }
}
