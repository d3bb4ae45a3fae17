//! Which mapping and which blueprints does a new installation start with?

use std::path::Path;

use ocean_core::AppConfig;
use ocean_core::settings::{
    CreateResourcesOrigin, EventListener, ProcessingMode, RuntimeKind, Settings,
};
use ocean_port::{Defaults, Origin, Runtime};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::app::CliApp;
use crate::environment::read;
use crate::exit::Exit;
use crate::failure::Failure;

const MAPPINGS: [&str; 2] = ["port-app-config.yaml", "port-app-config.yml"];
const BLUEPRINTS: &str = "blueprints.json";

/// What the integration tells Port about itself before the first run.
///
/// The files of `resources_path` below `folder` come before those in the binary.
pub(crate) fn defaults(
    app: &CliApp,
    settings: &Settings,
    folder: Option<&Path>,
) -> Result<Defaults, Failure> {
    let provisioning = &settings.provisioning;
    let own = folder.map(|folder| folder.join(&provisioning.resources_path));
    let mut defaults = Defaults::new(mapping(app, own.as_deref())?)
        .origin(match provisioning.create_port_resources_origin {
            Some(CreateResourcesOrigin::Empty) => Origin::Empty,
            Some(CreateResourcesOrigin::Default) => Origin::Default,
            // Without a setting Port is asked, and what it cannot make we make.
            _ => Origin::Port,
        })
        .initialize_resources(provisioning.initialize_port_resources)
        .runtime(match settings.process.runtime {
            RuntimeKind::Saas => Runtime::Saas,
            _ => Runtime::OnPrem,
        })
        .changelog_destination(changelog_destination(settings))
        .capabilities(false, settings.integration.incremental_sync_enabled)
        .processing_mode(match settings.process.processing_mode {
            ProcessingMode::OceanCore => "ocean-core",
            _ => "dsp",
        });
    for blueprint in blueprints(app, own.as_deref())? {
        defaults = defaults.blueprint(blueprint);
    }
    Ok(defaults)
}

/// Where Port tells that a resync is wanted; nowhere when it is asked instead.
fn changelog_destination(settings: &Settings) -> Value {
    match &settings.event_listener.listener {
        EventListener::Webhook { app_host } => {
            let host = app_host.expose_secret().trim_end_matches('/');
            json!({ "type": "WEBHOOK", "url": format!("{host}/resync") })
        }
        _ => json!({}),
    }
}

fn mapping(app: &CliApp, own: Option<&Path>) -> Result<Value, Failure> {
    let mut name = "the built-in mapping".to_owned();
    let mut text = app.mapping.to_owned();
    for path in MAPPINGS.iter().filter_map(|file| Some(own?.join(file))) {
        if let Some(found) = read(&path)? {
            (name, text) = (path.display().to_string(), found);
            break;
        }
    }
    match AppConfig::from_yaml(&name, &text) {
        Ok(parsed) => Ok(parsed.config.to_value()),
        Err(faults) => Err(Failure::new(Exit::Invalid, faults.to_string())),
    }
}

fn blueprints(app: &CliApp, own: Option<&Path>) -> Result<Vec<Value>, Failure> {
    let mut name = "the built-in list of blueprints".to_owned();
    let mut text = app.blueprints.to_owned();
    if let Some(path) = own.map(|own| own.join(BLUEPRINTS))
        && let Some(found) = read(&path)?
    {
        (name, text) = (path.display().to_string(), found);
    }
    serde_json::from_str(&text).map_err(|error| {
        Failure::new(
            Exit::Invalid,
            format!("{name} is not a list of blueprints: {error}"),
        )
    })
}
