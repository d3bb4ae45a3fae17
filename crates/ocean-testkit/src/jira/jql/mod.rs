//! Which issues does a query select?
//!
//! The twin knows a part of JQL, the part that integrations use, and refuses everything else with
//! Jira's 400: `AND`, `OR`, `NOT`, brackets; the fields of [`ast::Field`]; `=`, `!=`, `in`,
//! `not in`, `is EMPTY`, `is not EMPTY`; for times also `>=`, `<=`, `>`, `<` with relative
//! (`-1w`, `-2d`, `-3h`, `-30m`) and absolute (`2024/01/02`, `"2024-01-02 10:00"`) dates; and one
//! `ORDER BY field [ASC|DESC]`.
//!
//! [`Search::compile`] looks up every name once, so that judging an issue compares numbers.

pub(crate) mod ast;
mod dates;
mod filter;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use self::{ast::Direction, filter::Filter};
use super::{data::issue::Issue, site::Site};

/// Why a query is refused, in the words of Jira's `errorMessages`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JqlError(pub(crate) String);

impl JqlError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// A query whose names are looked up.
#[derive(Debug)]
pub(crate) struct Search {
    filter: Option<Filter>,
    order: Option<(ast::Field, Direction)>,
}

impl Search {
    /// Reads a query. `unknown_key_is_error` decides about keys nobody has.
    pub(crate) fn compile(
        jql: &str,
        site: &Site,
        unknown_key_is_error: bool,
    ) -> Result<Self, JqlError> {
        let query = parser::parse(jql)?;
        let names = filter::Names {
            site,
            unknown_key_is_error,
        };
        Ok(Self {
            filter: query.filter.map(|expr| names.resolve(&expr)).transpose()?,
            order: query.order,
        })
    }

    /// Whether the query restricts anything; Jira refuses to search without a restriction.
    pub(crate) fn is_bounded(&self) -> bool {
        self.filter.is_some()
    }

    pub(crate) fn is_ordered(&self) -> bool {
        self.order.is_some()
    }

    /// The only ids that can match, in order, if the query names them; saves looking at all.
    pub(crate) fn candidates(&self) -> Option<Vec<u64>> {
        let mut ids = self.filter.as_ref()?.ids()?.to_vec();
        ids.sort_unstable();
        ids.dedup();
        Some(ids)
    }

    pub(crate) fn matches(&self, issue: &Issue) -> bool {
        self.filter
            .as_ref()
            .is_none_or(|filter| filter.accepts(issue))
    }

    /// The order of two results; by id where the query names none, or they are equal in it.
    pub(crate) fn compare(&self, left: &Issue, right: &Issue) -> Ordering {
        let Some((field, direction)) = self.order else {
            return left.id.cmp(&right.id);
        };
        let ordering = match field {
            ast::Field::Created => left.created.cmp(&right.created),
            ast::Field::Updated => left.updated.cmp(&right.updated),
            ast::Field::Key => (left.project, left.number).cmp(&(right.project, right.number)),
            ast::Field::Project => left.project.cmp(&right.project),
            ast::Field::Status => left.status.id().cmp(&right.status.id()),
            ast::Field::IssueType => left.kind.id().cmp(&right.kind.id()),
            ast::Field::Assignee => left.assignee.cmp(&right.assignee),
            ast::Field::Id | ast::Field::StatusCategory | ast::Field::Labels => Ordering::Equal,
        };
        let ordering = ordering.then(left.id.cmp(&right.id));
        match direction {
            Direction::Ascending => ordering,
            Direction::Descending => ordering.reverse(),
        }
    }
}
