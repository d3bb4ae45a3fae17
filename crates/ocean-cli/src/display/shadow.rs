//! How does a person read how two programs differ?

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ocean_core::http::Masker;
use ocean_core::{Comparison, Divergence, Nature, ResyncReport, Routing};
use serde_json::{Value, json};

use super::number::counted;
use super::plan::{changes_text, repeatable};
use super::report::problems;
use super::{Paint, plain};

/// How many differences of a blueprint are shown.
const SHOWN: usize = 20;

/// A comparison for a program, on one line.
pub(crate) fn as_json(comparison: &Comparison, report: &ResyncReport) -> Value {
    json!({"comparison": comparison, "report": repeatable(report)})
}

/// A comparison for a person.
pub(crate) fn text(
    comparison: &Comparison,
    report: &ResyncReport,
    paint: Paint,
    masker: &Masker,
) -> String {
    let mut text = format!(
        "{} {}\n",
        paint.bold(&format!("Comparison {}:", comparison.number)),
        headline(comparison)
    );
    let mut blueprints: BTreeMap<&str, Vec<&Divergence>> = BTreeMap::new();
    for divergence in &comparison.divergences {
        let blueprint = divergence.entity.blueprint.as_str();
        blueprints.entry(blueprint).or_default().push(divergence);
    }
    for (blueprint, divergences) in blueprints {
        let _infallible = writeln!(text, "{}", paint.bold(&plain(blueprint)));
        for divergence in divergences.iter().take(SHOWN) {
            divergence_text(&mut text, divergence, paint, masker);
        }
        if divergences.len() > SHOWN {
            let line = format!(
                "... and {} more; --json tells all",
                divergences.len() - SHOWN
            );
            let _infallible = writeln!(text, "  {}", paint.dim(&line));
        }
    }
    for key in &comparison.resolved {
        let _infallible = writeln!(
            text,
            "  {}",
            paint.good(&format!("no more: {}", plain(&key.to_string())))
        );
    }
    for problem in problems(report) {
        let _infallible = writeln!(text, "  not compared: {problem}");
    }
    if let Some(reason) = &comparison.unconfirmed {
        let _infallible = writeln!(text, "  not looked at once more: {}", plain(reason));
    }
    if report.routing == Routing::Forwarded && !comparison.divergences.is_empty() {
        let _infallible = writeln!(text, "  {}", paint.notable(MAPPED_AT_PORT));
    }
    text
}

/// Said of differences in raw-data mode.
const MAPPED_AT_PORT: &str = "note: the organization is in raw-data mode: Port makes the entities, so \
                              that its mapping may be what differs, and not what was read";

fn headline(comparison: &Comparison) -> String {
    let count = comparison.divergences.len();
    if count == 0 && comparison.is_whole {
        return "the catalog is as we would have left it".to_owned();
    }
    let is_new = |one: &&Divergence| one.comparisons == 1;
    let new = comparison.divergences.iter().filter(is_new).count();
    let mut told = counted(count, "difference", "differences");
    if comparison.number > 1 && count > 0 {
        let _infallible = write!(told, ", {new} of them new");
    }
    if !comparison.is_whole {
        told.push_str("; not everything could be compared");
    }
    told
}

fn divergence_text(text: &mut String, divergence: &Divergence, paint: Paint, masker: &Masker) {
    let identifier = plain(&divergence.entity.identifier);
    let lasting = match divergence.comparisons {
        1 => String::new(),
        times => paint.dim(&format!("  in {times} comparisons")),
    };
    let line = match &divergence.nature {
        Nature::Missing => paint.good(&format!("+ {identifier} (we would have created it)")),
        Nature::Extra => paint.bad(&format!("- {identifier} (we would have deleted it)")),
        _ => paint.notable(&format!("~ {identifier}")),
    };
    let _infallible = writeln!(text, "  {line}{lasting}");
    if let Nature::Different { changes } = &divergence.nature {
        changes_text(text, changes, paint, masker);
    }
}

#[cfg(test)]
mod tests;
