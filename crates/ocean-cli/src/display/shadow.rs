//! How does a person read how two programs differ?

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ocean_core::http::Masker;
use ocean_core::{Comparison, Divergence, Nature, ResyncReport};
use serde_json::{Value, json};

use super::number::counted;
use super::plan::{changes_text, repeatable};
use super::report::problems;
use super::{Paint, out};

/// How many differences of a blueprint are shown.
const SHOWN: usize = 20;

/// A comparison for a program, on one line.
pub(crate) fn as_json(comparison: &Comparison, report: &ResyncReport) -> Value {
    json!({"comparison": comparison, "report": repeatable(report)})
}

/// Prints a comparison.
pub(crate) fn show(comparison: &Comparison, report: &ResyncReport, paint: Paint, masker: &Masker) {
    out(&masker.full(&text(comparison, report, paint)));
}

fn text(comparison: &Comparison, report: &ResyncReport, paint: Paint) -> String {
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
        let _infallible = writeln!(text, "{}", paint.bold(blueprint));
        for divergence in divergences.iter().take(SHOWN) {
            divergence_text(&mut text, divergence, paint);
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
        let _infallible = writeln!(text, "  {}", paint.good(&format!("no more: {key}")));
    }
    for problem in problems(report) {
        let _infallible = writeln!(text, "  not compared: {problem}");
    }
    text
}

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

fn divergence_text(text: &mut String, divergence: &Divergence, paint: Paint) {
    let identifier = &divergence.entity.identifier;
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
        changes_text(text, changes, paint);
    }
}
