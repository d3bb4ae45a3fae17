//! Why does an expression give null? Which step of which path found nothing?
//!
//! Start with [`Program::trace`](super::Program::trace). The syntax tree that was compiled is
//! walked with the input at hand: a pipe goes on with what its left side gives, a condition with
//! the branch that is taken, an alternative with both sides. Each part is evaluated by the engine
//! itself, so that what is said is what happens.
//!
//! Values that a part binds (`. as $item | ...`) are not known to a part that is evaluated alone;
//! the walk ends there, and says only what it has found by then.

use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::{Part, Path};

use super::access;
use super::budget::Budget;
use super::compile;
use super::desugar::Ast;
use super::parse;
use super::program::{self, Data};
use super::text::excerpt;
use super::value::Val;
use crate::app_config::did_you_mean;

/// Up to so many keys of an object are named; more say nothing to a reader.
const NAMED_KEYS: usize = 8;

/// What there is instead of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MissingKind {
    /// The object has no such key.
    NoKey,
    /// The field is null.
    Null,
    /// The list has no such element.
    Empty,
    /// The step fails: what is there has no fields at all.
    Fails,
    /// The expression says null, or nothing, itself.
    Said,
}

/// A step that found nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) kind: MissingKind,
    /// The path up to and including the step, for example `.fields.parent`; empty when no path
    /// is to blame.
    pub(crate) path: String,
    /// What is there instead.
    pub(crate) message: String,
}

impl Missing {
    fn new(kind: MissingKind, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            path: path.into(),
            message: message.into(),
        }
    }
}

/// Walks expressions with one environment at the cost of one budget.
pub(super) struct Tracer<'s, 'b> {
    pub(super) text: &'s str,
    pub(super) environment: &'b Val,
    pub(super) budget: &'b Budget,
}

/// What a term gets to see, and how people would write where it stands.
#[derive(Clone)]
struct Input {
    value: Val,
    /// The path from the item; [`None`] when it was computed.
    path: Option<String>,
}

impl<'s> Tracer<'s, '_> {
    /// Why `term` gives null, or nothing, for the whole item.
    pub(super) fn trace(&self, term: &Ast<'s>, item: &Val) -> Vec<Missing> {
        let input = Input {
            value: item.clone(),
            path: Some(String::new()),
        };
        self.walk(term, &input)
    }

    fn walk(&self, term: &Ast<'s>, input: &Input) -> Vec<Missing> {
        match term {
            Term::Path(head, path) => self.path(head, path, input),
            Term::BinOp(left, op, right) => self.operation(left, op, right, input),
            Term::IfThenElse(cases, default) => self.condition(cases, default.as_deref(), input),
            Term::TryCatch(inner, _) | Term::Neg(inner) | Term::Label(_, inner) => {
                self.walk(inner, input)
            }
            Term::Call(name, arguments) => self.call(name, arguments, input),
            Term::Id if matches!(input.value, Val::Null) => {
                vec![Missing::new(MissingKind::Null, input.shown("."), "is null")]
            }
            _ => Vec::new(),
        }
    }

    fn operation(
        &self,
        left: &Ast<'s>,
        op: &BinaryOp<&'s str>,
        right: &Ast<'s>,
        input: &Input,
    ) -> Vec<Missing> {
        match op {
            BinaryOp::Pipe(None) => {
                let given = self.given(left, input);
                let missing = match &given {
                    Some(value) if !matches!(value, Val::Null) => Vec::new(),
                    _ => self.walk(left, input),
                };
                match given {
                    Some(value) if missing.is_empty() => {
                        let path = input.path.as_ref().and_then(|from| below(from, left));
                        self.walk(right, &Input { value, path })
                    }
                    _ => missing,
                }
            }
            BinaryOp::Pipe(Some(_)) | BinaryOp::Comma => self.walk_if_null(left, input),
            BinaryOp::Alt | BinaryOp::Math(_) => {
                let mut missing = self.walk_if_null(left, input);
                missing.extend(self.walk_if_null(right, input));
                missing.dedup();
                missing
            }
            _ => Vec::new(),
        }
    }

    fn walk_if_null(&self, term: &Ast<'s>, input: &Input) -> Vec<Missing> {
        match self.given(term, input) {
            Some(value) if value.is_truthy() => Vec::new(),
            _ => self.walk(term, input),
        }
    }

    fn condition(
        &self,
        cases: &[(Ast<'s>, Ast<'s>)],
        default: Option<&Ast<'s>>,
        input: &Input,
    ) -> Vec<Missing> {
        let taken = cases.iter().find(|(test, _)| {
            let holds = self.given(test, input);
            holds.is_some_and(|holds| holds.is_truthy())
        });
        let (branch, name) = match (taken, default) {
            (Some((_, then)), _) => (then, "then"),
            (None, Some(otherwise)) => (otherwise, "else"),
            (None, None) => return self.walk(&Term::Id, input),
        };
        let missing = self.walk(branch, input);
        if missing.is_empty() {
            let what = format!("the condition takes its `{name}`, which gives null");
            return vec![Missing::new(MissingKind::Said, "", what)];
        }
        missing
    }

    fn call(&self, name: &str, arguments: &[Ast<'s>], input: &Input) -> Vec<Missing> {
        match (name, arguments) {
            ("null", []) => vec![Missing::new(
                MissingKind::Said,
                "",
                "the expression says `null`",
            )],
            ("empty", []) => vec![Missing::new(
                MissingKind::Said,
                "",
                "the expression says `empty`",
            )],
            ("select", [test]) => {
                let mut missing = self.walk_if_null(test, input);
                if missing.is_empty() {
                    let value = excerpt(&input.value);
                    missing.push(Missing::new(
                        MissingKind::Said,
                        "",
                        format!("`select` lets {value} not pass"),
                    ));
                }
                missing
            }
            ("first" | "last" | "add" | "min" | "max", []) => match &input.value {
                Val::Arr(items) if items.is_empty() => {
                    let list = input.shown("the list");
                    vec![Missing::new(
                        MissingKind::Empty,
                        list,
                        format!("is empty, so `{name}` gives null"),
                    )]
                }
                _ => Vec::new(),
            },
            ("first" | "last", [inner]) => self.walk(inner, input),
            _ => Vec::new(),
        }
    }

    fn path(&self, head: &Ast<'s>, path: &Path<Ast<'s>>, input: &Input) -> Vec<Missing> {
        let Some(value) = self.given(head, input) else {
            return self.walk(head, input);
        };
        let from = input.path.as_ref().and_then(|from| below(from, head));
        let mut at = Input { value, path: from };
        if matches!(at.value, Val::Null) {
            return self.walk(head, input);
        }
        for (part, _) in &path.0 {
            let step = match part {
                Part::Index(key) => self.given(key, input).map(|key| at.index(&key)),
                Part::Range(None, None) => Some(at.first_child()),
                Part::Range(..) => None,
            };
            at = match step {
                Some(Ok(next)) => next,
                Some(Err(missing)) => return vec![missing],
                None => return Vec::new(),
            };
        }
        Vec::new()
    }

    /// The first output of a part of the expression; [`None`] when it has none or fails.
    fn given(&self, term: &Ast<'s>, input: &Input) -> Option<Val> {
        if let Some(plain) = parse::plain(term) {
            return plain.first(&input.value).ok().flatten();
        }
        let filter: jaq_core::Filter<Data> = compile::compile(term.clone(), self.text).ok()?;
        let run = || program::run(&filter, self.environment.clone(), input.value.clone());
        self.budget.spend(run).ok().flatten()
    }
}

impl Input {
    /// How people call it: its path, or what it is.
    fn shown(&self, otherwise: &str) -> String {
        match &self.path {
            Some(path) if !path.is_empty() => path.clone(),
            _ => otherwise.to_owned(),
        }
    }

    fn index(&self, key: &Val) -> Result<Self, Missing> {
        let from = self.path.as_deref().unwrap_or("(...)");
        let path = format!("{from}{}", key_text(from, key));
        let missing = |kind, message: String| Missing::new(kind, path.clone(), message);
        let value = access::index(&self.value, key);
        let value =
            value.map_err(|error| missing(MissingKind::Fails, format!("fails: {error}")))?;
        if !matches!(value, Val::Null) {
            let path = self.path.is_some().then_some(path);
            return Ok(Self { value, path });
        }
        let owner = self.shown("the item");
        let (kind, message) = match (&self.value, key) {
            (Val::Obj(object), Val::Str(key)) if object.get(key).is_none() => {
                let known: Vec<&str> = object.iter().map(|(name, _)| &**name).collect();
                (MissingKind::NoKey, no_key(&owner, key, &known))
            }
            (Val::Arr(items), Val::Num(_)) if items.is_empty() => {
                (MissingKind::Empty, format!("`{owner}` is empty"))
            }
            (Val::Arr(items), Val::Num(_)) => {
                let message = format!("there are only {} in `{owner}`", items.len());
                (MissingKind::Empty, message)
            }
            _ => (MissingKind::Null, "is null".to_owned()),
        };
        Err(missing(kind, message))
    }

    /// What `.[]` gives first.
    fn first_child(&self) -> Result<Self, Missing> {
        let path = format!("{}[]", self.path.as_deref().unwrap_or("(...)"));
        let missing = |kind, message: String| Missing::new(kind, path.clone(), message);
        let children = access::children(&self.value);
        let children =
            children.map_err(|error| missing(MissingKind::Fails, format!("fails: {error}")))?;
        match children.into_iter().next() {
            Some(value) => Ok(Self {
                value,
                path: self.path.is_some().then_some(path),
            }),
            None => {
                let message = format!("`{}` is empty", self.shown("the item"));
                Err(missing(MissingKind::Empty, message))
            }
        }
    }
}

/// The path of what `term` gives, when that is a plain path below `from`.
fn below(from: &str, term: &Ast<'_>) -> Option<String> {
    match term {
        Term::Id => Some(from.to_owned()),
        Term::Path(head, path) => {
            let mut shown = below(from, head)?;
            for (part, _) in &path.0 {
                match part {
                    Part::Index(key) => {
                        let key = parse::constant(key)?;
                        shown = format!("{shown}{}", key_text(&shown, &key));
                    }
                    Part::Range(None, None) => shown.push_str("[]"),
                    Part::Range(..) => return None,
                }
            }
            Some(shown)
        }
        Term::BinOp(left, BinaryOp::Pipe(None), right) => below(&below(from, left)?, right),
        _ => None,
    }
}

/// `.name`, `["48x48"]` or `[0]`, as it is written after `from`.
fn key_text(from: &str, key: &Val) -> String {
    let dot = if from.is_empty() { "." } else { "" };
    match key {
        Val::Str(name) if is_plain(name) => format!(".{name}"),
        other => format!("{dot}[{}]", excerpt(other)),
    }
}

fn is_plain(name: &str) -> bool {
    let mut letters = name.chars();
    let starts = letters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    starts && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn no_key(owner: &str, key: &str, known: &[&str]) -> String {
    let owner = if owner.starts_with('.') {
        format!("`{owner}`")
    } else {
        owner.to_owned()
    };
    let mut message = format!("{owner} has no `{key}`");
    if let Some(meant) = did_you_mean(key, known) {
        message.push_str(&format!("; did you mean `{meant}`?"));
    } else if known.is_empty() {
        message.push_str(", it is empty");
    } else if known.len() <= NAMED_KEYS {
        message.push_str(&format!(", only {}", known.join(", ")));
    }
    message
}

#[cfg(test)]
mod tests;
