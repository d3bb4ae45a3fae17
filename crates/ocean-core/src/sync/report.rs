//! What a resync did: counts, durations and every error, per resource.
//!
//! Start with [`ResyncReport`].

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use crate::lake::Routing;
use crate::metrics::Measured;

/// How many examples of one error are kept; all of them are counted.
const EXAMPLES: usize = 3;
/// How many different errors of one resource are kept; the rest is counted as "other errors".
const DISTINCT: usize = 50;
const OTHERS: &str = "other errors";

/// The report of one full resync or one incremental sync.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ResyncReport {
    /// The id that accompanied every write.
    pub id: Uuid,
    /// Whether only what changed was read, so that nothing could be deleted.
    pub incremental: bool,
    /// Who makes entities of what was read.
    pub routing: Routing,
    /// How it ended.
    pub outcome: Outcome,
    /// What kept the run as a whole from being complete.
    pub errors: Vec<String>,
    /// One entry per resource of the mapping, in mapping order.
    pub resources: Vec<ResourceReport>,
    /// What was cleaned, and what was not.
    pub reconciliation: ReconciliationReport,
    /// From the first request to the last answer.
    #[serde(serialize_with = "seconds")]
    pub duration: Duration,
}

impl ResyncReport {
    pub(super) fn new(id: Uuid) -> Self {
        Self {
            id,
            incremental: false,
            routing: Routing::Local,
            outcome: Outcome::Completed,
            errors: Vec::new(),
            resources: Vec::new(),
            reconciliation: ReconciliationReport::default(),
            duration: Duration::ZERO,
        }
    }

    /// Whether something was not read, not written or not deleted that should have been.
    pub(super) fn is_incomplete(&self) -> bool {
        let resource_failed = self.resources.iter().any(|resource| {
            !resource.incomplete.is_empty()
                || resource.counts.rejected > 0
                || resource.counts.failed > 0
        });
        !self.errors.is_empty() || resource_failed || !self.reconciliation.is_done()
    }

    /// The counts of all resources together.
    #[must_use]
    pub fn totals(&self) -> Counts {
        self.resources
            .iter()
            .fold(Counts::default(), |sum, resource| {
                sum.plus(&resource.counts)
            })
    }
}

/// How a resync ended; contract `decisions` 29 gives each its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// Everything was read and written, and what is gone was deleted.
    Completed,
    /// Something was not; the report says what.
    Incomplete,
    /// The credentials of the third-party system or of Port were refused.
    Unauthorized,
    /// It was stopped.
    Aborted,
}

/// What happened to one resource of the mapping.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct ResourceReport {
    /// Its kind.
    pub kind: String,
    /// Its position in the mapping.
    pub index: usize,
    /// The blueprint it writes, when its expression is a literal.
    pub blueprint: Option<String>,
    /// Why it does not count as completely read and written; empty when it does.
    pub incomplete: Vec<String>,
    /// What became of the raw items.
    pub counts: Counts,
    /// What went wrong, grouped by message.
    pub errors: Vec<ErrorGroup>,
    /// Fields that were null for some items: field, expression, items.
    pub misconfigured: Vec<NullField>,
    /// From its first request to its last answer.
    #[serde(serialize_with = "seconds")]
    pub duration: Duration,
}

impl ResourceReport {
    /// The report of a resource whose task ended without one.
    pub(super) fn panicked(kind: &str, index: usize) -> Self {
        let incomplete = vec!["it ended unexpectedly; this is a bug".to_owned()];
        Self {
            kind: kind.to_owned(),
            index,
            incomplete,
            ..Self::default()
        }
    }

    /// Its numbers, as `/metrics` and Port have them.
    pub(super) fn measured(&self, failed_reads: usize) -> Measured {
        let counts = &self.counts;
        let lost = counts.filtered + counts.unmapped + counts.failed_to_map;
        Measured {
            index: self.index,
            complete: self.incomplete.is_empty(),
            duration: self.duration,
            failed_reads,
            raw: counts.fetched,
            transformed: counts.fetched.saturating_sub(lost),
            filtered_out: counts.filtered + counts.unmapped,
            not_mapped: counts.failed_to_map,
            loaded: counts.created + counts.updated,
            not_loaded: counts.failed + counts.rejected,
            skipped: counts.unchanged,
        }
    }

    pub(super) fn add_error(&mut self, message: &str, example: &str) {
        let known = self.errors.iter().any(|group| group.message == message);
        let message = if known || self.errors.len() < DISTINCT {
            message
        } else {
            OTHERS
        };
        match self
            .errors
            .iter_mut()
            .find(|group| group.message == message)
        {
            Some(group) => {
                group.count += 1;
                if group.examples.len() < EXAMPLES {
                    group.examples.push(example.to_owned());
                }
            }
            None => self.errors.push(ErrorGroup {
                message: message.to_owned(),
                count: 1,
                examples: vec![example.to_owned()],
            }),
        }
    }

    /// Its name in messages: `issue-3`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}", self.kind, self.index)
    }
}

/// Numbers of one resource, or of all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Raw items, after `itemsToParse`.
    pub fetched: usize,
    /// Raw items that arrived where somebody else makes entities of them.
    pub forwarded: usize,
    /// Items whose selector gave false.
    pub filtered: usize,
    /// Items without identifier or blueprint.
    pub unmapped: usize,
    /// Items that could not be mapped.
    pub failed_to_map: usize,
    /// Entities that did not exist at Port.
    pub created: usize,
    /// Entities that differed at Port.
    pub updated: usize,
    /// Entities that Port had already.
    pub unchanged: usize,
    /// Entities that Port refused.
    pub rejected: usize,
    /// Entities that Port did not acknowledge.
    pub failed: usize,
}

impl Counts {
    fn plus(self, other: &Self) -> Self {
        Self {
            fetched: self.fetched + other.fetched,
            forwarded: self.forwarded + other.forwarded,
            filtered: self.filtered + other.filtered,
            unmapped: self.unmapped + other.unmapped,
            failed_to_map: self.failed_to_map + other.failed_to_map,
            created: self.created + other.created,
            updated: self.updated + other.updated,
            unchanged: self.unchanged + other.unchanged,
            rejected: self.rejected + other.rejected,
            failed: self.failed + other.failed,
        }
    }
}

/// An error that happened one or more times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ErrorGroup {
    /// What went wrong.
    pub message: String,
    /// How often.
    pub count: usize,
    /// Some of the items or entities it happened to.
    pub examples: Vec<String>,
}

/// A field whose expression gave null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NullField {
    /// The field, as a dotted path.
    pub field: String,
    /// Its expression.
    pub expression: String,
    /// For how many items.
    pub items: usize,
    /// For how many of them the expression failed instead of giving null, with the first message.
    pub failed: usize,
    /// What the first failure said.
    pub error: Option<String>,
    /// Whether the blueprint requires the field.
    pub required: bool,
}

/// What the reconciliation at the end of a run did.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct ReconciliationReport {
    /// Why nothing at all was deleted; empty when the blueprints decided.
    pub skipped: Vec<String>,
    /// One entry per blueprint that this integration owns entities of.
    pub blueprints: Vec<BlueprintReport>,
}

impl ReconciliationReport {
    /// Whether nothing was kept that may be gone.
    pub(super) fn is_done(&self) -> bool {
        let mut blueprints = self.blueprints.iter();
        self.skipped.is_empty() && blueprints.all(|found| found.kept_because.is_empty())
    }

    /// How many entities were deleted.
    #[must_use]
    pub fn deleted(&self) -> usize {
        self.blueprints
            .iter()
            .map(|blueprint| blueprint.deleted)
            .sum()
    }
}

/// What became of the entities of one blueprint that the source no longer has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BlueprintReport {
    /// The blueprint.
    pub blueprint: String,
    /// Entities at Port that this run did not write.
    pub owned: usize,
    /// Those of them that the run did not see.
    pub stale: usize,
    /// Stale ones that were kept because a seen entity relates to them.
    pub protected: usize,
    /// Entities that Port said it deleted.
    pub deleted: usize,
    /// Why stale entities were not deleted; the run is incomplete.
    pub kept_because: Vec<String>,
    /// The mapping says that stale entities of this blueprint are kept (`enableDelete`).
    pub kept_as_configured: bool,
}

/// Collects errors by message.
#[derive(Debug, Default)]
pub(super) struct ErrorTally {
    groups: BTreeMap<String, (usize, Vec<String>)>,
}

impl ErrorTally {
    pub(super) fn add(&mut self, message: &str, example: &str) {
        self.add_many(message, 1, std::iter::once(example.to_owned()));
    }

    pub(super) fn add_many(
        &mut self,
        message: &str,
        count: usize,
        examples: impl IntoIterator<Item = String>,
    ) {
        let known = self.groups.len() < DISTINCT || self.groups.contains_key(message);
        let message = if known { message } else { OTHERS };
        let (total, kept) = self.groups.entry(message.to_owned()).or_default();
        *total += count;
        // The first ones by text and not by time, so that two runs over the same data tell the same.
        for example in examples {
            let place = kept.partition_point(|earlier| *earlier <= example);
            if place < EXAMPLES {
                kept.insert(place, example);
                kept.truncate(EXAMPLES);
            }
        }
    }

    pub(super) fn into_groups(self) -> Vec<ErrorGroup> {
        let mut groups: Vec<_> = self
            .groups
            .into_iter()
            .map(|(message, (count, examples))| ErrorGroup {
                message,
                count,
                examples,
            })
            .collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}

fn seconds<S: serde::Serializer>(duration: &Duration, json: S) -> Result<S::Ok, S::Error> {
    json.serialize_f64(duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_all_and_kept_few() {
        let mut tally = ErrorTally::default();
        for item in 0..1000 {
            tally.add("title is an object", &format!("ITEM-{item}"));
        }
        for other in 0..1000 {
            tally.add(&format!("message {other}"), "X");
        }
        let groups = tally.into_groups();
        assert_eq!(groups.len(), DISTINCT + 1);
        assert_eq!(groups.iter().map(|group| group.count).sum::<usize>(), 2000);
        let first = groups
            .iter()
            .find(|group| group.message == "title is an object")
            .unwrap();
        assert_eq!((first.count, first.examples.len()), (1000, EXAMPLES));
    }
}
