//! Which filters are implemented in Rust?
//!
//! Names that begin with `_` are building blocks of `defs.jq`. The environment of the process, other
//! inputs and standard output are out of reach on purpose.

mod arrays;
mod control;
mod dates;
mod format;
mod math;
mod regex;
mod text;

use jaq_core::native::{self, Fun};
use jaq_core::{Bind, RunPtr};

use super::program::Data;

/// Name, parameters and implementation of a filter.
type Native = (&'static str, Box<[Bind]>, RunPtr<Data>);

/// All filters.
pub(super) fn all() -> impl Iterator<Item = Fun<Data>> {
    let simple = [
        arrays::natives(),
        control::natives(),
        dates::natives(),
        format::natives(),
        math::natives(),
        regex::natives(),
        text::natives(),
    ];
    // Ours come first: the first of two filters of the same name is found.
    let simple = simple
        .into_iter()
        .flatten()
        .map(|filter| native::run::<Data>(filter));
    control::with_paths()
        .into_iter()
        .chain(simple)
        .chain(jaq_core::funs())
}
