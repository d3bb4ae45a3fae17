//! Where there are no Unix sockets nobody takes orders: dead letters are replayed while the process
//! is stopped.

use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Notify;

use super::order::{Order, Reply};
use crate::live::EventQueue;

/// The socket that cannot be.
#[derive(Debug)]
pub struct ControlSocket(Infallible);

impl ControlSocket {
    /// Says that it cannot be.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn listen(_folder: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Is never called.
    pub async fn serve(&self, _queue: &dyn EventQueue, _arrived: &Arc<Notify>) -> Infallible {
        self.0
    }
}

/// Nobody takes orders.
///
/// # Errors
///
/// Never.
pub async fn send_order(_folder: &Path, _order: &Order) -> io::Result<Option<Reply>> {
    Ok(None)
}
