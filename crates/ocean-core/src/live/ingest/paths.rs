//! Which processors of a path take part in an event? [`Paths`] asks them, and survives their
//! panics.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing::error;

use crate::live::rarely::Rarely;
use crate::webhook::{ErasedProcessor, WebhookEvent};

/// The processors by path.
pub(super) struct Paths {
    processors: HashMap<String, Vec<ErasedProcessor>>,
    panicked: Rarely,
}

impl Paths {
    pub(super) fn new(processors: &[ErasedProcessor]) -> Self {
        let mut paths: HashMap<_, Vec<_>> = HashMap::new();
        for processor in processors {
            paths
                .entry(processor.path().to_owned())
                .or_default()
                .push(processor.clone());
        }
        Self {
            processors: paths,
            panicked: Rarely::new(),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.processors.keys().map(String::as_str)
    }

    pub(super) fn at<'a>(&'a self, path: &'a str) -> Option<Processors<'a>> {
        Some(Processors {
            path,
            all: self.processors.get(path)?.iter().collect(),
            panicked: &self.panicked,
        })
    }
}

/// Some processors of one path, in registration order.
pub(super) struct Processors<'a> {
    path: &'a str,
    all: Vec<&'a ErasedProcessor>,
    panicked: &'a Rarely,
}

/// Why a processor does not take a request for genuine.
pub(super) struct Refused {
    pub(super) reason: String,
}

impl<'a> Processors<'a> {
    /// Those that are concerned. Each of them has to take the request for genuine: an event that
    /// waits is given to all that accept it, whoever vouched for it. When nobody is concerned, one
    /// that vouches is enough to answer that.
    pub(super) fn taking_part(self, event: &WebhookEvent) -> Result<Self, Refused> {
        let asked = self.all.iter().copied();
        let accepting: Vec<_> = asked
            .filter(|processor| self.guard(|| processor.accepts(event)) == Some(true))
            .collect();
        if accepting.is_empty() {
            let mut refusals = self
                .all
                .iter()
                .map(|processor| self.refusal(processor, event));
            if refusals.any(|refusal| refusal.is_none()) {
                return Ok(Self {
                    all: accepting,
                    ..self
                });
            }
        }
        let vouching = if accepting.is_empty() {
            &self.all
        } else {
            &accepting
        };
        let refusal = vouching
            .iter()
            .find_map(|processor| self.refusal(processor, event));
        match refusal {
            Some(reason) => Err(Refused { reason }),
            None => Ok(Self {
                all: accepting,
                ..self
            }),
        }
    }

    /// Why a processor does not take the request for genuine; `None` when it does.
    fn refusal(&self, processor: &ErasedProcessor, event: &WebhookEvent) -> Option<String> {
        match self.guard(|| processor.authenticate(event)) {
            Some(Ok(())) => None,
            Some(Err(refused)) => Some(refused.to_string()),
            None => Some("the processor panicked".to_owned()),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What the first processor that knows takes for the delivery's identifier.
    pub(super) fn delivery_id(&self, event: &WebhookEvent) -> Option<String> {
        self.all
            .iter()
            .find_map(|processor| self.guard(|| processor.delivery_id(event)).flatten())
    }

    /// Runs an author's function. Its panic is its own: the process and the other processors of
    /// the path go on. What it says is not logged here, since it may quote the event.
    fn guard<T>(&self, ask: impl FnOnce() -> T) -> Option<T> {
        let answer = catch_unwind(AssertUnwindSafe(ask));
        if answer.is_err()
            && let Some(suppressed) = self.panicked.pass()
        {
            error!(path = self.path, suppressed, "webhook processor panicked");
        }
        answer.ok()
    }
}
