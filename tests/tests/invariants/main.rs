//! What holds whatever happens, one test for each invariant that needs both ends or many batches.

mod memory;
mod secrets;
mod stopped;
