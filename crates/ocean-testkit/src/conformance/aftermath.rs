//! What did a resync come to while something was wrong? An [`Aftermath`], which is judged.

use std::collections::BTreeSet;

use ocean_core::{Outcome, ResyncReport};

/// How many entities a message names.
const NAMED: usize = 3;

/// What a resync came to while something was wrong.
pub(super) struct Aftermath {
    pub(super) outcome: Outcome,
    pub(super) report: ResyncReport,
    /// Entities that were there before and are not now.
    pub(super) lost: Vec<String>,
    /// Whether the catalog is what it was.
    pub(super) is_same: bool,
    /// The resources, by their places in the mapping, whose requests met a fault.
    pub(super) concerned: BTreeSet<usize>,
}

impl Aftermath {
    /// Nothing is missing.
    pub(super) fn lost_nothing(&self, what: &str) -> Result<(), String> {
        if self.lost.is_empty() {
            return Ok(());
        }
        let some: Vec<&str> = self.lost.iter().take(NAMED).map(String::as_str).collect();
        let lost = self.lost.len();
        Err(format!(
            "{what}: {lost} entities were deleted, such as {}",
            some.join(", ")
        ))
    }

    /// Nothing is missing, and each kind that met the fault says itself that it is not complete.
    /// That the engine doubts a deletion does not count: it doubts only what is conspicuous.
    pub(super) fn is_told(&self, what: &str) -> Result<(), String> {
        let resources = self.report.resources.iter();
        let met = resources.filter(|one| self.concerned.contains(&one.index));
        let silent = met.filter(|one| one.incomplete.is_empty());
        let silent: BTreeSet<&str> = silent.map(|one| one.kind.as_str()).collect();
        let silent: Vec<&str> = silent.into_iter().collect();
        self.lost_nothing(what)?;
        match self.outcome {
            _ if !silent.is_empty() => Err(format!(
                "{what}: `{}` is told to be complete",
                silent.join("`, `")
            )),
            Outcome::Completed => Err(format!("{what}: the resync is told to be complete")),
            _ => Ok(()),
        }
    }

    /// As if nothing had been wrong.
    pub(super) fn is_made_good(&self, what: &str) -> Result<(), String> {
        self.lost_nothing(what)?;
        if self.outcome == Outcome::Completed && self.is_same {
            return Ok(());
        }
        let (outcome, reasons) = (self.outcome, reasons(&self.report));
        Err(format!("{what}: the resync ended {outcome:?}: {reasons}"))
    }
}

pub(super) fn reasons(report: &ResyncReport) -> String {
    let resources = report
        .resources
        .iter()
        .flat_map(|resource| &resource.incomplete);
    let reasons: Vec<&str> = resources
        .chain(&report.errors)
        .chain(&report.reconciliation.skipped)
        .map(String::as_str)
        .collect();
    reasons.join("; ")
}
