//! A processor for tests whose decisions are functions.

use serde_json::Value;

use crate::webhook::{
    Changes, ErasedProcessor, Subject, Unauthenticated, WebhookEvent, WebhookProcessor,
};
use crate::{NoSelector, ResourceConfig, SourceError};

crate::kinds! {
    pub(crate) enum Kinds { Issue = "issue" }
}

/// Trusts everybody, accepts everything and knows deliveries by the header `x-delivery`, unless
/// told otherwise.
pub(in crate::live) struct Scripted {
    pub(in crate::live) authenticate: fn(&WebhookEvent) -> Result<(), Unauthenticated>,
    pub(in crate::live) accepts: fn(&WebhookEvent) -> bool,
    pub(in crate::live) delivery_id: fn(&WebhookEvent) -> Option<String>,
}

impl Scripted {
    pub(in crate::live) fn new() -> Self {
        Self {
            authenticate: |_| Ok(()),
            accepts: |_| true,
            delivery_id: |event| event.header("x-delivery").map(str::to_owned),
        }
    }

    pub(in crate::live) fn at(self, path: &str) -> ErasedProcessor {
        ErasedProcessor::new(path.to_owned(), (), self)
    }
}

impl WebhookProcessor<()> for Scripted {
    type Kind = Kinds;
    type Payload = Value;
    type Selector = NoSelector;

    const KINDS: &'static [Kinds] = &[Kinds::Issue];

    fn authenticate(&self, (): &(), event: &WebhookEvent) -> Result<(), Unauthenticated> {
        (self.authenticate)(event)
    }

    fn accepts(&self, event: &WebhookEvent) -> bool {
        (self.accepts)(event)
    }

    fn subject(&self, _: &Value) -> Option<Subject> {
        None
    }

    fn delivery_id(&self, event: &WebhookEvent) -> Option<String> {
        (self.delivery_id)(event)
    }

    async fn handle(
        &self,
        (): &(),
        _: Vec<Value>,
        _: &ResourceConfig<NoSelector>,
    ) -> Result<Changes, SourceError> {
        Ok(Changes::none())
    }
}
