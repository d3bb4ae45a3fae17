//! How does an integration meet Port without an account? [`PortTwin`], a simulated Port with an
//! entity store of its own.
//!
//! It answers every endpoint that Ocean calls. What of the real Port's behaviour is known and what
//! is assumed stands in `docs/port-semantics.md`.

mod auth;
mod blueprints;
mod catalog;
mod deletion;
mod entity;
mod error;
mod extras;
mod integration;
mod lake;
mod listing;
mod organization;
mod relations;
mod routes;
mod schema;
mod search;
mod twin;
mod upsert;

pub use catalog::Writes;
pub use lake::{LakeWrite, LifecycleCall};
pub use twin::{PortTwin, PortTwinBuilder};
