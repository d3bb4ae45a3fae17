//! What does somebody need to know who has just started a simulator?

use std::fmt::Write as _;

use crate::simulation::Twin;

pub(super) fn text(title: &str, twin: &dyn Twin) -> String {
    let mut text = format!("A simulated {title} listens at {}\n", twin.url());
    text.push_str("\nThese settings make an integration use it:\n\n");
    text.push_str(&exports(twin));
    text.push_str("\nCtrl-C ends it.\n");
    text
}

/// Lines for a shell.
pub(super) fn exports(twin: &dyn Twin) -> String {
    let mut text = String::new();
    for (name, value) in twin.variables() {
        let _infallible = writeln!(text, "  export {name}={value}");
    }
    text
}
