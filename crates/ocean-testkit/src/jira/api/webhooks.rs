//! Webhooks: who wants to be told about changes?

use std::sync::Arc;

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, nothing_here, page::PLATFORM, refusal};
use crate::Response;
use crate::jira::{change::Event, jql::Search, site::Site};

/// The webhooks that were registered.
#[derive(Debug, Default)]
pub(crate) struct Webhooks {
    registered: Vec<Webhook>,
    last_id: u64,
}

#[derive(Clone, Debug)]
struct Webhook {
    id: u64,
    /// Registered by an OAuth app; the two interfaces do not see each other's webhooks.
    oauth: bool,
    name: String,
    url: String,
    events: Vec<String>,
    filter: Value,
    enabled: bool,
    /// When it is gone; an administrator's never is.
    expires: i64,
    /// What calls are signed with. It is never shown.
    secret: Option<Arc<str>>,
}

/// How long a webhook of an OAuth app lives without a refresh.
const LIFETIME: i64 = 30 * 86_400_000;

impl Webhooks {
    pub(crate) fn is_empty(&self) -> bool {
        self.registered.is_empty()
    }

    /// Where an event is to be sent, and what it is signed with.
    pub(crate) fn subscribers(
        &self,
        event: &Event,
        site: &Site,
    ) -> Vec<(String, Option<Arc<str>>)> {
        self.registered
            .iter()
            .filter(|webhook| webhook.wants(event, site))
            .map(|webhook| (webhook.url.clone(), webhook.secret.clone()))
            .collect()
    }

    fn add(&mut self, mut webhook: Webhook) -> u64 {
        self.last_id += 1;
        webhook.id = self.last_id;
        self.registered.push(webhook);
        self.last_id
    }

    fn basic(&mut self, id: u64) -> Option<&mut Webhook> {
        let mut webhooks = self.registered.iter_mut();
        webhooks.find(|webhook| webhook.id == id && !webhook.oauth)
    }
}

impl Webhook {
    fn wants(&self, event: &Event, site: &Site) -> bool {
        let is_subscribed =
            self.enabled && self.lives(site.now()) && self.events.contains(&event.name);
        let (Some(jql), Some(issue)) = (self.issue_filter(), &event.issue) else {
            return is_subscribed;
        };
        // A filter that the twin cannot judge keeps nothing back.
        let search = Search::compile(jql, site, false);
        is_subscribed && search.map_or(true, |search| search.matches(issue))
    }

    fn lives(&self, now: i64) -> bool {
        now < self.expires
    }

    /// The JQL that the issues of events must fit; each interface has its own place for it.
    fn issue_filter(&self) -> Option<&str> {
        let filter = match self.oauth {
            true => Some(&self.filter),
            false => self.filter.get("issue-related-events-section"),
        };
        filter?.as_str().filter(|jql| !jql.is_empty())
    }

    fn basic_json(&self, site: &str) -> Value {
        json!({
            "name": self.name,
            "url": self.url,
            "events": self.events,
            "filters": self.filter,
            "excludeBody": false,
            "enabled": self.enabled,
            "self": format!("{site}/rest/webhooks/1.0/webhook/{}", self.id),
            "isSigned": self.secret.is_some(),
        })
    }

    fn oauth_json(&self) -> Value {
        let expires = jiff::Timestamp::from_millisecond(self.expires).unwrap_or_default();
        json!({
            "id": self.id,
            "url": self.url,
            "jqlFilter": self.filter,
            "events": self.events,
            "expirationDate": expires.to_string(),
        })
    }
}

#[derive(Deserialize)]
struct Basic {
    name: Option<String>,
    url: Option<String>,
    events: Option<Vec<String>>,
    filters: Option<Value>,
    enabled: Option<bool>,
    secret: Option<String>,
}

impl Basic {
    fn apply(self, webhook: &mut Webhook) {
        let Self {
            name,
            url,
            events,
            filters,
            enabled,
            secret,
        } = self;
        webhook.name = name.unwrap_or_else(|| webhook.name.clone());
        webhook.url = url.unwrap_or_else(|| webhook.url.clone());
        webhook.events = events.unwrap_or_else(|| webhook.events.clone());
        webhook.filter = filters.unwrap_or_else(|| webhook.filter.clone());
        webhook.enabled = enabled.unwrap_or(webhook.enabled);
        // An empty text removes the secret; without the key it stays.
        if let Some(secret) = secret {
            webhook.secret = Some(secret.into()).filter(|secret: &Arc<str>| !secret.is_empty());
        }
    }
}

/// The interface for administrators.
pub(super) fn basic(call: &Call<'_>, method: &Method, id: Option<&str>) -> Response {
    if !call.rules.administrator {
        return refusal(
            StatusCode::FORBIDDEN,
            "Only administrators may see webhooks.",
        );
    }
    let mut webhooks = call.shared.webhooks();
    let id = match id {
        None if method == Method::GET => {
            let all = webhooks.registered.iter().filter(|webhook| !webhook.oauth);
            return Response::json(
                &all.map(|one| one.basic_json(call.url()))
                    .collect::<Vec<_>>(),
            );
        }
        None if method == Method::POST => return create_basic(call, &mut webhooks),
        None => return nothing_here(call),
        Some(id) => id.parse().unwrap_or(0),
    };
    let Some(webhook) = webhooks.basic(id) else {
        return refusal(StatusCode::NOT_FOUND, format!("No webhook with id {id}."));
    };
    match *method {
        Method::GET => Response::json(&webhook.basic_json(call.url())),
        Method::PUT => match call.request.json::<Basic>() {
            Err(error) => refusal(StatusCode::BAD_REQUEST, error.to_string()),
            Ok(body) => {
                body.apply(webhook);
                Response::json(&webhook.basic_json(call.url()))
            }
        },
        Method::DELETE => {
            webhooks.registered.retain(|webhook| webhook.id != id);
            Response::status(StatusCode::NO_CONTENT)
        }
        _ => nothing_here(call),
    }
}

fn create_basic(call: &Call<'_>, webhooks: &mut Webhooks) -> Response {
    let body = match call.request.json::<Basic>() {
        Err(error) => return refusal(StatusCode::BAD_REQUEST, error.to_string()),
        Ok(body) if body.name.is_none() || body.url.is_none() => {
            return refusal(StatusCode::BAD_REQUEST, "A webhook needs a name and a url.");
        }
        Ok(body) => body,
    };
    let mut webhook = Webhook {
        id: 0,
        oauth: false,
        name: String::new(),
        url: String::new(),
        events: Vec::new(),
        filter: json!({}),
        enabled: true,
        expires: i64::MAX,
        secret: None,
    };
    body.apply(&mut webhook);
    webhook.id = webhooks.add(webhook.clone());
    Response::json(&webhook.basic_json(call.url())).with_status(StatusCode::CREATED)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registration {
    url: String,
    webhooks: Vec<Details>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    #[serde(default)]
    jql_filter: String,
    events: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chosen {
    webhook_ids: Vec<u64>,
}

/// The interface for OAuth apps.
pub(super) fn oauth(call: &Call<'_>, method: &Method, rest: &[&str]) -> Response {
    let mut webhooks = call.shared.webhooks();
    let now = call.site.now();
    webhooks.registered.retain(|webhook| webhook.lives(now));
    match (method, rest) {
        (&Method::GET, []) => {
            let own = webhooks.registered.iter().filter(|webhook| webhook.oauth);
            call.page(PLATFORM, own, |webhook, o| {
                o.fragment(webhook.oauth_json().to_string().as_bytes());
            })
        }
        (&Method::POST, []) => register(call, &mut webhooks),
        (&Method::DELETE, []) => chosen(call, |ids| {
            webhooks
                .registered
                .retain(|webhook| !webhook.oauth || !ids.contains(&webhook.id));
            Response::status(StatusCode::ACCEPTED)
        }),
        (&Method::PUT, ["refresh"]) => chosen(call, |ids| {
            let expires = now + LIFETIME;
            let own = webhooks
                .registered
                .iter_mut()
                .filter(|webhook| webhook.oauth);
            own.filter(|webhook| ids.contains(&webhook.id))
                .for_each(|webhook| webhook.expires = expires);
            let expires = jiff::Timestamp::from_millisecond(expires).unwrap_or_default();
            Response::json(&json!({ "expirationDate": expires.to_string() }))
        }),
        _ => nothing_here(call),
    }
}

fn register(call: &Call<'_>, webhooks: &mut Webhooks) -> Response {
    let body = match call.request.json::<Registration>() {
        Err(error) => return refusal(StatusCode::BAD_REQUEST, error.to_string()),
        Ok(body) => body,
    };
    let created = body.webhooks.into_iter().map(|details| {
        let id = webhooks.add(Webhook {
            id: 0,
            oauth: true,
            name: String::new(),
            url: body.url.clone(),
            events: details.events,
            filter: details.jql_filter.into(),
            enabled: true,
            expires: call.site.now() + LIFETIME,
            secret: None,
        });
        json!({ "createdWebhookId": id })
    });
    Response::json(&json!({ "webhookRegistrationResult": created.collect::<Vec<_>>() }))
}

fn chosen(call: &Call<'_>, answer: impl FnOnce(Vec<u64>) -> Response) -> Response {
    match call.request.json::<Chosen>() {
        Ok(chosen) => answer(chosen.webhook_ids),
        Err(error) => refusal(StatusCode::BAD_REQUEST, error.to_string()),
    }
}
