//! Would we have left the catalog as another program leaves it?
//!
//! Start with [`Shadow`], which plans again and again beside the program that writes, and compares
//! each plan with the one before: what shows up once may only be a change that the other program
//! has not seen yet, what stays is a difference between the two.

mod again;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use self::again::{Found, differs_still};
use super::recorder::{Recorded, Recorder};
use super::{FieldChange, PlannedWrite};
use crate::catalog::{Catalog, EntityRef, IntegrationStore};
use crate::error::error_chain;
use crate::mapping::MapperPool;
use crate::resync::Registry;
use crate::sync::{ResyncReport, SyncEngine, SyncOptions};

/// Plans beside another writer and never writes.
///
/// # Guarantees
///
/// - The catalog is read, searched and listed; its integration is told nothing, not even that a
///   resync began.
/// - What differs is looked at once more before it is told, since the other program goes on writing
///   while the source is read.
/// - Of the plans only what diverged last is kept.
#[derive(Debug)]
pub struct Shadow {
    registry: Registry,
    recorder: Arc<Recorder>,
    pool: Arc<MapperPool>,
    options: SyncOptions,
    last: Mutex<Last>,
}

/// What the last comparison found.
#[derive(Debug, Default)]
struct Last {
    number: u32,
    diverged: BTreeMap<EntityRef, Divergence>,
}

/// How the catalog differs from what we would have left.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Comparison {
    /// Which one it is, from 1.
    pub number: u32,
    /// Every difference, by blueprint and identifier.
    pub divergences: Vec<Divergence>,
    /// What differed in the comparison before and does no more.
    pub resolved: Vec<EntityRef>,
    /// Entities of which only Port can tell, because they hold a query.
    pub undecided: usize,
    /// Whether everything could be read and mapped. If not, nothing counts as resolved.
    pub is_whole: bool,
    /// Why what differs could not be looked at once more, so that the other program may have
    /// written it meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unconfirmed: Option<String>,
}

/// One entity that the other program leaves different.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Divergence {
    /// Which one.
    pub entity: EntityRef,
    /// How it differs.
    #[serde(flatten)]
    pub nature: Nature,
    /// In how many comparisons in a row it differed in this way.
    pub comparisons: u32,
}

/// How an entity differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "nature")]
#[non_exhaustive]
pub enum Nature {
    /// We would have created it.
    Missing,
    /// We would have written other values; `from` is what the other program wrote.
    Different {
        /// The fields.
        changes: Vec<FieldChange>,
    },
    /// We would have deleted it.
    Extra,
}

impl Divergence {
    const fn new(entity: EntityRef, nature: Nature) -> Self {
        Self {
            entity,
            nature,
            comparisons: 1,
        }
    }
}

impl Nature {
    /// Whether this is what was found earlier, and lasts. The values may be others by now; but when
    /// the catalog holds what we would have written then, the other program has caught up, and only
    /// lags behind once more.
    fn continues(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Different { changes: now }, Self::Different { changes: then }) => {
                let mut pairs = now.iter().zip(then);
                now.len() == then.len()
                    && pairs.clone().all(|(now, then)| now.field == then.field)
                    && !pairs.all(|(now, then)| now.from == then.to)
            }
            (now, then) => now == then,
        }
    }
}

impl Shadow {
    /// A shadow that reads these kinds and looks at this catalog.
    pub fn new<C>(registry: &Registry, catalog: Arc<C>, pool: Arc<MapperPool>) -> Self
    where
        C: Catalog + IntegrationStore,
    {
        let recorder = Recorder::new(Arc::clone(&catalog) as _, catalog, None);
        Self {
            registry: registry.clone(),
            recorder: Arc::new(recorder),
            pool,
            options: SyncOptions::default(),
            last: Mutex::default(),
        }
    }

    /// The same with the options of the resync.
    #[must_use]
    pub fn options(mut self, options: SyncOptions) -> Self {
        self.options = options;
        // Examples are sent to Port.
        self.options.send_examples = false;
        self
    }

    /// The engine whose resyncs are compared; it runs no hooks.
    #[must_use]
    pub fn engine(&self) -> SyncEngine {
        let engine = SyncEngine::of_kinds(
            &self.registry,
            Arc::clone(&self.recorder),
            Arc::clone(&self.pool),
        );
        engine.options(self.options.clone())
    }

    /// The catalog's own knowledge of the integration, which nothing is told to.
    #[must_use]
    pub fn store(&self) -> Arc<dyn IntegrationStore> {
        Arc::clone(&self.recorder) as _
    }

    /// Looks again at what the engine's last resync would have written, and compares it with the
    /// comparison before.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the comparison out, as if that resync had not been.
    pub async fn compare(&self, report: &ResyncReport) -> Comparison {
        let (candidates, undecided) = candidates(self.recorder.take());
        let (found, unconfirmed) = match differs_still(&*self.recorder.catalog, &candidates).await {
            Ok(found) => (found, None),
            Err(error) => (as_found(candidates), Some(error_chain(&error))),
        };
        let is_whole = is_whole(report) && unconfirmed.is_none();
        let mut found: BTreeMap<EntityRef, Divergence> = found
            .into_iter()
            .map(|(entity, nature)| (entity.clone(), Divergence::new(entity, nature)))
            .collect();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut resolved = Vec::new();
        for (key, earlier) in std::mem::take(&mut last.diverged) {
            match found.get_mut(&key) {
                Some(now) if now.nature.continues(&earlier.nature) => {
                    now.comparisons += earlier.comparisons;
                }
                Some(_) => {}
                None if is_whole => resolved.push(key),
                // It may still differ: it was not looked at.
                None => drop(found.insert(key, earlier)),
            }
        }
        last.number += 1;
        last.diverged.clone_from(&found);
        Comparison {
            number: last.number,
            divergences: found.into_values().collect(),
            resolved,
            undecided,
            is_whole,
            unconfirmed,
        }
    }

    /// Forgets what a resync noted that came to no end.
    pub fn discard(&self) {
        drop(self.recorder.take());
    }
}

/// Whether a resync saw everything.
fn is_whole(report: &ResyncReport) -> bool {
    let is_read = |one: &crate::sync::ResourceReport| {
        one.incomplete.is_empty() && one.counts.rejected == 0 && one.counts.failed == 0
    };
    report.errors.is_empty() && report.resources.iter().all(is_read)
}

/// What seems to differ, and of how many entities nobody here can tell.
fn candidates(recorded: Recorded) -> (BTreeMap<EntityRef, Found>, usize) {
    let mut found = BTreeMap::new();
    let mut undecided = 0;
    for write in recorded.writes {
        let PlannedWrite {
            entity,
            exists,
            changes,
            ..
        } = write;
        let nature = match entity.key() {
            Some(_) if !exists => Nature::Missing,
            Some(_) if !changes.is_empty() => Nature::Different { changes },
            _ => {
                undecided += 1;
                continue;
            }
        };
        if let Some(key) = entity.key() {
            let wanted = Some(entity);
            found.insert(key, Found { nature, wanted });
        }
    }
    for key in recorded.deletions {
        let (nature, wanted) = (Nature::Extra, None);
        found.insert(key, Found { nature, wanted });
    }
    (found, undecided)
}

fn as_found(candidates: BTreeMap<EntityRef, Found>) -> Vec<(EntityRef, Nature)> {
    let candidates = candidates.into_iter();
    candidates.map(|(key, found)| (key, found.nature)).collect()
}
