//! Which mapping and which blueprints, actions, scorecards and pages does a new installation start
//! with?

mod files;

use std::path::Path;

use ocean_core::AppConfig;
use ocean_core::settings::{
    CreateResourcesOrigin, EventListener, ProcessingMode, RuntimeKind, Settings,
};
use ocean_port::{Defaults, Origin, Runtime};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};

use self::files::{Document, Files};
use crate::app::CliApp;
use crate::exit::Exit;
use crate::failure::Failure;

/// The mapping of an installation that brings none along.
const NO_RESOURCES: &str = "resources: []";

/// What a file of scorecards has for one blueprint.
#[derive(Deserialize)]
struct Scorecards {
    blueprint: String,
    data: Vec<Value>,
}

/// What the integration tells Port about itself before the first run.
///
/// The folder at `resources_path` below `folder`, if there is one, comes before what is in the
/// binary, and as a whole: a file that it lacks is not taken from the binary.
pub(crate) fn defaults(
    app: &CliApp,
    settings: &Settings,
    folder: Option<&Path>,
) -> Result<Defaults, Failure> {
    let provisioning = &settings.provisioning;
    let own = folder.map(|folder| folder.join(&provisioning.resources_path));
    let files = match own.filter(|own| own.is_dir()) {
        Some(own) => Files::read(&own)?,
        None => embedded(app),
    };
    let mut defaults = Defaults::new(mapping(files.mapping.as_ref())?)
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
    defaults.blueprints = list(files.blueprints.as_ref())?;
    defaults.actions = list(files.actions.as_ref())?;
    defaults.pages = list(files.pages.as_ref())?;
    for Scorecards { blueprint, data } in list(files.scorecards.as_ref())? {
        for scorecard in data {
            defaults = defaults.scorecard(&blueprint, scorecard);
        }
    }
    Ok(defaults)
}

/// What the author put into the binary.
fn embedded(app: &CliApp) -> Files {
    let document = |name: &str, text: &str| Document::new(name, text);
    let list = |of: &str, text: &str| document(&format!("the built-in list of {of}"), text);
    let extras = &app.extras;
    Files {
        mapping: Some(document("the built-in mapping", app.mapping)),
        blueprints: Some(list("blueprints", app.blueprints)),
        actions: extras.actions.map(|text| list("actions", text)),
        scorecards: extras.scorecards.map(|text| list("scorecards", text)),
        pages: extras.pages.map(|text| list("pages", text)),
    }
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

fn mapping(document: Option<&Document>) -> Result<Value, Failure> {
    let (name, text) = match document {
        Some(document) => (document.name(), document.text()),
        None => ("the default mapping", NO_RESOURCES),
    };
    match AppConfig::from_yaml(name, text) {
        Ok(parsed) => Ok(parsed.config.to_value()),
        Err(faults) => Err(Failure::new(Exit::Invalid, faults.to_string())),
    }
}

/// The elements of a document that need not exist.
fn list<T: for<'de> Deserialize<'de>>(document: Option<&Document>) -> Result<Vec<T>, Failure> {
    document.map_or_else(|| Ok(Vec::new()), Document::list)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use ocean_core::settings::Sources;

    use super::*;

    const ACTIONS: &str = r#"[{"identifier": "restart"}]"#;
    const SCORECARDS: &str = "[{blueprint: service, data: [{identifier: a}, {identifier: b}]}]";
    const PAGES: &str = "- identifier: overview";

    fn app() -> CliApp {
        let app = CliApp::new("desk", "1.0.0").default_actions(ACTIONS);
        app.default_scorecards(SCORECARDS).default_pages(PAGES)
    }

    fn settings(app: &CliApp) -> Settings {
        let sources = Sources::new(BTreeMap::new());
        let secrets = ["port.client_id", "port.client_secret"];
        let sources = secrets
            .into_iter()
            .fold(sources, |sources, path| sources.set(path, "x", "the test"));
        let loaded = Settings::load(&sources, &app.settings_spec().unwrap());
        loaded.unwrap().settings
    }

    #[test]
    fn what_the_author_put_into_the_binary_is_what_a_new_installation_starts_with() {
        let app = app();
        let made = defaults(&app, &settings(&app), None).unwrap();
        assert_eq!(made.actions, [json!({"identifier": "restart"})]);
        let scorecard = |name: &str| ("service".to_owned(), json!({"identifier": name}));
        assert_eq!(made.scorecards, [scorecard("a"), scorecard("b")]);
        assert_eq!(made.pages, [json!({"identifier": "overview"})]);
    }

    #[test]
    fn a_folder_comes_before_the_binary_as_a_whole() {
        let (app, folder) = (app(), tempfile::tempdir().unwrap());
        let resources = folder.path().join(".port/resources");
        fs::create_dir_all(&resources).unwrap();
        fs::write(resources.join("actions.yaml"), "- identifier: stop").unwrap();
        let made = defaults(&app, &settings(&app), Some(folder.path())).unwrap();
        assert_eq!(made.actions, [json!({"identifier": "stop"})]);
        assert!(made.scorecards.is_empty() && made.pages.is_empty());
    }

    #[test]
    fn what_is_in_the_binary_and_no_list_is_named() {
        let app = app().default_pages("identifier: overview");
        let failure = defaults(&app, &settings(&app), None).unwrap_err();
        assert_eq!(failure.exit(), Exit::Invalid);
        let message = failure.message();
        assert!(
            message.starts_with("the built-in list of pages is not"),
            "{message}"
        );
    }
}
