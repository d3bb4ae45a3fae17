//! How much is mapped, sent and deleted at once?

use std::num::NonZeroU32;
use std::time::Duration;

use schemars::JsonSchema;

use crate::settings::format;
use crate::settings::reader::Section;

/// Root settings of the mapping of items.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MappingSettings {
    /// Whether `env` and `$ENV` see the environment in a mapping.
    pub allow_environment_variables_jq_access: bool,
    /// How long mapping one item may take; more than the ten seconds that are always the limit has
    /// no effect.
    #[schemars(with = "u32")]
    pub process_in_queue_timeout: Duration,
    /// How many items are mapped at a time; null for one per processor that the process may use.
    pub process_in_queue_max_workers: Option<NonZeroU32>,
    /// How many elements of `itemsToParse` go on together.
    pub yield_items_to_parse_batch_size: u32,
}

impl MappingSettings {
    pub(super) fn read(root: &mut Section<'_>) -> Self {
        Self {
            allow_environment_variables_jq_access: root.or(
                "allow_environment_variables_jq_access",
                &format::boolean(),
                true,
            ),
            process_in_queue_timeout: root.or(
                "process_in_queue_timeout",
                &format::whole_seconds(1),
                Duration::from_secs(120),
            ),
            process_in_queue_max_workers: root
                .optional("process_in_queue_max_workers", &format::at_least(1_u32))
                .and_then(NonZeroU32::new),
            yield_items_to_parse_batch_size: root.or(
                "yield_items_to_parse_batch_size",
                &format::at_least(1),
                200,
            ),
        }
    }
}

/// Root settings of what goes to Port in one request.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BatchSettings {
    /// The most entities of one upsert.
    pub upsert_entities_batch_max_length: u32,
    /// The most bytes of one upsert.
    pub upsert_entities_batch_max_size_in_bytes: u32,
    /// The most entities of one deletion; Port takes no more than 100.
    pub delete_entities_max_batch_size: u32,
    /// Whether raw items are sent to Port's lakehouse, where the organisation has it switched on.
    pub lakehouse_enabled: bool,
    /// The longest that raw items wait for others (`lakehouse_buffer_interval_seconds`).
    #[schemars(with = "f64", rename = "lakehouseBufferIntervalSeconds")]
    pub lakehouse_buffer_interval: Duration,
    /// The most raw items of one request.
    pub lakehouse_buffer_max_count: u32,
}

impl BatchSettings {
    pub(super) fn read(root: &mut Section<'_>) -> Self {
        let count = format::at_least(1);
        Self {
            upsert_entities_batch_max_length: root.or(
                "upsert_entities_batch_max_length",
                &count,
                20,
            ),
            upsert_entities_batch_max_size_in_bytes: root.or(
                "upsert_entities_batch_max_size_in_bytes",
                &count,
                1024 * 1024,
            ),
            delete_entities_max_batch_size: root
                .or("delete_entities_max_batch_size", &count, 1000)
                .min(100),
            lakehouse_enabled: root.or("lakehouse_enabled", &format::boolean(), true),
            lakehouse_buffer_interval: root.or(
                "lakehouse_buffer_interval_seconds",
                &format::seconds(false),
                Duration::from_secs(10),
            ),
            lakehouse_buffer_max_count: root.or("lakehouse_buffer_max_count", &count, 50),
        }
    }
}

/// `deletion`: what a resync may delete (our own settings).
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeletionSettings {
    /// The blueprints that a resync may leave without any entity; `*` for all of them.
    pub allow_empty: Vec<String>,
}

impl DeletionSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            allow_empty: section.or("allow_empty", &format::names(), Vec::new()),
        }
    }

    /// Whether a resync may delete the last entity of this blueprint.
    #[must_use]
    pub fn may_empty(&self, blueprint: &str) -> bool {
        let mut allowed = self.allow_empty.iter();
        allowed.any(|allowed| allowed == "*" || allowed == blueprint)
    }
}
