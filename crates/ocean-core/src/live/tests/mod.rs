//! The live engine over a source and a catalog in memory, under paused time where there is no socket.

mod batches;
mod failures;
mod flood;
mod forwarding;
mod guests;
mod overlap;
mod races;
mod storage;
mod world;
