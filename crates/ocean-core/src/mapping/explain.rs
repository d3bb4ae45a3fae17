//! What does each expression of a resource give for one item, and why is it null?
//!
//! Start with [`ResourceMapper::explain`].

use serde::Serialize;
use serde_json::Value;

use crate::batch::RawItem;

use super::evaluation::{Evaluation, Given, Progress};
use super::expressions::ExpressionId;
use super::jq::{Budget, Environment, Limits, Missing, MissingKind, Needs, Program, Val};
use super::mapped::ItemError;
use super::quotes::rewrite_quotes;
use super::resource::{ResourceMapper, Subject, read};
use super::tally::Tally;

/// What the expressions of a resource give for one item, or for one part of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// Which element of the list that `itemsToParse` gives; [`None`] for the item itself.
    pub element: Option<usize>,
    /// The expressions, the selector first, then the fields of the entity.
    pub expressions: Vec<ExplainedExpression>,
}

/// What one expression gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExplainedExpression {
    /// The field, for example `selector.query` or `properties.url`.
    pub field: String,
    /// The expression, as its author wrote it.
    pub expression: String,
    /// What it gives.
    pub gives: Gives,
    /// For a null: the first step of each path that found nothing.
    pub missing: Vec<MissingStep>,
}

/// The first output of an expression.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Gives {
    /// A value.
    Value(Value),
    /// No output at all, which counts as null.
    Nothing,
    /// An error, which counts as null.
    Error(String),
}

impl Gives {
    /// Whether it counts as null.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(
            self,
            Self::Value(Value::Null) | Self::Nothing | Self::Error(_)
        )
    }
}

/// A step of a path that found nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MissingStep {
    /// The path up to and including the step: `.fields.parent`. Empty when the expression gives
    /// null by itself.
    pub path: String,
    /// What is there instead.
    pub message: String,
    #[serde(skip)]
    pub(crate) kind: MissingKind,
}

impl MissingStep {
    /// The step in a sentence.
    #[must_use]
    pub fn told(&self) -> String {
        let Self { path, message, .. } = self;
        match self.kind {
            MissingKind::Null | MissingKind::Fails if !path.is_empty() => {
                format!("`{path}` {message}")
            }
            MissingKind::Empty if message.starts_with("is ") => format!("`{path}` {message}"),
            _ => message.clone(),
        }
    }
}

impl From<Missing> for MissingStep {
    fn from(missing: Missing) -> Self {
        let Missing {
            kind,
            path,
            message,
        } = missing;
        Self {
            path,
            message,
            kind,
        }
    }
}

impl ResourceMapper {
    /// Evaluates every expression on one item, and follows those that give null to the step that
    /// found nothing.
    ///
    /// With `itemsToParse` there is one explanation for the item, which has the list, and one for
    /// each element. Like [`map`](Self::map) it works on the calling thread, and ends.
    ///
    /// # Errors
    ///
    /// When the item cannot be read, or an expression exhausts what an item may cost.
    pub fn explain(
        &self,
        item: &RawItem,
        environment: &Environment,
    ) -> Result<Vec<Explanation>, ItemError> {
        let subject = Subject { item, position: 0 };
        let refused = |refusal| subject.error(None, refusal);
        let input = read(item, &whole()).map_err(refused)?;
        let Some(split) = self.splitter() else {
            return Ok(vec![self.explain_part(None, &input, environment)]);
        };
        let budget = Budget::new(Limits::default());
        let progress = Progress::default();
        let mut tally = Tally::new(self.expressions());
        let parts = split
            .split(&self.evaluation(&input, &budget, &progress), &mut tally)
            .map_err(refused)?;
        let list = self.explain_one(split.list(), &input, environment);
        let of_item = Explanation {
            element: None,
            expressions: list.into_iter().collect(),
        };
        let of_parts = parts
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(element, part)| self.explain_part(Some(element), &part, environment));
        Ok(std::iter::once(of_item).chain(of_parts).collect())
    }

    /// The expressions that the mapping's author wrote, each with its field.
    pub(crate) fn written(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_derived = |id: ExpressionId| {
            let split = self.splitter();
            split.is_some_and(|split| split.uses(id) && split.list() != id)
        };
        let ids = (0..self.expressions().len()).map(ExpressionId);
        ids.filter(move |id| !is_derived(*id))
            .filter_map(|id| self.expressions().get(id))
            .map(|expression| (expression.path.as_str(), expression.text.as_str()))
    }

    /// What the expression of a field gives, when that is the same for every item.
    pub(crate) fn constant(&self, field: &str) -> Option<Value> {
        let mut all = self.expressions().iter();
        let expression = all.find(|expression| expression.path == field)?;
        let literal = expression.program.as_ref()?.literal()?;
        literal.to_json(&Budget::new(Limits::default())).ok()
    }

    fn explain_part(
        &self,
        element: Option<usize>,
        input: &Val,
        environment: &Environment,
    ) -> Explanation {
        let ids = (0..self.expressions().len()).map(ExpressionId);
        let of_entity = ids.filter(|id| !self.splitter().is_some_and(|split| split.uses(*id)));
        Explanation {
            element,
            expressions: of_entity
                .filter_map(|id| self.explain_one(id, input, environment))
                .collect(),
        }
    }

    fn explain_one(
        &self,
        id: ExpressionId,
        input: &Val,
        environment: &Environment,
    ) -> Option<ExplainedExpression> {
        let expression = self.expressions().get(id)?;
        let budget = Budget::new(Limits::default());
        let progress = Progress::default();
        let evaluation = self.evaluation(input, &budget, &progress);
        let gives = gives(&evaluation, id);
        let missing = if gives.is_null() {
            let text = rewrite_quotes(&expression.text);
            // What was spent on the value does not count against the search for the reason.
            let budget = Budget::new(Limits::default());
            Program::trace(&text, environment, input, &budget)
        } else {
            Vec::new()
        };
        Some(ExplainedExpression {
            field: expression.path.clone(),
            expression: expression.text.clone(),
            gives,
            missing: missing.into_iter().map(MissingStep::from).collect(),
        })
    }
}

/// Everything of an item, so that what is not there can be compared with what is.
fn whole() -> Needs {
    let mut needs = Needs::nothing();
    needs.add::<&str>(&[]);
    needs
}

fn gives(evaluation: &Evaluation<'_>, id: ExpressionId) -> Gives {
    let given = match evaluation.first(id) {
        Ok(Given::Value(value)) => evaluation.json(id, &value),
        Ok(Given::Nothing) => return Gives::Nothing,
        Ok(Given::Failed(failure)) => return Gives::Error(failure.message()),
        Err(refusal) => Err(refusal),
    };
    match given {
        Ok(value) => Gives::Value(value),
        Err(refusal) => Gives::Error(refusal.message),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::app_config::AppConfig;
    use crate::mapping::CompiledMapping;

    fn explain(port: Value, item: Value) -> Vec<Explanation> {
        let document = json!({"resources": [{
            "kind": "issue", "selector": {"query": "true"}, "port": port,
        }]});
        let config = AppConfig::from_value(&document).unwrap().config;
        let environment = Environment::default();
        let (mapping, faults) = CompiledMapping::compile(&config, &environment);
        assert_eq!(faults, []);
        let mapper = mapping.resource(0).unwrap();
        mapper.explain(&RawItem::from(item), &environment).unwrap()
    }

    fn field<'e>(explained: &'e Explanation, name: &str) -> &'e ExplainedExpression {
        let mut all = explained.expressions.iter();
        all.find(|one| one.field == name).unwrap()
    }

    #[test]
    fn every_expression_is_explained_and_a_null_has_its_reason() {
        let mappings = json!({
            "identifier": ".key", "blueprint": "'issue'", "title": ".fields.sumary",
            "properties": {"url": ".self | split(\"/\")", "status": ".fields.status // 'none'"},
        });
        let item = json!({"key": "A-1", "fields": {"summary": "Disk full"}});
        let explained = explain(json!({"entity": {"mappings": mappings}}), item);
        let [explained] = explained.as_slice() else {
            panic!("{explained:?}");
        };
        let fields: Vec<_> = explained
            .expressions
            .iter()
            .map(|one| &*one.field)
            .collect();
        assert_eq!(
            fields,
            [
                "selector.query",
                "identifier",
                "blueprint",
                "title",
                "properties.url",
                "properties.status"
            ]
        );
        assert_eq!(
            field(explained, "identifier").gives,
            Gives::Value(json!("A-1"))
        );
        assert_eq!(field(explained, "properties.status").missing, []);
        let title = field(explained, "title");
        assert_eq!(title.gives, Gives::Value(Value::Null));
        assert_eq!(title.missing[0].path, ".fields.sumary");
        let url = field(explained, "properties.url");
        assert!(
            matches!(&url.gives, Gives::Error(error) if error.contains("split")),
            "{url:?}"
        );
        assert_eq!(url.missing[0].path, ".self");
    }

    #[test]
    fn the_list_and_each_of_its_elements_are_explained() {
        let port = json!({
            "itemsToParse": ".steps",
            "entity": {"mappings": {"identifier": ".item.id", "blueprint": "'step'"}},
        });
        let explained = explain(port, json!({"steps": [{"id": "a"}, {}]}));
        let elements: Vec<_> = explained.iter().map(|one| one.element).collect();
        assert_eq!(elements, [None, Some(0), Some(1)]);
        assert_eq!(explained[0].expressions.len(), 1);
        assert!(!field(&explained[1], "identifier").gives.is_null());
        let second = field(&explained[2], "identifier");
        assert_eq!(
            second.missing[0].message,
            "`.item` has no `id`, it is empty"
        );
    }
}
