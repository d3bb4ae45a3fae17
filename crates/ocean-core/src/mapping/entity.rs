//! How do the expressions of a resource make one entity?

use serde_json::{Map, Value};

use crate::app_config::{EntityMapping, Expression, number_text};
use crate::catalog::Entity;

use super::evaluation::{Evaluation, Given, Refusal};
use super::expressions::{Compiler, ExpressionId, Place, RuleTemplate, SearchTemplate, Template};
use super::mapped::{ItemErrorKind, NoKey};
use super::tally::Tally;

/// `port.entity.mappings`, compiled.
#[derive(Debug)]
pub(super) struct EntityTemplate {
    identifier: Template,
    icon: Option<Template>,
    blueprint: ExpressionId,
    title: Option<Template>,
    team: Option<Template>,
    properties: Option<Vec<(String, Template)>>,
    relations: Option<Vec<(String, Template)>>,
}

impl EntityTemplate {
    pub(super) fn compile(mapping: &EntityMapping, compiler: &mut Compiler<'_>) -> Self {
        let identifier = compiler.template(&Place::mapped("identifier"), &mapping.identifier);
        let blueprint = compiler.expression(Place::mapped("blueprint"), &mapping.blueprint);
        let title = compile_text("title", mapping.title.as_ref(), compiler);
        let icon = compile_text("icon", mapping.icon.as_ref(), compiler);
        let team = mapping.team.as_ref().map(|team| match team {
            Some(team) => compiler.template(&Place::mapped("team"), team),
            None => Template::Null,
        });
        let properties = mapping.properties.as_ref().map(|properties| {
            let fields = properties
                .iter()
                .map(|(name, text)| (name, Expression::Jq(text.clone())));
            compile_fields("properties", fields, compiler)
        });
        let relations = mapping.relations.as_ref().map(|relations| {
            let fields = relations
                .iter()
                .map(|(name, relation)| (name, relation.clone()));
            compile_fields("relations", fields, compiler)
        });
        Self {
            identifier,
            icon,
            blueprint,
            title,
            team,
            properties,
            relations,
        }
    }

    pub(super) const fn blueprint(&self) -> ExpressionId {
        self.blueprint
    }

    pub(super) const fn declares_search_identifier(&self) -> bool {
        matches!(self.identifier, Template::Search(_))
    }

    pub(super) fn declares_search_relation(&self) -> bool {
        let relations = self
            .relations
            .iter()
            .flatten()
            .map(|(_, relation)| relation);
        self.team
            .iter()
            .chain(relations)
            .any(|field| matches!(field, Template::Search(_)))
    }

    /// Evaluates every expression on one item; [`None`] when it has no identifier or no blueprint.
    ///
    /// # Errors
    ///
    /// When the item cannot go on, or its entity could not be sent.
    pub(super) fn build(
        &self,
        evaluation: &Evaluation<'_>,
        tally: &mut Tally,
    ) -> Result<Option<Entity>, Refusal> {
        let mut fields = Fields { evaluation, tally };
        let (identifier, identifier_failed) = fields.key(&self.identifier)?;
        let icon = fields.optional(self.icon.as_ref())?;
        let (blueprint, blueprint_failed) = fields.value(self.blueprint)?;
        let title = fields.optional(self.title.as_ref())?;
        let team = fields.optional(self.team.as_ref())?;
        let properties = fields.map(self.properties.as_deref())?;
        let relations = fields.map(self.relations.as_deref())?;
        if names_nothing(&identifier) || names_nothing(&blueprint) {
            let skipped = &mut fields.tally.skipped;
            skipped.items += 1;
            skipped.identifier.count(&identifier, identifier_failed);
            skipped.blueprint.count(&blueprint, blueprint_failed);
            return Ok(None);
        }
        if blueprint.is_array() || blueprint.is_object() {
            return Err(Refusal {
                path: "blueprint".to_owned(),
                kind: ItemErrorKind::BlueprintNotText,
                message: format!("gave {} where a text is needed", kind_of(&blueprint)),
            });
        }
        Ok(Some(Entity {
            identifier,
            icon: icon.map(icon_text).transpose()?,
            blueprint,
            title,
            team: team.map(scalar_text),
            properties,
            relations,
        }))
    }
}

fn compile_text(
    field: &str,
    declared: Option<&Option<String>>,
    compiler: &mut Compiler<'_>,
) -> Option<Template> {
    declared.map(|text| match text {
        Some(text) => Template::Value(compiler.expression(Place::mapped(field), text)),
        None => Template::Null,
    })
}

/// Compiles the fields of a map; those that do not compile come last, as in the original.
fn compile_fields<'m>(
    map: &str,
    fields: impl Iterator<Item = (&'m String, Expression)>,
    compiler: &mut Compiler<'_>,
) -> Vec<(String, Template)> {
    let (mut sound, mut broken) = (Vec::new(), Vec::new());
    for (name, expression) in fields {
        let template = compiler.template(&Place::mapped(map).key(name), &expression);
        let list = match &template {
            Template::Value(id) if !compiler.compiled(*id) => &mut broken,
            _ => &mut sound,
        };
        list.push((name.clone(), template));
    }
    sound.append(&mut broken);
    sound
}

/// The fields of one entity while they are evaluated.
struct Fields<'a> {
    evaluation: &'a Evaluation<'a>,
    tally: &'a mut Tally,
}

impl Fields<'_> {
    /// The value of an expression, and whether it is null because the expression failed.
    fn value(&mut self, id: ExpressionId) -> Result<(Value, bool), Refusal> {
        let value = match self.evaluation.first(id)? {
            Given::Value(value) => self.evaluation.json(id, &value)?,
            Given::Nothing => Value::Null,
            Given::Failed(failure) => {
                self.tally.null_by_failure(id, || failure.message());
                return Ok((Value::Null, true));
            }
        };
        if value.is_null() {
            self.tally.null(id);
        }
        Ok((value, false))
    }

    fn key(&mut self, template: &Template) -> Result<(Value, bool), Refusal> {
        match template {
            Template::Value(id) => self.value(*id),
            other => Ok((self.template(other)?, false)),
        }
    }

    fn template(&mut self, template: &Template) -> Result<Value, Refusal> {
        match template {
            Template::Null => Ok(Value::Null),
            Template::Value(id) => Ok(self.value(*id)?.0),
            Template::Search(search) => self.search(search),
        }
    }

    fn optional(&mut self, template: Option<&Template>) -> Result<Option<Value>, Refusal> {
        template.map(|template| self.template(template)).transpose()
    }

    fn map(
        &mut self,
        fields: Option<&[(String, Template)]>,
    ) -> Result<Option<Map<String, Value>>, Refusal> {
        let Some(fields) = fields else {
            return Ok(None);
        };
        let mut map = Map::with_capacity(fields.len());
        for (name, template) in fields {
            map.insert(name.clone(), self.template(template)?);
        }
        Ok(Some(map))
    }

    fn search(&mut self, search: &SearchTemplate) -> Result<Value, Refusal> {
        let combinator = self.value(search.combinator)?.0;
        let mut rules = Vec::with_capacity(search.rules.len());
        for rule in &search.rules {
            rules.push(match rule {
                RuleTemplate::Nested(search) => self.search(search)?,
                RuleTemplate::Compare {
                    property,
                    operator,
                    value,
                } => object([
                    ("property", self.value(*property)?.0),
                    ("operator", self.value(*operator)?.0),
                    ("value", self.value(*value)?.0),
                ]),
            });
        }
        Ok(object([
            ("combinator", combinator),
            ("rules", Value::Array(rules)),
        ]))
    }
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

impl NoKey {
    fn count(&mut self, key: &Value, failed: bool) {
        if failed {
            self.failed += 1;
        } else if names_nothing(key) {
            self.empty += 1;
        }
    }
}

/// Whether a value is what Python counts as false.
fn names_nothing(key: &Value) -> bool {
    match key {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

fn icon_text(icon: Value) -> Result<Value, Refusal> {
    if icon.is_array() || icon.is_object() {
        return Err(Refusal {
            path: "icon".to_owned(),
            kind: ItemErrorKind::EntityShape,
            message: format!("gave {} where a text or null is needed", kind_of(&icon)),
        });
    }
    Ok(scalar_text(icon))
}

/// Numbers and booleans as the text that Port gets to see; everything else unchanged.
fn scalar_text(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::String(number_text(&number)),
        Value::Bool(value) => Value::String(if value { "True" } else { "False" }.to_owned()),
        other => other,
    }
}

/// The kind of a value, for messages.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
