//! In which order entities that wait for each other are written again.
//!
//! Start with [`dependency_levels`].

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::catalog::Entity;

/// Groups of positions: everything in a group depends only on earlier groups. What is left in
/// cycles (an entity that relates to itself is one) comes apart, in its original order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Levels {
    pub(crate) levels: Vec<Vec<usize>>,
    pub(crate) cyclic: Vec<usize>,
}

impl Levels {
    /// The identifiers of what is in a cycle, or depends on one.
    pub(super) fn identifiers_in_cycles(&self, entities: &[Entity]) -> HashSet<String> {
        let cyclic = self.cyclic.iter();
        cyclic
            .filter_map(|position| Some(entities.get(*position)?.key()?.identifier))
            .collect()
    }
}

/// Sorts entities so that relation targets come first.
///
/// A target is matched by its identifier alone, as in the original: which blueprint a relation
/// points to is not known here, and a needless edge only makes a group later.
pub(crate) fn dependency_levels(entities: &[Entity]) -> Levels {
    let mut by_identifier: HashMap<String, Vec<usize>> = HashMap::new();
    for (position, entity) in entities.iter().enumerate() {
        if let Some(key) = entity.key() {
            by_identifier
                .entry(key.identifier)
                .or_default()
                .push(position);
        }
    }
    let mut waits_for: Vec<usize> = vec![0; entities.len()];
    let mut waiters: Vec<Vec<usize>> = vec![Vec::new(); entities.len()];
    for (position, entity) in entities.iter().enumerate() {
        for (_, target) in entity.relation_targets() {
            for dependency in by_identifier.get(&target).into_iter().flatten() {
                if let (Some(waiting), Some(wakes)) =
                    (waits_for.get_mut(position), waiters.get_mut(*dependency))
                {
                    *waiting += 1;
                    wakes.push(position);
                }
            }
        }
    }
    let mut result = Levels::default();
    let mut ready: Vec<usize> = positions_with(&waits_for, 0);
    while !ready.is_empty() {
        let mut next = Vec::new();
        for woken in ready
            .iter()
            .filter_map(|position| waiters.get(*position))
            .flatten()
        {
            if let Some(waiting) = waits_for.get_mut(*woken) {
                *waiting -= 1;
                if *waiting == 0 {
                    next.push(*woken);
                }
            }
        }
        next.sort_unstable();
        result.levels.push(std::mem::replace(&mut ready, next));
    }
    result.cyclic = waits_for
        .iter()
        .enumerate()
        .filter(|(_, n)| **n > 0)
        .map(|(position, _)| position)
        .collect();
    result
}

/// The entity without the relations that point into a cycle, as told by relation and target.
pub(crate) fn without_relations_into(
    entity: &Entity,
    is_cycle: impl Fn(&str, &str) -> bool,
) -> Entity {
    let into: HashSet<String> = entity
        .relation_targets()
        .filter(|(relation, target)| is_cycle(relation, target))
        .map(|(relation, _)| relation.to_owned())
        .collect();
    let mut entity = entity.clone();
    if let Some(relations) = &mut entity.relations {
        relations.retain(|name, _: &mut Value| !into.contains(name));
    }
    entity
}

fn positions_with(counts: &[usize], wanted: usize) -> Vec<usize> {
    counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count == wanted)
        .map(|(position, _)| position)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(relations: &[(&str, &[&str])], levels: &[&[usize]], cyclic: &[usize]) {
        let entities: Vec<Entity> = relations
            .iter()
            .map(|(identifier, targets)| {
                serde_json::from_value(json!({
                    "identifier": identifier, "blueprint": "b", "relations": {"r": targets},
                }))
                .unwrap()
            })
            .collect();
        let found = dependency_levels(&entities);
        assert_eq!(found.levels, levels);
        assert_eq!(found.cyclic, cyclic);
    }

    #[test]
    fn targets_come_before_what_relates_to_them() {
        check(
            &[
                ("c", &["b"]),
                ("b", &["a"]),
                ("a", &[]),
                ("d", &["elsewhere"]),
            ],
            &[&[2, 3], &[1], &[0]],
            &[],
        );
    }

    #[test]
    fn what_hangs_in_a_cycle_comes_apart() {
        check(
            &[
                ("a", &["b"]),
                ("b", &["a"]),
                ("c", &[]),
                ("self", &["self"]),
            ],
            &[&[2]],
            &[0, 1, 3],
        );
    }

    #[test]
    fn what_depends_on_a_cycle_waits_with_it() {
        check(&[("a", &["a"]), ("b", &["a"])], &[], &[0, 1]);
    }
}
