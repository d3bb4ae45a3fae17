//! What can be said of an expression by its text alone?

use serde_json::Value;

use super::Subject;
use crate::app_config::{Finding, MappingSource};
use crate::mapping::{ExpressionFault, FaultCause, environment_uses};

/// An expression that does not compile, at the very character.
pub(super) fn fault(fault: &ExpressionFault, source: &MappingSource) -> Finding {
    let verdict = match fault.cause {
        FaultCause::Rejected => "is not a jq expression",
        FaultCause::Unsupported => "is jq, but uses what is not supported here",
    };
    let message = format!("{verdict}: {}", fault.message);
    let offset = fault.column.unwrap_or(1) - 1;
    let finding = source.finding_within(&fault.path, &fault.expression, offset, message);
    match quote_mistake(fault) {
        Some(help) => finding.help(help),
        None => finding,
    }
}

/// What is probably meant when quotes are the reason.
fn quote_mistake(fault: &ExpressionFault) -> Option<String> {
    let text = fault.expression.trim();
    let is_word = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|letter| letter.is_alphanumeric() || "_-".contains(letter))
    };
    if is_word(text) {
        return Some(format!(
            "a fixed text needs quotes of its own: '\"{text}\"'; a field of the item a dot: .{text}"
        ));
    }
    if text.contains('\'') {
        return Some(
            "jq knows only double quotes; a single one counts as one only beside a space or at \
             an end of the expression"
                .to_owned(),
        );
    }
    let quotes = text.matches('"').count() - text.matches("\\\"").count();
    (quotes % 2 == 1).then(|| "a double quote has no partner".to_owned())
}

/// Looks at every expression that compiles.
pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (field, text) in subject.mapper.written() {
        if subject.is_broken(field) {
            continue;
        }
        findings.extend(secrets(subject, field, text));
        match subject.mapper.constant(field) {
            Some(value) if field == "selector.query" && !value.is_boolean() => {
                let message = format!("gives {value} for every item, not true or false");
                let mut finding = subject.finding(field, message);
                if value == "true" || value == "false" {
                    finding = finding.help("leave the inner quotes out: it is a text, no boolean");
                }
                findings.push(finding);
            }
            Some(Value::String(constant)) if looks_like_path(&constant) => {
                let message = format!("is the fixed text `{constant}`, not the value of that path");
                let help = format!("leave the inner quotes out: {constant}");
                findings.push(subject.finding(field, message).help(help));
            }
            _ => {}
        }
    }
}

/// Whether a fixed text is an expression that got one pair of quotes too many.
fn looks_like_path(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('.') else {
        return false;
    };
    let starts = rest.starts_with(|letter: char| letter.is_alphabetic() || "_[".contains(letter));
    let is_path = |letter: char| letter.is_alphanumeric() || "._[]\"".contains(letter);
    starts && rest.chars().all(is_path)
}

/// Reads of environment variables that may be secrets.
fn secrets(subject: &Subject<'_>, field: &str, text: &str) -> Vec<Finding> {
    let uses = environment_uses(text).into_iter();
    uses.filter_map(|(offset, variable)| {
        let message = match variable {
            Some(name) if is_secret(&name) => format!("reads the secret `{name}`"),
            Some(_) => return None,
            None => "reads all of the environment, secrets included".to_owned(),
        };
        let finding = subject
            .source
            .finding_within(&subject.path(field), text, offset, message);
        Some(finding.help(
            "whoever may edit a mapping sees it in the catalog; \
             OCEAN__ALLOW_ENVIRONMENT_VARIABLES_JQ_ACCESS=false forbids it",
        ))
    })
    .collect()
}

fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    let parts = [
        "SECRET",
        "TOKEN",
        "PASSWORD",
        "PASSWD",
        "CREDENTIAL",
        "PRIVATE",
        "KEY",
        "CLIENT_ID",
    ];
    parts.iter().any(|part| name.contains(part))
}
