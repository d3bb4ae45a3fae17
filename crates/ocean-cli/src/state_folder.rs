//! Where do live events wait? In the state folder, or in memory when there can be none.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ocean_core::{
    ControlSocket, EventQueue, MemoryQueue, QueueError, QueueOptions, SqliteQueue, error_chain,
};

use crate::exit::Exit;
use crate::failure::Failure;

/// What a process has that stays up.
#[derive(Debug)]
pub(crate) struct StateFolder {
    /// Live events and dead letters.
    pub(crate) queue: Arc<dyn EventQueue>,
    /// Where it takes orders; `None` when the system does not allow it.
    pub(crate) control: Option<ControlSocket>,
}

impl StateFolder {
    /// Takes the folder, for which another process has so long to leave it.
    pub(crate) async fn take(folder: &Path, grace: Duration) -> Result<Self, Failure> {
        let opened = SqliteQueue::open_within(folder, QueueOptions::new(), grace).await;
        let queue = match opened {
            Ok(queue) => queue,
            Err(QueueError::NotWritable(reason)) => {
                tracing::error!(
                    error = reason,
                    "live events wait in memory only: those that wait are lost when the process \
                     ends, although their senders were told that they are accepted; \
                     give it a folder that it may write to (OCEAN__STATE_DIR)"
                );
                return Ok(Self::in_memory());
            }
            Err(error) => return Err(unusable(folder, &error)),
        };
        let control = ControlSocket::listen(folder);
        let control = control.inspect_err(|error| {
            tracing::warn!(%error, "dead letters can be replayed only while the process is stopped");
        });
        Ok(Self {
            queue: Arc::new(queue),
            control: control.ok(),
        })
    }

    /// For a process that handles no live events, or cannot keep them.
    pub(crate) fn in_memory() -> Self {
        Self {
            queue: Arc::new(MemoryQueue::new(QueueOptions::new())),
            control: None,
        }
    }
}

/// The folder exists and cannot be used.
pub(crate) fn unusable(folder: &Path, error: &QueueError) -> Failure {
    let folder = folder.display();
    if matches!(error, QueueError::InUse(_)) {
        let message = format!("another process uses the state folder `{folder}`");
        return Failure::new(Exit::StateFolder, message)
            .hint("stop it, or give each process a folder of its own with OCEAN__STATE_DIR");
    }
    let message = format!(
        "the state folder `{folder}` cannot be used: {}",
        error_chain(error)
    );
    Failure::new(Exit::StateFolder, message)
}
