//! What the module promises, each promise tried: `policy`, `credentials` and `waiting` over a
//! scripted transport under paused time, `wire` over real sockets in real time.

mod credentials;
mod policy;
mod script;
mod waiting;
mod wire;
