//! How are dead letters looked at and replayed while the process runs? Over a socket in its state
//! folder.
//!
//! The process has the folder to itself, so that nobody else may open its queue. It listens at a
//! Unix socket in the folder instead, which only its own user may use, and does what
//! [`Order`]s say. Without a process that listens, the same orders are done on the queue itself:
//! [`perform_order`].

#[cfg(not(unix))]
mod nowhere;
mod order;
#[cfg(unix)]
mod socket;

#[cfg(not(unix))]
use self::nowhere as socket;

pub use self::order::{Letter, Order, Reply, perform_order};
pub use self::socket::{ControlSocket, send_order};
