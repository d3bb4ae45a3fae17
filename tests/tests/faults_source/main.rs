//! Jira misbehaves: what the resync makes of it. Tests are named after the rows of the fault
//! matrix.

mod answers;
mod identifiers;
mod pages;
mod refusals;
mod sizes;
mod values;
