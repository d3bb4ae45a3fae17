//! Which request gets which answer?
//!
//! One file for each part of Jira's API. A handler is a function from a [`Call`] to a
//! [`Response`]; it holds the site's lock and never waits.

mod agile;
mod auth;
mod issues;
mod page;
mod people;
mod projects;
mod search;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod tests;
mod webhooks;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{config::Rules, json::Json, site::Site, state::Shared};
use crate::{Request, Response, Service};

pub(crate) use self::{auth::Window, search::Snapshots, webhooks::Webhooks};

/// The id of the site's cloud, by which OAuth clients reach it through the gateway.
const CLOUD_ID: &str = "twin-cloud";

/// One request, and what is needed to answer it.
pub(super) struct Call<'a> {
    request: &'a Request,
    site: &'a Site,
    rules: &'a Rules,
    shared: &'a Shared,
}

impl Call<'_> {
    fn param(&self, name: &str) -> Option<String> {
        self.request.query_value(name)
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.param(name)?.parse().ok()
    }

    fn url(&self) -> &str {
        self.site.url()
    }
}

/// Answers as Jira does.
#[derive(Debug)]
pub(super) struct JiraService {
    pub(super) shared: std::sync::Arc<Shared>,
}

impl Service for JiraService {
    async fn handle(&self, request: Request) -> Response {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        if let ["__twin", rest @ ..] = segments.as_slice() {
            return control(&self.shared, &request, rest);
        }
        let rules = self.shared.rules();
        let refusal = auth::refusal(&request, &rules);
        if let Some(refusal) = refusal.or_else(|| auth::outside_the_gateway(&request, &segments)) {
            return refusal;
        }
        let headers = match &rules.rate_limit {
            None => Vec::new(),
            Some(limit) => match self.shared.window().admit(limit) {
                Ok(headers) => headers,
                Err(refusal) => return *refusal,
            },
        };
        let response = self.shared.with_site(|site| {
            let call = Call {
                request: &request,
                site,
                rules: &rules,
                shared: &self.shared,
            };
            route(&call, &segments)
        });
        headers.iter().fold(response, |response, (name, value)| {
            response.with_header(name, value)
        })
    }
}

fn route(call: &Call<'_>, segments: &[&str]) -> Response {
    let method = call.request.method();
    match segments {
        ["ex", "jira", CLOUD_ID, rest @ ..] => route(call, rest),
        ["rest", "api", "3", rest @ ..] => platform(call, method, rest),
        ["rest", "webhooks", "1.0", "webhook", rest @ ..] => {
            webhooks::basic(call, method, rest.first().copied())
        }
        ["rest", "agile", "1.0" | "latest", rest @ ..] => agile::answer(call, method, rest),
        ["rest", "software", "1.0", "board", id, "backlog"] if method == Method::GET => {
            agile::software_backlog(call, id)
        }
        [
            "gateway",
            "api",
            "public",
            "teams",
            "v1",
            "org",
            org,
            "teams",
            rest @ ..,
        ]
        | ["public", "teams", "v1", "org", org, "teams", rest @ ..] => {
            people::teams(call, method, org, rest)
        }
        ["oauth", "token", "accessible-resources"] => accessible_resources(call),
        _ => nothing_here(call),
    }
}

/// The site by its public address and by the one it is simulated at, which are the same cloud.
fn accessible_resources(call: &Call<'_>) -> Response {
    let simulated = call.request.header("host").unwrap_or_default();
    let entry = |url: &str| {
        json!({
            "id": CLOUD_ID,
            "url": url,
            "name": "twin",
            "scopes": ["read:jira-work", "read:jira-user", "manage:jira-webhook"],
            "avatarUrl": format!("{url}/avatar.png"),
        })
    };
    Response::json(&json!([
        entry(call.url()),
        entry(&format!("http://{simulated}")),
    ]))
}

fn platform(call: &Call<'_>, method: &Method, segments: &[&str]) -> Response {
    match (method, segments) {
        (&Method::POST, ["search", "jql"]) => search::by_jql(call),
        (_, ["webhook", rest @ ..]) => webhooks::oauth(call, method, rest),
        (&Method::GET, ["project", "search"]) => projects::list(call),
        (&Method::GET, ["project", key]) => projects::one(call, key),
        (&Method::GET, ["project", key, "version"]) => projects::versions(call, key),
        (&Method::GET, ["project", key, "component"]) => projects::components(call, key),
        (&Method::GET, ["version", id]) => projects::version(call, id),
        (&Method::POST, ["issue", "bulkfetch"]) => issues::bulk(call),
        (&Method::GET, ["worklog", "updated"]) => issues::changed_worklogs(call),
        (&Method::POST, ["worklog", "list"]) => issues::listed_worklogs(call),
        (&Method::GET, ["issue", key]) => issues::one(call, key),
        (&Method::GET, ["issue", key, "worklog"]) => issues::worklogs(call, key),
        (&Method::GET, ["status"]) => projects::statuses(call),
        (&Method::GET, ["users", "search"]) => people::list(call),
        (&Method::GET, ["user"]) => people::one(call),
        (&Method::GET, ["myself"]) => people::myself(call),
        (&Method::GET, ["mypermissions"]) => people::permissions(call),
        _ => nothing_here(call),
    }
}

/// Answers what steers this simulator in particular.
fn control(shared: &Shared, request: &Request, segments: &[&str]) -> Response {
    match (request.method(), segments) {
        (&Method::POST, ["change"]) => match request.json() {
            Err(error) => problem(&error.to_string()),
            Ok(change) => match shared.apply(&change) {
                Err(error) => problem(&error.to_string()),
                Ok(changed) => Response::json(&json!({ "changed": changed })),
            },
        },
        (&Method::GET, ["site"]) => shared.with_site(|site| {
            Response::json(&json!({
                "now": site.now(),
                "projects": site.projects().count(),
                "issues": site.projects().map(|project| project.issues).sum::<u64>(),
                "users": site.living_users().count(),
                "teams": site.teams().count(),
            }))
        }),
        (&Method::GET, ["delivery"]) => delivery(shared),
        (&Method::POST, ["delivery"]) => match set_delivery(shared, request) {
            Ok(()) => delivery(shared),
            Err(error) => problem(&error.to_string()),
        },
        (&Method::GET, ["deliveries"]) => {
            Response::json(&shared.deliveries().attempts().collect::<Vec<_>>())
        }
        _ => problem("the twin knows `change`, `site`, `delivery` and `deliveries` here"),
    }
}

fn delivery(shared: &Shared) -> Response {
    let counts = shared.deliveries().counts();
    Response::json(&json!({ "rules": shared.rules().delivery, "counts": counts }))
}

/// Sets the rules of delivery that the request names.
fn set_delivery(shared: &Shared, request: &Request) -> serde_json::Result<()> {
    let named: serde_json::Map<String, Value> = request.json()?;
    let mut rules = serde_json::to_value(shared.rules().delivery)?;
    if let Some(rules) = rules.as_object_mut() {
        rules.extend(named);
    }
    let rules = serde_json::from_value(rules)?;
    shared.change_rules(|all| all.delivery = rules);
    Ok(())
}

fn problem(message: &str) -> Response {
    Response::json(&json!({ "ok": false, "message": message })).with_status(StatusCode::BAD_REQUEST)
}

/// An error in the shape that most of Jira's resources use.
fn refusal(status: StatusCode, message: impl Into<Value>) -> Response {
    Response::json(&json!({ "errorMessages": [message.into()], "errors": {} })).with_status(status)
}

fn nothing_here(call: &Call<'_>) -> Response {
    let (method, path) = (call.request.method(), call.request.path());
    refusal(
        StatusCode::NOT_FOUND,
        format!("The twin has no answer to {method} {path}."),
    )
}

/// A 200 with what `fill` writes.
fn written(capacity: usize, fill: impl FnOnce(&mut Json)) -> Response {
    let mut out = Json::with_capacity(capacity);
    fill(&mut out);
    Response::json_bytes(out.into_bytes())
}
