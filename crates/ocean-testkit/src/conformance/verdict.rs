//! What did the suite find? A [`Verdict`]: one [`Checked`] for each promise.

use std::collections::BTreeMap;
use std::fmt;

use crate::harness::HarnessError;

/// The group of what the engine promises. It is here to be seen; an integration cannot break it.
pub(super) const ENGINE: &str = "engine";

/// How one check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Judgement {
    /// The promise is kept.
    Passes,
    /// It is not, for this reason.
    Fails(String),
    /// It could not be asked, for this reason.
    DoesNotApply(String),
}

/// One promise, and whether it is kept.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Checked {
    /// The group it belongs to.
    pub group: &'static str,
    /// The promise, as a sentence.
    pub promise: &'static str,
    /// Whether it is kept.
    pub judgement: Judgement,
}

/// What the suite found. Its `Display` is a table.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Verdict {
    /// All checks, in the order in which they were made.
    pub checks: Vec<Checked>,
}

/// Why a promise is not known to be kept.
#[derive(Debug)]
pub(super) enum Not {
    Kept(String),
    Asked(String),
}

/// What a check gives.
pub(super) type Kept = Result<(), Not>;

impl Not {
    pub(super) fn kept(reason: impl Into<String>) -> Self {
        Self::Kept(reason.into())
    }

    pub(super) fn asked(reason: impl Into<String>) -> Self {
        Self::Asked(reason.into())
    }
}

impl From<HarnessError> for Not {
    fn from(error: HarnessError) -> Self {
        Self::Kept(error.to_string())
    }
}

/// Kept, unless there is a list of counter-examples.
pub(super) fn none(counter_examples: Vec<String>) -> Kept {
    if counter_examples.is_empty() {
        Ok(())
    } else {
        Err(Not::Kept(counter_examples.join("; ")))
    }
}

impl Verdict {
    pub(super) fn add(&mut self, group: &'static str, promise: &'static str, kept: Kept) {
        let judgement = match kept {
            Ok(()) => Judgement::Passes,
            Err(Not::Kept(reason)) => Judgement::Fails(reason),
            Err(Not::Asked(reason)) => Judgement::DoesNotApply(reason),
        };
        self.checks.push(Checked {
            group,
            promise,
            judgement,
        });
    }

    /// The promises that are not kept.
    pub fn failed(&self) -> impl Iterator<Item = &Checked> {
        let fails = |checked: &&Checked| matches!(checked.judgement, Judgement::Fails(_));
        self.checks.iter().filter(fails)
    }

    /// How many promises are kept.
    #[must_use]
    pub fn passed(&self) -> usize {
        let passes = |checked: &&Checked| checked.judgement == Judgement::Passes;
        self.checks.iter().filter(passes).count()
    }

    /// Why promises are not known to be kept, and how many, the most frequent reason first.
    fn unknown(&self) -> Vec<(&str, usize)> {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for checked in &self.checks {
            if let Judgement::DoesNotApply(reason) = &checked.judgement {
                *reasons.entry(reason).or_default() += 1;
            }
        }
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        reasons
    }

    /// Fails the test, with the table, unless every promise is kept that could be asked for.
    ///
    /// # Panics
    ///
    /// A promise is not kept.
    #[track_caller]
    pub fn assert(&self) {
        let failed = self.failed().count();
        assert!(failed == 0, "{failed} promises are not kept\n{self}");
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for checked in &self.checks {
            let Checked { group, promise, .. } = checked;
            match &checked.judgement {
                Judgement::Passes => writeln!(f, "pass  {group:10}  {promise}")?,
                Judgement::Fails(reason) => {
                    writeln!(f, "FAIL  {group:10}  {promise}\n                  {reason}")?;
                }
                Judgement::DoesNotApply(reason) => {
                    writeln!(f, "n/a   {group:10}  {promise}\n                  {reason}")?;
                }
            }
        }
        let (passed, failed) = (self.passed(), self.failed().count());
        let of = self.checks.len();
        let unknown = of - passed - failed;
        write!(
            f,
            "of {of} promises {passed} kept, {failed} not kept, {unknown} not known"
        )?;
        for (reason, count) in self.unknown() {
            write!(f, "\n{count:5} not known: {reason}")?;
        }
        Ok(())
    }
}
