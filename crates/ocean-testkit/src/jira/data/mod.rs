//! What is on the site before anybody changes it?
//!
//! Every item follows from the seed, its kind and its position. Issues are never stored: their
//! facts ([`issue::Issue`]) are derived when needed and written out by [`render`].

pub(crate) mod agile;
pub(crate) mod dice;
pub(crate) mod issue;
pub(crate) mod project;
pub(crate) mod render;
pub(crate) mod users;
pub(crate) mod words;
pub(crate) mod workflow;
pub(crate) mod worklog;
