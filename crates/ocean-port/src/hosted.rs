//! When does Port run an integration that it hosts itself?
//!
//! Start with [`PortClient::hosted_schedule`]; contract `resync.md` 8.

use std::time::{Duration, SystemTime};

use ocean_core::settings::interval_minutes;
use serde_json::Value;

use crate::client::PortClient;
use crate::error::Error;
use crate::timestamp::parse;
use crate::wire::IntegrationRecord;

/// What somebody set at Port for an integration that Port hosts. What is not set, or cannot be
/// read, is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostedSchedule {
    /// The pause between full resyncs, and the moment from which it counts.
    pub resyncs: Option<(Duration, SystemTime)>,
    /// The pause between incremental syncs.
    pub incremental: Option<Duration>,
}

impl PortClient {
    /// Asks for the schedule of an integration that Port hosts.
    ///
    /// # Errors
    ///
    /// When Port could not answer.
    pub async fn hosted_schedule(&self) -> Result<HostedSchedule, Error> {
        Ok(schedule(&self.registered().await?))
    }
}

fn schedule(integration: &IntegrationRecord) -> HostedSchedule {
    let interval = |name: &str| {
        let told = integration.spec.pointer(&format!("/appSpec/{name}"))?;
        let minutes = match told {
            Value::String(text) => interval_minutes(text),
            told => told.as_u64(),
        };
        let minutes = minutes.filter(|minutes| *minutes > 0)?;
        Some(Duration::from_secs(minutes.checked_mul(60)?))
    };
    let changed = integration.status_info.as_ref();
    let changed = changed.and_then(|info| parse(info.updated_at.as_deref()?));
    HostedSchedule {
        resyncs: interval("scheduledResyncInterval").zip(changed),
        incremental: interval("incrementalSyncInterval"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(spec: Value, info: Value, resync_minutes: Option<u64>, incremental: Option<u64>) {
        let document = json!({"spec": {"appSpec": spec}, "statusInfo": info});
        let record: IntegrationRecord = serde_json::from_value(document.clone()).unwrap();
        let minutes = |minutes| Duration::from_secs(minutes * 60);
        let found = schedule(&record);
        let resyncs = found.resyncs.map(|(interval, _)| interval);
        assert_eq!(resyncs, resync_minutes.map(minutes), "{document}");
        assert_eq!(found.incremental, incremental.map(minutes), "{document}");
    }

    #[test]
    fn intervals_are_minutes_or_have_a_unit() {
        let info = json!({"updatedAt": "2026-01-01T00:00:00.000Z"});
        let spec = json!({"scheduledResyncInterval": "2h", "incrementalSyncInterval": 15});
        check(spec, info.clone(), Some(120), Some(15));
        let spec = json!({"scheduledResyncInterval": "1440", "incrementalSyncInterval": "soon"});
        check(spec, info, Some(1440), None);
    }

    #[test]
    fn without_a_moment_to_count_from_there_is_no_next_one() {
        let spec = json!({"scheduledResyncInterval": "2h"});
        check(spec.clone(), json!({}), None, None);
        check(spec, json!(null), None, None);
        let record: IntegrationRecord = serde_json::from_value(json!({})).unwrap();
        assert_eq!(schedule(&record), HostedSchedule::default());
    }
}
