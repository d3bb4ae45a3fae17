//! How are the jq expressions of a mapping evaluated?
//!
//! jaq-core interprets the language; this module gives it a value type and definitions with the
//! semantics of jq 1.8. [`Program`] is one compiled expression, [`Val`] a value, [`Budget`] what an
//! evaluation may cost, [`Needs`] the parts of an item that an expression reads.
//!
//! Plain paths and constants, which are most expressions of a mapping, never reach the
//! interpreter: they are walked.
//!
//! Deliberately absent: modules, inputs beyond the one item, and the environment of the process.
//!
//! # What jq does otherwise
//!
//! The cases marked `differs` in `tests/fixtures/jq-corpus.json` show each of these.
//!
//! - Integers above 2^53 come out with all their digits where they are only copied; jq rounds them.
//! - `a * b % c` is `a * (b % c)` here and `(a * b) % c` in jq; chained comparisons are accepted.
//! - Not understood, and reported as such: `?//` in patterns, `{$name: pattern}`, `reduce A / B as`,
//!   the numbers `.5` and `1.`, modules, `builtins` and the Bessel and gamma functions.
//! - `path(last(f))` is a path; an unknown `@format` is found when compiling, not when running.
//! - Regular expressions: no longest match (`l`), `$` only at the very end, `\h` is a hexadecimal
//!   digit, no second empty match at the end.
//! - Local time is UTC. Texts of some error messages differ.

mod access;
mod analysis;
mod budget;
mod calendar;
mod compile;
mod desugar;
mod engine;
mod json;
mod natives;
mod needs;
mod number;
mod ops;
mod order;
mod parse;
mod paths;
mod program;
mod rewrite;
mod text;
mod trace;
mod uses;
mod value;

#[cfg(test)]
mod tests;

#[cfg(test)]
use self::budget::Exhausted;
pub(crate) use self::budget::{Budget, Limits, WORKER_STACK, with_stack};
pub(crate) use self::needs::Needs;
pub use self::program::Environment;
pub(crate) use self::program::{CompileError, EvalError, Program, Refusal};
pub(crate) use self::trace::{Missing, MissingKind};
pub(crate) use self::uses::environment_uses;
pub(crate) use self::value::Val;

/// An error that a program raises, and may catch.
type Fault = jaq_core::Error<Val>;

/// A value, or an error that the program raises.
type Outcome = Result<Val, Fault>;

fn fail(message: impl ToString) -> Outcome {
    Err(Fault::str(message))
}
