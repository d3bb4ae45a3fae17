//! How does a person read what is wrong with a mapping?

use std::fmt::Write as _;

use ocean_core::Finding;
use ocean_core::http::Masker;
use serde_json::{Value, json};

use super::number::counted;
use super::{Paint, out, plain};

/// The findings for programs.
pub(crate) fn as_json(findings: &[Finding]) -> Value {
    let findings = findings.iter().map(|finding| {
        let place = finding.place.as_ref();
        json!({
            "file": place.map(|place| &place.file),
            "line": place.map(|place| place.position.line),
            "column": place.map(|place| place.position.column),
            "path": finding.path,
            "message": finding.message,
            "help": finding.help,
        })
    });
    findings.collect()
}

/// Prints each finding with its place.
pub(crate) fn show(findings: &[Finding], paint: Paint, masker: &Masker) {
    out(&masker.full(&text(findings, paint)));
}

fn text(findings: &[Finding], paint: Paint) -> String {
    let mut text = String::new();
    for finding in findings {
        if let Some(place) = &finding.place {
            let at = format!("{}:{}", place.file, place.position);
            let _infallible = write!(text, "{}: ", paint.bold(&at));
        }
        let _infallible = writeln!(text, "{}", paint.bad(&plain(&finding.message)));
        if let Some(place) = &finding.place {
            let _infallible = writeln!(text, "{}", place.snippet);
        }
        if !finding.path.is_empty() {
            let _infallible = writeln!(text, "  {}", paint.dim(&plain(&finding.path)));
        }
        if let Some(help) = &finding.help {
            let _infallible = writeln!(text, "  {} {}", paint.good("help:"), plain(help));
        }
        text.push('\n');
    }
    let summary = match findings.len() {
        0 => paint.good("Nothing is wrong with the mapping."),
        count => paint.bad(&counted(count, "finding", "findings")),
    };
    let _infallible = writeln!(text, "{summary}");
    text
}
