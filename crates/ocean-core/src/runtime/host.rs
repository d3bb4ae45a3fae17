//! What does the HTTP server say of the process, and who may order a resync over HTTP? [`Host`].

use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::status::{Phase, Status};
use super::trigger::{Demand, Trigger};
use crate::http::Masker;
use crate::live::{EventQueue, Health, HealthCheck, QueueHealth, ResyncAnswer, ServerHost};
use crate::metrics::Metrics;

/// The header that may carry the secret instead of `Authorization: Bearer`.
const SECRET_HEADER: &str = "x-ocean-resync-secret";

/// Who may order resyncs with `POST /resync`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Calls {
    /// The route does not exist.
    NotTaken,
    /// Everybody who reaches the server.
    FromAnybody,
    /// Whoever sends this, as `Authorization: Bearer` or as `x-ocean-resync-secret`.
    WithSecret(SecretString),
}

/// The process as its server sees it.
pub(super) struct Host {
    pub(super) status: Arc<Status>,
    pub(super) queue: Arc<dyn EventQueue>,
    pub(super) demand: Arc<Demand>,
    pub(super) calls: Calls,
    pub(super) masker: Masker,
    /// What both answers about health tell beside the facts.
    pub(super) core_version: &'static str,
    pub(super) metrics: Metrics,
}

impl ServerHost for Host {
    fn health(&self, check: HealthCheck) -> Health {
        match check {
            HealthCheck::Ready => self.ready(),
            HealthCheck::Live => Health::new(true).detail("core_version", self.core_version),
        }
    }

    fn metrics(&self) -> Option<String> {
        Some(self.metrics.text())
    }

    fn request_resync(&self, headers: &HeaderMap) -> ResyncAnswer {
        match &self.calls {
            Calls::NotTaken => return ResyncAnswer::NotOffered,
            Calls::WithSecret(secret) if !is_allowed(headers, secret) => {
                return ResyncAnswer::Unauthenticated;
            }
            Calls::WithSecret(_) | Calls::FromAnybody => {}
        }
        if self.status.facts().phase == Phase::Stopping {
            return ResyncAnswer::Unavailable;
        }
        self.demand.ask(Trigger::Call);
        ResyncAnswer::Requested
    }
}

impl Host {
    /// Not ready is only who would refuse an event; what else is wrong is told.
    fn ready(&self) -> Health {
        let facts = self.status.facts();
        let (state, reason) = match self.queue.health() {
            QueueHealth::Durable => ("durable", None),
            QueueHealth::InMemory => (
                "in-memory",
                Some("what waits is lost when the process ends".to_owned()),
            ),
            QueueHealth::Refusing(reason) => ("refusing", Some(reason)),
        };
        let mut queue = json!(self.queue.counts());
        if let Some(queue) = queue.as_object_mut() {
            queue.insert("state".to_owned(), state.into());
            queue.extend(reason.map(|reason| ("reason".to_owned(), Value::from(reason))));
        }
        let ok = facts.phase == Phase::Running && state != "refusing";
        Health::new(ok)
            .detail("core_version", self.core_version)
            .detail("phase", json!(facts.phase))
            .detail("queue", self.masked(queue))
            .detail("port", self.masked(json!(facts.port)))
            .detail("resync", self.masked(json!(facts.resync)))
    }

    /// Without the secrets that a foreign system's words may repeat.
    fn masked(&self, mut facts: Value) -> Value {
        self.masker.full_json(&mut facts);
        facts
    }
}

fn is_allowed(headers: &HeaderMap, secret: &SecretString) -> bool {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then_some(token.trim())
    });
    let own = headers
        .get(SECRET_HEADER)
        .and_then(|value| value.to_str().ok());
    let given = bearer.into_iter().chain(own);
    let expected = secret.expose_secret().as_bytes();
    given.fold(false, |allowed, given| {
        allowed | is_same(given.as_bytes(), expected)
    })
}

/// Takes as long for every text of the same length, so that the time tells nothing about the secret
/// but its length.
fn is_same(given: &[u8], expected: &[u8]) -> bool {
    let differing = |sum: u8, (a, b): (&u8, &u8)| std::hint::black_box(sum | (a ^ b));
    given.len() == expected.len() && given.iter().zip(expected).fold(0, differing) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{MemoryQueue, QueueOptions};

    fn host(calls: Calls) -> Host {
        Host {
            status: Arc::default(),
            queue: Arc::new(MemoryQueue::new(QueueOptions::new())),
            demand: Arc::default(),
            calls,
            masker: Masker::new(["s3cret"]),
            core_version: "1.2.3",
            metrics: Metrics::default(),
        }
    }

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        let value = http::HeaderValue::from_static(value);
        HeaderMap::from_iter([(http::HeaderName::from_static(name), value)])
    }

    #[test]
    fn f72_only_whoever_knows_the_secret_may_ask() {
        let host = host(Calls::WithSecret("s3cret".into()));
        for refused in [
            HeaderMap::new(),
            headers("authorization", "Bearer s3creT"),
            headers("authorization", "Bearer s3cre"),
            headers("authorization", "Basic s3cret"),
            headers("authorization", "s3cret"),
            headers("x-ocean-resync-secret", ""),
        ] {
            let answer = host.request_resync(&refused);
            assert_eq!(answer, ResyncAnswer::Unauthenticated, "{refused:?}");
        }
        assert!(!host.demand.is_pending());
        for allowed in [
            headers("authorization", "Bearer s3cret"),
            headers("authorization", "bearer s3cret"),
            headers("x-ocean-resync-secret", "s3cret"),
        ] {
            assert_eq!(host.request_resync(&allowed), ResyncAnswer::Requested);
        }
        assert!(host.demand.is_pending());
    }

    #[test]
    fn calls_are_taken_only_where_the_listener_says_so_and_not_while_stopping() {
        let ask = |calls, phase| {
            let host = host(calls);
            host.status.enter(phase);
            (
                host.request_resync(&HeaderMap::new()),
                host.demand.is_pending(),
            )
        };
        let not_offered = ask(Calls::NotTaken, Phase::Running);
        assert_eq!(not_offered, (ResyncAnswer::NotOffered, false));
        let stopping = ask(Calls::FromAnybody, Phase::Stopping);
        assert_eq!(stopping, (ResyncAnswer::Unavailable, false));
        let starting = ask(Calls::FromAnybody, Phase::Starting);
        assert_eq!(starting, (ResyncAnswer::Requested, true));
    }

    #[tokio::test]
    async fn ready_is_whoever_takes_events_and_the_body_tells_the_rest() {
        let host = host(Calls::NotTaken);
        assert!(!host.health(HealthCheck::Ready).ok, "it is still starting");
        assert!(host.health(HealthCheck::Live).ok);
        host.status.enter(Phase::Running);
        host.status.port_failed("refused for s3cret".to_owned());
        let ready = host.health(HealthCheck::Ready);
        assert!(
            ready.ok,
            "a Port that is down keeps nobody from sending events"
        );
        assert_eq!(ready.details["port"]["reachable"], false);
        assert_eq!(ready.details["port"]["error"], "refused for [REDACTED]");
        assert_eq!(ready.details["queue"]["state"], "in-memory");
        assert_eq!(ready.details["queue"]["pending"], 0);
        assert_eq!(ready.details["core_version"], "1.2.3");
        host.queue.close().await;
        let closed = host.health(HealthCheck::Ready);
        assert_eq!(
            (closed.ok, &closed.details["queue"]["state"]),
            (false, &json!("refusing"))
        );
    }
}
