//! The engine over a catalog in memory: no sockets, paused time.

mod deletion;
mod loading;
mod world;
