//! Which Port is read by commands that write nothing? A real one, or one on a tape.

use std::sync::Arc;

use ocean_core::settings::Settings;
use ocean_core::{
    Catalog, CatalogError, ErrorClass, IntegrationStore, NotedCatalog, ReplayedCatalog, Routing,
    error_chain,
};
use ocean_port::PortClient;
use serde_json::Value;

use crate::failure::Failure;
use crate::session;
use crate::tape::TapeUse;

/// What Port holds.
#[derive(Debug, Clone)]
pub(crate) enum Held {
    /// It is asked.
    Live(Arc<PortClient>),
    /// It is asked, and what it says is recorded.
    Noted(Arc<NotedCatalog<PortClient>>),
    /// It was asked when the tape was recorded.
    Replayed(Arc<ReplayedCatalog>),
}

impl Held {
    /// The Port that goes with a tape; `connect` is called when one is asked.
    pub(crate) fn new(
        tape: &TapeUse,
        connect: impl FnOnce() -> Result<PortClient, Failure>,
    ) -> Result<Self, Failure> {
        Ok(match tape {
            TapeUse::None => Self::Live(Arc::new(connect()?)),
            TapeUse::Record(recorder) => {
                let port = Arc::new(connect()?);
                Self::Noted(Arc::new(NotedCatalog::new(port, recorder.clone())))
            }
            TapeUse::Replay(tape) => Self::Replayed(Arc::new(tape.catalog())),
        })
    }

    /// As the engine reads it.
    pub(crate) fn catalog(&self) -> Arc<dyn Catalog> {
        match self {
            Self::Live(port) => Arc::clone(port) as _,
            Self::Noted(port) => Arc::clone(port) as _,
            Self::Replayed(port) => Arc::clone(port) as _,
        }
    }

    /// What it knows of the integration.
    pub(crate) fn store(&self) -> Arc<dyn IntegrationStore> {
        match self {
            Self::Live(port) => Arc::clone(port) as _,
            Self::Noted(port) => Arc::clone(port) as _,
            Self::Replayed(port) => Arc::clone(port) as _,
        }
    }

    /// Whether it knows the integration.
    pub(crate) async fn is_registered(&self) -> Result<bool, PortReadError> {
        match self {
            Self::Live(port) => Ok(port.is_registered().await?),
            Self::Noted(port) => {
                let is_registered = port.inner().is_registered().await?;
                port.note_registered(is_registered);
                Ok(is_registered)
            }
            Self::Replayed(port) => Ok(port.is_registered()),
        }
    }

    /// Who makes entities of what a resync reads.
    pub(crate) async fn routing(&self, settings: &Settings) -> Routing {
        match self {
            Self::Live(port) => routing(port, settings).await,
            Self::Noted(port) => {
                let routing = routing(port.inner(), settings).await;
                port.note_routing(routing);
                routing
            }
            Self::Replayed(port) => port.routing(),
        }
    }

    /// A blueprint with everything that Port says of it.
    pub(crate) async fn blueprint_document(
        &self,
        name: &str,
    ) -> Result<Option<Value>, PortReadError> {
        match self {
            Self::Live(port) => Ok(port.blueprint_document(name).await?),
            Self::Noted(port) => {
                let document = port.inner().blueprint_document(name).await?;
                port.note_document(name, document.as_ref());
                Ok(document)
            }
            Self::Replayed(port) => Ok(port.document(name)?),
        }
    }
}

/// Who makes entities of what is read, as a resync would ask for it.
pub(crate) async fn routing(port: &Arc<PortClient>, settings: &Settings) -> Routing {
    match session::lake(port, settings) {
        Some(lake) => lake.routing().await,
        None => Routing::Local,
    }
}

/// Port, or the tape, did not say.
#[derive(Debug)]
pub(crate) enum PortReadError {
    Port(ocean_port::Error),
    Tape(CatalogError),
}

impl PortReadError {
    pub(crate) fn class(&self) -> ErrorClass {
        match self {
            Self::Port(error) => error.class(),
            Self::Tape(error) => error.class(),
        }
    }

    pub(crate) fn told(&self) -> String {
        match self {
            Self::Port(error) => error_chain(error),
            Self::Tape(error) => error_chain(error),
        }
    }
}

impl From<ocean_port::Error> for PortReadError {
    fn from(error: ocean_port::Error) -> Self {
        Self::Port(error)
    }
}

impl From<CatalogError> for PortReadError {
    fn from(error: CatalogError) -> Self {
        Self::Tape(error)
    }
}

impl From<PortReadError> for Failure {
    fn from(error: PortReadError) -> Self {
        match error {
            PortReadError::Port(error) => error.into(),
            PortReadError::Tape(error) => Self::of_port(error.class(), &error),
        }
    }
}
