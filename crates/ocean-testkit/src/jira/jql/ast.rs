//! What a query says, before any name in it is looked up.

use super::JqlError;

/// A query: what to find and in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) filter: Option<Expr>,
    pub(crate) order: Option<(Field, Direction)>,
}

/// A condition, whole or part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Clause(Clause),
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) field: Field,
    pub(crate) test: Test,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    /// `=`, `!=`, `in` and `not in`: one of these values, or none of them.
    OneOf { values: Vec<String>, negated: bool },
    /// `is EMPTY` and `is not EMPTY`.
    Empty { negated: bool },
    /// `>=`, `<=`, `>`, `<`.
    Compare { operator: Operator, value: String },
}

/// A comparison of size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    AtLeast,
    AtMost,
    Above,
    Below,
}

impl Operator {
    pub(crate) fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Self::AtLeast => left >= right,
            Self::AtMost => left <= right,
            Self::Above => left > right,
            Self::Below => left < right,
        }
    }
}

/// The direction of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Ascending,
    Descending,
}

/// The fields a query can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    StatusCategory,
    Status,
    Project,
    Key,
    Id,
    Created,
    Updated,
    Assignee,
    IssueType,
    Labels,
}

impl Field {
    pub(crate) fn find(name: &str) -> Result<Self, JqlError> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "statuscategory" => Self::StatusCategory,
            "status" => Self::Status,
            "project" => Self::Project,
            "key" | "issuekey" | "issue" => Self::Key,
            "id" => Self::Id,
            "created" | "createddate" => Self::Created,
            "updated" | "updateddate" => Self::Updated,
            "assignee" => Self::Assignee,
            "issuetype" | "type" => Self::IssueType,
            "labels" => Self::Labels,
            _ => {
                return Err(JqlError::new(format!(
                    "Field '{name}' does not exist or you do not have permission to view it."
                )));
            }
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::StatusCategory => "statusCategory",
            Self::Status => "status",
            Self::Project => "project",
            Self::Key => "key",
            Self::Id => "id",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Assignee => "assignee",
            Self::IssueType => "issuetype",
            Self::Labels => "labels",
        }
    }
}
