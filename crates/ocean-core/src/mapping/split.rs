//! How does `itemsToParse` make several items of one?

use serde_json::Value;

use crate::app_config::ItemsToParse;

use super::evaluation::{Evaluation, Given, Refusal};
use super::expressions::{Compiler, ExpressionId, Place};
use super::items_to_parse::deletion_path;
use super::jq::Val;
use super::tally::Tally;

/// `itemsToParse` of a resource, compiled.
#[derive(Debug)]
pub(super) struct Splitter {
    list: ExpressionId,
    /// The item without the list; [`None`] when the copies keep it.
    remainder: Option<ExpressionId>,
    name: String,
}

/// The parts of one item: the item they share, and what each adds to it.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    shared: Val,
    elements: std::vec::IntoIter<Value>,
    name: &'a str,
}

impl Splitter {
    pub(super) fn compile(split: &ItemsToParse, compiler: &mut Compiler<'_>) -> Self {
        let place = Place::outside_mappings("port.itemsToParse");
        let list = compiler.expression(place.clone(), &split.expression);
        let path = split
            .top_level_transform
            .then(|| deletion_path(&split.expression))
            .flatten();
        let remainder = path.and_then(|path| compiler.derived(place, &format!("del({path})")));
        Self {
            list,
            remainder,
            name: split.name.clone(),
        }
    }

    /// The expression that gives the list.
    pub(super) const fn list(&self) -> ExpressionId {
        self.list
    }

    /// Whether an expression only serves to split items.
    pub(super) fn uses(&self, id: ExpressionId) -> bool {
        self.list == id || self.remainder == Some(id)
    }

    /// Splits the item under evaluation; [`None`] when there is no list.
    pub(super) fn split(
        &self,
        evaluation: &Evaluation<'_>,
        tally: &mut Tally,
    ) -> Result<Option<Parts<'_>>, Refusal> {
        let elements = match evaluation.first(self.list)? {
            Given::Value(list) => evaluation.json(self.list, &list)?,
            Given::Nothing => Value::Null,
            Given::Failed(_) => {
                tally.unsplit.failed += 1;
                return Ok(None);
            }
        };
        let elements = match elements {
            Value::Array(elements) => elements,
            Value::Null => {
                tally.unsplit.null += 1;
                return Ok(None);
            }
            _ => {
                tally.unsplit.not_a_list += 1;
                return Ok(None);
            }
        };
        let shared = self
            .remainder(evaluation)?
            .unwrap_or_else(|| evaluation.input.clone());
        Ok(Some(Parts {
            shared,
            elements: elements.into_iter(),
            name: &self.name,
        }))
    }

    fn remainder(&self, evaluation: &Evaluation<'_>) -> Result<Option<Val>, Refusal> {
        let Some(remainder) = self.remainder else {
            return Ok(None);
        };
        Ok(match evaluation.first(remainder)? {
            // The original passes the item through JSON here, so that `1.0` becomes `1`.
            Given::Value(item) => Some(Val::from(evaluation.json(remainder, &item)?)),
            Given::Nothing | Given::Failed(_) => None,
        })
    }
}

impl Iterator for Parts<'_> {
    type Item = Val;

    fn next(&mut self) -> Option<Val> {
        let element = self.elements.next()?;
        let mut part = self.shared.clone();
        part.insert(self.name, Val::from(element));
        Some(part)
    }
}
