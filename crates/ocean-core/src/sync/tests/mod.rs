//! The engine over a catalog in memory: no sockets, paused time.

mod cascade;
mod deletion;
mod loading;
mod outdated;
mod world;
