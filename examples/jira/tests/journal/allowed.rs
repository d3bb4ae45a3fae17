//! Which differences are allowed? Those of the table in `journal-allowed.md`.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::differences::{Difference, matches};
use crate::recording;
use crate::scenario::Scenario;

/// Every difference has an entry here.
const KNOWN: &str = include_str!("../../../../docs/known-differences.md");

/// Instead of an entry: not the programs differ, but what they were given.
const DATA: &str = "data";

#[derive(Debug)]
pub(crate) struct Allowed {
    lines: Vec<Line>,
}

/// One line of the table. In each of its patterns a star stands for anything.
#[derive(Debug)]
struct Line {
    scenario: String,
    step: String,
    call: String,
    aspect: String,
    used: AtomicBool,
}

impl Allowed {
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(recording::folder().join("journal-allowed.md")).unwrap();
        let rows = text.lines().filter(|line| line.starts_with('|')).skip(2);
        Self {
            lines: rows.map(Line::of).collect(),
        }
    }

    /// Whether a line allows it.
    pub(crate) fn explains(&self, scenario: Scenario, found: &Difference) -> bool {
        let mut explained = false;
        for line in self.lines.iter().filter(|line| line.is_of(scenario)) {
            if line.fits(found) {
                line.used.store(true, Ordering::Relaxed);
                explained = true;
            }
        }
        explained
    }

    /// The lines that allowed nothing.
    pub(crate) fn stale(&self) -> Vec<String> {
        let lines = self.lines.iter();
        let stale = lines.filter(|line| !line.used.load(Ordering::Relaxed));
        stale.map(|line| format!("{line:?}")).collect()
    }
}

impl Line {
    fn of(row: &str) -> Self {
        let cells: Vec<_> = row
            .split('|')
            .map(|cell| cell.trim().trim_matches('`'))
            .collect();
        let ["", scenario, step, call, aspect, id, reason, ""] = cells[..] else {
            panic!("not six cells: {row}");
        };
        assert!(!reason.is_empty(), "without a reason: {row}");
        let known = id == DATA || KNOWN.contains(&format!("| {id} |"));
        assert!(known, "not in docs/known-differences.md: {row}");
        Self {
            scenario: scenario.to_owned(),
            step: step.to_owned(),
            call: call.to_owned(),
            aspect: aspect.to_owned(),
            used: AtomicBool::new(false),
        }
    }

    fn is_of(&self, scenario: Scenario) -> bool {
        matches(&self.scenario, scenario.name())
    }

    fn fits(&self, found: &Difference) -> bool {
        matches(&self.step, &found.step)
            && matches(&self.call, &found.call)
            && matches(&self.aspect, &found.aspect)
    }
}
