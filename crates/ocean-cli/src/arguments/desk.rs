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
}

/// Which items.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  preview issue                        three issues and their entities
  preview issue -n 1 --raw             one issue, with all that the source says of it
  preview issue --mapping draft.yaml   as a draft of the mapping would have it")]
pub(crate) struct PreviewArguments {
    /// The kind, as mappings name it.
    pub(crate) kind: String,

    /// How many items to read.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 3)]
    pub(crate) limit: usize,

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

/// Which schema.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum SchemaCommand {
    /// Of a mapping document, with the selectors of every kind.
    ///
    /// It refuses keys that nothing reads, of which a run only warns.
    Mapping,

    /// Of `config.yaml`, with the settings of the integration.
    Settings,
}
