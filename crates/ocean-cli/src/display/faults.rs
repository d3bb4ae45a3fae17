//! How does a person read what is wrong?

use std::fmt::Write as _;

use ocean_core::settings::{SettingsFaults, SettingsWarning};

use super::number::counted;
use super::paint::Paint;

const WITHOUT_SETTINGS: &str = "`config show` tells where each setting comes from, and `demo` \
                                needs no settings at all";

/// Every fault of the settings, with what may have caused them.
pub(super) fn settings(found: &SettingsFaults, paint: Paint) -> String {
    let count = counted(found.faults.len(), "setting is", "settings are");
    let error = paint.bad("error:");
    let mut text = format!("{error} {count} missing or wrong, nothing was started\n\n");
    for fault in &found.faults {
        let _infallible = writeln!(text, "  {fault}");
    }
    if !found.warnings.is_empty() {
        text.push_str("\nperhaps related:\n\n");
        text.push_str(&lines(&found.warnings));
    }
    let hint = paint.good("hint:");
    let _infallible = writeln!(text, "\n{hint} {WITHOUT_SETTINGS}");
    text
}

/// What is odd about settings that can be used.
pub(super) fn warnings(found: &[SettingsWarning]) -> String {
    if found.is_empty() {
        return String::new();
    }
    format!("\nodd, but not wrong:\n\n{}", lines(found))
}

/// One sentence and what to do.
pub(super) fn told(message: &str, hint: Option<&str>, paint: Paint) -> String {
    let mut text = format!("{} {message}\n", paint.bad("error:"));
    if let Some(hint) = hint {
        let _infallible = writeln!(text, "{} {hint}", paint.good("hint:"));
    }
    text
}

fn lines(warnings: &[SettingsWarning]) -> String {
    warnings
        .iter()
        .map(|warning| format!("  {warning}\n"))
        .collect()
}
