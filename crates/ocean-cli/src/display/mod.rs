//! How does everything look? The only place of the program that prints.
//!
//! Results go to stdout, all else to stderr. What is printed is made by functions that return text,
//! so that tests can read it. Whatever others wrote goes through [`plain`] on its way into a line.

pub(crate) mod demo;
mod dlq;
pub(crate) mod doctor;
pub(crate) mod explain;
mod faults;
pub(crate) mod lint;
mod number;
mod paint;
mod plain;
pub(crate) mod plan;
pub(crate) mod preview;
pub(crate) mod progress;
mod report;
mod scaffold;
pub(crate) mod shadow;
mod table;
mod twin;

use std::io::{self, Write as _};

use ocean_core::http::Masker;
use ocean_core::settings::{SettingOrigin, SettingsWarning};
use ocean_core::{Letter, Order, ResyncReport};
use serde::Serialize;
use serde_json::Value;

pub(crate) use self::paint::Paint;
pub(crate) use self::plain::plain;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::simulation::Twin;

/// Prints a result. A reader that has gone away (`| head`) is no mistake of ours.
fn out(text: &str) {
    drop(
        io::stdout()
            .lock()
            .write_all(plain::guarded(text).as_bytes()),
    );
}

/// Prints a result that was made into text, and masked, before.
pub(crate) fn result(text: &str) {
    out(text);
}

/// Prints what is not a result.
fn err(text: &str) {
    drop(
        io::stderr()
            .lock()
            .write_all(plain::guarded(text).as_bytes()),
    );
}

/// Shows help, a version, or what is wrong with the command line.
pub(crate) fn usage(answer: &clap::Error) -> Exit {
    drop(answer.print());
    if answer.use_stderr() {
        Exit::Usage
    } else {
        Exit::Done
    }
}

/// Tells why a command could not do what was asked.
pub(crate) fn failure(failure: &Failure, paint: Paint) -> Exit {
    err(&match failure {
        Failure::Settings(found) => faults::settings(found, paint),
        Failure::Told { message, hint, .. } => faults::told(message, hint.as_deref(), paint),
    });
    failure.exit()
}

/// How a resync ended, for whoever masks it.
pub(crate) fn report_text(found: &ResyncReport) -> String {
    report::text(found)
}

/// Tells how a resync ended.
pub(crate) fn report(found: &ResyncReport, masker: &Masker) {
    err(&masker.full(&report::text(found)));
}

/// The same as one log event.
pub(crate) fn logged_report(found: &ResyncReport, masker: &Masker) -> Result<(), Failure> {
    let report = masked_json(found, masker)?;
    tracing::info!(report, "resync report");
    Ok(())
}

/// Prints a result for a program.
pub(crate) fn json(result: &impl Serialize, masker: &Masker) -> Result<(), Failure> {
    out(&json_line(result, masker)?);
    Ok(())
}

/// A result for a program, on a line of its own.
pub(crate) fn json_line(result: &impl Serialize, masker: &Masker) -> Result<String, Failure> {
    Ok(format!("{}\n", masked_json(result, masker)?))
}

/// How much of a value stands on its line.
const SHOWN: usize = 100;

/// As much of a value as fits on a line. It is masked before it is cut: the start of a secret is
/// no secret that a masker knows.
fn shortened(value: &Value, masker: &Masker) -> String {
    let mut value = value.clone();
    masker.full_json(&mut value);
    let text = value.to_string();
    let text = plain(&text);
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push_str(" ...");
    }
    shown
}

/// Prints a script for a shell, which runs it as it is.
pub(crate) fn script(script: &[u8]) {
    drop(io::stdout().lock().write_all(script));
}

/// Prints a JSON document that people read and keep in files.
pub(crate) fn document(document: &Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document)
        .map_err(|error| Failure::bug("the document cannot be written as JSON", &error))?;
    out(&format!("{text}\n"));
    Ok(())
}

fn masked_json(result: &impl Serialize, masker: &Masker) -> Result<String, Failure> {
    let mut value = serde_json::to_value(result)
        .map_err(|error| Failure::bug("the result cannot be written as JSON", &error))?;
    masker.full_json(&mut value);
    Ok(plain::json(&value.to_string()).into_owned())
}

/// Shows settings and where they come from.
pub(crate) fn settings(settings: &[SettingOrigin]) {
    let rows = settings.iter().map(|setting| {
        [
            setting.path.clone(),
            setting.value_shown.clone(),
            setting.origin.to_string(),
        ]
    });
    out(&table::plain(["setting", "value", "from"], rows));
}

/// Shows what is odd about the settings.
pub(crate) fn warnings(warnings: &[SettingsWarning]) {
    err(&faults::warnings(warnings));
}

/// Shows live events that could not be handled.
pub(crate) fn letters(letters: &[Letter]) {
    out(&dlq::list(letters));
}

/// Tells what became of those that were named.
pub(crate) fn letters_done(order: &Order, count: usize) {
    out(&dlq::done(order, count));
}

/// Shows a simulator that now runs.
pub(crate) fn twin(title: &str, running: &dyn Twin) {
    out(&twin::text(title, running));
}

/// Shows what was written for a new integration.
pub(crate) fn scaffold(written: &crate::scaffold::Written, paint: Paint) {
    out(&scaffold::text(written, paint));
}
