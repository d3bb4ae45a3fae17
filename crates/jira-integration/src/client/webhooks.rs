//! The webhooks that an administrator of the site owns.

use bytes::Bytes;
use http::{Method, Request};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::JiraClient;
use super::site::{Site, get, with_json};
use crate::error::JiraError;

/// A webhook that the site has.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Webhook {
    /// Its own address; the last segment is its id.
    #[serde(rename = "self")]
    link: String,
    name: String,
    /// Where it sends events.
    pub(crate) url: String,
    /// What it sends.
    pub(crate) events: Vec<String>,
    enabled: Option<bool>,
    filters: Value,
    exclude_body: Option<bool>,
    is_signed: Option<bool>,
}

/// A webhook that the site should have.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NewWebhook {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) events: Vec<String>,
}

impl Webhook {
    /// Whether it sends events at all.
    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled != Some(false)
    }

    /// Whether it signs its events with some secret.
    pub(crate) fn is_signed(&self) -> bool {
        self.is_signed == Some(true)
    }

    /// Whether it sends events of some issues only.
    pub(crate) fn filters_issues(&self) -> bool {
        let filter = self.filters.get("issue-related-events-section");
        filter
            .and_then(Value::as_str)
            .is_some_and(|jql| !jql.is_empty())
    }

    /// The id, taken out of the link so that the link's host is never asked.
    fn id(&self) -> Result<&str, JiraError> {
        let id = self.link.rsplit('/').next().unwrap_or_default();
        if id.is_empty() {
            return Err(JiraError::Unexpected {
                what: "a webhook without a `self` link",
            });
        }
        Ok(id)
    }
}

impl JiraClient {
    /// Whether our account administers the site, without which it may not see webhooks.
    pub(crate) async fn may_administer(&self) -> Result<bool, JiraError> {
        let answer: Value = self.send_json(permission_request(self.site())?).await?;
        answer
            .pointer("/permissions/ADMINISTER/havePermission")
            .and_then(Value::as_bool)
            .ok_or(JiraError::Unexpected {
                what: "permissions without `ADMINISTER`",
            })
    }

    /// All webhooks of the site.
    pub(crate) async fn webhooks(&self) -> Result<Vec<Webhook>, JiraError> {
        let request = get(self.site().webhooks(&[]), &[])?;
        self.send_json(request).await
    }

    /// Registers a webhook; its calls are signed if a secret is configured.
    pub(crate) async fn create_webhook(&self, webhook: &NewWebhook) -> Result<(), JiraError> {
        self.send(create_request(self.site(), webhook, self.webhook_secret())?)
            .await?;
        Ok(())
    }

    /// Replaces the events and the secret of a webhook and leaves the rest of it as it is.
    pub(crate) async fn update_webhook(
        &self,
        webhook: &Webhook,
        events: &[String],
    ) -> Result<(), JiraError> {
        self.send(update_request(
            self.site(),
            webhook,
            events,
            self.webhook_secret(),
        )?)
        .await?;
        Ok(())
    }
}

fn permission_request(site: &Site) -> Result<Request<Bytes>, JiraError> {
    get(
        site.platform(&["mypermissions"]),
        &[("permissions", "ADMINISTER")],
    )
}

fn create_request(
    site: &Site,
    webhook: &NewWebhook,
    secret: Option<&SecretString>,
) -> Result<Request<Bytes>, JiraError> {
    #[derive(Serialize)]
    struct Body<'a> {
        #[serde(flatten)]
        webhook: &'a NewWebhook,
        #[serde(skip_serializing_if = "Option::is_none")]
        secret: Option<&'a str>,
    }
    let body = Body {
        webhook,
        secret: secret.map(ExposeSecret::expose_secret),
    };
    with_json(Method::POST, site.webhooks(&[]), &[], &body)
}

fn update_request(
    site: &Site,
    webhook: &Webhook,
    events: &[String],
    secret: Option<&SecretString>,
) -> Result<Request<Bytes>, JiraError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        name: &'a str,
        url: &'a str,
        events: &'a [String],
        #[serde(skip_serializing_if = "Value::is_null")]
        filters: &'a Value,
        #[serde(skip_serializing_if = "Option::is_none")]
        exclude_body: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        enabled: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        secret: Option<&'a str>,
    }
    let body = Body {
        name: &webhook.name,
        url: &webhook.url,
        events,
        filters: &webhook.filters,
        exclude_body: webhook.exclude_body,
        enabled: webhook.enabled,
        secret: secret.map(ExposeSecret::expose_secret),
    };
    with_json(Method::PUT, site.webhooks(&[webhook.id()?]), &[], &body)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn site() -> Site {
        Site::at("https://acme.test")
    }

    fn body(request: &Request<Bytes>) -> &str {
        std::str::from_utf8(request.body()).unwrap()
    }

    fn wanted() -> NewWebhook {
        NewWebhook {
            name: "my-jira-Port-Ocean-Events-Webhook".to_owned(),
            url: "https://ocean.test/integration/webhook".to_owned(),
            events: vec!["user_created".to_owned()],
        }
    }

    #[test]
    fn a_new_webhook_is_name_url_and_events() {
        let request = create_request(&site(), &wanted(), None).unwrap();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "https://acme.test/rest/webhooks/1.0/webhook");
        assert_eq!(
            body(&request),
            r#"{"name":"my-jira-Port-Ocean-Events-Webhook","url":"https://ocean.test/integration/webhook","events":["user_created"]}"#
        );
    }

    #[test]
    fn a_configured_secret_is_registered() {
        let secret = SecretString::from("s3cret");
        let request = create_request(&site(), &wanted(), Some(&secret)).unwrap();
        assert!(body(&request).ends_with(r#","secret":"s3cret"}"#));
    }

    #[test]
    fn an_update_keeps_what_the_administrator_set_and_stays_on_the_site() {
        let webhook: Webhook = serde_json::from_value(json!({
            "self": "https://evil.test/rest/webhooks/1.0/webhook/72",
            "name": "renamed",
            "url": "https://ocean.test/integration/webhook",
            "events": ["user_created"],
            "filters": {"issue-related-events-section": "project = A"},
            "excludeBody": false,
            "enabled": true,
            "lastUpdated": 1,
        }))
        .unwrap();
        let events = ["user_deleted".to_owned()];
        let request = update_request(&site(), &webhook, &events, None).unwrap();
        assert_eq!(request.method(), Method::PUT);
        assert_eq!(
            request.uri(),
            "https://acme.test/rest/webhooks/1.0/webhook/72"
        );
        assert_eq!(
            serde_json::from_slice::<Value>(request.body()).unwrap(),
            json!({
                "name": "renamed",
                "url": "https://ocean.test/integration/webhook",
                "events": ["user_deleted"],
                "filters": {"issue-related-events-section": "project = A"},
                "excludeBody": false,
                "enabled": true,
            })
        );
        assert!(webhook.filters_issues() && webhook.is_enabled());
    }

    #[test]
    fn a_webhook_without_a_link_cannot_be_updated() {
        let error = update_request(&site(), &Webhook::default(), &[], None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "jira sent a webhook without a `self` link"
        );
    }
}
