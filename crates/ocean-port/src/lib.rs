//! Port as the catalog of an Ocean integration: [`PortClient`] implements the ports
//! [`Catalog`](ocean_core::Catalog) and [`IntegrationStore`](ocean_core::IntegrationStore) over
//! Port's API.
//!
//! This is not a general client of Port: it has the calls that an integration makes and no others,
//! and it sends what the original Ocean framework sends.
//!
//! ```no_run
//! use ocean_core::{AppConfig, Catalog, Entity, WriteContext, WriteEvent};
//! use ocean_port::{PortClient, PortConfig};
//!
//! # async fn example(entities: Vec<Entity>) -> Result<(), Box<dyn std::error::Error>> {
//! let config = PortConfig::new("client-id", "client-secret", "prod-jira", "jira", "0.1.0")
//!     .base_url("https://api.us.getport.io");
//! let port = PortClient::new(config)?;
//! let cx = WriteContext::new(&AppConfig::default(), WriteEvent::LiveEvent);
//! for outcome in port.upsert(&cx, "jiraIssue", &entities).await? {
//!     println!("{outcome:?}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Map
//!
//! | question | module |
//! | --- | --- |
//! | what exactly is sent? | `request`: builders of plain `http::Request` values, one file per area |
//! | who sends it, and with which token? | `transport`, `auth` |
//! | how are entities written, deleted, found? | `upsert` and `batching`, `delete`, `find` and `elements` |
//! | who makes entities of raw items, and how do they get there? | `lake` |
//! | what must exist before the first run? | `provision` |
//! | when does Port run an integration that it hosts? | `hosted` |
//! | what is told beside the catalog? | `telemetry` (metrics, heartbeat, logs) |
//! | what is remembered? | `cache` (blueprints, flags), `clock` (Port's time) |
//! | what comes back, and what went wrong? | `wire`, `error` |
//!
//! Requests are repeated by [`ocean_core::http`], once for the whole workspace. Three things only
//! this crate can see are asked for again here, each a few times: single entities that Port could
//! not take at the moment, deletions it answered but did not carry out, and searches that break
//! off while they are read.

mod auth;
mod batching;
mod cache;
mod client;
mod clock;
mod config;
mod delete;
mod elements;
mod error;
mod find;
mod hosted;
mod lake;
mod provision;
mod request;
#[cfg(test)]
mod script;
mod telemetry;
mod timestamp;
mod transport;
mod upsert;
mod wire;

pub use crate::client::PortClient;
pub use crate::config::PortConfig;
pub use crate::error::Error;
pub use crate::hosted::HostedSchedule;
pub use crate::lake::PortLake;
pub use crate::provision::{Defaults, Origin, Provisioned, Runtime};
pub use crate::request::OCEAN_CORE_VERSION;
