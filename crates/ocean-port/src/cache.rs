//! Answers that are taken for granted for a while.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Values by key, each for the same time.
#[derive(Debug)]
pub(crate) struct Expiring<V> {
    ttl: Duration,
    entries: Mutex<HashMap<String, (Instant, V)>>,
}

impl<V: Clone> Expiring<V> {
    pub(crate) fn new(ttl: Duration) -> Self {
        Self {
            ttl,
            entries: Mutex::default(),
        }
    }

    /// The value, unless it is too old.
    pub(crate) fn get(&self, key: &str) -> Option<V> {
        let entries = self.entries();
        let (since, value) = entries.get(key)?;
        (since.elapsed() < self.ttl).then(|| value.clone())
    }

    pub(crate) fn put(&self, key: &str, value: V) {
        let entry = (Instant::now(), value);
        self.entries().insert(key.to_owned(), entry);
    }

    pub(crate) fn clear(&self) {
        self.entries().clear();
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, (Instant, V)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_value_expires() {
        let cache = Expiring::new(Duration::from_secs(120));
        cache.put("b", None::<u8>);
        tokio::time::advance(Duration::from_secs(119)).await;
        assert_eq!(cache.get("b"), Some(None));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(cache.get("b"), None);
    }

    #[tokio::test]
    async fn nothing_is_left_after_clearing() {
        let cache = Expiring::new(Duration::from_secs(120));
        cache.put("b", 1_u8);
        cache.clear();
        assert_eq!(cache.get("b"), None);
    }
}
