//! End-to-end tests: simulated Jira, the engine, simulated Port, over real HTTP on loopback.
//!
//! Start with [`World`]: both simulators, our clients of them, and one call per resync. What a
//! test expects of the catalog is compared with an independent model, the simulated site. Tests
//! that break Jira use a [`Scene`], tests that break Port or the mapping a [`Drift`], which has
//! something to write and to delete. Both hold every resync to the same promises, and no test of
//! theirs is done before [`canary`] has looked for secrets. Tests of live events use a [`LiveWorld`].

pub mod all_kinds;
pub mod canary;
pub mod check;
pub mod drift;
mod live;
mod world;

pub use crate::check::{Expected, Scene};
pub use crate::drift::Drift;
pub use crate::live::LiveWorld;
pub use crate::world::{CLIENT_ID, CLIENT_SECRET, IDENTIFIER, World, fast, fast_retries};
