//! What the module promises, each promise tried: `policy`, `credentials`, `precedence`,
//! `throttling` and `waiting` over a scripted transport under paused time, `wire` over real sockets in real time.

mod credentials;
mod policy;
mod precedence;
mod script;
mod throttling;
mod waiting;
mod wire;
