//! How does a person read what a resync would write?

use std::fmt::Write as _;

use ocean_core::http::Masker;
use ocean_core::{
    Applied, EntityRef, FieldChange, PlannedForBlueprint, PlannedWrite, ResyncPlan, ResyncReport,
    Routing,
};
use serde_json::{Value, json};

use super::number::{counted, grouped};
use super::report::{kept, problems};
use super::{Paint, err, out, plain, shortened};

/// How many entities of each sort are shown of a blueprint, unless all are wanted.
const SHOWN_ENTITIES: usize = 10;

/// The plan with everything that forbids or prevents something.
pub(crate) fn as_json(plan: &ResyncPlan, report: &ResyncReport) -> Value {
    json!({
        "changes": !plan.is_empty(),
        "writes": plan.writes,
        "related": plan.related,
        "deletions": plan.deletions,
        "report": repeatable(report),
    })
}

/// A report without what differs from run to run although nothing else does.
pub(super) fn repeatable(report: &ResyncReport) -> Value {
    let mut told = json!(report);
    let Some(run) = told.as_object_mut() else {
        return told;
    };
    run.shift_remove("id");
    run.shift_remove("duration");
    let resources = run.get_mut("resources").and_then(Value::as_array_mut);
    for resource in resources.into_iter().flatten() {
        if let Some(resource) = resource.as_object_mut() {
            resource.shift_remove("duration");
        }
    }
    told
}

/// Prints the plan by blueprint.
pub(crate) fn show(
    plan: &ResyncPlan,
    report: &ResyncReport,
    all: bool,
    paint: Paint,
    masker: &Masker,
) {
    out(&masker.full(&text(plan, report, all, paint, masker)));
}

fn text(
    plan: &ResyncPlan,
    report: &ResyncReport,
    all: bool,
    paint: Paint,
    masker: &Masker,
) -> String {
    let limit = if all { usize::MAX } else { SHOWN_ENTITIES };
    let mut text = String::new();
    let mut totals = [0_usize; 3];
    for (blueprint, planned) in plan.by_blueprint() {
        let counts = [
            planned.created.len() + planned.related.len(),
            planned.changed.len(),
            planned.deleted.len(),
        ];
        for (total, count) in totals.iter_mut().zip(counts) {
            *total += count;
        }
        let _infallible = writeln!(
            text,
            "{} {}",
            paint.bold(&plain(&blueprint)),
            summary(counts, paint)
        );
        blueprint_text(&mut text, &planned, limit, paint, masker);
        text.push('\n');
    }
    section(
        &mut text,
        "What was not read or mapped",
        problems(report),
        paint,
    );
    section(&mut text, "What would not be deleted", kept(report), paint);
    let is_forwarded = report.routing == Routing::Forwarded;
    if plan.is_empty() {
        text.push_str("Nothing to do: the catalog is as the source would have it.\n");
    } else {
        let who = if is_forwarded { "Port" } else { "A resync" };
        let _infallible = writeln!(text, "{who} would write this: {}", summary(totals, paint));
    }
    if is_forwarded {
        let _infallible = writeln!(text, "{}", paint.notable(MAPPED_AT_PORT));
    }
    text
}

/// Said of a plan in raw-data mode.
const MAPPED_AT_PORT: &str = "note: the organization is in raw-data mode: a resync only forwards what \
                              it reads, and Port makes the entities and decides what is deleted. \
                              This is what the mapping makes of it here; `apply` refuses it.";

fn summary([created, changed, deleted]: [usize; 3], paint: Paint) -> String {
    format!(
        "{}, {}, {}",
        paint.good(&format!("{} to create", grouped(created))),
        paint.notable(&format!("{} to change", grouped(changed))),
        paint.bad(&format!("{} to delete", grouped(deleted))),
    )
}

fn blueprint_text(
    text: &mut String,
    planned: &PlannedForBlueprint<'_>,
    limit: usize,
    paint: Paint,
    masker: &Masker,
) {
    for write in planned.created.iter().take(limit) {
        let line = format!("+ {}{}", name(write), title(write));
        let _infallible = writeln!(text, "  {}", paint.good(&line));
    }
    more(text, planned.created.len(), limit, "to create", paint);
    for key in planned.related.iter().take(limit) {
        let line = format!(
            "+ {} (empty, because something relates to it)",
            plain(&key.identifier)
        );
        let _infallible = writeln!(text, "  {}", paint.good(&line));
    }
    more(text, planned.related.len(), limit, "empty ones", paint);
    for write in planned.changed.iter().take(limit) {
        let _infallible = writeln!(text, "  {}", paint.notable(&format!("~ {}", name(write))));
        planned_change_text(text, write, paint, masker);
    }
    more(text, planned.changed.len(), limit, "to change", paint);
    for EntityRef { identifier, .. } in planned.deleted.iter().take(limit) {
        let _infallible = writeln!(text, "  {}", paint.bad(&format!("- {}", plain(identifier))));
    }
    more(text, planned.deleted.len(), limit, "to delete", paint);
}

fn planned_change_text(text: &mut String, write: &PlannedWrite, paint: Paint, masker: &Masker) {
    if write.changes.is_empty() {
        let why = "is written again: it holds a query, which only Port can resolve";
        let _infallible = writeln!(text, "      {}", paint.dim(why));
    }
    changes_text(text, &write.changes, paint, masker);
}

/// Fields below each other, old and new value.
pub(super) fn changes_text(
    text: &mut String,
    changes: &[FieldChange],
    paint: Paint,
    masker: &Masker,
) {
    let fields: Vec<_> = changes.iter().map(|change| plain(&change.field)).collect();
    let widths = fields.iter().map(|field| field.chars().count());
    let width = widths.max().unwrap_or_default();
    for (field, change) in fields.iter().zip(changes) {
        let from = paint.bad(&shortened(&change.from, masker));
        let to = paint.good(&shortened(&change.to, masker));
        let _infallible = writeln!(text, "      {field:width$}  {from} -> {to}");
    }
}

fn name(write: &PlannedWrite) -> String {
    match write.entity.key() {
        Some(key) => plain(&key.identifier).into_owned(),
        None => {
            let query = write.entity.identifier.to_string();
            format!("whatever this finds: {}", plain(&query))
        }
    }
}

fn title(write: &PlannedWrite) -> String {
    let title = write.entity.title.as_ref().and_then(Value::as_str);
    title.map_or_else(String::new, |title| format!("  {}", plain(title)))
}

fn more(text: &mut String, count: usize, limit: usize, what: &str, paint: Paint) {
    if count > limit {
        let line = format!(
            "... and {} more {what}; --all shows them",
            grouped(count - limit)
        );
        let _infallible = writeln!(text, "  {}", paint.dim(&line));
    }
}

fn section(text: &mut String, title: &str, lines: Vec<String>, paint: Paint) {
    if lines.is_empty() {
        return;
    }
    let _infallible = writeln!(text, "{}", paint.bold(title));
    for line in lines {
        let _infallible = writeln!(text, "  - {line}");
    }
    text.push('\n');
}

/// Tells what became of a plan.
pub(crate) fn applied(applied: &Applied, masker: &Masker) {
    err(&masker.full(&applied_text(applied)));
}

fn applied_text(applied: &Applied) -> String {
    let headline = match applied.end.reason() {
        None => "The plan was applied".to_owned(),
        Some(reason) => {
            let reason = plain(reason);
            format!("The plan was not applied to its end: {reason}\nUntil then")
        }
    };
    let mut text = format!(
        "{headline}: {} created, {} changed, {} deleted.\n",
        grouped(applied.created),
        grouped(applied.changed),
        grouped(applied.deleted),
    );
    if !applied.unwritten.is_empty() {
        let count = counted(applied.unwritten.len(), "part was", "parts were");
        let _infallible = writeln!(text, "{count} not done, or not whole:");
    }
    for unwritten in &applied.unwritten {
        let (entity, reason) = (plain(&unwritten.entity), plain(&unwritten.reason));
        let _infallible = writeln!(text, "  - {entity}: {reason}");
    }
    text
}

#[cfg(test)]
mod tests;
