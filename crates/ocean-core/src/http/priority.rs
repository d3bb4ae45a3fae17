//! Which call goes first when not all can go? Whoever does urgent work says so once, around it,
//! with [`Priority::scope`].

use std::collections::HashMap;
use std::future::Future;

use http::Extensions;
use tokio::sync::watch;

tokio::task_local! {
    static CURRENT: Priority;
}

/// How urgent the work is that a call belongs to.
///
/// The engine handles live events as [`Urgent`](Self::Urgent), so a processor's calls go before
/// the pages of a resync without the author's doing. A request that knows better carries its
/// priority among its extensions.
///
/// ```
/// use ocean_core::http::Priority;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// assert_eq!(Priority::current(), Priority::Normal);
/// let inside = Priority::Urgent.scope(async { Priority::current() }).await;
/// assert_eq!(inside, Priority::Urgent);
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Priority {
    /// Work that nobody waits for, such as the pages of a resync.
    #[default]
    Normal,
    /// Work that somebody waits for, such as a live event.
    Urgent,
}

impl Priority {
    /// Runs a future whose calls have this priority. A task that it spawns does not inherit it.
    pub fn scope<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, work)
    }

    /// The priority of whatever is running.
    #[must_use]
    pub fn current() -> Self {
        CURRENT.try_with(|priority| *priority).unwrap_or_default()
    }

    /// The priority of a request that is about to be sent.
    pub(super) fn of(request: &Extensions) -> Self {
        request.get().copied().unwrap_or_else(Self::current)
    }
}

/// Where urgent calls wait, by host and port. Others let them pass.
#[derive(Debug, Default)]
pub(super) struct Precedence {
    urgent: watch::Sender<HashMap<String, usize>>,
}

impl Precedence {
    /// The place of a call that waits to be sent, given up when dropped.
    pub(super) fn turn<'a>(&'a self, host: &'a str, priority: Priority) -> Turn<'a> {
        if priority == Priority::Urgent {
            self.urgent.send_modify(|waiting| {
                *waiting.entry(host.to_owned()).or_default() += 1;
            });
        }
        Turn {
            precedence: self,
            host,
            priority,
        }
    }
}

/// A call's place among those that wait for a host.
pub(super) struct Turn<'a> {
    precedence: &'a Precedence,
    host: &'a str,
    priority: Priority,
}

impl Turn<'_> {
    /// Returns when no call waits that goes before this one.
    pub(super) async fn comes(&self) {
        if self.priority == Priority::Normal {
            let mut urgent = self.precedence.urgent.subscribe();
            // It only fails when the sender is gone, and then nobody waits.
            let _nobody = urgent
                .wait_for(|waiting| !waiting.contains_key(self.host))
                .await;
        }
    }

    /// Whether a call waits that goes before this one.
    pub(super) fn is_preceded(&self) -> bool {
        self.priority == Priority::Normal && self.precedence.urgent.borrow().contains_key(self.host)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.priority == Priority::Urgent {
            self.precedence.urgent.send_modify(|waiting| {
                if let Some(calls) = waiting.get_mut(self.host) {
                    *calls -= 1;
                }
                waiting.retain(|_, calls| *calls > 0);
            });
        }
    }
}
