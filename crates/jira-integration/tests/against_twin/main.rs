//! The integration against a simulated Jira, over real HTTP on the loopback interface.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, also in the functions that tests share"
)]

mod app_webhook;
mod children;
mod events;
mod forged;
mod laws;
mod lies;
mod limits;
mod live;
mod live_children;
mod live_worklogs;
mod oauth;
mod parents;
mod resync;
mod selectors;
mod site;
mod superseding;
mod watched;
mod webhook_setup;
