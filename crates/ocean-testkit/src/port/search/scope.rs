//! Which entities need to be looked at for a query? [`Scope`] keeps a search by identifiers from
//! walking through the whole catalog.

use std::collections::BTreeSet;

use serde_json::Value;

use super::operator::{Operator, items};
use super::{Candidate, Field, Query};
use crate::port::catalog::Catalog;

/// A superset of the matching entities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// Everything.
    Whole,
    /// The union of these areas.
    Areas(Vec<Area>),
}

/// Entities limited by blueprint, by identifier, or both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Area {
    blueprints: Option<Vec<String>>,
    identifiers: Option<Vec<String>>,
}

impl Scope {
    pub(super) fn of(query: &Query) -> Self {
        match query {
            Query::Test { .. } => Self::of_all(std::slice::from_ref(query)),
            Query::All(queries) => Self::of_all(queries),
            Query::Any(queries) => Self::of_any(queries),
        }
    }

    fn of_all(queries: &[Query]) -> Self {
        let area = Area {
            blueprints: queries
                .iter()
                .find_map(|query| named(query, &Field::Blueprint)),
            identifiers: queries
                .iter()
                .find_map(|query| named(query, &Field::Identifier)),
        };
        if area != Area::default() {
            return Self::Areas(vec![area]);
        }
        // One limited group is enough, since the others can only narrow it.
        let groups = queries
            .iter()
            .filter(|query| !matches!(query, Query::Test { .. }));
        groups
            .map(Self::of)
            .find(|scope| *scope != Self::Whole)
            .unwrap_or(Self::Whole)
    }

    fn of_any(queries: &[Query]) -> Self {
        let mut areas = Vec::new();
        for query in queries {
            match Self::of(query) {
                Self::Whole => return Self::Whole,
                Self::Areas(more) => areas.extend(more),
            }
        }
        Self::Areas(areas)
    }

    /// Shows each entity of the scope once, in the order of blueprint and identifier.
    pub(super) fn visit(&self, catalog: &Catalog, show: &mut dyn FnMut(Candidate<'_>)) {
        for (blueprint, kept) in &catalog.blueprints {
            let mut look = |identifier: &str| {
                if let Some((identifier, entity)) = kept.entities.get_key_value(identifier) {
                    show(Candidate {
                        blueprint,
                        identifier,
                        entity,
                    });
                }
            };
            match self.identifiers_in(blueprint) {
                Some(identifiers) => identifiers.into_iter().for_each(&mut look),
                None => {
                    for (identifier, entity) in &kept.entities {
                        show(Candidate {
                            blueprint,
                            identifier,
                            entity,
                        });
                    }
                }
            }
        }
    }

    /// What to look at in one blueprint: these identifiers, or (`None`) all.
    fn identifiers_in(&self, blueprint: &str) -> Option<BTreeSet<&str>> {
        let Self::Areas(areas) = self else {
            return None;
        };
        let mut identifiers = BTreeSet::new();
        for area in areas {
            let outside = |names: &Vec<String>| !names.iter().any(|name| name == blueprint);
            if area.blueprints.as_ref().is_some_and(outside) {
                continue;
            }
            identifiers.extend(area.identifiers.as_ref()?.iter().map(String::as_str));
        }
        Some(identifiers)
    }
}

/// The values that a test allows for `field`, when it is a test for equality.
fn named(query: &Query, wanted: &Field) -> Option<Vec<String>> {
    match query {
        Query::Test {
            field,
            operator: Operator::Equal | Operator::In,
            value,
        } if field == wanted => {
            let values = items(value).iter();
            Some(
                values
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
            )
        }
        _ => None,
    }
}
