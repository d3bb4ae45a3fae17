//! Simulated ends for integrations: a Port and a Jira that speak real HTTP on the loopback
//! interface, misbehave on request and remember everything they were asked.
//!
//! This is not a mock library: nothing is stubbed inside the process under test. A simulator is a
//! small server with the semantics of the real service, so any client in any language can be tried
//! against it.
//!
//! ```
//! use ocean_testkit::{Action, Request, Response, Rule, Server, Service};
//!
//! struct Hello;
//!
//! impl Service for Hello {
//!     async fn handle(&self, request: Request) -> Response {
//!         Response::json(&serde_json::json!({ "path": request.path() }))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let server = Server::start(([127, 0, 0, 1], 0).into(), Hello).await?;
//! server.faults().add(Rule::new(Action::Reset).path("/rest/").times(1));
//! assert_eq!(server.journal().count("GET", "/rest/"), 0);
//! server.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Map
//!
//! | to | start with |
//! | --- | --- |
//! | test an integration | `Harness`, `Webhook`, `conformance` (feature `harness`) |
//! | test it on what was recorded | `Harness::tape` (feature `harness`) |
//! | simulate a system that has no simulator here | [`SourceTwin`], [`Paging`], [`Tokens`] |
//! | break a system that cannot be steered | [`Proxy`] |
//! | serve something over HTTP | [`Server`], [`Service`], [`Request`], [`Response`] |
//! | make it misbehave | [`Faults`], [`FaultPlan`], [`Rule`], [`Action`] |
//! | see what was asked | [`Journal`], [`Entry`] |
//! | move a simulator's clock | [`Clock`] |
//! | say that a test cannot run here | [`not_run`] |
//! | meet a Port | [`port::PortTwin`] |
//! | meet a Jira | [`jira::JiraTwin`], [`jira::lies`] |
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `harness` | `Harness`, `Bench` and `conformance`, which know the engine; without it this crate knows no other of ours |
//!
//! Every simulator answers the same control requests under `/__twin/`: `GET` and `DELETE`
//! `/__twin/journal`, `POST` (a [`FaultPlan`] as JSON) and `DELETE` `/__twin/faults`.

mod clock;
#[cfg(feature = "harness")]
#[expect(
    clippy::indexing_slicing,
    reason = "of a JSON value, a key that is not there gives null"
)]
mod conformance;
mod control;
mod deliver;
mod fault;
#[cfg(feature = "harness")]
mod harness;
pub mod jira;
mod journal;
mod message;
pub mod port;
mod proxy;
mod server;
mod skip;
mod socket;
mod source;

pub use clock::Clock;
#[cfg(feature = "harness")]
pub use conformance::{Checked, Judgement, Samples, Verdict, conformance};
pub use deliver::Webhook;
pub use fault::{Action, FaultPlan, Faults, Rewrite, Rule};
#[cfg(feature = "harness")]
pub use harness::{Bench, Delivered, Fate, Harness, HarnessError};
pub use http::StatusCode;
pub use journal::{Entry, Journal, JournalMode};
pub use message::{Request, Response};
pub use proxy::{Exchange, Proxy};
pub use server::{Controls, Server, Service};
pub use skip::not_run;
pub use source::{Paging, SourceTwin, SourceTwinBuilder, Tokens};
