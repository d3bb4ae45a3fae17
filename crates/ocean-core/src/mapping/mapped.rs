//! What came out of a batch: entities, and everything a run has to know about the others.
//!
//! Start with [`Mapped`].

use std::fmt;

use crate::catalog::Entity;

/// How many failed items a report names; all are counted.
const MAX_SAMPLES: usize = 10;

/// What a batch of raw items became.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Mapped {
    /// The entities of the items that the selector chose, in the order of the items.
    pub passed: Vec<Entity>,
    /// The entities of the items that the selector refused; empty unless
    /// [`MapOptions::parse_all`](super::MapOptions) is set.
    pub failed: Vec<Entity>,
    /// The parts that `itemsToParse` made of the items; empty unless
    /// [`MapOptions::keep_parts`](super::MapOptions) is set.
    pub parts: Vec<serde_json::Value>,
    /// How many items were looked at, after `itemsToParse`.
    pub raw: usize,
    /// How many of them the selector refused and nothing else was done with.
    pub filtered: usize,
    /// The items that have no identifier or no blueprint.
    pub skipped: Skipped,
    /// The items that failed.
    pub errors: ItemErrors,
    /// The fields that were null, in the order of the mapping.
    pub misconfigured: Vec<Misconfigured>,
    /// The items that `itemsToParse` gave no list for, so that nothing came of them.
    pub unsplit: Unsplit,
}

impl Mapped {
    /// Whether something was lost that the selector did not refuse and that is not merely without
    /// a key: an item failed, or an `itemsToParse` expression did.
    #[must_use]
    pub const fn has_errors(&self) -> bool {
        self.errors.total > 0 || self.unsplit.failed > 0 || self.unsplit.not_a_list > 0
    }
}

/// Items without an identifier or a blueprint: no error, but nothing to send either.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// How many items.
    pub items: usize,
    /// Those whose identifier is missing.
    pub identifier: NoKey,
    /// Those whose blueprint is missing; an item may be in both.
    pub blueprint: NoKey,
}

/// Why a key is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoKey {
    /// The expression failed, so the item may well have a key.
    pub failed: usize,
    /// The expression gave null or another value that names nothing (`""`, `0`, `false`, `[]`,
    /// `{}`).
    pub empty: usize,
}

impl NoKey {
    /// All of them.
    #[must_use]
    pub const fn total(self) -> usize {
        self.failed + self.empty
    }
}

/// Items that could not be split by `itemsToParse`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsplit {
    /// The expression failed.
    pub failed: usize,
    /// It gave null: the item has no such list.
    pub null: usize,
    /// It gave something else than a list.
    pub not_a_list: usize,
}

/// The items that failed: all counted, the first ones named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ItemErrors {
    /// How many.
    pub total: usize,
    /// The first ones.
    pub samples: Vec<ItemError>,
}

impl ItemErrors {
    /// Counts an error; `error` is made only if it is kept.
    pub(super) fn add(&mut self, error: impl FnOnce() -> ItemError) {
        self.total += 1;
        if self.samples.len() < MAX_SAMPLES {
            self.samples.push(error());
        }
    }

    pub(super) fn absorb(&mut self, other: &mut Self) {
        self.total += std::mem::take(&mut other.total);
        let room = MAX_SAMPLES.saturating_sub(self.samples.len());
        self.samples.extend(other.samples.drain(..).take(room));
    }
}

/// One item that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ItemError {
    /// What tells the item from others, for example its key.
    pub item: String,
    /// The field of the mapping, for example `selector.query` or `properties.url`.
    pub path: String,
    /// What kind of failure.
    pub kind: ItemErrorKind,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ItemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            item,
            path,
            message,
            ..
        } = self;
        write!(f, "{item}: `{path}` {message}")
    }
}

/// Why an item failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ItemErrorKind {
    /// The item is no object, or its bytes cannot be read.
    Unreadable,
    /// The selector gave something else than true or false.
    SelectorNotBoolean,
    /// The selector failed or does not compile.
    SelectorFailed,
    /// The entity has a field of a type that cannot be sent.
    EntityShape,
    /// The blueprint is a list or an object.
    BlueprintNotText,
    /// An expression took too many steps, too long or too much memory.
    Exhausted,
    /// An expression did not come back at all, now or earlier.
    Stuck,
    /// A bug of the mapper.
    Panicked,
}

/// A field of the mapping that was null for some items.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misconfigured {
    /// The field, for example `properties.url` or `relations.team.rules.value`.
    pub path: String,
    /// Its expression, as the author wrote it.
    pub expression: String,
    /// How many items.
    pub count: usize,
    /// For how many of them the expression failed instead of giving null.
    pub failed: usize,
    /// What the first failure said.
    pub error: Option<String>,
}
