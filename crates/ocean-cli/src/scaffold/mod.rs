//! How does a new integration begin? With the files that [`ocean`] writes: a package whose tests
//! are green at once.

mod names;
mod sdk;
mod templates;

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::{Parser, Subcommand};

use self::names::Names;
use self::sdk::Sdk;
use crate::display;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  ocean new help-desk                    a package in ./ocean-help-desk, with the kind `ticket`
  ocean new pager --kind incident        another kind
  ocean new --help                       more of them";

const EXAMPLES_OF_NEW: &str = "\
Examples:
  ocean new help-desk                       a package in ./ocean-help-desk
  ocean new pager --kind incident           whose first kind is not a ticket
  ocean new help-desk --folder ~/work/desk  somewhere else
  ocean new help-desk --sdk-path ~/sdk      against a checkout of the SDK";

/// The tool for authors, before they have a program of their own.
#[derive(Debug, Parser)]
#[command(name = "ocean", version, about = "Begins Ocean integrations.", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: OceanCommand,
}

#[derive(Debug, Subcommand)]
enum OceanCommand {
    /// Write a new integration: one kind, live events, and tests that are green at once.
    #[command(after_help = EXAMPLES_OF_NEW)]
    New(NewArguments),
}

#[derive(Debug, clap::Args)]
struct NewArguments {
    /// The type of the integration, such as `help-desk`: small letters, digits and hyphens.
    name: String,

    /// The kind that it begins with, named after one of them: `incident`, `pull-request`.
    #[arg(long, value_name = "NAME", default_value = "ticket")]
    kind: String,

    /// Where to write it; `ocean-NAME` in the working folder if not given.
    #[arg(long, value_name = "PATH")]
    folder: Option<PathBuf>,

    /// A checkout of the SDK to depend on.
    ///
    /// Without it: the checkout that this program was built in, if it lies in one, and else the
    /// published version.
    #[arg(long, value_name = "PATH")]
    sdk_path: Option<PathBuf>,
}

/// The whole program `ocean`.
#[must_use]
pub fn ocean() -> ExitCode {
    let environment = Environment::of_process();
    let exit = match Arguments::try_parse_from(std::env::args_os()) {
        Ok(arguments) => run(arguments, &environment).unwrap_or_else(|failure| {
            display::failure(&failure, display::Paint::of_stderr(&environment))
        }),
        Err(answer) => display::usage(&answer),
    };
    exit.into()
}

fn run(arguments: Arguments, environment: &Environment) -> Result<Exit, Failure> {
    let OceanCommand::New(arguments) = arguments.command;
    let written = write(&arguments)?;
    display::scaffold(&written, display::Paint::of_stdout(environment));
    Ok(Exit::Done)
}

/// What was written, and where.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) folder: PathBuf,
    pub(crate) files: Vec<&'static str>,
    pub(crate) sdk: String,
}

fn write(arguments: &NewArguments) -> Result<Written, Failure> {
    let names = Names::parse(&arguments.name, &arguments.kind)
        .map_err(|reason| Failure::new(Exit::Usage, reason))?;
    let sdk = Sdk::find(arguments.sdk_path.as_deref())?;
    let default = || PathBuf::from(format!("ocean-{}", arguments.name));
    let folder = arguments.folder.clone().unwrap_or_else(default);
    let is_ours = is_free(&folder)?;
    let written = write_all(&folder, &names, &sdk);
    if written.is_err() && is_ours {
        // What is half there would be in the way of the next try.
        let _left_as_it_is = fs::remove_dir_all(&folder);
    }
    let files = written?;
    format_sources(&folder, &files);
    Ok(Written {
        folder,
        files,
        sdk: sdk.to_string(),
    })
}

/// Whether the folder is still to be made; one that holds something is refused.
fn is_free(folder: &Path) -> Result<bool, Failure> {
    let refused = |message: String| {
        let failure = Failure::new(Exit::Usage, format!("{message}; nothing was written"));
        Err(failure.hint("name another place with --folder"))
    };
    let shown = folder.display();
    match fs::read_dir(folder).map(|mut entries| entries.next()) {
        Ok(None) => Ok(false),
        Ok(Some(_)) => refused(format!("`{shown}` is not empty")),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => refused(format!("`{shown}` cannot be looked into: {error}")),
    }
}

fn write_all(folder: &Path, names: &Names, sdk: &Sdk) -> Result<Vec<&'static str>, Failure> {
    let mut files = Vec::new();
    for (path, template) in templates::ALL {
        let text = sdk.fill(&names.fill(template));
        place(&folder.join(path), &text)?;
        files.push(path);
    }
    if let Some(lock) = sdk.lock_file() {
        // The versions that the SDK was built with, so that nothing has to be downloaded.
        place(&folder.join("Cargo.lock"), &lock)?;
        files.push("Cargo.lock");
    }
    Ok(files)
}

fn place(path: &Path, text: &str) -> Result<(), Failure> {
    let parent = path.parent().map_or(Ok(()), fs::create_dir_all);
    parent
        .and_then(|()| fs::write(path, text))
        .map_err(|error| {
            let message = format!("`{}` cannot be written: {error}", path.display());
            Failure::new(Exit::Incomplete, message)
        })
}

/// Long names break lines that short ones do not. Without the formatter they stay as they are.
fn format_sources(folder: &Path, files: &[&str]) {
    let sources = files.iter().filter(|path| path.ends_with(".rs"));
    let mut formatter = Command::new("rustfmt");
    formatter
        .args(["--quiet", "--edition", "2024"].map(OsString::from))
        .args(sources.map(|path| folder.join(path)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    drop(formatter.status());
}

#[cfg(test)]
mod tests;
