//! The engine over a catalog in memory: no sockets, paused time.

mod cascade;
mod copies;
mod deletion;
mod faulty;
mod forwarding;
mod hooks;
mod incremental;
mod loading;
mod metrics;
mod outdated;
mod world;
