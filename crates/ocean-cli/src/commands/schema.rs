//! `schema`: what may a mapping, or `config.yaml`, say?

use ocean_core::AppConfig;
use ocean_core::settings::Settings;

use crate::app::CliApp;
use crate::arguments::SchemaCommand;
use crate::display;
use crate::exit::Exit;
use crate::failure::Failure;

/// Prints a schema that is generated from the types; needs neither settings nor a network.
pub(super) fn run(app: &CliApp, which: SchemaCommand) -> Result<Exit, Failure> {
    let schema = match which {
        SchemaCommand::Mapping => AppConfig::json_schema(&app.kinds()?),
        SchemaCommand::Settings => Settings::json_schema(&app.settings_spec()?),
    };
    display::document(&schema)?;
    Ok(Exit::Done)
}
