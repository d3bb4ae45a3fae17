//! Which errors of Jira say that there is nothing, so that a listing is empty and not unknown.

use std::future::ready;

use futures::StreamExt as _;
use ocean_core::{Batch, Stream};

use crate::error::JiraError;

/// The same pages; what belongs to something that is gone, or that cannot have it, is nothing.
///
/// Jira has no other way to say so than a 400 with one of these texts, or a 404 for what it listed
/// a moment ago. Every other error stays one.
pub(super) fn or_nothing<S>(
    pages: S,
    cannot_have: &'static [&'static str],
) -> impl Stream<Item = Result<Batch, JiraError>> + Send
where
    S: Stream<Item = Result<Batch, JiraError>> + Send,
{
    pages.take_while(move |page| {
        let nothing = page.as_ref().is_err_and(|error| {
            error.is_gone() || cannot_have.iter().any(|text| error.refuses_with(text))
        });
        ready(!nothing)
    })
}
