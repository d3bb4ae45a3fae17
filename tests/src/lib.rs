//! End-to-end tests: simulated Jira, the engine, simulated Port, over real HTTP on loopback.
//!
//! Start with [`World`]: both simulators, our clients of them, and one call per resync. What a
//! test expects of the catalog is compared with an independent model, the simulated site. Tests
//! that break something use a [`Scene`], which holds every resync to the same promises, and no
//! test of it is done before [`canary`] has looked for secrets.

pub mod canary;
pub mod check;
mod world;

pub use crate::check::{Expected, Scene};
pub use crate::world::{CLIENT_ID, CLIENT_SECRET, IDENTIFIER, World, fast, fast_retries};
