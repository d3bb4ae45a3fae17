//! What does a catalog hold, told so briefly that a plan can carry it and a change shows?

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};

use crate::catalog::{Catalog, CatalogError, EntityRef};
use crate::fingerprint::{FingerprintSet, Fingerprints};

/// The entities that the integration owned at a moment, as sums over their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CatalogState {
    /// The catalog's time, in seconds since 1970.
    taken_at: u64,
    /// All entities.
    owned: Keys,
    /// Those that had not been updated at or after that second. Whatever is updated later leaves
    /// them.
    settled: Keys,
}

/// A set of keys: how many, and a sum that does not depend on their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Keys {
    count: u64,
    sum: u64,
}

impl Keys {
    fn add(&mut self, key: &EntityRef) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(hash(key));
    }
}

/// The keys of entities, in a few bytes each: a catalog may hold a million.
#[derive(Debug, Default)]
pub(super) struct Owned {
    prints: Fingerprints,
    keys: FingerprintSet,
}

impl Owned {
    pub(super) fn has(&self, key: &EntityRef) -> bool {
        let print = self.prints.of(&key.blueprint, &key.identifier);
        self.keys.contains(&print)
    }

    /// Whether the key is new.
    fn insert(&mut self, key: &EntityRef) -> bool {
        let print = self.prints.of(&key.blueprint, &key.identifier);
        self.keys.insert(print)
    }
}

impl CatalogState {
    /// Reads the state, and the keys of all entities with it.
    pub(super) async fn read(catalog: &dyn Catalog) -> Result<(Self, Owned), CatalogError> {
        let now = catalog.now().await?;
        let taken_at = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self::read_as_of(catalog, taken_at).await
    }

    /// What is different now, in a few words; empty when nothing is.
    pub(super) async fn moved(&self, catalog: &dyn Catalog) -> Result<Vec<String>, CatalogError> {
        let (now, _) = Self::read_as_of(catalog, self.taken_at).await?;
        let mut moved = Vec::new();
        let (then, now_owned) = (self.owned.count, now.owned.count);
        if then != now_owned {
            moved.push(format!(
                "entities were created or deleted: there were {then} and are {now_owned}"
            ));
        } else if now.owned != self.owned {
            moved.push("entities were created and others deleted".to_owned());
        } else if now.settled != self.settled {
            moved.push("entities were updated".to_owned());
        }
        Ok(moved)
    }

    async fn read_as_of(
        catalog: &dyn Catalog,
        taken_at: u64,
    ) -> Result<(Self, Owned), CatalogError> {
        let mut state = Self {
            taken_at,
            owned: Keys::default(),
            settled: Keys::default(),
        };
        let mut all = Owned::default();
        let mut owned = catalog.owned(None);
        while let Some(key) = owned.try_next().await? {
            // A key that is listed twice, because the catalog changed meanwhile, counts once.
            if all.insert(&key) {
                state.owned.add(&key);
            }
        }
        let before: SystemTime = UNIX_EPOCH + Duration::from_secs(taken_at);
        let mut seen = Owned::default();
        let mut settled = catalog.owned(Some(before));
        while let Some(key) = settled.try_next().await? {
            if seen.insert(&key) {
                state.settled.add(&key);
            }
        }
        Ok((state, all))
    }
}

/// FNV-1a: a plan is read by another process, perhaps another version, so that the hash has to be
/// the same everywhere.
fn hash(key: &EntityRef) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let separator = std::iter::once(0xff);
    let bytes = key.blueprint.bytes().chain(separator);
    bytes
        .chain(key.identifier.bytes())
        .fold(OFFSET, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(PRIME)
        })
}
