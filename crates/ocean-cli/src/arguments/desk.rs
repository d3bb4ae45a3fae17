//! What can be typed to work on a mapping?

use clap::Subcommand;

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
