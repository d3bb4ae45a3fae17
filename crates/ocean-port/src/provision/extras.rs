//! Making the actions, scorecards and pages that are missing.
//!
//! None of them is looked for first: Port refuses what it has already, and that is as good as
//! made. One that cannot be made holds up nothing, since no entity depends on it.

use bytes::Bytes;
use futures::future::join_all;
use http::Request;
use ocean_core::error_chain;
use serde_json::Value;

use super::defaults::Defaults;
use crate::client::PortClient;
use crate::error::Result;

/// Something to make: what it is called in messages, and the request.
type Extra = (String, Result<Request<Bytes>>);

impl PortClient {
    /// Makes what is missing; returns what could not be made.
    ///
    /// Actions come first and pages last, since a page may show the others.
    pub(super) async fn make_extras(&self, defaults: &Defaults) -> Vec<String> {
        let requests = &self.requests;
        let actions = defaults.actions.iter().map(|action| {
            let request = requests.create_action(action);
            (name("action", action), request)
        });
        let scorecards = defaults.scorecards.iter().map(|(blueprint, scorecard)| {
            let request = requests.create_scorecard(blueprint, scorecard);
            (name("scorecard", scorecard), request)
        });
        let pages = defaults
            .pages
            .iter()
            .map(|page| (name("page", page), requests.create_page(page)));
        let mut missing = self.make_each(actions).await;
        missing.extend(self.make_each(scorecards).await);
        missing.extend(self.make_each(pages).await);
        missing
    }

    async fn make_each(&self, extras: impl Iterator<Item = Extra>) -> Vec<String> {
        let made = extras.map(async |(name, request)| match self.make(request).await {
            Ok(()) => None,
            Err(error) if error.is_taken() => None,
            Err(error) => {
                let error = error_chain(&error);
                tracing::warn!(
                    resource = name,
                    error,
                    "a default resource could not be made"
                );
                Some(name)
            }
        });
        join_all(made).await.into_iter().flatten().collect()
    }

    async fn make(&self, request: Result<Request<Bytes>>) -> Result<()> {
        self.transport.send(request?).await?;
        Ok(())
    }
}

fn name(what: &str, document: &Value) -> String {
    let identifier = document.get("identifier").and_then(Value::as_str);
    format!("{what} {}", identifier.unwrap_or("without an identifier"))
}
