//! The evaluation of one item: what an expression gives, and what ends the item.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::expressions::{CompiledExpression, ExpressionId, Expressions};
use super::jq::{Budget, EvalError, Val};
use super::mapped::ItemErrorKind;

/// One item and what may be spent on it.
#[derive(Debug)]
pub(super) struct Evaluation<'a> {
    pub(super) expressions: &'a Expressions,
    pub(super) input: &'a Val,
    pub(super) budget: &'a Budget,
    pub(super) progress: &'a Progress,
}

/// What an expression gives: its first output.
#[derive(Debug)]
pub(super) enum Given {
    Value(Val),
    /// No output, which counts as null.
    Nothing,
    Failed(Failure),
}

/// Why an expression gives nothing.
#[derive(Debug)]
pub(super) enum Failure {
    DoesNotCompile,
    Failed(EvalError),
}

impl Failure {
    /// Made only for the failures that a report keeps.
    pub(super) fn message(&self) -> String {
        match self {
            Self::DoesNotCompile => "does not compile".to_owned(),
            Self::Failed(error) => first_line(&error.to_string()).to_owned(),
        }
    }
}

/// An item that cannot go on: its budget is exhausted, or an expression never comes back.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) path: String,
    pub(super) kind: ItemErrorKind,
    pub(super) message: String,
}

impl Refusal {
    /// Whether the selector's query could not be evaluated, or gave neither true nor false.
    pub(super) const fn is_of_selector(&self) -> bool {
        matches!(
            self.kind,
            ItemErrorKind::SelectorFailed | ItemErrorKind::SelectorNotBoolean
        )
    }
}

impl Evaluation<'_> {
    /// The first output of an expression.
    pub(super) fn first(&self, id: ExpressionId) -> Result<Given, Refusal> {
        let Some(expression) = self.expressions.get(id) else {
            return Ok(Given::Nothing);
        };
        let Some(program) = &expression.program else {
            return Ok(Given::Failed(Failure::DoesNotCompile));
        };
        if expression.is_stuck() {
            return Err(refuse(expression, ItemErrorKind::Stuck, STUCK));
        }
        self.progress.enter(id);
        match program.first(self.input, self.budget) {
            Ok(Some(value)) => Ok(Given::Value(value)),
            Ok(None) => Ok(Given::Nothing),
            Err(EvalError::Exhausted(limit)) => Err(refuse(
                expression,
                ItemErrorKind::Exhausted,
                &limit.to_string(),
            )),
            Err(error) => Ok(Given::Failed(Failure::Failed(error))),
        }
    }

    /// What an expression gave, as it is sent.
    pub(super) fn json(&self, id: ExpressionId, value: &Val) -> Result<Value, Refusal> {
        value.to_json(self.budget).map_err(|limit| {
            let path = self.expressions.get(id).map_or("item", |it| &it.path);
            Refusal {
                path: path.to_owned(),
                kind: ItemErrorKind::Exhausted,
                message: limit.to_string(),
            }
        })
    }
}

/// What is said of an expression that did not come back.
pub(super) const STUCK: &str = "does not come back and is not evaluated any more";

fn refuse(expression: &CompiledExpression, kind: ItemErrorKind, message: &str) -> Refusal {
    Refusal {
        path: expression.path.clone(),
        kind,
        message: message.to_owned(),
    }
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

/// Which expression is being evaluated, for whoever watches from another thread.
#[derive(Debug, Default)]
pub(super) struct Progress {
    expression: AtomicUsize,
}

impl Progress {
    fn enter(&self, id: ExpressionId) {
        self.expression.store(id.0, Ordering::Relaxed);
    }

    pub(super) fn current(&self) -> ExpressionId {
        ExpressionId(self.expression.load(Ordering::Relaxed))
    }
}
