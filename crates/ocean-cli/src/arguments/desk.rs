//! What can be typed to work on a mapping?

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What every command takes that looks at a mapping.
#[derive(Debug, Args)]
pub(crate) struct DeskOptions {
    /// A mapping file, YAML or JSON, instead of the mapping that Port holds.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,

    /// The folder of `.env` and `config.yaml`.
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub(crate) folder: PathBuf,

    #[command(flatten)]
    pub(crate) tape: TapeOptions,
}

/// Whether what is read comes from a file, or goes to one.
#[derive(Debug, Default, Args)]
pub(crate) struct TapeOptions {
    /// Keep everything that is read in a file, without secrets.
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    pub(crate) record: Option<PathBuf>,

    /// Read everything from such a file: no network, no settings.
    #[arg(long, value_name = "FILE")]
    pub(crate) replay: Option<PathBuf>,
}

/// What becomes of the plan.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0    nothing to do
  3    there are changes
  12   something could not be read, so that the plan is not whole

Examples:
  plan                        what would a resync do now?
  plan --mapping draft.yaml   and with a draft of the mapping?
  plan --out plan.json        keep it, look at it, then: apply plan.json
  plan --record run.jsonl.gz  keep all that was read, too
  plan --replay run.jsonl.gz  the same plan again, without a network")]
pub(crate) struct PlanArguments {
    /// Keep the plan in a file, for `apply`.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Show every entity instead of the first ones of each sort.
    #[arg(long)]
    pub(crate) all: bool,

    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) desk: DeskOptions,
}

/// Which plan.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0    everything was done
  11   Port refused the credentials, perhaps midway
  12   the catalog or the file is not what it was when the plan was made, and nothing was done;
       or Port refused a part of it, or did not answer

Examples:
  plan --out plan.json    look at it, and then
  apply plan.json         do exactly that")]
pub(crate) struct ApplyArguments {
    /// A file that `plan --out` wrote.
    #[arg(value_name = "FILE")]
    pub(crate) plan: PathBuf,

    /// The folder of `.env` and `config.yaml`.
    #[arg(long, value_name = "PATH", default_value = ".")]
    folder: PathBuf,
}

impl ApplyArguments {
    /// A plan was made with a mapping and needs none.
    pub(crate) fn desk(&self) -> DeskOptions {
        DeskOptions {
            mapping: None,
            folder: self.folder.clone(),
            tape: TapeOptions::default(),
        }
    }
}

/// Which items.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  preview issue                        three issues and their entities
  preview issue -n 1 --raw             one issue, with all that the source says of it
  preview issue --mapping draft.yaml   as a draft of the mapping would have it
  preview issue -m draft.yaml --watch  and again whenever the draft is saved")]
pub(crate) struct PreviewArguments {
    /// The kind, as mappings name it.
    pub(crate) kind: String,

    /// How many items to read.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 3)]
    pub(crate) limit: usize,

    /// Map the same items again whenever the mapping file is saved, and show what differs.
    #[arg(long, requires = "mapping", conflicts_with = "json")]
    pub(crate) watch: bool,

    /// Show raw items whole.
    #[arg(long)]
    pub(crate) raw: bool,

    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) desk: DeskOptions,
}

/// Which item.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  explain issue PORT-12                         why is a property of this issue null?
  explain issue PORT-12 --mapping draft.yaml    and with a draft of the mapping?
  explain issue @issue.json                     an item out of a file")]
pub(crate) struct ExplainArguments {
    /// The kind, as mappings name it.
    pub(crate) kind: String,

    /// A text that the item has (its key, id or name), the identifier of its entity, or `@FILE`.
    pub(crate) item: String,

    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) desk: DeskOptions,
}

/// What is checked against what.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0    nothing is wrong
  10   there are findings

Examples:
  lint                         the mapping at Port, with its blueprints and some real items
  lint --mapping draft.yaml    a draft
  lint -m draft.yaml --blueprints blueprints.json --limit 0    without any system")]
pub(crate) struct LintArguments {
    /// How many items of each resource are read to try the expressions on; 0 for none.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,

    /// A JSON list of blueprints, instead of those that Port has.
    #[arg(long, value_name = "FILE")]
    pub(crate) blueprints: Option<PathBuf>,

    /// A JSON object with a list of items per kind, instead of items of the source.
    #[arg(long, value_name = "FILE")]
    pub(crate) samples: Option<PathBuf>,

    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) desk: DeskOptions,
}

/// How the checks are told.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0    everything works
  12   something does not

Examples:
  doctor                        what works, and what to do about the rest
  doctor --mapping draft.yaml   with a draft of the mapping")]
pub(crate) struct DoctorArguments {
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,

    /// A mapping file, YAML or JSON, instead of the mapping that Port holds.
    #[arg(short, long, value_name = "FILE")]
    mapping: Option<PathBuf>,

    /// The folder of `.env` and `config.yaml`.
    #[arg(long, value_name = "PATH", default_value = ".")]
    folder: PathBuf,
}

impl DoctorArguments {
    /// What is recorded works whatever is wrong now, so that there is no tape.
    pub(crate) fn desk(&self) -> DeskOptions {
        DeskOptions {
            mapping: self.mapping.clone(),
            folder: self.folder.clone(),
            tape: TapeOptions::default(),
        }
    }
}

/// Which schema.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum SchemaCommand {
    /// Of a mapping document, with the selectors of every kind.
    ///
    /// It refuses keys that nothing reads, of which a run only warns.
    #[command(after_help = super::examples::SCHEMA)]
    Mapping,

    /// Of `config.yaml`, with the settings of the integration.
    #[command(after_help = super::examples::SCHEMA)]
    Settings,
}
