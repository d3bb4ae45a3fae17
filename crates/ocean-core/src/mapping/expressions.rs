//! The compiled expressions of one resource, and what each is for.
//!
//! A mapping is a tree of expressions; [`Expressions`] holds them in one list, so that a report can
//! count by position, and the trees ([`Template`]) refer to them by [`ExpressionId`].

use std::sync::atomic::{AtomicBool, Ordering};

use crate::app_config::{Expression, SearchExpression, SearchRule};

use super::compiled::ExpressionFault;
use super::jq::{Environment, Needs, Program};
use super::quotes::rewrite_quotes;

/// The position of an expression in its [`Expressions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExpressionId(pub(super) usize);

/// All expressions of one resource.
#[derive(Debug, Default)]
pub(super) struct Expressions {
    list: Vec<CompiledExpression>,
}

/// One expression of a mapping.
#[derive(Debug)]
pub(super) struct CompiledExpression {
    /// The field it is for, without positions in lists: `relations.team.rules.value`.
    pub(super) path: String,
    /// The expression as its author wrote it.
    pub(super) text: String,
    /// [`None`] when it does not compile; then it gives null.
    pub(super) program: Option<Program>,
    /// Set once an evaluation did not come back.
    stuck: AtomicBool,
}

impl CompiledExpression {
    pub(super) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed)
    }

    pub(super) fn mark_stuck(&self) {
        self.stuck.store(true, Ordering::Relaxed);
    }
}

impl Expressions {
    pub(super) fn get(&self, id: ExpressionId) -> Option<&CompiledExpression> {
        self.list.get(id.0)
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, CompiledExpression> {
        self.list.iter()
    }

    fn push(&mut self, path: String, text: &str, program: Option<Program>) -> ExpressionId {
        let stuck = AtomicBool::new(false);
        self.list.push(CompiledExpression {
            path,
            text: text.to_owned(),
            program,
            stuck,
        });
        ExpressionId(self.list.len() - 1)
    }

    /// What an item must be read for, should all these expressions be evaluated on it.
    pub(super) fn needs(&self) -> Needs {
        let mut needs = Needs::nothing();
        for program in self
            .list
            .iter()
            .filter_map(|expression| expression.program.as_ref())
        {
            needs.merge(program.needs());
        }
        needs
    }
}

/// The shape of a field: where its expressions stand.
#[derive(Debug)]
pub(super) enum Template {
    /// The mapping says null.
    Null,
    /// One expression.
    Value(ExpressionId),
    /// A search object.
    Search(SearchTemplate),
}

#[derive(Debug)]
pub(super) struct SearchTemplate {
    pub(super) combinator: ExpressionId,
    pub(super) rules: Vec<RuleTemplate>,
}

#[derive(Debug)]
pub(super) enum RuleTemplate {
    Compare {
        property: ExpressionId,
        operator: ExpressionId,
        value: ExpressionId,
    },
    Nested(SearchTemplate),
}

/// Compiles the expressions of one resource and collects what is wrong with them.
#[derive(Debug)]
pub(super) struct Compiler<'a> {
    environment: &'a Environment,
    /// Where the resource stands in the document: `resources[2]`.
    resource: String,
    expressions: Expressions,
    faults: Vec<ExpressionFault>,
}

/// Where an expression stands: in the report of null fields, and in the document.
#[derive(Debug, Clone)]
pub(super) struct Place {
    path: String,
    document: String,
}

impl Place {
    /// A place in the document that is named by the same path in reports.
    pub(super) fn outside_mappings(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            document: path.to_owned(),
        }
    }

    /// A field of `port.entity.mappings`.
    pub(super) fn mapped(field: &str) -> Self {
        Self {
            path: field.to_owned(),
            document: format!("port.entity.mappings.{field}"),
        }
    }

    pub(super) fn key(&self, key: &str) -> Self {
        Self {
            path: format!("{}.{key}", self.path),
            document: format!("{}.{key}", self.document),
        }
    }

    fn at(&self, index: usize) -> Self {
        Self {
            path: self.path.clone(),
            document: format!("{}[{index}]", self.document),
        }
    }
}

impl<'a> Compiler<'a> {
    pub(super) fn new(environment: &'a Environment, index: usize) -> Self {
        Self {
            environment,
            resource: format!("resources[{index}]"),
            expressions: Expressions::default(),
            faults: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> (Expressions, Vec<ExpressionFault>) {
        (self.expressions, self.faults)
    }

    /// An expression that was made out of another one; nobody wrote it, so a fault in it is not
    /// reported.
    pub(super) fn derived(&mut self, place: Place, text: &str) -> Option<ExpressionId> {
        let program = Program::compile(&rewrite_quotes(text), self.environment).ok()?;
        Some(self.expressions.push(place.path, text, Some(program)))
    }

    pub(super) fn expression(&mut self, place: Place, text: &str) -> ExpressionId {
        let program = match Program::compile(&rewrite_quotes(text), self.environment) {
            Ok(program) => Some(program),
            Err(error) => {
                let path = format!("{}.{}", self.resource, place.document);
                self.faults.push(ExpressionFault::new(path, text, &error));
                None
            }
        };
        self.expressions.push(place.path, text, program)
    }

    pub(super) fn template(&mut self, place: &Place, expression: &Expression) -> Template {
        match expression {
            Expression::Jq(text) => Template::Value(self.expression(place.clone(), text)),
            Expression::Search(search) => Template::Search(self.search(place, search)),
        }
    }

    fn search(&mut self, place: &Place, search: &SearchExpression) -> SearchTemplate {
        let combinator = self.expression(place.key("combinator"), &search.combinator);
        let list = place.key("rules");
        let rules = search.rules.iter().enumerate();
        let rules = rules
            .map(|(index, rule)| self.rule(&list.at(index), rule))
            .collect();
        SearchTemplate { combinator, rules }
    }

    fn rule(&mut self, place: &Place, rule: &SearchRule) -> RuleTemplate {
        match rule {
            SearchRule::Compare {
                property,
                operator,
                value,
            } => RuleTemplate::Compare {
                property: self.expression(place.key("property"), property),
                operator: self.expression(place.key("operator"), operator),
                value: self.expression(place.key("value"), value),
            },
            SearchRule::Nested(search) => RuleTemplate::Nested(self.search(place, search)),
        }
    }

    /// Whether the expression of `id` compiled.
    pub(super) fn compiled(&self, id: ExpressionId) -> bool {
        self.expressions
            .get(id)
            .is_some_and(|expression| expression.program.is_some())
    }
}
