//! `completions`: what makes a shell complete the command line?

use crate::app::CliApp;
use crate::arguments::{Arguments, CompletionsArguments};
use crate::display;
use crate::exit::Exit;

/// Prints the script of one shell.
pub(super) fn run(app: &CliApp, arguments: &CompletionsArguments) -> Exit {
    let mut command = Arguments::command_of(app);
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, name, &mut script);
    display::script(&script);
    Exit::Done
}
