//! How does a client keep a limit that a system explains in headers of its own? A [`Throttle`].

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::priority::Priority;

/// Holds requests back before the other system has to refuse them.
///
/// The client itself heeds what is common to many systems: it pauses after a refusal, and after an
/// answer that says that nothing is left. A throttle is for what only one system says.
///
/// # Guarantees
///
/// - [`admit`](Self::admit) is called before each attempt that goes on the wire, with a slot free
///   for it; a request that has to wait gives the slot back.
/// - While an urgent request waits, it is not called for others to the same host.
/// - [`observe`](Self::observe) is called with each answer, those that are tried again included.
pub trait Throttle: fmt::Debug + Send + Sync + 'static {
    /// Lets a request go and counts it, or says how long to wait before asking again.
    ///
    /// Something may be kept back for urgent requests.
    fn admit(&self, priority: Priority) -> Option<Duration>;

    /// Learns from an answer.
    fn observe(&self, status: StatusCode, headers: &HeaderMap);
}
