//! How lenient is a mapping about the types of its scalars?
//!
//! As lenient as the original, which turns numbers and booleans into text where text is expected,
//! and some texts into booleans and numbers; but a boolean becomes `true`, not Python's `True`,
//! because the text is a jq expression.

use serde_json::Number;

use super::node::{Data, Node};

const TRUE: [&str; 6] = ["true", "t", "yes", "y", "on", "1"];
const FALSE: [&str; 6] = ["false", "f", "no", "n", "off", "0"];

/// The text of a scalar; [`None`] for null, lists and objects.
pub(super) fn text(node: &Node) -> Option<String> {
    match &node.data {
        Data::Text(text) => Some(text.clone()),
        Data::Number(number) => Some(number_text(number)),
        Data::Bool(value) => Some(value.to_string()),
        Data::Null | Data::List(_) | Data::Map(_) => None,
    }
}

pub(super) fn boolean(node: &Node) -> Option<bool> {
    match &node.data {
        Data::Bool(value) => Some(*value),
        Data::Number(number) => match number.as_f64() {
            Some(0.0) => Some(false),
            Some(1.0) => Some(true),
            _ => None,
        },
        Data::Text(text) => {
            let is = |known: &&str| text.eq_ignore_ascii_case(known);
            if TRUE.iter().any(is) {
                Some(true)
            } else {
                FALSE.iter().any(is).then_some(false)
            }
        }
        Data::Null | Data::List(_) | Data::Map(_) => None,
    }
}

pub(super) fn number(node: &Node) -> Option<f64> {
    match &node.data {
        Data::Number(number) => number.as_f64(),
        Data::Text(text) => text.trim().parse().ok(),
        Data::Null | Data::Bool(_) | Data::List(_) | Data::Map(_) => None,
    }
}

/// A number as Python writes it, which is the text that the original makes of it.
pub(crate) fn number_text(number: &Number) -> String {
    let Some(value) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    // Both languages print the shortest digits that read back as the same number; they differ in
    // when they switch to an exponent, and in how they write it.
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        let plain = value.to_string();
        return if plain.contains('.') {
            plain
        } else {
            format!("{plain}.0")
        };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn node(value: &Value) -> Node {
        Node::from(value)
    }

    #[test]
    fn scalars_become_text() {
        for (value, expected) in [
            (json!("a"), Some("a")),
            (json!(5), Some("5")),
            (json!(1.5), Some("1.5")),
            (json!(1.0), Some("1.0")),
            (json!(1e16), Some("1e+16")),
            (json!(1.5e-7), Some("1.5e-07")),
            (json!(0.0001), Some("0.0001")),
            (json!(true), Some("true")),
            (json!(null), None),
            (json!([]), None),
            (json!({}), None),
        ] {
            assert_eq!(text(&node(&value)).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn some_texts_and_numbers_are_booleans() {
        for value in [
            json!(true),
            json!(1),
            json!("YES"),
            json!("on"),
            json!("T"),
            json!("1"),
        ] {
            assert_eq!(boolean(&node(&value)), Some(true), "{value}");
        }
        for value in [
            json!(false),
            json!(0),
            json!("No"),
            json!("off"),
            json!("f"),
            json!("0"),
        ] {
            assert_eq!(boolean(&node(&value)), Some(false), "{value}");
        }
        for value in [json!(null), json!(2), json!("maybe"), json!("")] {
            assert_eq!(boolean(&node(&value)), None, "{value}");
        }
    }

    #[test]
    fn numbers_may_be_written_as_text() {
        assert_eq!(number(&node(&json!("0.5"))), Some(0.5));
        assert_eq!(number(&node(&json!(1))), Some(1.0));
        assert_eq!(number(&node(&json!("half"))), None);
        assert_eq!(number(&node(&json!(true))), None);
    }
}
