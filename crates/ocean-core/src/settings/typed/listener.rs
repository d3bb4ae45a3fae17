//! What makes the process resync, and what else does it do meanwhile?

use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;

use crate::settings::format;
use crate::settings::reader::Section;

/// `event_listener`: the trigger of resyncs, and what the process is for.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EventListenerSettings {
    /// What starts a resync.
    #[schemars(flatten)]
    pub listener: EventListener,
    /// Whether the process resyncs at all.
    pub should_resync: bool,
    /// Whether it takes live events.
    pub should_process_webhooks: bool,
    /// Whether it runs actions.
    pub should_run_actions: bool,
}

/// `resync`: who may order a resync over HTTP (our own settings).
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResyncSettings {
    /// What `POST /resync` has to bring along; null when everybody who reaches it may ask.
    #[schemars(with = "Option<String>")]
    pub secret: Option<SecretString>,
}

impl ResyncSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let secret = section.optional("secret", &format::text().secret(true));
        Self {
            secret: secret
                .filter(|secret| !secret.is_empty())
                .map(SecretString::from),
        }
    }
}

/// The kinds of event listener; `POLLING` when none is given.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(
    tag = "type",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum EventListener {
    /// Ask Port for changes of the integration again and again.
    Polling {
        /// Whether to resync once at start.
        resync_on_start: bool,
        /// The pause between two questions.
        #[schemars(with = "u32")]
        interval: Duration,
    },
    /// Wait for Port to call `POST /resync`.
    Webhook {
        /// The address of this process as Port sees it.
        #[schemars(with = "String")]
        app_host: SecretString,
    },
    /// One resync, then the process ends.
    Once,
    /// Live events only.
    WebhooksOnly,
    /// Port's Kafka; not built.
    Kafka,
    /// Actions only; not built.
    ActionsOnly,
}

#[derive(Clone, Copy, PartialEq)]
enum Type {
    Polling,
    Kafka,
    Webhook,
    Once,
    WebhooksOnly,
    ActionsOnly,
}

const TYPES: &[(&str, Type)] = &[
    ("POLLING", Type::Polling),
    ("KAFKA", Type::Kafka),
    ("WEBHOOK", Type::Webhook),
    ("ONCE", Type::Once),
    ("WEBHOOKS_ONLY", Type::WebhooksOnly),
    ("ACTIONS_ONLY", Type::ActionsOnly),
];

/// The fields that belong to one type; of other types they are accepted and have no effect, so
/// that `--once` works on top of any listener.
const POLLING: [&str; 2] = ["resync_on_start", "interval"];
const WEBHOOK: [&str; 1] = ["app_host"];
const KAFKA: [&str; 5] = [
    "brokers",
    "security_protocol",
    "authentication_mechanism",
    "kafka_security_enabled",
    "consumer_poll_timeout",
];

impl EventListenerSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let kind = read_type(section);
        let listener = EventListener::read(section, kind);
        let only = |kinds: &[Type]| !kinds.contains(&kind);
        let boolean = format::boolean();
        Self {
            listener,
            should_resync: section.or(
                "should_resync",
                &boolean,
                only(&[Type::WebhooksOnly, Type::ActionsOnly]),
            ),
            should_process_webhooks: section.or(
                "should_process_webhooks",
                &boolean,
                only(&[Type::Once, Type::ActionsOnly]),
            ),
            should_run_actions: section.or(
                "should_run_actions",
                &boolean,
                only(&[Type::Once, Type::WebhooksOnly]),
            ),
        }
    }

    /// Whether the process ends after one resync.
    #[must_use]
    pub const fn is_once(&self) -> bool {
        matches!(self.listener, EventListener::Once)
    }
}

/// A listener that is given without its type is more likely a mistake than a polling one.
fn read_type(section: &mut Section<'_>) -> Type {
    let format = format::choice(TYPES);
    if section.is_given() {
        section.required("type", &format).unwrap_or(Type::Polling)
    } else {
        section.or("type", &format, Type::Polling)
    }
}

/// The listener is refused when the process starts; until then its settings are checked and shown
/// as the original does.
fn check_kafka(section: &mut Section<'_>) {
    const BROKERS: [&str; 3] = ["b-1", "b-2", "b-3"];
    const DOMAIN: &str = "public.publicclusterprod.t9rw6w.c1.kafka.eu-west-1.amazonaws.com:9196";
    let text = |section: &mut Section<'_>, key, default: &str| {
        section.or(key, &format::text(), default.to_owned());
    };
    let brokers = BROKERS.map(|broker| format!("{broker}-{DOMAIN}")).join(",");
    section.or("brokers", &format::joined(), brokers);
    text(section, "security_protocol", "SASL_SSL");
    text(section, "authentication_mechanism", "SCRAM-SHA-512");
    section.or("kafka_security_enabled", &format::boolean(), true);
    section.or(
        "consumer_poll_timeout",
        &format::whole_seconds(0),
        Duration::from_secs(1),
    );
}

impl EventListener {
    fn read(section: &mut Section<'_>, kind: Type) -> Self {
        if kind == Type::Kafka {
            check_kafka(section);
        } else {
            section.ignore(&KAFKA);
        }
        if kind != Type::Polling {
            section.ignore(&POLLING);
        }
        if kind != Type::Webhook {
            section.ignore(&WEBHOOK);
        }
        match kind {
            Type::Polling => Self::Polling {
                resync_on_start: section.or("resync_on_start", &format::boolean(), true),
                interval: section.or(
                    "interval",
                    &format::whole_seconds(1),
                    Duration::from_secs(60),
                ),
            },
            Type::Webhook => {
                let format = format::http_url().secret(true);
                let app_host = section.required("app_host", &format).unwrap_or_default();
                Self::Webhook {
                    app_host: app_host.into(),
                }
            }
            Type::Once => Self::Once,
            Type::WebhooksOnly => Self::WebhooksOnly,
            Type::Kafka => Self::Kafka,
            Type::ActionsOnly => Self::ActionsOnly,
        }
    }
}
