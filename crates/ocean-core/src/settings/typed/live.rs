//! Where else do live events and metrics come from and go to?

use schemars::JsonSchema;
use secrecy::SecretString;

use super::inert;
use crate::settings::format;
use crate::settings::reader::Section;

/// `webhook`: how the senders of live events are answered (our own settings).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WebhookSettings {
    /// Whether a malformed body is answered with 200, as the original does.
    pub legacy_status: bool,
}

impl WebhookSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            legacy_status: section.or("legacy_status", &format::boolean(), false),
        }
    }
}

/// `metrics`: the webhook that the user's own metrics are sent to.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MetricsSettings {
    /// Whether they are sent.
    pub enabled: bool,
    /// Where to; such URLs often carry a token.
    #[schemars(with = "Option<String>")]
    pub webhook_url: Option<SecretString>,
}

impl MetricsSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            enabled: section.or("enabled", &format::boolean(), false),
            webhook_url: section
                .optional("webhook_url", &format::text().secret(true))
                .map(SecretString::from),
        }
    }
}

/// `live_events`: brokers that live events may come from, besides webhooks.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LiveEventsSettings {
    /// Whether events are read from a Redis stream; not built.
    pub is_redis_stream_consumer_enabled: bool,
    /// Whether the bodies of events may be logged.
    pub payload_logging_enabled: bool,
}

impl LiveEventsSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        const TYPES: &[(&str, ())] = &[("REDIS", ())];
        section.or("type", &format::choice(TYPES), ());
        section.section("redis", inert::redis);
        Self {
            is_redis_stream_consumer_enabled: section.or(
                "is_redis_stream_consumer_enabled",
                &format::boolean(),
                false,
            ),
            payload_logging_enabled: section.or(
                "payload_logging_enabled",
                &format::boolean(),
                false,
            ),
        }
    }
}
