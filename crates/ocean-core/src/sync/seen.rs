//! Which identifiers a run has seen, as compact fingerprints.
//!
//! Start with [`Seen`].

use std::collections::{BTreeMap, BTreeSet};

use crate::fingerprint::{Fingerprint, FingerprintSet};

/// What one run has seen: 9 to 18 bytes per entity.
#[derive(Debug, Default)]
pub(super) struct Seen {
    entities: FingerprintSet,
    targets: FingerprintSet,
    per_blueprint: BTreeMap<String, usize>,
    acknowledged: BTreeSet<String>,
}

impl Seen {
    /// The entity exists in the source: it is not deleted.
    pub(super) fn entity(&mut self, blueprint: &str, fingerprint: Fingerprint) {
        if self.entities.insert(fingerprint) {
            match self.per_blueprint.get_mut(blueprint) {
                Some(count) => *count += 1,
                None => {
                    self.per_blueprint.insert(blueprint.to_owned(), 1);
                }
            }
        }
    }

    /// Port holds an entity of this blueprint that the run has seen.
    pub(super) fn acknowledge(&mut self, blueprint: &str) {
        if !self.acknowledged.contains(blueprint) {
            self.acknowledged.insert(blueprint.to_owned());
        }
    }

    /// Whether Port holds an entity of this blueprint that the run has seen.
    pub(super) fn is_acknowledged(&self, blueprint: &str) -> bool {
        self.acknowledged.contains(blueprint)
    }

    /// The blueprints that entities were seen of.
    pub(super) fn blueprints(&self) -> Vec<String> {
        self.per_blueprint.keys().cloned().collect()
    }

    /// An entity that exists in the source relates to this one.
    pub(super) fn target(&mut self, fingerprint: Fingerprint) {
        self.targets.insert(fingerprint);
    }

    pub(super) fn has_entity(&self, fingerprint: Fingerprint) -> bool {
        self.entities.contains(&fingerprint)
    }

    pub(super) fn is_target(&self, fingerprint: Fingerprint) -> bool {
        self.targets.contains(&fingerprint)
    }

    /// How many entities of a blueprint were seen.
    pub(super) fn count(&self, blueprint: &str) -> usize {
        self.per_blueprint
            .get(blueprint)
            .copied()
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::Fingerprints;

    #[test]
    fn f25_identifiers_that_differ_only_in_case_or_normalisation_stay_apart() {
        let prints = Fingerprints::default();
        let mut seen = Seen::default();
        for identifier in [
            "Ångström",
            "A\u{30a}ngstro\u{308}m",
            "PORT-1",
            "port-1",
            "a/b",
            "a",
        ] {
            let print = prints.of("b", identifier);
            assert!(
                !seen.has_entity(print),
                "{identifier} was taken for another"
            );
            seen.entity("b", print);
        }
        assert_eq!(seen.count("b"), 6);
    }

    #[test]
    fn an_entity_counts_once_and_a_target_is_not_an_entity() {
        let prints = Fingerprints::default();
        let mut seen = Seen::default();
        seen.entity("b", prints.of("b", "1"));
        seen.entity("b", prints.of("b", "1"));
        seen.target(prints.of("b", "2"));
        assert_eq!(seen.count("b"), 1);
        assert!(!seen.has_entity(prints.of("b", "2")));
        assert!(seen.is_target(prints.of("b", "2")));
    }
}
