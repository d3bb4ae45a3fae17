//! Live events through the whole program: over a socket, into a file, to Jira, to Port.

#[path = "../command_line/process.rs"]
mod process;
#[path = "../command_line/running.rs"]
mod running;

mod changes;
mod killed;
mod sender;
mod stage;
