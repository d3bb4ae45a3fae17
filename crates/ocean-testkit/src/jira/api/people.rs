//! Users, teams and what the caller may do.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Call, nothing_here, page::Range, refusal, written};
use crate::{Response, jira::data::users::Team};

/// Teams on one page of the list; the list has no parameter for it that integrations use.
const TEAMS_OF_A_PAGE: usize = 10;

/// The user list is the one resource without any frame: a bare array, cut by offset.
pub(super) fn list(call: &Call<'_>) -> Response {
    let Range { start, size } = call.range(call.rules.max_people_page);
    written(size * 1_024, |out| {
        out.array(|o| {
            for user in call.site.living_users().skip(start).take(size) {
                user.render(o, call.url(), true);
            }
        });
    })
}

pub(super) fn one(call: &Call<'_>) -> Response {
    let account = call.param("accountId").unwrap_or_default();
    let mut users = call.site.living_users();
    match users.find(|user| user.account_id == account) {
        Some(user) => written(1_200, |o| user.render(o, call.url(), true)),
        None => refusal(
            StatusCode::NOT_FOUND,
            "Specified user does not exist or you do not have required permissions",
        ),
    }
}

pub(super) fn myself(call: &Call<'_>) -> Response {
    match call.site.living_users().next() {
        Some(user) => written(1_200, |o| user.render(o, call.url(), true)),
        None => refusal(StatusCode::NOT_FOUND, "Nobody is left on this site."),
    }
}

pub(super) fn permissions(call: &Call<'_>) -> Response {
    let Some(names) = call.param("permissions") else {
        return refusal(
            StatusCode::BAD_REQUEST,
            "The 'permissions' query parameter is required.",
        );
    };
    let mut permissions = serde_json::Map::new();
    for name in names.split(',') {
        let allowed = name != "ADMINISTER" || call.rules.administrator;
        let permission = json!({
            "id": "0",
            "key": name,
            "name": name,
            "type": "GLOBAL",
            "description": "",
            "havePermission": allowed,
        });
        permissions.insert(name.to_owned(), permission);
    }
    Response::json(&json!({ "permissions": permissions }))
}

pub(super) fn teams(call: &Call<'_>, method: &Method, org: &str, rest: &[&str]) -> Response {
    if org != call.site.config().organization {
        return refusal(StatusCode::NOT_FOUND, format!("No organization '{org}'."));
    }
    match (method, rest) {
        (&Method::GET, []) => team_list(call),
        (&Method::POST, [id, "members"]) => match call.site.teams().find(|team| team.id == *id) {
            Some(team) => members(call, team),
            None => refusal(StatusCode::NOT_FOUND, format!("No team '{id}'.")),
        },
        _ => nothing_here(call),
    }
}

fn team_list(call: &Call<'_>) -> Response {
    let Some(start) = position(call.param("cursor").as_deref()) else {
        return refusal(StatusCode::BAD_REQUEST, "Invalid cursor.");
    };
    let size = call.number("size").unwrap_or(TEAMS_OF_A_PAGE);
    let size = size.min(call.rules.max_people_page).max(1);
    let next = start.saturating_add(size);
    let more = call.site.teams().nth(next).is_some();
    written(size * 400, |out| {
        out.object(|o| {
            o.key("entities").array(|o| {
                for team in call.site.teams().skip(start).take(size) {
                    team.render(o, &call.site.config().organization);
                }
            });
            if more {
                o.key("cursor").text(&cursor(next));
            }
        });
    })
}

/// Takes `first` and `after` from the body, as documented, or from the query, as some clients send
/// them.
fn members(call: &Call<'_>, team: &Team) -> Response {
    let body: Value = call.request.json().unwrap_or_default();
    let in_body = |name: &str| {
        let value = body.get(name)?;
        value
            .as_str()
            .map(str::to_owned)
            .or_else(|| value.as_u64().map(|n| n.to_string()))
    };
    let first = in_body("first").or_else(|| call.param("first"));
    let after = in_body("after").or_else(|| call.param("after"));
    let Some(start) = position(after.as_deref()) else {
        return refusal(StatusCode::BAD_REQUEST, "Invalid cursor.");
    };
    let size = first
        .and_then(|first| first.parse().ok())
        .unwrap_or(50)
        .min(call.rules.max_people_page)
        .clamp(1, 50);
    let next = start.saturating_add(size);
    let more = next < team.members.len();
    written(size * 80, |out| {
        out.object(|o| {
            o.key("results").array(|o| {
                for account in team.members.iter().skip(start).take(size) {
                    o.object(|o| {
                        o.key("accountId").text(account);
                    });
                }
            });
            o.key("pageInfo").object(|o| {
                o.key("hasNextPage").flag(more);
                match more {
                    true => o.key("endCursor").text(&cursor(next)),
                    false => o.key("endCursor").null(),
                };
            });
        });
    })
}

fn cursor(position: usize) -> String {
    format!("cursor-{position}")
}

/// The position a cursor stands for; the start without one.
fn position(cursor: Option<&str>) -> Option<usize> {
    match cursor {
        None | Some("") => Some(0),
        Some(text) => text.strip_prefix("cursor-")?.parse().ok(),
    }
}
