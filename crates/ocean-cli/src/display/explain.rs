//! How does a person read what the expressions of a mapping give?

use std::fmt::Write as _;

use ocean_core::http::Masker;
use ocean_core::{ExplainedExpression, Explanation, Gives};
use serde::Serialize;

use super::{Paint, out, plain, shortened};

/// The expressions of one resource on one item.
#[derive(Debug, Serialize)]
pub(crate) struct ExplainedItem {
    pub(crate) kind: String,
    pub(crate) index: usize,
    pub(crate) item: String,
    pub(crate) explanations: Vec<Explanation>,
}

/// Prints every expression with its value.
pub(crate) fn show(items: &[ExplainedItem], paint: Paint, masker: &Masker) {
    let texts: Vec<String> = items
        .iter()
        .map(|item| item_text(item, paint, masker))
        .collect();
    out(&masker.full(&texts.join("\n")));
}

fn item_text(item: &ExplainedItem, paint: Paint, masker: &Masker) -> String {
    let mut text = format!(
        "{} {}\n",
        paint.bold(&plain(&format!("{} {}", item.kind, item.item))),
        paint.dim(&format!("(resources[{}])", item.index)),
    );
    for explanation in &item.explanations {
        if let Some(element) = explanation.element {
            let _infallible = writeln!(text, "\nelement {element} of itemsToParse");
        }
        text.push('\n');
        let expressions = &explanation.expressions;
        let widths = expressions.iter().map(|one| one.field.chars().count());
        let width = widths.max().unwrap_or_default();
        for expression in expressions {
            expression_text(&mut text, expression, width, paint, masker);
        }
    }
    text
}

fn expression_text(
    text: &mut String,
    explained: &ExplainedExpression,
    width: usize,
    paint: Paint,
    masker: &Masker,
) {
    let value = match &explained.gives {
        Gives::Value(value) if value.is_null() => paint.notable("null"),
        Gives::Value(value) => shortened(value, masker),
        Gives::Error(error) => paint.bad(&plain(&format!("null, because it fails: {error}"))),
        _ => paint.notable("null, because it gives nothing"),
    };
    let field = plain(&explained.field);
    let margin = " ".repeat(width + 4);
    let _infallible = writeln!(text, "  {field:width$}  {value}");
    for line in explained.expression.lines() {
        let _infallible = writeln!(text, "{margin}{}", paint.dim(&plain(line)));
    }
    for missing in &explained.missing {
        let reason = paint.notable(&plain(&format!("^ {}", missing.told())));
        let _infallible = writeln!(text, "{margin}{reason}");
    }
}
