//! Which resources may write which blueprint, and in which order they load.
//!
//! Start with [`Plan`].

use std::collections::BTreeSet;

use crate::mapping::{CheckedMapping, ResourceMapper};

/// What one resource can write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// One blueprint: its expression is a literal.
    Blueprint(String),
    /// Any blueprint: its expression depends on the item.
    Any,
}

impl Target {
    /// Whether it can write to this blueprint.
    pub(super) fn may_be(&self, blueprint: &str) -> bool {
        match self {
            Self::Blueprint(own) => own == blueprint,
            Self::Any => true,
        }
    }

    fn may_meet(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Blueprint(one), Self::Blueprint(other)) => one == other,
            (Self::Any, _) | (_, Self::Any) => true,
        }
    }
}

/// The order of loading, which gives what sequential order gives.
///
/// Fetching and mapping run ahead in every case; only the writing waits.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    targets: Vec<Target>,
    /// Resources whose mapping has queries, which Port resolves by what it holds by then.
    queries: BTreeSet<usize>,
    create_missing_related: bool,
}

impl Plan {
    /// The plan of a mapping.
    pub(super) fn of(checked: &CheckedMapping) -> Self {
        let mappers = checked.mapping.resources();
        let targets = mappers.iter().map(|resource| {
            resource
                .literal_blueprint()
                .map_or(Target::Any, |b| Target::Blueprint(b.to_owned()))
        });
        let has_queries = |mapper: &ResourceMapper| {
            mapper.declares_search_identifier() || mapper.declares_search_relation()
        };
        let queries = mappers
            .iter()
            .enumerate()
            .filter(|(_, mapper)| has_queries(mapper))
            .map(|(index, _)| index);
        Self::new(
            targets.collect(),
            queries.collect(),
            checked.config.create_missing_related_entities,
        )
    }

    pub(super) const fn new(
        targets: Vec<Target>,
        queries: BTreeSet<usize>,
        create_missing_related: bool,
    ) -> Self {
        Self {
            targets,
            queries,
            create_missing_related,
        }
    }

    /// The resources that must have loaded before this one begins to.
    ///
    /// Without `createMissingRelatedEntities` a relation needs its target, so that loading keeps
    /// the order of the mapping, and so does a resource with queries in any case; otherwise only
    /// resources that may write the same blueprint do.
    pub(super) fn predecessors(&self, index: usize) -> Vec<usize> {
        let Some(own) = self.targets.get(index) else {
            return Vec::new();
        };
        let in_order = !self.create_missing_related || self.queries.contains(&index);
        self.targets
            .iter()
            .take(index)
            .enumerate()
            .filter(|(_, earlier)| in_order || own.may_meet(earlier))
            .map(|(position, _)| position)
            .collect()
    }

    pub(super) fn target(&self, index: usize) -> Option<&Target> {
        self.targets.get(index)
    }

    /// What every resource can write to, in mapping order.
    pub(super) fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The blueprints of resources with a literal blueprint.
    pub(super) fn literal_blueprints(&self) -> BTreeSet<&str> {
        self.targets
            .iter()
            .filter_map(|target| match target {
                Target::Blueprint(blueprint) => Some(blueprint.as_str()),
                Target::Any => None,
            })
            .collect()
    }

    /// Whether some resource can write to any blueprint.
    pub(super) fn has_dynamic_target(&self) -> bool {
        self.targets.contains(&Target::Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(targets: &[&str], create_missing_related: bool) -> Plan {
        let targets = targets
            .iter()
            .map(|target| match *target {
                "*" => Target::Any,
                blueprint => Target::Blueprint(blueprint.to_owned()),
            })
            .collect();
        Plan::new(targets, BTreeSet::new(), create_missing_related)
    }

    #[test]
    fn resources_of_different_blueprints_load_side_by_side() {
        let plan = plan(&["a", "b", "a"], true);
        assert_eq!(plan.predecessors(1), [0_usize; 0]);
        assert_eq!(plan.predecessors(2), [0]);
    }

    #[test]
    fn a_dynamic_blueprint_meets_all_others() {
        let plan = plan(&["a", "*", "b"], true);
        assert_eq!(plan.predecessors(1), [0]);
        assert_eq!(plan.predecessors(2), [1]);
    }

    #[test]
    fn a_resource_with_queries_waits_for_all_before_it() {
        let targets = ["a", "b", "c"].map(|name| Target::Blueprint(name.to_owned()));
        let plan = Plan::new(targets.to_vec(), BTreeSet::from([1]), true);
        assert_eq!(plan.predecessors(1), [0]);
        assert_eq!(plan.predecessors(2), [0_usize; 0]);
    }

    #[test]
    fn without_missing_related_entities_loading_keeps_the_order_of_the_mapping() {
        let plan = plan(&["a", "b", "c"], false);
        assert_eq!(plan.predecessors(2), [0, 1]);
    }
}
