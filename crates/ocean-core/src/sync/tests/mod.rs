//! The engine over a catalog in memory: no sockets, paused time.

mod cascade;
mod deletion;
mod loading;
mod metrics;
mod outdated;
mod world;
