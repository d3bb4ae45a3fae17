//! When is output coloured, and how?

use std::io::{self, IsTerminal as _};

use crate::environment::Environment;

/// Colours for one output; none of them when it is no terminal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    /// Colours for stdout, unless it is piped or the user wants none (`NO_COLOR`, `TERM=dumb`).
    pub(crate) fn of_stdout(environment: &Environment) -> Self {
        Self {
            on: io::stdout().is_terminal() && wanted(environment),
        }
    }

    /// The same for stderr.
    pub(crate) fn of_stderr(environment: &Environment) -> Self {
        Self {
            on: io::stderr().is_terminal() && wanted(environment),
        }
    }

    /// No colours.
    #[cfg(test)]
    pub(crate) const fn none() -> Self {
        Self { on: false }
    }

    /// Colours wherever it goes.
    #[cfg(test)]
    pub(crate) const fn always() -> Self {
        Self { on: true }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.sgr("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.sgr("2", text)
    }

    /// What is new, or as it should be.
    pub(crate) fn good(self, text: &str) -> String {
        self.sgr("32", text)
    }

    /// What goes away, or is wrong.
    pub(crate) fn bad(self, text: &str) -> String {
        self.sgr("31", text)
    }

    /// What changes, or should be looked at.
    pub(crate) fn notable(self, text: &str) -> String {
        self.sgr("33", text)
    }

    fn sgr(self, code: &str, text: &str) -> String {
        if self.on {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

fn wanted(environment: &Environment) -> bool {
    let says_no = |name: &str| environment.get(name).is_some_and(|value| !value.is_empty());
    !says_no("NO_COLOR") && environment.get("TERM") != Some("dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_who_wants_no_colours_gets_none() {
        let with = |name: &str, value: &str| {
            wanted(&Environment::of([(name.to_owned(), value.to_owned())]))
        };
        assert!(with("TERM", "xterm"));
        assert!(with("NO_COLOR", ""));
        assert!(!with("NO_COLOR", "1"));
        assert!(!with("TERM", "dumb"));
    }

    #[test]
    fn a_colour_ends_where_its_text_does() {
        assert_eq!(Paint { on: true }.bad("gone"), "\u{1b}[31mgone\u{1b}[0m");
        assert_eq!(Paint::none().bad("gone"), "gone");
    }
}
