//! How are actions processed?

use std::time::Duration;

use schemars::JsonSchema;

use crate::settings::format::{self, Format};
use crate::settings::reader::Section;
use crate::settings::spec::Spec;

/// `actions_processor`; not built, but checked as the original checks it.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ActionsProcessorSettings {
    /// Whether actions are processed.
    pub enabled: bool,
    /// The most runs that wait, 1 to 1000.
    pub runs_buffer_high_watermark: u16,
    /// How long a run belongs to the process that took it (`visibility_timeout_ms`).
    #[schemars(with = "u32", rename = "visibilityTimeoutMs")]
    pub visibility_timeout: Duration,
    /// The pause between two questions for runs (`poll_check_interval_seconds`).
    #[schemars(with = "u32", rename = "pollCheckIntervalSeconds")]
    pub poll_check_interval: Duration,
    /// How many runs are processed at a time.
    pub workers_count: u32,
    /// The largest share of the waiting runs that one action may have, in percent.
    pub max_runs_buffer_util_pct_per_action: Option<u8>,
}

impl ActionsProcessorSettings {
    pub(super) fn read(section: &mut Section<'_>, spec: &Spec) -> Self {
        let enabled = section.or("enabled", &format::boolean(), false);
        if enabled
            && !spec.actions_processing_enabled()
            && let Some(origin) = section.origin_of("enabled")
        {
            let problem = "this integration has no actions; remove the setting";
            section.fault("enabled", &origin, problem.to_owned());
        }
        Self {
            enabled,
            runs_buffer_high_watermark: section.or(
                "runs_buffer_high_watermark",
                &format::within(1, 1000),
                300,
            ),
            visibility_timeout: section.or(
                "visibility_timeout_ms",
                &milliseconds(),
                Duration::from_secs(60),
            ),
            poll_check_interval: section.or(
                "poll_check_interval_seconds",
                &format::whole_seconds(1),
                Duration::from_secs(10),
            ),
            workers_count: section.or("workers_count", &format::at_least(1), 3),
            max_runs_buffer_util_pct_per_action: section.nullable(
                "max_runs_buffer_util_pct_per_action",
                &format::within(1, 100),
                Some(30),
            ),
        }
    }
}

fn milliseconds() -> Format<Duration> {
    format::within(1_u32, 600_000).map(
        |milliseconds| Duration::from_millis(u64::from(milliseconds)),
        |duration| duration.as_millis().to_string(),
    )
}
