//! How does a person read what works and what does not?

use std::fmt::Write as _;

use ocean_core::http::Masker;
use serde::Serialize;

use super::number::counted;
use super::{Paint, out};
use crate::failure::Failure;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    name: String,
    verdict: Verdict,
    told: String,
    /// What to do about it.
    remedy: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Good,
    /// Worth knowing, and perhaps wanted.
    Note,
    Fault,
}

impl Check {
    pub(crate) fn good(name: &str, told: impl Into<String>) -> Self {
        Self::new(name, Verdict::Good, told.into())
    }

    pub(crate) fn note(name: &str, told: impl Into<String>) -> Self {
        Self::new(name, Verdict::Note, told.into())
    }

    pub(crate) fn fault(name: &str, told: impl Into<String>) -> Self {
        Self::new(name, Verdict::Fault, told.into())
    }

    /// The reason why a command would end.
    pub(crate) fn of_failure(name: &str, failure: Failure) -> Self {
        match failure {
            Failure::Told { message, hint, .. } => Self {
                remedy: hint,
                ..Self::fault(name, message)
            },
            Failure::Settings(faults) => Self::fault(name, faults.to_string()),
        }
    }

    #[must_use]
    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub(crate) fn is_fault(&self) -> bool {
        self.verdict == Verdict::Fault
    }

    fn new(name: &str, verdict: Verdict, told: String) -> Self {
        Self {
            name: name.to_owned(),
            verdict,
            told,
            remedy: None,
        }
    }
}

/// Prints one line per check, and what to do.
pub(crate) fn show(checks: &[Check], paint: Paint, masker: &Masker) {
    out(&masker.full(&text(checks, paint)));
}

fn text(checks: &[Check], paint: Paint) -> String {
    let names = checks.iter().map(|check| check.name.chars().count());
    let width = names.max().unwrap_or_default();
    let margin = " ".repeat(width + 6);
    let mut text = String::new();
    for check in checks {
        let mark = match check.verdict {
            Verdict::Good => paint.good("ok"),
            Verdict::Note => paint.notable(" -"),
            Verdict::Fault => paint.bad("!!"),
        };
        let Check { name, told, .. } = check;
        let told = told.replace('\n', &format!("\n{margin}"));
        let _infallible = writeln!(text, "{mark}  {name:width$}  {told}");
        if let Some(remedy) = &check.remedy {
            let _infallible = writeln!(text, "{margin}{}", paint.dim(&format!("-> {remedy}")));
        }
    }
    let faults = checks.iter().filter(|check| check.is_fault()).count();
    let summary = match faults {
        0 => paint.good("Everything that a run needs is there."),
        count => paint.bad(&counted(count, "thing is", "things are")) + " wrong.",
    };
    let _infallible = writeln!(text, "\n{summary}");
    text
}
