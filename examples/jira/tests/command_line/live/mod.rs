//! Live events through the whole program: over a socket, into a file, to Jira, to Port.

mod changes;
mod killed;
mod sender;
mod stage;
