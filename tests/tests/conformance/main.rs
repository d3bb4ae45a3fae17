//! The conformance suite: Jira keeps all its promises, and integrations that break one are found.

mod broken;
mod desk;
mod jira;
mod notes;
mod refused;
