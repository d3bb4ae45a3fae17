//! Compact names of entities: 64 bits that stand for a key.
//!
//! Start with [`Fingerprints`]. A fingerprint is a hash under a key that is drawn per process, of
//! the exact bytes of blueprint and identifier: no case folding, no Unicode normalisation. Two
//! keys that collide can only make an engine keep an entity that it might have deleted, or leave a
//! write to the next resync.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

/// The hash of an entity's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Fingerprint(u64);

/// Draws fingerprints; two of them made by one instance can be compared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fingerprints {
    key: RandomState,
    contents: foldhash::quality::RandomState,
}

impl Fingerprints {
    pub(crate) fn of(&self, blueprint: &str, identifier: &str) -> Fingerprint {
        Fingerprint(self.key.hash_one((blueprint, identifier)))
    }

    /// A hasher for contents, under a key that is drawn per run, too. It takes many small values
    /// at a fraction of what the hash of identifiers costs.
    pub(crate) fn hasher(&self) -> impl Hasher + use<> {
        self.contents.build_hasher()
    }
}

/// A set of values that are hashes already.
pub(crate) type FingerprintSet = HashSet<Fingerprint, BuildHasherDefault<AlreadyHashed>>;

/// A map by values that are hashes already.
pub(crate) type FingerprintMap<V> = HashMap<Fingerprint, V, BuildHasherDefault<AlreadyHashed>>;

/// Passes a fingerprint through: hashing it again would only cost time.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_between_blueprint_and_identifier_counts() {
        let prints = Fingerprints::default();
        assert_ne!(prints.of("ab", "c"), prints.of("a", "bc"));
    }
}
