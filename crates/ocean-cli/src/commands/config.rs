//! `config show`: which settings are effective, and where does each come from?

use ocean_core::settings::Settings;

use crate::app::CliApp;
use crate::arguments::ConfigArguments;
use crate::display;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;

/// Prints all settings that could be read, and then what is wrong with the others.
pub(super) fn show(
    app: &CliApp,
    arguments: &ConfigArguments,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let sources = environment.sources(&arguments.folder)?;
    match Settings::load(&sources, &app.settings_spec()?) {
        Ok(loaded) => {
            display::settings(&loaded.settings.explain());
            display::warnings(&loaded.warnings);
            Ok(Exit::Done)
        }
        Err(faults) => {
            display::settings(&faults.origins);
            Err(faults.into())
        }
    }
}
