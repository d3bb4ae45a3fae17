//! Which expressions need no interpreter?
//!
//! Most expressions of a mapping are a path such as `.fields.status.name` or a constant such as
//! `"jiraIssue"`. Walking them costs some nanoseconds per step.

use super::number::Num;
use super::value::Val;
use super::{Outcome, access};

/// An expression that is simply walked.
#[derive(Debug, Clone)]
pub(super) enum Plain {
    /// A constant.
    Literal(Val),
    /// Steps from the root.
    Path(Vec<Step>),
}

/// One step of a path.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) key: Val,
    /// Whether the step is marked with `?`: then it gives nothing where it would fail.
    pub(super) optional: bool,
}

impl Plain {
    /// The output of the expression; [`None`] if it has none.
    pub(super) fn first(&self, input: &Val) -> Result<Option<Val>, super::Fault> {
        match self {
            Self::Literal(value) => Ok(Some(value.clone())),
            Self::Path(steps) => walk(input, steps),
        }
    }
}

fn walk(input: &Val, steps: &[Step]) -> Result<Option<Val>, super::Fault> {
    let mut value = input;
    for step in steps {
        value = match (value, &step.key) {
            (Val::Obj(object), Val::Str(key)) => match object.get(key) {
                Some(value) => value,
                None => &Val::Null,
            },
            (Val::Null, Val::Str(_) | Val::Num(_)) => &Val::Null,
            (Val::Arr(array), Val::Num(Num::Int(at))) => element(array, *at),
            (_, _) if step.optional => return Ok(None),
            (value, key) => return refuse(value, key).map(Some),
        };
    }
    Ok(Some(value.clone()))
}

fn element(array: &[Val], at: i64) -> &Val {
    let len = i64::try_from(array.len()).unwrap_or(i64::MAX);
    let at = if at < 0 { at + len } else { at };
    usize::try_from(at)
        .ok()
        .and_then(|at| array.get(at))
        .unwrap_or(&Val::Null)
}

/// Gives the error that the interpreter would give.
fn refuse(value: &Val, key: &Val) -> Outcome {
    access::index(value, key)
}
