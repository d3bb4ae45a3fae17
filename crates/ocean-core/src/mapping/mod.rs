//! How do raw items become entities?
//!
//! [`CompiledMapping`] compiles every expression of a mapping document once; it holds a
//! [`ResourceMapper`] per resource. A mapper turns a batch of raw items into [`Mapped`]: the
//! entities, and an account of every item that gave none. [`MapperPool`] does so on threads of its
//! own, because an expression may take long and must not hold up the runtime.

mod checked;
mod compiled;
mod entity;
mod evaluation;
mod explain;
mod expressions;
mod items_to_parse;
mod jq;
mod mapped;
mod pool;
mod quotes;
mod resource;
mod split;
mod tally;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

pub(crate) use self::checked::CheckedMapping;
pub use self::compiled::{CompiledMapping, ExpressionFault, FaultCause};
pub use self::explain::{ExplainedExpression, Explanation, Gives, MissingStep};
pub use self::jq::Environment;
pub(crate) use self::jq::{MissingKind, environment_uses};
pub use self::mapped::{
    ItemError, ItemErrorKind, ItemErrors, Mapped, Misconfigured, NoKey, Skipped, Unsplit,
};
pub use self::pool::{MapError, MapperPool};
pub use self::resource::{MapOptions, ResourceMapper};
