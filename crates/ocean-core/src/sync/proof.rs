//! What forbids a deletion, and why.
//!
//! Start with [`Bars`]: everything that a run could not prove ends up there.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::Target;
use crate::catalog::Blueprint;

/// The reasons that bar deletions, for all blueprints and for single ones.
#[derive(Debug, Default)]
pub(super) struct Bars {
    all: Vec<String>,
    blueprints: BTreeMap<String, Vec<String>>,
}

impl Bars {
    /// Nothing may be deleted.
    pub(super) fn all(&mut self, reason: impl Into<String>) {
        push_new(&mut self.all, reason.into());
    }

    /// Nothing of this blueprint may be deleted.
    pub(super) fn blueprint(&mut self, blueprint: &str, reason: impl Into<String>) {
        push_new(
            self.blueprints.entry(blueprint.to_owned()).or_default(),
            reason.into(),
        );
    }

    /// A resource was not read or written completely: nothing that it can write to may be
    /// deleted.
    pub(super) fn target(&mut self, target: &Target, reason: impl Into<String>) {
        match target {
            Target::Blueprint(blueprint) => self.blueprint(blueprint, reason),
            Target::Any => {
                let reason = reason.into();
                self.all(format!("{reason}, and its blueprint depends on the item"));
            }
        }
    }

    pub(super) fn reasons_for_all(&self) -> &[String] {
        &self.all
    }

    pub(super) fn any(&self) -> bool {
        !self.all.is_empty() || !self.blueprints.is_empty()
    }

    /// Why nothing of this blueprint may be deleted; empty when it may.
    pub(super) fn reasons_for(&self, blueprint: &str) -> Vec<String> {
        let own = self.blueprints.get(blueprint).into_iter().flatten();
        self.all.iter().chain(own).cloned().collect()
    }

    /// Deleting an entity deletes what relates to it: a blueprint is only as proven as every
    /// blueprint that relates to it, over any number of steps.
    pub(super) fn cascade<'a>(&mut self, blueprints: impl Iterator<Item = &'a Blueprint>) {
        let blueprints: Vec<&Blueprint> = blueprints.collect();
        let barred: Vec<String> = self.blueprints.keys().cloned().collect();
        for source in barred {
            for target in reachable(&source, &blueprints) {
                self.blueprint(
                    &target,
                    format!("a deletion would cascade to {source}, which is not proven complete"),
                );
            }
        }
    }
}

/// The blueprints that `source` relates to, over any number of steps, without itself.
fn reachable(source: &str, blueprints: &[&Blueprint]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![source.to_owned()];
    while let Some(current) = open.pop() {
        let relations = blueprints
            .iter()
            .filter(|blueprint| blueprint.identifier == current)
            .flat_map(|blueprint| &blueprint.relations);
        for relation in relations {
            if relation.target != source && found.insert(relation.target.clone()) {
                open.push(relation.target.clone());
            }
        }
    }
    found
}

fn push_new(reasons: &mut Vec<String>, reason: String) {
    if !reasons.contains(&reason) {
        reasons.push(reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incomplete_resource_bars_its_blueprint_only() {
        let mut bars = Bars::default();
        bars.target(&Target::Blueprint("issue".to_owned()), "issue-3 was cut");
        assert_eq!(bars.reasons_for("issue"), ["issue-3 was cut"]);
        assert!(bars.reasons_for("project").is_empty());
    }

    #[test]
    fn an_incomplete_resource_with_a_dynamic_blueprint_bars_everything() {
        let mut bars = Bars::default();
        bars.target(&Target::Any, "issue-3 was cut");
        assert!(!bars.reasons_for("project").is_empty());
    }

    #[test]
    fn a_bar_reaches_what_the_blueprint_relates_to_over_several_steps() {
        let blueprints = [
            Blueprint::new("issue")
                .relation("project", "project", false)
                .relation("parent", "issue", false),
            Blueprint::new("project").relation("owner", "user", false),
            Blueprint::new("user"),
            Blueprint::new("team").relation("members", "user", true),
        ];
        let mut bars = Bars::default();
        bars.blueprint("issue", "cut");
        bars.cascade(blueprints.iter());
        assert!(!bars.reasons_for("project").is_empty());
        assert!(!bars.reasons_for("user").is_empty());
        assert!(bars.reasons_for("team").is_empty());
        assert_eq!(bars.reasons_for("issue"), ["cut"]);
    }
}
