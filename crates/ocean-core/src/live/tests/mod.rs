//! The live engine over a source and a catalog in memory, under paused time.

mod batches;
mod failures;
mod guests;
mod overlap;
mod races;
mod storage;
mod world;
