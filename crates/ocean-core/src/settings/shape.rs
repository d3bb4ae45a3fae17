//! Has a value the shape that its reader wants, and how is it said when it has not?

use serde_json::Value;

use super::fault::SettingsFault;
use super::format::MASK;
use super::node::Node;

/// A node as an object: JSON text is parsed, and what was given below it counts over what is in
/// it. `None` when it gives nothing.
pub(super) fn as_section(
    mut node: Node,
    path: &str,
    faults: &mut Vec<SettingsFault>,
) -> Option<Node> {
    let Some(given) = node.given.take() else {
        return Some(node);
    };
    let problem = match &given.value {
        Value::Object(_) => return Some(node),
        // A variable cannot be null, so the text stands for "as if it were not set".
        Value::String(text) if text.trim() == "null" => return Some(node),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(object @ Value::Object(_)) => {
                node.fill_from(Node::from_json(object, &given.origin));
                node.given = None;
                return Some(node);
            }
            Ok(_) => "expected a JSON object, got other JSON".to_owned(),
            Err(error) => format!(
                "expected a JSON object; it stops being JSON at column {}",
                error.column()
            ),
        },
        Value::Null => "expected an object, got null; give it keys or remove it".to_owned(),
        other => format!("expected an object, got {}", kind(other)),
    };
    faults.push(SettingsFault::at(&given.origin, path, problem));
    Some(node)
}

/// Whether a source that gives this text means that it does not give the setting.
pub(super) fn is_unset(value: &Value, keeps_empty: bool) -> bool {
    !keeps_empty && value.as_str().is_some_and(str::is_empty)
}

/// What was expected and what was found; of a secret, nothing of the value.
pub(super) fn unfit(value: &Value, expected: &str, secret: bool) -> String {
    let found = match value {
        _ if secret => MASK.to_owned(),
        Value::String(text) if text.is_empty() => "an empty text".to_owned(),
        Value::String(text) if text.contains(['@', '?']) => "something else".to_owned(),
        Value::String(text) => format!("`{}`", excerpt(text)),
        Value::Number(_) | Value::Bool(_) => format!("`{value}`"),
        other => kind(other).to_owned(),
    };
    format!("expected {expected}, got {found}")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The start of a text on one line.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut excerpt: String = text
        .chars()
        .take(LONGEST)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        excerpt.push_str("...");
    }
    excerpt
}
