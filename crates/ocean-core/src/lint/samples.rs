//! What do the expressions give for real items, and can Port take it?

use indexmap::IndexMap;
use serde_json::Value;

use super::Subject;
use super::blueprint::Shape;
use crate::app_config::Finding;
use crate::batch::RawItem;
use crate::mapping::{Environment, ExplainedExpression, Gives, MissingKind, MissingStep};

/// What one expression gave for all samples.
#[derive(Debug, Default)]
struct Given {
    expression: String,
    values: usize,
    /// The first reason of each null.
    nulls: Vec<Option<MissingStep>>,
    error: Option<String>,
    /// The first value that does not fit, and what would.
    misfit: Option<String>,
}

/// Evaluates every expression on every sample.
pub(super) fn check(
    subject: &Subject<'_>,
    shape: Option<&Shape>,
    items: &[RawItem],
    environment: &Environment,
    findings: &mut Vec<Finding>,
) {
    let mut fields: IndexMap<String, Given> = IndexMap::new();
    for item in items {
        let Ok(explained) = subject.mapper.explain(item, environment) else {
            continue;
        };
        for part in explained {
            let is_chosen = part.expressions.iter().all(|one| {
                one.field != "selector.query" || one.gives != Gives::Value(Value::Bool(false))
            });
            for expression in part.expressions {
                // What a selector leaves out need not be mapped.
                if is_chosen || expression.field == "selector.query" {
                    let field = expression.field.clone();
                    fields.entry(field).or_default().take(expression, shape);
                }
            }
        }
    }
    for (field, given) in &fields {
        if !subject.is_broken(field) {
            findings.extend(given.finding(subject, field));
        }
    }
}

/// Looks at the expressions that give the same for every item, when there are no samples.
pub(super) fn check_constants(
    subject: &Subject<'_>,
    shape: Option<&Shape>,
    findings: &mut Vec<Finding>,
) {
    for (field, _) in subject.mapper.written() {
        // A selector is looked at in any case.
        if subject.is_broken(field) || field == "selector.query" {
            continue;
        }
        let constant = subject.mapper.constant(field);
        let constant = constant.filter(|value| !value.is_null());
        let misfit = constant.and_then(|value| misfit(field, &value, shape));
        findings.extend(misfit.map(|misfit| subject.finding(field, misfit)));
    }
}

impl Given {
    fn take(&mut self, explained: ExplainedExpression, shape: Option<&Shape>) {
        if let Gives::Error(error) = &explained.gives {
            self.error.get_or_insert_with(|| error.clone());
        }
        match &explained.gives {
            Gives::Value(value) if !value.is_null() => {
                self.values += 1;
                if self.misfit.is_none() {
                    self.misfit = misfit(&explained.field, value, shape);
                }
            }
            _ if explained.field == "selector.query" => {
                let what = match &explained.gives {
                    Gives::Error(error) => format!("fails: {error}"),
                    _ => "gives null, not true or false".to_owned(),
                };
                self.misfit.get_or_insert(what);
            }
            _ => self.nulls.push(explained.missing.into_iter().next()),
        }
        self.expression = explained.expression;
    }

    fn finding(&self, subject: &Subject<'_>, field: &str) -> Option<Finding> {
        if let Some(misfit) = &self.misfit {
            return Some(subject.finding(field, misfit.clone()));
        }
        if self.values > 0 || self.nulls.is_empty() || self.may_come() {
            return None;
        }
        let count = self.nulls.len();
        let step = self.nulls.iter().flatten().next();
        let mut message = match (&self.error, count) {
            (Some(error), 1) => format!("fails for the only sample: {error}"),
            (Some(error), _) => format!("fails for each of {count} samples: {error}"),
            (None, 1) => "is null for the only sample".to_owned(),
            (None, _) => format!("is null for each of {count} samples"),
        };
        let path = step.map_or("", |step| step.path.as_str());
        let expression = &self.expression;
        let last = path.rsplit(['.', '[']).next().unwrap_or_default();
        let offset = expression
            .find(path)
            .filter(|_| !path.is_empty())
            .map(|at| at + path.len() - last.len())
            .and_then(|at| expression.get(..at))
            .map_or(0, |before| before.chars().count());
        if let Some(step) = step {
            message = format!("{message}; {}", step.told());
        }
        let path = subject.path(field);
        let source = subject.source;
        Some(source.finding_within(&path, expression, offset, message))
    }

    /// Whether other items may well have a value: the field is there and empty, or the expression
    /// says null itself.
    fn may_come(&self) -> bool {
        self.nulls.iter().any(|step| match step {
            Some(step) => !matches!(step.kind, MissingKind::NoKey | MissingKind::Fails),
            None => self.error.is_none(),
        })
    }
}

/// Why Port cannot take a value there.
fn misfit(field: &str, value: &Value, shape: Option<&Shape>) -> Option<String> {
    let needed = match field.split_once('.') {
        Some(("selector", _)) => (!value.is_boolean()).then_some("true or false"),
        _ if field == "port.itemsToParse" => (!value.is_array()).then_some("a list"),
        Some(("properties", name)) => {
            let wanted = shape?.type_of(name)?;
            (!is_type(value, wanted)).then_some(wanted_text(wanted))
        }
        Some(("relations", name)) if !name.contains('.') => {
            let relation = shape?.relation(name)?;
            let is_list = value.is_array();
            let fits = value.is_string() || value.is_object() || value.is_number();
            match (relation.many, is_list) {
                (false, true) => Some("one identifier"),
                (true, false) if !value.is_object() => Some("a list of identifiers"),
                (false, false) if !fits => Some("an identifier"),
                _ => None,
            }
        }
        None if field == "title" => (!value.is_string()).then_some("a text"),
        None if field == "identifier" || field == "blueprint" => {
            let fits = value.is_string() || value.is_number();
            (!fits).then_some("a text")
        }
        _ => None,
    }?;
    Some(format!("gives {}, and {needed} is needed", kind_of(value)))
}

fn is_type(value: &Value, wanted: &str) -> bool {
    match wanted {
        "string" => value.is_string(),
        "number" | "integer" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

fn wanted_text(wanted: &str) -> &'static str {
    match wanted {
        "string" => "a text",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        _ => "a number",
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
