//! What does jaq need to know of our values?
//!
//! This is the plumbing between [`Val`] and the interpreter; the meaning of each operation lies in
//! `access`, `ops`, `order` and `text`. Assignments never reach the `map_*` methods: the desugarer
//! turns them into calls of natives that work on paths, as jq does.

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{ValT, ValX};

use super::budget::{self, Exhausted};
use super::number::Num;
use super::text::describe;
use super::value::Val;
use super::{Fault, Outcome, access, fail, text};

impl ValT for Val {
    fn from_num(token: &str) -> Outcome {
        budget::tick()?;
        Num::from_token(token)
            .map(Self::Num)
            .ok_or_else(|| Fault::str("invalid number"))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(entries: I) -> Outcome {
        budget::tick()?;
        let mut pairs = Vec::new();
        for (key, value) in entries {
            let Self::Str(key) = key else {
                return fail(format!("Cannot use {} as object key", describe(&key)));
            };
            pairs.push((key, value));
        }
        Ok(Self::object(pairs))
    }

    fn key_values(self) -> BoxIter<'static, Result<(Self, Self), Fault>> {
        metered(access::entries(&self))
    }

    fn values(self) -> Box<dyn Iterator<Item = Outcome>> {
        metered(access::children(&self))
    }

    fn index(self, key: &Self) -> Outcome {
        access::index(&self, key)
    }

    fn range(self, range: Range<&Self>) -> Outcome {
        let bound = |bound: Option<&Self>| bound.cloned().unwrap_or_default();
        access::slice(&self, &bound(range.start), &bound(range.end))
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        _: Opt,
        _: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        Ok(not_by_interpreter(&self)?)
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        _: &Self,
        _: Opt,
        _: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        Ok(not_by_interpreter(&self)?)
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        _: Range<&Self>,
        _: Opt,
        _: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        Ok(not_by_interpreter(&self)?)
    }

    fn as_bool(&self) -> bool {
        self.is_truthy()
    }

    fn into_string(self) -> Self {
        // It cannot fail, so exhaustion shows at the next step.
        text::to_text(&self).unwrap_or_default()
    }
}

impl From<bool> for Val {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<isize> for Val {
    fn from(int: isize) -> Self {
        // This is how literals arrive. It cannot fail, so exhaustion shows at the next step.
        if budget::tick().is_err() {
            return Self::Null;
        }
        Self::Num(i64::try_from(int).map_or(Num::Int(i64::MAX), Num::Int))
    }
}

impl From<Range<Self>> for Val {
    fn from(range: Range<Self>) -> Self {
        let bound = |bound: Option<Self>| bound.unwrap_or_default();
        access::bounds(&bound(range.start), &bound(range.end))
    }
}

impl FromIterator<Self> for Val {
    /// Collects until the budget is exhausted: the iterator may never end.
    fn from_iter<T: IntoIterator<Item = Self>>(items: T) -> Self {
        let mut collected = Vec::new();
        for item in items {
            if budget::tick().is_err() || budget::allocate(size_of::<Self>()).is_err() {
                break;
            }
            collected.push(item);
        }
        Self::array(collected)
    }
}

impl From<Exhausted> for Fault {
    fn from(limit: Exhausted) -> Self {
        Self::str(limit)
    }
}

/// Yields items at the cost of a step each.
fn metered<T: 'static>(items: Result<Vec<T>, Fault>) -> BoxIter<'static, Result<T, Fault>> {
    match items {
        Ok(items) => Box::new(items.into_iter().map(|item| {
            budget::tick()?;
            Ok(item)
        })),
        Err(fault) => box_once(Err(fault)),
    }
}

fn not_by_interpreter(value: &Val) -> Outcome {
    fail(format!("cannot update {}", describe(value)))
}
