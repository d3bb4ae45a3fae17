//! The live engine: one event from the socket to the catalog.

mod queue;

pub use self::queue::{
    DeadLetter, Ending, EventQueue, MemoryQueue, NewEvent, Pushed, QueueCounts, QueueError,
    QueueHealth, QueueOptions, QueuedEvent,
};
