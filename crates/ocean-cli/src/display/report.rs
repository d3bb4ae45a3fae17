//! How does a person read what a resync did? One line per resource, then what went wrong, then
//! what was not deleted and why.

use std::fmt::Write as _;

use ocean_core::{ErrorGroup, NullField, Outcome, ResourceReport, ResyncReport, Routing};

use super::number::{counted, grouped, time};
use super::{plain, table};

const REFUSED: &str =
    "\nhint: check the credentials, OCEAN__INTEGRATION__CONFIG__* and OCEAN__PORT__*\n";

pub(super) fn text(report: &ResyncReport) -> String {
    let mut text = format!("\n{}\n", headline(report));
    if !report.resources.is_empty() {
        text.push('\n');
        text.push_str(&resources(&report.resources));
    }
    section(&mut text, "What went wrong", problems(report));
    section(&mut text, "What was not deleted", kept(report));
    section(
        &mut text,
        "Fields that could not be mapped",
        null_fields(&report.resources),
    );
    if report.outcome == Outcome::Unauthorized {
        text.push_str(REFUSED);
    }
    text
}

fn headline(report: &ResyncReport) -> String {
    let totals = report.totals();
    let what = if report.incremental {
        "The incremental sync"
    } else {
        "The resync"
    };
    let ended = match report.outcome {
        Outcome::Completed => "is complete",
        Outcome::Unauthorized => "is incomplete: credentials were refused",
        Outcome::Aborted => "was stopped",
        _ => "is incomplete",
    };
    if report.routing == Routing::Forwarded {
        let (time, items) = (time(report.duration), grouped(totals.forwarded));
        return format!("{what} {ended} ({time}): {items} raw items forwarded to Port");
    }
    format!(
        "{what} {ended} ({}): {} created, {} updated, {} unchanged, {} deleted",
        time(report.duration),
        grouped(totals.created),
        grouped(totals.updated),
        grouped(totals.unchanged),
        grouped(report.reconciliation.deleted()),
    )
}

fn resources(resources: &[ResourceReport]) -> String {
    let header = [
        "",
        "kind",
        "items",
        "created",
        "updated",
        "unchanged",
        "not written",
        "time",
    ];
    let rows = resources.iter().map(|resource| {
        let counts = &resource.counts;
        let lost = counts.unmapped + counts.failed_to_map + counts.rejected + counts.failed;
        [
            if resource.incomplete.is_empty() {
                "ok"
            } else {
                "!!"
            }
            .to_owned(),
            resource.kind.clone(),
            grouped(counts.fetched),
            grouped(counts.created),
            grouped(counts.updated),
            grouped(counts.unchanged),
            grouped(lost),
            time(resource.duration),
        ]
    });
    table::plain(header, rows)
}

fn section(text: &mut String, title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    let _infallible = writeln!(text, "\n{title}");
    for line in lines {
        let _infallible = writeln!(text, "  - {line}");
    }
}

/// What was not read, mapped or written, a line each.
pub(super) fn problems(report: &ResyncReport) -> Vec<String> {
    let mut lines = report.errors.clone();
    for resource in &report.resources {
        let name = resource.name();
        lines.extend(
            resource
                .incomplete
                .iter()
                .map(|reason| format!("{name} is incomplete: {reason}")),
        );
        lines.extend(
            resource
                .errors
                .iter()
                .map(|group| format!("{name}: {}", error(group))),
        );
    }
    lines.iter().map(|line| plain(line).into_owned()).collect()
}

fn error(group: &ErrorGroup) -> String {
    let ErrorGroup {
        message,
        count,
        examples,
        ..
    } = group;
    let more = count.saturating_sub(examples.len());
    let mut named = examples.join(", ");
    if more > 0 && !named.is_empty() {
        let _infallible = write!(named, " and {} more", grouped(more));
    }
    match (*count, named.as_str()) {
        (1, "") => message.clone(),
        (_, "") => format!("{message} ({} times)", grouped(*count)),
        _ => format!("{message} ({named})"),
    }
}

/// What was not deleted and why, a line per blueprint.
pub(super) fn kept(report: &ResyncReport) -> Vec<String> {
    let reconciliation = &report.reconciliation;
    let all = reconciliation
        .skipped
        .iter()
        .map(|reason| format!("anything: {reason}"));
    let kept = reconciliation
        .blueprints
        .iter()
        .filter(|found| !found.kept_because.is_empty());
    let some = kept.map(|found| {
        let reasons = found
            .kept_because
            .iter()
            .map(|reason| shortened(reason, report));
        let reasons: Vec<_> = reasons.collect();
        let entities = counted(found.stale, "entity", "entities");
        format!(
            "{} ({entities} not seen): {}",
            found.blueprint,
            reasons.join("; ")
        )
    });
    let lines = all.chain(some);
    lines.map(|line| plain(&line).into_owned()).collect()
}

/// A reason that is the error of a resource, which stands above in full, without that error.
fn shortened(reason: &str, report: &ResyncReport) -> String {
    let mut names = report.resources.iter().map(ResourceReport::name);
    let culprit = names.find(|name| {
        reason
            .strip_prefix(name.as_str())
            .is_some_and(|rest| rest.starts_with(": "))
    });
    culprit.map_or_else(|| reason.to_owned(), |name| format!("{name} is incomplete"))
}

/// Fields whose null is no accident: the expression failed, or an entity cannot be without them.
fn null_fields(resources: &[ResourceReport]) -> Vec<String> {
    let fields = resources.iter().flat_map(|resource| {
        let fields = resource
            .misconfigured
            .iter()
            .filter(|field| is_needed(field));
        fields.map(|field| plain(&null_field(&resource.name(), field)).into_owned())
    });
    fields.collect()
}

fn is_needed(field: &NullField) -> bool {
    let is_key = matches!(field.field.as_str(), "identifier" | "blueprint");
    field.failed > 0 || field.required || is_key
}

fn null_field(resource: &str, field: &NullField) -> String {
    let NullField {
        field: name,
        expression,
        ..
    } = field;
    match &field.error {
        Some(error) if field.failed > 0 => {
            let items = counted(field.failed, "item", "items");
            format!("{resource}: {name} of {items}: {error} (`{expression}`)")
        }
        _ => {
            let items = counted(field.items, "item", "items");
            format!("{resource}: {name} of {items} is null (`{expression}`)")
        }
    }
}

#[cfg(test)]
mod tests;
