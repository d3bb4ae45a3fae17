//! What the module promises, each promise tried: `policy`, `credentials`, `precedence`,
//! `throttling` and `waiting` over a scripted transport under paused time; `wire`, `tls` and `names`
//! over real sockets in real time.

mod credentials;
mod names;
mod policy;
mod precedence;
mod script;
mod throttling;
mod tls;
mod waiting;
mod wire;
