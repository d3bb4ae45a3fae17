//! What can be typed on the command line?

use std::path::PathBuf;

use clap::{
    Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum, value_parser,
};

use clap_complete::Shell;

pub(crate) use self::desk::{
    ApplyArguments, DeskOptions, DoctorArguments, ExplainArguments, LintArguments, PlanArguments,
    PreviewArguments, SchemaCommand, TapeOptions,
};
use crate::app::CliApp;

mod desk;
mod examples;

/// The simulator that every integration has.
pub(crate) const PORT: &str = "port";

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  2    the command line is wrong
  3    a plan has changes, or a comparison (--shadow) differences
  10   settings or mapping are invalid
  11   Port or the third-party system refused the credentials
  12   incomplete: something was not read, written or deleted; the report says what
  13   the state folder cannot be used, usually because another process uses it
  130  stopped by Ctrl-C (143: by SIGTERM)

Examples:
  doctor                       does everything work?
  plan                         what would a resync write?
  sail --once                  one resync
  sail                         stay up: resyncs and live events, as configured
  preview --help               more of them, for each command";

/// The command line as it was typed.
#[derive(Debug, Parser)]
#[command(after_help = EXIT_CODES, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    sail: SailOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read everything and make Port's catalog equal to it (the default command).
    #[command(after_help = examples::SAIL)]
    Sail(SailArguments),

    /// See it work: no account, no settings, no network.
    ///
    /// Starts a simulated third-party system and a simulated Port on this machine, reads the one
    /// into the other, changes a few items, and reads again. Reads neither environment nor `.env`
    /// nor `config.yaml`.
    #[command(after_help = examples::DEMO)]
    Demo(DemoArguments),

    /// Run one simulator on its own, for any client in any language.
    #[command(after_help = examples::TWIN)]
    Twin(TwinArguments),

    /// Look at the settings.
    #[command(subcommand, after_help = examples::CONFIG)]
    Config(ConfigCommand),

    /// Show what a resync would create, change and delete; writes nothing.
    Plan(PlanArguments),

    /// Do exactly what a saved plan says, unless the catalog moved meanwhile.
    Apply(ApplyArguments),

    /// Show raw items of a kind and the entities they become; writes nothing.
    Preview(PreviewArguments),

    /// Show what each expression of the mapping gives for one item, and why it is null.
    Explain(ExplainArguments),

    /// Look at live events that could not be handled, and try them again.
    #[command(subcommand, after_help = examples::DLQ)]
    Dlq(DlqCommand),

    /// Check a mapping against blueprints and real items; each fault with its place.
    Lint(LintArguments),

    /// Check credentials, permissions, clock, webhook and blueprints; each fault with its remedy.
    Doctor(DoctorArguments),

    /// Print what makes a shell complete this command line.
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionsArguments),

    /// Print a JSON Schema, for editors and validators.
    #[command(subcommand, after_help = examples::SCHEMA)]
    Schema(SchemaCommand),
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// Which shell.
    pub(crate) shell: Shell,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show each effective setting and where it comes from; secrets are masked.
    #[command(after_help = examples::CONFIG)]
    Show(ConfigArguments),
}

#[derive(Debug, Default, Args)]
pub(crate) struct SailArguments {
    /// The folder of `.env` and `config.yaml`.
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) folder: PathBuf,

    #[command(flatten)]
    pub(crate) options: SailOptions,
}

#[derive(Debug, Default, Args)]
pub(crate) struct SailOptions {
    /// Run one resync and end, as OCEAN__EVENT_LISTENER__TYPE=ONCE does.
    #[arg(short = 'O', long)]
    pub(crate) once: bool,

    /// Log DEBUG, INFO, WARNING, ERROR or CRITICAL and above; APPLICATION__LOG_LEVEL wins.
    #[arg(short, long, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,

    /// How log lines look, for people or for programs.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,

    /// The port to listen on; APPLICATION__PORT wins.
    #[arg(short, long, value_name = "PORT")]
    pub(crate) port: Option<u16>,

    /// Whether to create the default blueprints and mapping of a new integration.
    #[arg(short, long, value_name = "BOOL")]
    pub(crate) initialize_port_resources: Option<bool>,

    /// Print the report as JSON on stdout.
    #[arg(long)]
    pub(crate) json: bool,

    /// Keep everything that the one resync reads in a file, without secrets; needs `--once`.
    ///
    /// `plan --replay FILE` then tells what the resync found to do, without a network.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Write nothing: tell how the catalog differs from what a resync would leave.
    ///
    /// For a time in which another program writes, such as the Python original: with the same
    /// settings, and another port to listen on.
    #[arg(long, conflicts_with = "record")]
    pub(crate) shadow: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// How many items the simulated system has.
    #[arg(long, visible_alias = "items", value_name = "N", default_value_t = 1000, value_parser = value_parser!(u64).range(1..))]
    pub(crate) issues: u64,

    /// Decides the simulated data; the same number gives the same data.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Print one JSON object instead of the tables.
    #[arg(long, conflicts_with = "serve")]
    pub(crate) json: bool,

    /// Keep both simulators running afterwards, until Ctrl-C.
    #[arg(long)]
    pub(crate) serve: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TwinArguments {
    /// Which one.
    pub(crate) system: String,

    /// The port to listen on; any free one if not given.
    #[arg(short, long, value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,

    /// How many items the simulated system has. No meaning for `port`, whose catalog is empty.
    #[arg(long, visible_alias = "items", value_name = "N", default_value_t = 1000, value_parser = value_parser!(u64).range(1..))]
    pub(crate) issues: u64,

    /// Decides the simulated data.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// A JSON file that says what goes wrong, and when.
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,

    /// How long every answer takes at least.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) latency_ms: u64,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    /// The folder of `.env` and `config.yaml`.
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DlqCommand {
    /// List them: number, time, attempts and why they were given up.
    #[command(after_help = examples::DLQ_LIST)]
    List(DlqListArguments),
    /// Let them be handled once more.
    ///
    /// A process that runs handles them at once, otherwise the next one does.
    #[command(after_help = examples::DLQ_CHOICE)]
    Replay(DlqChoice),
    /// Forget them for good.
    #[command(after_help = examples::DLQ_CHOICE)]
    Drop(DlqChoice),
}

#[derive(Debug, Args)]
pub(crate) struct DlqListArguments {
    #[command(flatten)]
    pub(crate) folder: DlqFolder,

    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DlqChoice {
    /// The numbers that `list` shows.
    #[arg(value_name = "NUMBER", required_unless_present = "all")]
    pub(crate) numbers: Vec<u64>,

    /// All of them.
    #[arg(long, conflicts_with = "numbers")]
    pub(crate) all: bool,

    #[command(flatten)]
    pub(crate) folder: DlqFolder,
}

#[derive(Debug, Args)]
pub(crate) struct DlqFolder {
    /// The state folder; that of the settings if not given.
    #[arg(long, value_name = "PATH")]
    pub(crate) state_dir: Option<PathBuf>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

impl Arguments {
    /// Reads the command line of an integration.
    pub(crate) fn parse(
        app: &CliApp,
        arguments: impl IntoIterator<Item = std::ffi::OsString>,
    ) -> Result<Self, clap::Error> {
        let matches = Self::command_of(app).try_get_matches_from(arguments)?;
        Self::from_arg_matches(&matches)
    }

    /// The same for every integration but for names and for what it can simulate.
    pub(crate) fn command_of(app: &CliApp) -> clap::Command {
        let name = format!("ocean-{}", app.name);
        let command = Self::command()
            .name(name.clone())
            .bin_name(name)
            .version(app.version)
            .about(app.about());
        if app.simulation.is_none() {
            let hide = |command: clap::Command| command.hide(true);
            return command
                .mut_subcommand("demo", hide)
                .mut_subcommand("twin", hide);
        }
        command.mut_subcommand("twin", |twin| {
            twin.mut_arg("system", |system| system.value_parser([PORT, app.name]))
        })
    }

    /// The command; without one it is `sail` in the working folder.
    pub(crate) fn into_command(self) -> Command {
        self.command.unwrap_or_else(|| {
            Command::Sail(SailArguments {
                folder: PathBuf::from("."),
                options: self.sail,
            })
        })
    }
}
