//! The command line that every Ocean integration gets: an author's `main` in one call.
//!
//! Start with [`CliApp`].
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use ocean_cli::CliApp;
//! use ocean_core::http::{HttpClient, HttpClientBuilder, HttpError};
//! use ocean_core::Integration;
//!
//! fn connect(_: &serde_json::Value, http: HttpClientBuilder) -> Result<HttpClient, HttpError> {
//!     http.build()
//! }
//!
//! fn main() -> ExitCode {
//!     CliApp::new("desk", env!("CARGO_PKG_VERSION"))
//!         .spec("title: Desk\nconfigurations: []")
//!         .integration(connect, |ocean: Integration<HttpClient>| ocean)
//!         .run()
//! }
//! ```
//!
//! # Map
//!
//! | to see | open |
//! | --- | --- |
//! | what can be typed | `arguments` |
//! | what a command does | `commands`, one file each |
//! | how a resync is put together | `session` |
//! | what commands have at hand that write nothing | `desk`, `held`, `samples`, `tape` |
//! | how it looks | `display`, the only place that prints |
//! | what the exit codes mean | `exit` |
//! | how a new integration begins | `scaffold` |
//!
//! [`ocean`] is a program of its own, for authors who have no integration yet: `ocean new NAME`.
//!
//! What `demo` and `twin` need of an integration is a [`Simulation`].

#![cfg_attr(docsrs, feature(doc_cfg))]

mod app;
mod arguments;
mod commands;
mod desk;
mod display;
mod environment;
mod exit;
mod failure;
mod held;
mod logging;
mod resources;
mod samples;
mod scaffold;
mod session;
mod signals;
mod simulation;
mod state_folder;
mod tape;

pub use crate::app::CliApp;
pub use crate::scaffold::ocean;
pub use crate::simulation::{Changed, Happened, Happening, Simulation, Twin, TwinOptions, World};
