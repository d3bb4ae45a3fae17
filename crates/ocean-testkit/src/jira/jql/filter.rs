//! Turns the names of a query into positions and ids, and judges issues by them.

use super::{
    super::{
        data::{
            issue::Issue,
            workflow::{Category, IssueType, Status},
        },
        site::Site,
    },
    JqlError,
    ast::{Clause, Expr, Field, Operator, Test},
    dates,
};

/// A condition on the facts of an issue.
#[derive(Debug)]
pub(super) enum Filter {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Categories(Vec<Category>),
    Statuses(Vec<Status>),
    Projects(Vec<usize>),
    Ids(Vec<u64>),
    Types(Vec<IssueType>),
    Assignees(Vec<usize>),
    Assigned,
    Labels(Vec<String>),
    Labelled,
    Created(Operator, i64),
    Updated(Operator, i64),
    Always,
}

impl Filter {
    /// The ids outside of which nothing is accepted.
    pub(super) fn ids(&self) -> Option<&[u64]> {
        match self {
            Self::Ids(ids) => Some(ids),
            Self::All(parts) => parts.iter().find_map(Self::ids),
            _ => None,
        }
    }

    pub(super) fn accepts(&self, issue: &Issue) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.accepts(issue)),
            Self::Any(parts) => parts.iter().any(|part| part.accepts(issue)),
            Self::Not(part) => !part.accepts(issue),
            Self::Categories(wanted) => wanted.contains(&issue.status.category()),
            Self::Statuses(wanted) => wanted.contains(&issue.status),
            Self::Projects(wanted) => wanted.contains(&issue.project),
            Self::Ids(wanted) => wanted.contains(&issue.id),
            Self::Types(wanted) => wanted.contains(&issue.kind),
            Self::Assignees(wanted) => issue.assignee.is_some_and(|user| wanted.contains(&user)),
            Self::Assigned => issue.assignee.is_some(),
            Self::Labels(wanted) => issue
                .labels
                .iter()
                .any(|label| wanted.iter().any(|one| one.eq_ignore_ascii_case(label))),
            Self::Labelled => issue.labels.iter().next().is_some(),
            Self::Created(operator, limit) => operator.holds(issue.created, *limit),
            Self::Updated(operator, limit) => operator.holds(issue.updated, *limit),
            Self::Always => true,
        }
    }
}

/// Knows what names mean on a site.
#[derive(Debug)]
pub(super) struct Names<'a> {
    pub(super) site: &'a Site,
    pub(super) unknown_key_is_error: bool,
}

impl Names<'_> {
    pub(super) fn resolve(&self, expr: &Expr) -> Result<Filter, JqlError> {
        let all = |parts: &[Expr]| {
            parts
                .iter()
                .map(|part| self.resolve(part))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(match expr {
            Expr::And(parts) => Filter::All(all(parts)?),
            Expr::Or(parts) => Filter::Any(all(parts)?),
            Expr::Not(part) => Filter::Not(Box::new(self.resolve(part)?)),
            Expr::Clause(clause) => self.clause(clause)?,
        })
    }

    fn clause(&self, Clause { field, test }: &Clause) -> Result<Filter, JqlError> {
        match test {
            Test::Compare { operator, value } => self.comparison(*field, *operator, value),
            Test::Empty { negated } => {
                let present = match field {
                    Field::Assignee => Filter::Assigned,
                    Field::Labels => Filter::Labelled,
                    // Every issue has a value in the other fields.
                    _ => Filter::Always,
                };
                Ok(if *negated {
                    present
                } else {
                    Filter::Not(Box::new(present))
                })
            }
            Test::OneOf { values, negated } => {
                let wanted = self.membership(*field, values)?;
                if !negated {
                    return Ok(wanted);
                }
                let others = Filter::Not(Box::new(wanted));
                // Jira's `!=` and `not in` never select issues whose field is empty.
                Ok(match field {
                    Field::Assignee => Filter::All(vec![Filter::Assigned, others]),
                    Field::Labels => Filter::All(vec![Filter::Labelled, others]),
                    _ => others,
                })
            }
        }
    }

    fn comparison(
        &self,
        field: Field,
        operator: Operator,
        value: &str,
    ) -> Result<Filter, JqlError> {
        let instant = || dates::instant(value, self.site.now(), field);
        match field {
            Field::Created => Ok(Filter::Created(operator, instant()?)),
            Field::Updated => Ok(Filter::Updated(operator, instant()?)),
            _ => Err(JqlError::new(format!(
                "The operator of a comparison is not supported by the '{}' field.",
                field.name()
            ))),
        }
    }

    fn membership(&self, field: Field, values: &[String]) -> Result<Filter, JqlError> {
        Ok(match field {
            Field::StatusCategory => Filter::Categories(each(field, values, Category::find)?),
            Field::Status => Filter::Statuses(each(field, values, Status::find)?),
            Field::IssueType => Filter::Types(each(field, values, IssueType::find)?),
            Field::Project => {
                Filter::Projects(each(field, values, |name| self.site.find_project(name))?)
            }
            Field::Assignee => {
                Filter::Assignees(each(field, values, |name| self.site.find_user(name))?)
            }
            Field::Labels => Filter::Labels(values.to_vec()),
            Field::Key | Field::Id => Filter::Ids(self.ids(values)?),
            Field::Created | Field::Updated => {
                return Err(JqlError::new(format!(
                    "The twin does not know equality for the '{}' field; use >=, <=, > or <.",
                    field.name()
                )));
            }
        })
    }

    fn ids(&self, values: &[String]) -> Result<Vec<u64>, JqlError> {
        let mut ids = Vec::with_capacity(values.len());
        for value in values {
            match self.site.find_issue(value) {
                Some(issue) => ids.push(issue.id),
                None if self.unknown_key_is_error => {
                    return Err(JqlError::new(format!(
                        "An issue with key '{value}' does not exist for field 'key'."
                    )));
                }
                None => {}
            }
        }
        Ok(ids)
    }
}

fn each<T>(
    field: Field,
    values: &[String],
    find: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, JqlError> {
    values
        .iter()
        .map(|value| {
            find(value).ok_or_else(|| {
                JqlError::new(format!(
                    "The value '{value}' does not exist for the field '{}'.",
                    field.name()
                ))
            })
        })
        .collect()
}
