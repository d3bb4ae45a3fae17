//! What happens to the catalog when Port misbehaves? One test per fault of the Port side.
//!
//! Every test ends with [`Drift::check`](ocean_tests::Drift::check): whatever goes wrong, nothing
//! that exists is lost, only what is really gone is deleted, and the report says what happened.

mod access;
mod clock;
mod deletion;
mod reads;
mod relations;
mod upsert;

use ocean_testkit::Action;
use serde_json::Value;

/// Answers with this status, headers and body instead of handling the request.
fn answer(code: u16, headers: &[(&str, &str)], body: Value) -> Action {
    let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Action::Status {
        code,
        headers: headers.iter().map(text).collect(),
        body,
    }
}
