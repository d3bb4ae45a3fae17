//! Port as the side that makes entities of raw items: [`PortLake`].

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use ocean_core::{CatalogError, Lake, LakeError, RawWrite, Routing, SyncStage, error_chain};
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;
use uuid::Uuid;

use crate::client::PortClient;
use crate::error::{Error, Result};
use crate::wire::LifecycleAnswer;

/// The organization takes raw items.
const TAKES_RAW_ITEMS: &str = "LAKEHOUSE_ELIGIBLE";
/// The organization has them processed at Port.
const PROCESSES_THEM: &str = "DATA_SOURCE_PROCESSOR_ENABLED";

/// How long Port may take to say what the organization has switched on: live events wait for it.
const PATIENCE: Duration = Duration::from_secs(10);
/// After it did not say, it is not asked again for so long.
const PAUSE: Duration = Duration::from_secs(60);

/// Raw items at Port, for an organization that has switched them on.
///
/// # Guarantees
///
/// - Raw items are forwarded only when the organization takes them *and* processes them *and* this
///   process may leave that to Port. Otherwise entities are made here.
/// - While Port does not say what is switched on, the last that it said holds; before the first
///   answer nothing is switched on, as in the original.
#[derive(Debug)]
pub struct PortLake {
    port: Arc<PortClient>,
    may_forward: bool,
    known: Mutex<Known>,
    ingest: OnceCell<String>,
}

#[derive(Debug, Default)]
struct Known {
    routing: Routing,
    not_before: Option<Instant>,
}

impl PortLake {
    /// The lake of this integration. It gets raw items instead of Port's catalog getting entities
    /// only if it `may_forward`.
    #[must_use]
    pub fn new(port: Arc<PortClient>, may_forward: bool) -> Self {
        Self {
            port,
            may_forward,
            known: Mutex::default(),
            ingest: OnceCell::new(),
        }
    }

    async fn ask(&self) -> Result<Routing, String> {
        let flags = tokio::time::timeout(PATIENCE, self.port.feature_flags()).await;
        let flags = flags
            .map_err(|_elapsed| "port did not answer in time".to_owned())?
            .map_err(|error| error_chain(&error))?;
        let is_on = |wanted: &str| flags.iter().any(|flag| flag == wanted);
        Ok(match (is_on(TAKES_RAW_ITEMS), is_on(PROCESSES_THEM)) {
            (true, true) if self.may_forward => Routing::Forwarded,
            (true, _) => Routing::Copied,
            (false, _) => Routing::Local,
        })
    }

    /// Where Port wants raw items, asked once.
    async fn ingest(&self) -> Result<&str> {
        let asked = self.ingest.get_or_try_init(|| async {
            let attributes = self.port.registered().await?.ingest_attributes;
            let url = attributes.and_then(|attributes| attributes.ingest_url);
            url.ok_or(Error::NoIngestUrl)
        });
        Ok(asked.await?.as_str())
    }

    async fn send(&self, write: &RawWrite) -> Result<()> {
        let ingest = self.ingest().await?;
        let request = self.port.requests.lake_write(ingest, write)?;
        self.port.transport.send(request).await?;
        Ok(())
    }
}

#[async_trait]
impl Lake for PortLake {
    async fn routing(&self) -> Routing {
        // Whoever comes while Port is being asked waits for that answer.
        let mut known = self.known.lock().await;
        if known
            .not_before
            .is_some_and(|moment| Instant::now() < moment)
        {
            return known.routing;
        }
        match self.ask().await {
            Ok(routing) => {
                *known = Known {
                    routing,
                    not_before: None,
                };
            }
            Err(error) => {
                tracing::warn!(
                    error,
                    routing = ?known.routing,
                    "port did not say who makes entities, what it said last holds"
                );
                known.not_before = Some(Instant::now() + PAUSE);
            }
        }
        known.routing
    }

    async fn write(&self, write: &RawWrite) -> Result<(), LakeError> {
        self.send(write).await.map_err(|error| {
            if is_stale(&error) {
                LakeError::Stale
            } else {
                failed(error)
            }
        })
    }

    async fn tell(&self, sync: Uuid, stage: &SyncStage<'_>) -> Result<(), LakeError> {
        let request = self.port.requests.tell_lifecycle(sync, stage);
        let request = request.map_err(failed)?;
        let told = self.port.transport.about_syncs().send(request).await;
        told.map_err(|error| failed(error.into()))?;
        Ok(())
    }

    async fn is_aborted(&self, sync: Uuid) -> Result<bool, LakeError> {
        let request = self.port.requests.lifecycle(sync).map_err(failed)?;
        let asked = self.port.transport.about_syncs().send_json(request).await;
        let answer: LifecycleAnswer = asked.map_err(|error| failed(error.into()))?;
        let status = answer.status.unwrap_or_default();
        Ok(status.eq_ignore_ascii_case("aborted"))
    }
}

fn failed(error: Error) -> LakeError {
    LakeError::Failed(CatalogError::from(error))
}

/// Whether Port says that another sync has taken over.
fn is_stale(error: &Error) -> bool {
    let Error::Http(error) = error else {
        return false;
    };
    let body = error
        .response()
        .filter(|response| response.status() == StatusCode::CONFLICT)
        .and_then(|response| response.json::<Value>().ok());
    body.is_some_and(|body| code(&body) == Some("resync_stale"))
}

/// The code of a refusal, wherever it stands.
fn code(body: &Value) -> Option<&str> {
    match body.get("error") {
        Some(Value::Object(error)) => {
            let code = error.get("code").filter(|code| !code.is_null());
            code.or_else(|| error.get("name"))
        }
        _ => body.get("code"),
    }?
    .as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::PortConfig;
    use crate::script::Script;

    #[test]
    fn the_code_of_a_refusal_is_found_where_the_original_looks() {
        for (body, expected) in [
            (
                json!({"error": {"code": "resync_stale"}}),
                Some("resync_stale"),
            ),
            (
                json!({"error": {"name": "resync_stale"}}),
                Some("resync_stale"),
            ),
            (
                json!({"error": {"code": "other", "name": "resync_stale"}}),
                Some("other"),
            ),
            (
                json!({"error": "conflict", "code": "resync_stale"}),
                Some("resync_stale"),
            ),
            (json!({"error": {}, "code": "resync_stale"}), None),
            (json!({}), None),
        ] {
            assert_eq!(code(&body), expected, "{body}");
        }
    }

    fn lake(may_forward: bool, flags: &[&str]) -> (PortLake, Script) {
        let token = json!({"accessToken": "t", "expiresIn": 10800, "tokenType": "Bearer"});
        let organization = json!({"organization": {"featureFlags": flags}});
        let script = Script::new([(200, token), (200, organization), (403, json!({}))]);
        let config = PortConfig::new("id", "secret", "x", "jira", "1");
        let port = PortClient::scripted(config, script.clone()).unwrap();
        (PortLake::new(Arc::new(port), may_forward), script)
    }

    async fn check(may_forward: bool, flags: &[&str], expected: Routing) {
        let (lake, script) = lake(may_forward, flags);
        assert_eq!(lake.routing().await, expected, "{flags:?}");
        assert_eq!(lake.routing().await, expected, "{flags:?}");
        assert_eq!(script.sent(), 2, "the flags are kept");
    }

    #[tokio::test(start_paused = true)]
    async fn raw_items_are_forwarded_only_when_everybody_agrees() {
        check(true, &[], Routing::Local).await;
        check(true, &[PROCESSES_THEM], Routing::Local).await;
        check(true, &[TAKES_RAW_ITEMS], Routing::Copied).await;
        check(true, &[TAKES_RAW_ITEMS, PROCESSES_THEM], Routing::Forwarded).await;
        check(false, &[TAKES_RAW_ITEMS, PROCESSES_THEM], Routing::Copied).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_port_said_last_holds_while_it_does_not_say() {
        let (lake, script) = lake(true, &[TAKES_RAW_ITEMS, PROCESSES_THEM]);
        assert_eq!(lake.routing().await, Routing::Forwarded);
        tokio::time::advance(Duration::from_secs(301)).await;
        assert_eq!(lake.routing().await, Routing::Forwarded);
        let asked = script.sent();
        assert!(asked > 2, "it was asked again");
        tokio::time::advance(PAUSE / 2).await;
        assert_eq!(lake.routing().await, Routing::Forwarded);
        assert_eq!(script.sent(), asked, "and then left alone for a while");
        tokio::time::advance(PAUSE).await;
        assert_eq!(lake.routing().await, Routing::Forwarded);
        assert!(script.sent() > asked);
    }

    #[tokio::test(start_paused = true)]
    async fn a_port_that_hangs_does_not_hold_a_sync_up_for_minutes() {
        let token = json!({"accessToken": "t", "expiresIn": 10800, "tokenType": "Bearer"});
        let script = Script::silent_after([(200, token)]);
        let config = PortConfig::new("id", "secret", "x", "jira", "1");
        let port = PortClient::scripted(config, script.clone()).unwrap();
        let lake = PortLake::new(Arc::new(port), true);
        let began = Instant::now();
        lake.tell(Uuid::nil(), &SyncStage::Finished)
            .await
            .unwrap_err();
        let waited = began.elapsed();
        assert!(waited < Duration::from_secs(75), "{waited:?}");
        assert!(script.sent() > 3, "it was told again: {}", script.sent());
    }

    #[tokio::test(start_paused = true)]
    async fn before_port_has_said_anything_entities_are_made_here() {
        let token = json!({"accessToken": "t", "expiresIn": 10800, "tokenType": "Bearer"});
        let script = Script::new([(200, token), (403, json!({}))]);
        let config = PortConfig::new("id", "secret", "x", "jira", "1");
        let port = PortClient::scripted(config, script).unwrap();
        let lake = PortLake::new(Arc::new(port), true);
        assert_eq!(lake.routing().await, Routing::Local);
    }
}
