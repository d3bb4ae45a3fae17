//! How does a person read what is wrong?

use std::fmt::Write as _;

use ocean_core::settings::{SettingsFaults, SettingsWarning};

use super::number::counted;

const WITHOUT_SETTINGS: &str = "\nhint: `config show` tells where each setting comes from, \
                                and `demo` needs no settings at all\n";

/// Every fault of the settings, with what may have caused them.
pub(super) fn settings(found: &SettingsFaults) -> String {
    let count = counted(found.faults.len(), "setting is", "settings are");
    let mut text = format!("error: {count} missing or wrong, nothing was started\n\n");
    for fault in &found.faults {
        let _infallible = writeln!(text, "  {fault}");
    }
    if !found.warnings.is_empty() {
        text.push_str("\nperhaps related:\n\n");
        text.push_str(&lines(&found.warnings));
    }
    text.push_str(WITHOUT_SETTINGS);
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
pub(super) fn told(message: &str, hint: Option<&str>) -> String {
    let mut text = format!("error: {message}\n");
    if let Some(hint) = hint {
        let _infallible = writeln!(text, "hint: {hint}");
    }
    text
}

fn lines(warnings: &[SettingsWarning]) -> String {
    warnings
        .iter()
        .map(|warning| format!("  {warning}\n"))
        .collect()
}
