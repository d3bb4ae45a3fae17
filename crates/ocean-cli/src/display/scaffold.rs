//! How does a new integration look to who asked for it?

use std::fmt::Write as _;

use super::paint::Paint;
use crate::scaffold::Written;

/// What a file is for, where its name does not say so.
const PURPOSES: [(&str, &str); 7] = [
    ("README.md", "what to change first, for the real system"),
    (".port/spec.yaml", "settings and kinds"),
    (
        ".port/resources/blueprints.json",
        "what Port holds of each object",
    ),
    (
        ".port/resources/port-app-config.yaml",
        "the mapping: what becomes of raw items",
    ),
    ("src/client.rs", "how the system is asked"),
    (
        "src/kinds.rs",
        "what is read, and what happens at live events",
    ),
    ("tests/against_twin.rs", "against a simulated system"),
];

/// The widest path and two blanks.
const WIDTH: usize = 38;

/// The files, and what to do next.
pub(super) fn text(written: &Written, paint: Paint) -> String {
    let folder = written.folder.display();
    let mut text = format!(
        "{} {} files to {folder}, depending on {}\n\n",
        paint.good("wrote"),
        written.files.len(),
        written.sdk
    );
    for file in &written.files {
        let purpose = PURPOSES.iter().find(|(path, _)| path == file);
        let _infallible = match purpose {
            Some((_, purpose)) => writeln!(text, "  {file:WIDTH$}{}", paint.dim(purpose)),
            None => writeln!(text, "  {file}"),
        };
    }
    let _infallible = write!(
        text,
        "\n{}\n  cd {folder}\n  cargo test            its tests, against a simulated system\n  \
         cargo run -- --help   its commands\n",
        paint.bold("next:")
    );
    text
}
