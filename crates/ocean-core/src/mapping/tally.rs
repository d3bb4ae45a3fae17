//! The account of a batch while it is made.

use crate::catalog::Entity;

use super::expressions::{ExpressionId, Expressions};
use super::mapped::{ItemError, ItemErrors, Mapped, Misconfigured, Skipped, Unsplit};

/// Like [`Mapped`], but with the null fields counted by expression, so that adding to it is cheap.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) passed: Vec<Entity>,
    pub(super) failed: Vec<Entity>,
    pub(super) parts: Vec<serde_json::Value>,
    pub(super) raw: usize,
    pub(super) filtered: usize,
    pub(super) skipped: Skipped,
    pub(super) errors: ItemErrors,
    pub(super) unsplit: Unsplit,
    nulls: Vec<Nulls>,
}

#[derive(Debug, Default)]
struct Nulls {
    count: usize,
    failed: usize,
    error: Option<String>,
}

impl Tally {
    pub(super) fn new(expressions: &Expressions) -> Self {
        let mut nulls = Vec::new();
        nulls.resize_with(expressions.len(), Nulls::default);
        Self {
            nulls,
            ..Self::default()
        }
    }

    /// Counts an expression that gave null.
    pub(super) fn null(&mut self, id: ExpressionId) {
        if let Some(nulls) = self.nulls.get_mut(id.0) {
            nulls.count += 1;
        }
    }

    /// Counts an expression that failed, which makes its field null.
    pub(super) fn null_by_failure(&mut self, id: ExpressionId, error: impl FnOnce() -> String) {
        if let Some(nulls) = self.nulls.get_mut(id.0) {
            nulls.count += 1;
            nulls.failed += 1;
            nulls.error.get_or_insert_with(error);
        }
    }

    pub(super) fn error(&mut self, error: impl FnOnce() -> ItemError) {
        self.errors.add(error);
    }

    /// Takes over everything of `other`, which is empty afterwards.
    pub(super) fn absorb(&mut self, other: &mut Self) {
        self.passed.append(&mut other.passed);
        self.failed.append(&mut other.failed);
        self.parts.append(&mut other.parts);
        self.raw += std::mem::take(&mut other.raw);
        self.filtered += std::mem::take(&mut other.filtered);
        self.skipped.absorb(std::mem::take(&mut other.skipped));
        self.unsplit.failed += std::mem::take(&mut other.unsplit.failed);
        self.unsplit.null += std::mem::take(&mut other.unsplit.null);
        self.unsplit.not_a_list += std::mem::take(&mut other.unsplit.not_a_list);
        self.errors.absorb(&mut other.errors);
        for (nulls, other) in self.nulls.iter_mut().zip(&mut other.nulls) {
            nulls.count += std::mem::take(&mut other.count);
            nulls.failed += std::mem::take(&mut other.failed);
            nulls.error = nulls.error.take().or_else(|| other.error.take());
        }
    }

    /// The report; fields of the same path are one entry, the last expression names it.
    pub(super) fn finish(self, expressions: &Expressions) -> Mapped {
        let mut misconfigured: Vec<Misconfigured> = Vec::new();
        for (expression, nulls) in expressions.iter().zip(self.nulls) {
            if nulls.count == 0 {
                continue;
            }
            let known = misconfigured
                .iter_mut()
                .find(|known| known.path == expression.path);
            if let Some(known) = known {
                known.expression.clone_from(&expression.text);
                known.count += nulls.count;
                known.failed += nulls.failed;
                known.error = known.error.take().or(nulls.error);
            } else {
                misconfigured.push(Misconfigured {
                    path: expression.path.clone(),
                    expression: expression.text.clone(),
                    count: nulls.count,
                    failed: nulls.failed,
                    error: nulls.error,
                });
            }
        }
        Mapped {
            passed: self.passed,
            failed: self.failed,
            parts: self.parts,
            raw: self.raw,
            filtered: self.filtered,
            skipped: self.skipped,
            errors: self.errors,
            misconfigured,
            unsplit: self.unsplit,
        }
    }
}

impl Skipped {
    fn absorb(&mut self, other: Self) {
        self.items += other.items;
        self.identifier.failed += other.identifier.failed;
        self.identifier.empty += other.identifier.empty;
        self.blueprint.failed += other.blueprint.failed;
        self.blueprint.empty += other.blueprint.empty;
    }
}
