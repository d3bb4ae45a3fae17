//! How many raw items travel together? [`RawBuffer`] collects those of one kind.

use std::sync::Arc;

use tokio::time::Instant;
use uuid::Uuid;

use super::{BufferLimits, Lake, LakeError, RawEntry, RawOrigin, RawWrite};

/// Raw items of one kind in one sync that wait to be sent.
#[derive(Debug)]
pub(crate) struct RawBuffer {
    lake: Arc<dyn Lake>,
    limits: BufferLimits,
    sync: Uuid,
    kind: Arc<str>,
    origin: RawOrigin,
    entries: Vec<RawEntry>,
    bytes: usize,
    sent: usize,
    /// When items were sent last, or came first.
    since: Option<Instant>,
}

impl RawBuffer {
    pub(crate) const fn new(
        lake: Arc<dyn Lake>,
        limits: BufferLimits,
        sync: Uuid,
        kind: Arc<str>,
        origin: RawOrigin,
    ) -> Self {
        Self {
            lake,
            limits,
            sync,
            kind,
            origin,
            entries: Vec::new(),
            bytes: 0,
            sent: 0,
            since: None,
        }
    }

    /// How many items arrived.
    pub(crate) const fn sent(&self) -> usize {
        self.sent
    }

    /// Takes items, and sends what waits if that is enough.
    pub(crate) async fn add(&mut self, entry: RawEntry) -> Result<(), LakeError> {
        if entry.items.is_empty() {
            return Ok(());
        }
        self.bytes += entry.bytes();
        self.entries.push(entry);
        let since = *self.since.get_or_insert_with(Instant::now);
        let is_enough = self.entries.len() >= self.limits.entries
            || self.bytes >= self.limits.bytes
            || since.elapsed() >= self.limits.interval;
        if is_enough {
            self.flush().await?;
        }
        Ok(())
    }

    /// Sends what waits. What did not arrive is forgotten.
    pub(crate) async fn flush(&mut self) -> Result<(), LakeError> {
        if self.entries.is_empty() {
            return Ok(());
        }
        let write = RawWrite {
            sync: self.sync,
            event: Uuid::new_v4(),
            kind: Arc::clone(&self.kind),
            origin: self.origin,
            entries: std::mem::take(&mut self.entries),
        };
        self.bytes = 0;
        let written = self.lake.write(&write).await;
        self.since = Some(Instant::now());
        written?;
        self.sent += write
            .entries
            .iter()
            .map(|entry| entry.items.len())
            .sum::<usize>();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::app_config::AppConfig;
    use crate::lake::recording::RecordingLake;
    use crate::lake::{RawOperation, Routing};
    use crate::mapping::Environment;

    fn entry(bytes: usize) -> RawEntry {
        let document = json!({"resources": [{
            "kind": "ticket", "selector": {"query": "true"},
            "port": {"entity": {"mappings": {"identifier": ".id", "blueprint": "\"ticket\""}}},
        }]});
        let parsed = AppConfig::from_value(&document).unwrap();
        let item = json!({"text": "x".repeat(bytes)}).into();
        let resource = &parsed.config.resources[0];
        RawEntry::new(resource, 0, vec![item], &Environment::default())
    }

    fn buffer(lake: &Arc<RecordingLake>, limits: BufferLimits) -> RawBuffer {
        let origin = RawOrigin::IncrementalSync;
        let lake: Arc<dyn Lake> = Arc::clone(lake) as _;
        RawBuffer::new(lake, limits, Uuid::nil(), "ticket".into(), origin)
    }

    /// How many entries each request has when these come at these seconds.
    async fn check(limits: BufferLimits, coming: &[(u64, usize)], expected: &[usize]) {
        let lake = Arc::new(RecordingLake::new(Routing::Forwarded));
        let mut buffer = buffer(&lake, limits);
        let began = Instant::now();
        for (second, bytes) in coming {
            tokio::time::sleep_until(began + Duration::from_secs(*second)).await;
            buffer.add(entry(*bytes)).await.unwrap();
        }
        buffer.flush().await.unwrap();
        let sent: Vec<_> = lake
            .writes()
            .iter()
            .map(|write| write.entries.len())
            .collect();
        assert_eq!(sent, expected, "{coming:?}");
        assert_eq!(buffer.sent(), coming.len());
    }

    #[tokio::test(start_paused = true)]
    async fn items_are_sent_when_they_are_many_or_large_or_have_waited() {
        let limits = BufferLimits::default().entries(3);
        check(limits, &[(0, 1); 7], &[3, 3, 1]).await;
        let limits = BufferLimits {
            bytes: 1000,
            ..BufferLimits::default()
        };
        check(limits, &[(0, 600), (0, 600), (0, 5000), (0, 1)], &[2, 1, 1]).await;
        let limits = BufferLimits::default();
        let coming = [(0, 1), (9, 1), (10, 1), (19, 1), (21, 1)];
        check(limits, &coming, &[3, 2]).await;
    }

    #[tokio::test]
    async fn nothing_is_sent_of_nothing() {
        let lake = Arc::new(RecordingLake::new(Routing::Forwarded));
        let mut buffer = buffer(&lake, BufferLimits::default());
        let mut empty = entry(1);
        empty.items.clear();
        buffer.add(empty.gone()).await.unwrap();
        buffer.flush().await.unwrap();
        assert!(lake.writes().is_empty());
    }

    #[tokio::test]
    async fn what_did_not_arrive_does_not_count_as_sent_and_does_not_pile_up() {
        let lake = Arc::new(RecordingLake::new(Routing::Forwarded));
        let mut buffer = buffer(&lake, BufferLimits::default().entries(1));
        lake.fail_next_write();
        buffer.add(entry(1)).await.unwrap_err();
        buffer.add(entry(1)).await.unwrap();
        buffer.flush().await.unwrap();
        assert_eq!((buffer.sent(), lake.writes().len()), (1, 1));
        assert_eq!(lake.writes()[0].entries[0].operation, RawOperation::Upsert);
    }
}
