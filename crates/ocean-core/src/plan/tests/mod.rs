//! A plan over a catalog in memory: no sockets.

mod applying;
mod deleting;
mod planning;
mod world;
