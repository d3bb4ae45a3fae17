//! One resource of a mapping, compiled: raw items in, entities out.
//!
//! Start with [`ResourceMapper::map`].

use std::time::Duration;

use serde_json::Value;

use crate::app_config::ResourceMapping;
use crate::batch::{Batch, RawItem};
use crate::error::error_chain;
use crate::reads::Reads;

use super::compiled::ExpressionFault;
use super::entity::{EntityTemplate, kind_of};
use super::evaluation::{Evaluation, Given, Progress, Refusal};
use super::expressions::{Compiler, ExpressionId, Expressions, Place};
use super::jq::{Budget, Environment, Limits, Needs, Val};
use super::mapped::{ItemError, ItemErrorKind, Mapped};
use super::split::Splitter;
use super::tally::Tally;

/// How a batch is mapped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapOptions {
    /// Also map the items that the selector refuses, into [`Mapped::failed`].
    pub parse_all: bool,
    /// Take an item as chosen when the selector's query cannot be evaluated.
    pub lenient_query: bool,
    /// Also keep the parts that `itemsToParse` makes, whole, in [`Mapped::parts`].
    pub keep_parts: bool,
    pub(super) limits: Limits,
}

impl MapOptions {
    /// Live events want the refused items too, because they may have been chosen before.
    #[must_use]
    pub const fn parse_all(mut self) -> Self {
        self.parse_all = true;
        self
    }

    /// Copies of what is mapped are wanted, as it is after `itemsToParse`.
    #[must_use]
    pub const fn keep_parts(mut self) -> Self {
        self.keep_parts = true;
        self
    }

    /// Deleted items come as an event carried them, often with less than the query needs; what
    /// counts of them is the key.
    #[must_use]
    pub const fn lenient_query(mut self) -> Self {
        self.lenient_query = true;
        self
    }

    /// An item may take this long, or as long as it might before if that is less.
    pub(super) fn within(mut self, time: Duration) -> Self {
        self.limits.time = self.limits.time.min(time);
        self
    }
}

/// One resource of a mapping with all its expressions compiled.
#[derive(Debug)]
pub struct ResourceMapper {
    expressions: Expressions,
    needs: Needs,
    query: ExpressionId,
    split: Option<Splitter>,
    entity: EntityTemplate,
    literal_blueprint: Option<String>,
}

impl ResourceMapper {
    pub(super) fn compile(
        resource: &ResourceMapping,
        index: usize,
        environment: &Environment,
    ) -> (Self, Vec<ExpressionFault>) {
        let mut compiler = Compiler::new(environment, index);
        let query = compiler.expression(Place::outside_mappings("selector.query"), &resource.query);
        let entity = EntityTemplate::compile(&resource.mapping, &mut compiler);
        let split = resource
            .items_to_parse
            .as_ref()
            .map(|split| Splitter::compile(split, &mut compiler));
        let (expressions, faults) = compiler.finish();
        let mapper = Self {
            needs: expressions.needs(),
            literal_blueprint: literal_text(&expressions, entity.blueprint()),
            expressions,
            query,
            split,
            entity,
        };
        (mapper, faults)
    }

    /// The one blueprint that this resource can write to; [`None`] when it depends on the item.
    #[must_use]
    pub fn literal_blueprint(&self) -> Option<&str> {
        self.literal_blueprint.as_deref()
    }

    /// What its expressions can read of a raw item.
    #[must_use]
    pub fn reads(&self) -> Reads {
        Reads::from(&self.needs)
    }

    /// Whether one raw item may become several, so that an item says nothing about which entities
    /// are gone.
    #[must_use]
    pub const fn uses_items_to_parse(&self) -> bool {
        self.split.is_some()
    }

    /// Whether the mapping declares a query as identifier. An expression may still give one:
    /// see [`Entity::has_search_identifier`](crate::Entity::has_search_identifier).
    #[must_use]
    pub const fn declares_search_identifier(&self) -> bool {
        self.entity.declares_search_identifier()
    }

    /// Whether the mapping declares a query as team or relation. An expression may still give
    /// one: see [`Entity::has_search_relation`](crate::Entity::has_search_relation).
    #[must_use]
    pub fn declares_search_relation(&self) -> bool {
        self.entity.declares_search_relation()
    }

    /// Maps a batch on the calling thread.
    ///
    /// Every item has a budget, so this ends; it may still take seconds. Within a runtime use a
    /// [`MapperPool`](super::MapperPool).
    #[must_use]
    pub fn map(&self, items: &Batch, options: MapOptions) -> Mapped {
        let mut tally = self.tally();
        let progress = Progress::default();
        for (position, item) in items.iter().enumerate() {
            self.map_item(Subject { item, position }, options, &progress, &mut tally);
        }
        self.report(tally)
    }

    pub(super) fn tally(&self) -> Tally {
        Tally::new(&self.expressions)
    }

    pub(super) fn report(&self, tally: Tally) -> Mapped {
        tally.finish(&self.expressions)
    }

    pub(super) const fn expressions(&self) -> &Expressions {
        &self.expressions
    }

    /// Maps one raw item, which may give no entity, one or, with `itemsToParse`, many.
    pub(super) fn map_item(
        &self,
        subject: Subject<'_>,
        options: MapOptions,
        progress: &Progress,
        tally: &mut Tally,
    ) {
        let whole = Needs::everything();
        let needs = if options.keep_parts {
            &whole
        } else {
            &self.needs
        };
        let input = match read(subject.item, needs) {
            Ok(input) => input,
            Err(refusal) => {
                tally.raw += 1;
                tally.error(|| subject.error(None, refusal));
                return;
            }
        };
        let Some(split) = &self.split else {
            self.map_part(subject, None, &input, options, progress, tally);
            return;
        };
        let budget = Budget::new(options.limits);
        match split.split(&self.evaluation(&input, &budget, progress), tally) {
            Ok(parts) => {
                for (element, part) in parts.into_iter().flatten().enumerate() {
                    if options.keep_parts {
                        tally.parts.extend(part.to_json(&budget).ok());
                    }
                    self.map_part(subject, Some(element), &part, options, progress, tally);
                }
            }
            Err(refusal) => {
                tally.raw += 1;
                tally.error(|| subject.error(None, refusal));
            }
        }
    }

    fn map_part(
        &self,
        subject: Subject<'_>,
        element: Option<usize>,
        input: &Val,
        options: MapOptions,
        progress: &Progress,
        tally: &mut Tally,
    ) {
        tally.raw += 1;
        let budget = Budget::new(options.limits);
        let evaluation = self.evaluation(input, &budget, progress);
        if let Err(refusal) = self.map_evaluated(&evaluation, options, tally) {
            tally.error(|| subject.error(element, refusal));
        }
    }

    fn map_evaluated(
        &self,
        evaluation: &Evaluation<'_>,
        options: MapOptions,
        tally: &mut Tally,
    ) -> Result<(), Refusal> {
        let chosen = match self.select(evaluation) {
            Err(refusal) if options.lenient_query && refusal.is_of_selector() => true,
            chosen => chosen?,
        };
        if !chosen && !options.parse_all {
            tally.filtered += 1;
            return Ok(());
        }
        if let Some(entity) = self.entity.build(evaluation, tally)? {
            if chosen {
                &mut tally.passed
            } else {
                &mut tally.failed
            }
            .push(entity);
        }
        Ok(())
    }

    /// Whether the selector chooses the item.
    fn select(&self, evaluation: &Evaluation<'_>) -> Result<bool, Refusal> {
        let refuse = |kind, message| Refusal {
            path: "selector.query".to_owned(),
            kind,
            message,
        };
        let given = match evaluation.first(self.query)? {
            Given::Value(value) => evaluation.json(self.query, &value)?,
            Given::Nothing => Value::Null,
            Given::Failed(failure) => {
                return Err(refuse(ItemErrorKind::SelectorFailed, failure.message()));
            }
        };
        given.as_bool().ok_or_else(|| {
            let message = format!("gave {} where true or false is needed", kind_of(&given));
            refuse(ItemErrorKind::SelectorNotBoolean, message)
        })
    }

    pub(super) const fn splitter(&self) -> Option<&Splitter> {
        self.split.as_ref()
    }

    pub(super) const fn evaluation<'a>(
        &'a self,
        input: &'a Val,
        budget: &'a Budget,
        progress: &'a Progress,
    ) -> Evaluation<'a> {
        Evaluation {
            expressions: &self.expressions,
            input,
            budget,
            progress,
        }
    }
}

/// Reads these parts of an item; the fields an integration added win.
pub(super) fn read(item: &RawItem, needs: &Needs) -> Result<Val, Refusal> {
    let refuse = |message| Refusal {
        path: "item".to_owned(),
        kind: ItemErrorKind::Unreadable,
        message,
    };
    if !item.is_object() {
        return Err(refuse("is not an object".to_owned()));
    }
    let mut input = Val::from_json(item.json(), needs)
        .map_err(|error| refuse(format!("cannot be read: {}", error_chain(&error))))?;
    for (name, value) in item.added() {
        input.insert(name, Val::from(value.clone()));
    }
    Ok(input)
}

/// A raw item and its position in the batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) item: &'a RawItem,
    pub(super) position: usize,
}

impl Subject<'_> {
    pub(super) fn error(self, element: Option<usize>, refusal: Refusal) -> ItemError {
        let mut item = self.label();
        if let Some(element) = element {
            item = format!("{item}, element {element}");
        }
        ItemError {
            item,
            path: refusal.path,
            kind: refusal.kind,
            message: refusal.message,
        }
    }

    /// What tells the item from others: its position, and the first of some usual fields.
    fn label(self) -> String {
        let Self { item, position } = self;
        ["key", "identifier", "id", "name"]
            .into_iter()
            .find_map(|field| match item.get::<Value>(field)? {
                Value::String(text) => Some(format!("item {position} ({field} {text})")),
                Value::Number(number) => Some(format!("item {position} ({field} {number})")),
                _ => None,
            })
            .unwrap_or_else(|| format!("item {position}"))
    }
}

fn literal_text(expressions: &Expressions, id: ExpressionId) -> Option<String> {
    let literal = expressions.get(id)?.program.as_ref()?.literal()?;
    match literal {
        Val::Str(text) => Some(text.to_string()),
        _ => None,
    }
}
