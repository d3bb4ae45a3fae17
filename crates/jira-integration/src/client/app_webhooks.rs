//! The webhooks of an OAuth app, which live 30 days unless they are renewed.

use bytes::Bytes;
use http::{Method, Request};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::JiraClient;
use super::site::{Site, get, with_json};
use crate::error::JiraError;

/// A webhook that the app has.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppWebhook {
    id: u64,
    /// Where it sends events.
    #[serde(default)]
    pub(crate) url: String,
    /// What it sends.
    #[serde(default)]
    pub(crate) events: Vec<String>,
    expiration_date: Option<String>,
}

impl AppWebhook {
    /// When it is gone; `None` when Jira does not say so in a way we know.
    pub(crate) fn expires(&self) -> Option<Timestamp> {
        self.expiration_date.as_deref()?.parse().ok()
    }
}

#[derive(Deserialize)]
struct Listed {
    values: Vec<AppWebhook>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registered {
    webhook_registration_result: Vec<Registration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registration {
    created_webhook_id: Option<u64>,
    #[serde(default)]
    errors: Vec<String>,
}

impl Registered {
    /// Jira answers 200 also when it registers nothing.
    fn check(self) -> Result<(), JiraError> {
        let mut results = self.webhook_registration_result.into_iter();
        match results.next() {
            Some(one) if one.created_webhook_id.is_some() => Ok(()),
            other => Err(JiraError::NotRegistered {
                reason: other.map(|one| one.errors.join("; ")).unwrap_or_default(),
            }),
        }
    }
}

impl JiraClient {
    /// The webhooks of the app on this site; an app has few.
    pub(crate) async fn app_webhooks(&self) -> Result<Vec<AppWebhook>, JiraError> {
        let request = get(self.site().platform(&["webhook"]), &[])?;
        Ok(self.send_json::<Listed>(request).await?.values)
    }

    /// Registers a webhook for events of all projects.
    pub(crate) async fn create_app_webhook(
        &self,
        url: &str,
        events: &[&str],
    ) -> Result<(), JiraError> {
        let request = create_request(self.site(), url, events, Uuid::new_v4())?;
        self.send_json::<Registered>(request).await?.check()
    }

    /// Lets a webhook live another 30 days from now.
    pub(crate) async fn renew_app_webhook(&self, webhook: &AppWebhook) -> Result<(), JiraError> {
        let url = self.site().platform(&["webhook", "refresh"]);
        let body = json!({ "webhookIds": [webhook.id] });
        self.send(with_json(Method::PUT, url, &[], &body)?).await?;
        Ok(())
    }
}

/// Jira demands a filter; one that excludes a project that nobody has lets every issue through.
fn create_request(
    site: &Site,
    url: &str,
    events: &[&str],
    no_project: Uuid,
) -> Result<Request<Bytes>, JiraError> {
    let webhook = json!({
        "jqlFilter": format!("project not in ({no_project})"),
        "events": events,
    });
    let body = json!({ "url": url, "webhooks": [webhook] });
    with_json(Method::POST, site.platform(&["webhook"]), &[], &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_webhook_takes_the_issues_of_all_projects() {
        let site = Site::at("https://api.atlassian.com/ex/jira/c-1");
        let target = "https://ocean.test/integration/webhook";
        let request = create_request(&site, target, &["board_created"], Uuid::nil()).unwrap();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(
            request.uri(),
            "https://api.atlassian.com/ex/jira/c-1/rest/api/3/webhook"
        );
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(request.body()).unwrap(),
            json!({
                "url": target,
                "webhooks": [{
                    "jqlFilter": "project not in (00000000-0000-0000-0000-000000000000)",
                    "events": ["board_created"],
                }],
            })
        );
    }

    #[test]
    fn the_date_of_expiry_is_known_in_each_form_that_jira_has() {
        let expires = |date: &str| {
            let webhook = json!({"id": 1, "expirationDate": date});
            let webhook: AppWebhook = serde_json::from_value(webhook).unwrap();
            webhook.expires().map(Timestamp::as_second)
        };
        let expected = Some(1_559_392_950);
        assert_eq!(expires("2019-06-01T12:42:30.000+0000"), expected);
        assert_eq!(expires("2019-06-01T12:42:30.000+00:00"), expected);
        assert_eq!(expires("2019-06-01T12:42:30Z"), expected);
        assert_eq!(expires("soon"), None);
    }

    #[test]
    fn a_registration_that_jira_refuses_is_an_error() {
        for (results, expected) in [
            (json!([{"createdWebhookId": 7}]), None),
            (
                json!([{"errors": ["a", "b"]}]),
                Some("jira did not register the webhook: a; b"),
            ),
            (json!([]), Some("jira did not register the webhook: ")),
        ] {
            let answer = json!({ "webhookRegistrationResult": results });
            let answer: Registered = serde_json::from_value(answer).unwrap();
            let error = answer.check().err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), expected);
        }
    }
}
