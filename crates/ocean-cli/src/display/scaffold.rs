//! How does a new integration look to who asked for it?

use crate::scaffold::Written;

/// The files, and what to do next.
pub(super) fn text(written: &Written) -> String {
    let mut text = format!(
        "wrote {} files to {}, depending on {}\n\n",
        written.files.len(),
        written.folder.display(),
        written.sdk
    );
    for file in &written.files {
        text.push_str(&format!("  {file}\n"));
    }
    text.push_str(&format!(
        "\nnext:\n  cd {}\n  cargo test            its tests, against a simulated system\n  \
         cargo run -- --help   its commands\n",
        written.folder.display()
    ));
    text
}
