//! Who may touch which entities right now? [`Claims`] knows.

use crate::catalog::{Entity, EntityRef};
use crate::fingerprint::{Fingerprint, FingerprintMap, FingerprintSet, Fingerprints};

/// What somebody wants to write and to delete.
///
/// The targets of relations are known by their identifier alone, as that costs no look at
/// blueprints. Two that are called alike only make somebody wait, or read once more.
#[derive(Debug, Default)]
pub(crate) struct Claim {
    pub(super) written: Vec<Fingerprint>,
    pub(super) deleted: Vec<Fingerprint>,
    pub(super) deleted_names: FingerprintSet,
    /// What the written entities relate to.
    pub(super) target_names: FingerprintSet,
}

impl Claim {
    /// To write this entity. One whose identifier is a query has no key.
    pub(crate) fn write(&mut self, prints: &Fingerprints, entity: &Entity) {
        let key = entity.key();
        let key = key.map(|key| prints.of(&key.blueprint, &key.identifier));
        self.written.extend(key);
        let targets = entity.relation_targets();
        self.target_names
            .extend(targets.map(|(_, target)| name(prints, &target)));
    }

    /// To delete this one.
    pub(crate) fn delete(&mut self, prints: &Fingerprints, key: &EntityRef) {
        self.deleted
            .push(prints.of(&key.blueprint, &key.identifier));
        self.deleted_names.insert(name(prints, &key.identifier));
    }

    /// The names of what the written entities relate to.
    pub(crate) fn targets(&self) -> impl Iterator<Item = Fingerprint> + '_ {
        self.target_names.iter().copied()
    }

    fn keys(&self) -> impl Iterator<Item = &Fingerprint> {
        self.written.iter().chain(&self.deleted)
    }
}

/// An identifier of whatever blueprint. No blueprint has an empty name.
pub(crate) fn name(prints: &Fingerprints, identifier: &str) -> Fingerprint {
    prints.of("", identifier)
}

/// All claims that are held.
#[derive(Debug, Default)]
pub(super) struct Claims {
    keys: FingerprintSet,
    deleted: Counts,
    targets: Counts,
    /// What somebody waits to delete.
    announced: Counts,
}

impl Claims {
    /// Takes everything, if all of it is free.
    pub(super) fn take(&mut self, claim: &Claim) -> bool {
        let is_free = claim.keys().all(|key| !self.keys.contains(key))
            && !self.deleted.has_any(&claim.target_names)
            && !self.targets.has_any(&claim.deleted_names);
        // Two who delete do not let each other go first, or they would do so for ever.
        let lets_go_first = claim.deleted.is_empty() && self.announced.has_any(&claim.target_names);
        if !is_free || lets_go_first {
            return false;
        }
        self.keys.extend(claim.keys());
        self.deleted.add(&claim.deleted_names);
        self.targets.add(&claim.target_names);
        true
    }

    /// Frees what was taken.
    pub(super) fn give_back(&mut self, claim: &Claim) {
        for key in claim.keys() {
            self.keys.remove(key);
        }
        self.deleted.remove(&claim.deleted_names);
        self.targets.remove(&claim.target_names);
    }

    pub(super) fn announce(&mut self, names: &FingerprintSet) {
        self.announced.add(names);
    }

    pub(super) fn withdraw(&mut self, names: &FingerprintSet) {
        self.announced.remove(names);
    }
}

/// How many have claimed each of some names.
#[derive(Debug, Default)]
struct Counts(FingerprintMap<usize>);

impl Counts {
    fn has_any(&self, names: &FingerprintSet) -> bool {
        !self.0.is_empty() && names.iter().any(|name| self.0.contains_key(name))
    }

    fn add(&mut self, names: &FingerprintSet) {
        for name in names {
            *self.0.entry(*name).or_default() += 1;
        }
    }

    fn remove(&mut self, names: &FingerprintSet) {
        for name in names {
            if let Some(count) = self.0.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    self.0.remove(name);
                }
            }
        }
    }
}
