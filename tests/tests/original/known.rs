//! Which differences are known? Each has its entry in `docs/known-differences.md`.

use crate::catalog::Difference;
use crate::scenario::{Scenario, Step};

/// What the original did not leave, and the entry that says why.
pub(crate) struct Known {
    pub(crate) id: &'static str,
    scenario: Scenario,
    steps: &'static [Step],
    lacks: Lacks,
    pub(crate) entities: &'static [&'static str],
}

/// How much of the entities the original's catalog lacks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lacks {
    Everything,
    Members,
}

impl Known {
    /// Whether it is this that was found.
    pub(crate) fn explains(&self, found: &Difference) -> bool {
        let lacks = if found.member.is_empty() {
            Lacks::Everything
        } else {
            Lacks::Members
        };
        found.theirs.is_null() && self.lacks == lacks && self.entities.contains(&&*found.identifier)
    }
}

/// All of them.
const KNOWN: [Known; 6] = [
    // Issues that relate to each other as parent and subtask.
    Known {
        id: "KD-01",
        scenario: Scenario::NothingMissing,
        steps: &Step::ALL,
        lacks: Lacks::Everything,
        entities: &[
            "IDN-18", "IDN-19", "PAY-7", "PAY-8", "PAY-9", "SRCH-17", "SRCH-18", "SRCH-19",
        ],
    },
    Known {
        id: "KD-01",
        scenario: Scenario::NothingMissing,
        steps: &[Step::First, Step::Again],
        lacks: Lacks::Everything,
        entities: &["IDN-17", "SRCH-7", "SRCH-8", "SRCH-9"],
    },
    Known {
        id: "KD-01",
        scenario: Scenario::NothingMissing,
        steps: &[Step::Changed],
        lacks: Lacks::Everything,
        entities: &["PAY-25", "BIL-17", "BIL-18"],
    },
    // The deleted user, and what relates to it: a team that it was in, issues that were its.
    Known {
        id: "KD-02",
        scenario: Scenario::NothingMissing,
        steps: &[Step::Changed],
        lacks: Lacks::Everything,
        entities: &[
            "5d3c929966e94673f198578e",
            "f4018046-31a8-407b-a76d-54a8e8e35496",
            "BIL-1",
            "IDN-15",
            "PAY-15",
        ],
    },
    // The deleted user, a team that it was in, and issues that were its.
    Known {
        id: "KD-02",
        scenario: Scenario::AllKindsNothingMissing,
        steps: &[Step::Changed],
        lacks: Lacks::Everything,
        entities: &[
            "712020:f089a35b-ffa0-4234-a7c9-eb82d369a186",
            "f4018046-31a8-407b-a76d-54a8e8e35496",
            "DLV-8",
            "IDN-20",
        ],
    },
    // Sent again with nothing but its relations, after its parent was not there in time.
    Known {
        id: "KD-03",
        scenario: Scenario::NothingMissing,
        steps: &[Step::First],
        lacks: Lacks::Members,
        entities: &["BIL-23", "PAY-24"],
    },
];

/// What is known of a step.
pub(crate) fn known_differences(
    scenario: Scenario,
    step: Step,
) -> impl Iterator<Item = &'static Known> {
    let known = KNOWN.iter().filter(move |known| known.scenario == scenario);
    known.filter(move |known| known.steps.contains(&step))
}
