//! How is one expression compiled and evaluated?

use std::fmt;
use std::sync::Arc;

use jaq_core::data::JustLut;
use jaq_core::{Ctx, Filter, Vars};

use super::budget::{Budget, Exhausted};
use super::needs::Needs;
use super::paths::Plain;
use super::trace::{Missing, Tracer};
use super::value::Val;
use super::{analysis, compile, parse, rewrite};

/// The kind of data that filters of the interpreter work on.
pub(super) type Data = JustLut<Val>;

/// One compiled expression.
///
/// It can be shared between threads, and evaluated by several of them at once.
#[derive(Clone)]
pub(crate) struct Program {
    inner: Arc<Inner>,
}

struct Inner {
    code: Code,
    needs: Needs,
}

enum Code {
    Plain(Plain),
    Filter {
        filter: Filter<Data>,
        environment: Val,
    },
}

/// What `env` and `$ENV` show to expressions.
#[derive(Clone)]
pub struct Environment(Val);

/// Why an expression does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CompileError {
    /// What is wrong, in lower case.
    pub(crate) message: String,
    /// The byte of the program text at which it is wrong.
    pub(crate) offset: usize,
    /// Whose refusal it is.
    pub(crate) kind: Refusal,
}

/// Who refuses an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// jq refuses it, too.
    Rejected,
    /// jq knows it, this engine does not.
    Unsupported,
}

/// Why an expression gives nothing for an item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EvalError {
    /// The program raised an error; the first line of its message.
    #[error("{0}")]
    Jq(String),
    /// The budget of the item is spent, whatever the program made of it.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
}

impl Environment {
    /// These variables.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = variables.into_iter();
        Self(Val::object(
            variables.map(|(name, value)| (name, Val::from(value))),
        ))
    }

    /// One of them; `None` when it is not there.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Val::Str(text) => Some(text.to_string()),
            _ => None,
        }
    }

    pub(super) fn value(&self) -> Val {
        self.0.clone()
    }
}

impl Default for Environment {
    /// No variables, for mappings that may not see the environment.
    fn default() -> Self {
        Self::new([])
    }
}

impl fmt::Debug for Environment {
    /// Names no variable: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}

impl Program {
    /// Compiles an expression, after single quotes have been rewritten.
    ///
    /// # Errors
    /// When jq does not accept the expression, or this engine lacks what it uses.
    pub(crate) fn compile(text: &str, environment: &Environment) -> Result<Self, CompileError> {
        parse::check_text(text)?;
        let rewritten = rewrite::rewrite(text);
        let compiled = compile::with_parser_stack(rewritten.text(), |text| {
            let term = parse::parse(text)?;
            let needs = analysis::needs(&term);
            let code = match parse::plain(&term) {
                Some(plain) => Code::Plain(plain),
                None => Code::Filter {
                    filter: compile::compile(term, text)?,
                    environment: environment.value(),
                },
            };
            Ok(Inner { code, needs })
        });
        match compiled {
            Ok(inner) => Ok(Self {
                inner: Arc::new(inner),
            }),
            Err(CompileError {
                message,
                offset,
                kind,
            }) => Err(CompileError {
                message,
                offset: rewritten.original(offset),
                kind,
            }),
        }
    }

    /// The first output for an input; [`None`] if there is none.
    ///
    /// # Errors
    /// When the program raises an error before its first output, or spends the budget.
    pub(crate) fn first(&self, input: &Val, budget: &Budget) -> Result<Option<Val>, EvalError> {
        if let Some(limit) = budget.exhausted() {
            return Err(limit.into());
        }
        let output = match &self.inner.code {
            Code::Plain(plain) => plain.first(input).map_err(|fault| first_line(&fault)),
            Code::Filter {
                filter,
                environment,
            } => budget.spend(|| run(filter, environment.clone(), input.clone())),
        };
        match budget.exhausted() {
            Some(limit) => Err(limit.into()),
            None => output.map_err(EvalError::Jq),
        }
    }

    /// Why an expression gives null, nothing or an error for an input: the steps of its paths that
    /// found nothing. Empty when none is to blame, or it does not compile.
    pub(crate) fn trace(
        text: &str,
        environment: &Environment,
        input: &Val,
        budget: &Budget,
    ) -> Vec<Missing> {
        let rewritten = rewrite::rewrite(text);
        let term = parse::check_text(text).and_then(|()| parse::parse(rewritten.text()));
        let Ok(term) = term else {
            return Vec::new();
        };
        let tracer = Tracer {
            text: rewritten.text(),
            environment: &environment.0,
            budget,
        };
        tracer.trace(&term, input)
    }

    /// The parts of an item that the program can read.
    pub(crate) fn needs(&self) -> &Needs {
        &self.inner.needs
    }

    /// The value of a program that is a constant, as a blueprint `"jiraIssue"` is.
    pub(crate) fn literal(&self) -> Option<&Val> {
        match &self.inner.code {
            Code::Plain(Plain::Literal(value)) => Some(value),
            _ => None,
        }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code: &dyn fmt::Debug = match &self.inner.code {
            Code::Plain(plain) => plain,
            Code::Filter { .. } => &"filter",
        };
        f.debug_struct("Program")
            .field("code", code)
            .field("needs", &self.inner.needs)
            .finish()
    }
}

impl CompileError {
    pub(super) fn new(message: impl Into<String>, offset: usize, kind: Refusal) -> Self {
        Self {
            message: message.into(),
            offset,
            kind,
        }
    }
}

/// The first output of a filter.
pub(super) fn run(
    filter: &Filter<Data>,
    environment: Val,
    input: Val,
) -> Result<Option<Val>, String> {
    let context = Ctx::<Data>::new(&filter.lut, Vars::new([environment]));
    match filter.id.run((context, input)).next() {
        None => Ok(None),
        Some(Ok(output)) => Ok(Some(output)),
        Some(Err(exception)) => match exception.get_err() {
            Ok(fault) => Err(first_line(&fault)),
            // `halt` ends the program, not the process; `break` cannot get here.
            Err(_halted) => Ok(None),
        },
    }
}

fn first_line(fault: &super::Fault) -> String {
    fault
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}
