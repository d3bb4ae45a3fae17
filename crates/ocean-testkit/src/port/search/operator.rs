//! When does a rule of a search hold? [`Operator`].

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use crate::port::error::ApiError;

/// How a field is compared with the value of its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    In,
    NotIn,
    Contains,
    NotContains,
    ContainsAny,
    BeginsWith,
    NotBeginsWith,
    EndsWith,
    NotEndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    IsEmpty,
    IsNotEmpty,
}

impl Operator {
    pub(crate) fn of(name: &str) -> Result<Self, ApiError> {
        Ok(match name {
            "=" => Self::Equal,
            "!=" => Self::NotEqual,
            "in" => Self::In,
            "notIn" => Self::NotIn,
            "contains" => Self::Contains,
            "doesNotContains" => Self::NotContains,
            "containsAny" => Self::ContainsAny,
            "beginsWith" => Self::BeginsWith,
            "doesNotBeginsWith" => Self::NotBeginsWith,
            "endsWith" => Self::EndsWith,
            "doesNotEndsWith" => Self::NotEndsWith,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            "isEmpty" => Self::IsEmpty,
            "isNotEmpty" => Self::IsNotEmpty,
            other => {
                return Err(ApiError::invalid(format!(
                    "the operator \"{other}\" is not known"
                )));
            }
        })
    }

    /// Whether `field` (null when the entity does not have it) passes with `value`.
    pub(crate) fn holds(self, field: &Value, value: &Value) -> bool {
        match self {
            Self::Equal => equal(field, value),
            Self::NotEqual => !equal(field, value),
            Self::In => is_in(field, value),
            Self::NotIn => !is_in(field, value),
            Self::Contains => contains(field, value),
            Self::NotContains => !contains(field, value),
            Self::ContainsAny => items(value).iter().any(|one| contains(field, one)),
            Self::BeginsWith => texts(field, value, |text, start| text.starts_with(start)),
            Self::NotBeginsWith => !texts(field, value, |text, start| text.starts_with(start)),
            Self::EndsWith => texts(field, value, |text, end| text.ends_with(end)),
            Self::NotEndsWith => !texts(field, value, |text, end| text.ends_with(end)),
            Self::Greater => compare(field, value).is_some_and(Ordering::is_gt),
            Self::GreaterOrEqual => compare(field, value).is_some_and(Ordering::is_ge),
            Self::Less => compare(field, value).is_some_and(Ordering::is_lt),
            Self::LessOrEqual => compare(field, value).is_some_and(Ordering::is_le),
            Self::IsEmpty => is_empty(field),
            Self::IsNotEmpty => !is_empty(field),
        }
    }
}

/// Numbers are equal by value: 1 and 1.0 are the same.
fn equal(field: &Value, value: &Value) -> bool {
    field == value
        || matches!((field.as_f64(), value.as_f64()), (Some(left), Some(right)) if left == right)
}

fn is_in(field: &Value, values: &Value) -> bool {
    items(values).iter().any(|value| equal(field, value))
}

/// The values of a list; any other value is a list of itself.
pub(super) fn items(value: &Value) -> &[Value] {
    value
        .as_array()
        .map_or_else(|| std::slice::from_ref(value), Vec::as_slice)
}

fn contains(field: &Value, value: &Value) -> bool {
    match field {
        Value::Array(items) => items.iter().any(|item| equal(item, value)),
        _ => texts(field, value, |text, part| text.contains(part)),
    }
}

fn texts(field: &Value, value: &Value, test: fn(&str, &str) -> bool) -> bool {
    matches!((field.as_str(), value.as_str()), (Some(text), Some(part)) if test(text, part))
}

/// Numbers by value, times by instant, other strings by their characters.
fn compare(field: &Value, value: &Value) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (field.as_f64(), value.as_f64()) {
        return left.partial_cmp(&right);
    }
    let (left, right) = (field.as_str()?, value.as_str()?);
    match (left.parse::<Timestamp>(), right.parse::<Timestamp>()) {
        (Ok(left), Ok(right)) => Some(left.cmp(&right)),
        _ => Some(left.cmp(right)),
    }
}

fn is_empty(field: &Value) -> bool {
    match field {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(field: Value, operator: &str, value: Value) -> bool {
        Operator::of(operator).unwrap().holds(&field, &value)
    }

    #[test]
    fn each_operator_has_its_meaning() {
        let yes = [
            (json!("a"), "=", json!("a")),
            (json!(1.0), "=", json!(1)),
            (json!("a"), "!=", json!("b")),
            (json!("a"), "in", json!(["b", "a"])),
            (json!("abc"), "contains", json!("b")),
            (json!(["a", "b"]), "contains", json!("b")),
            (json!(["a", "b"]), "containsAny", json!(["x", "b"])),
            (json!("abc"), "beginsWith", json!("ab")),
            (json!("abc"), "endsWith", json!("bc")),
            (json!(10), ">", json!(9)),
            (
                json!("2026-01-01T00:00:00Z"),
                "<",
                json!("2026-01-01T02:00:00+01:00"),
            ),
            (json!("b"), ">=", json!("b")),
            (json!(null), "isEmpty", json!(null)),
            (json!([]), "isEmpty", json!(null)),
            (json!(0), "isNotEmpty", json!(null)),
        ];
        for (field, operator, value) in yes {
            assert!(
                holds(field.clone(), operator, value.clone()),
                "{field} {operator} {value}"
            );
        }
    }

    #[test]
    fn what_is_absent_passes_no_positive_test() {
        for operator in [
            "=",
            "in",
            "contains",
            "beginsWith",
            "endsWith",
            ">",
            "<=",
            "isNotEmpty",
        ] {
            assert!(!holds(json!(null), operator, json!("a")), "{operator}");
        }
    }

    #[test]
    fn an_unknown_operator_is_refused() {
        assert_eq!(Operator::of("~").unwrap_err().status.as_u16(), 422);
    }
}
