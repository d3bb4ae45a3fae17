//! Our settings, by the paths of the original.

use ocean_core::settings::{EventListener, Loaded, Settings, Sources, Spec};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::case::{Case, Fixture, Values};

/// What such a setting is shown with, since nothing of ours reads it.
const INERT: &str = " (has no effect)";

/// Settings of features that we do not have: shown only when somebody gives them.
const INERT_GROUPS: [&str; 2] = ["streaming.", "live_events.redis."];

/// The number of processors, which both take unless told; ours is not counted before it is needed.
const WORKERS: &str = "process_in_queue_max_workers";

const TYPES: &str = include_str!("../../fixtures/settings/types.yaml");

/// The settings of one case.
pub(crate) struct Ours {
    values: Values,
    pub(crate) warned_of: Vec<String>,
}

impl Ours {
    /// Loads them as `sail` does; the faults, when there are any.
    pub(crate) fn load(fixture: &Fixture, case: &Case) -> Result<Self, String> {
        let loaded = Settings::load(&sources(fixture, case), &spec(&case.spec));
        let Loaded {
            settings, warnings, ..
        } = loaded.map_err(|faults| faults.to_string())?;
        Ok(Self {
            values: values(&settings),
            warned_of: warnings.into_iter().map(|warning| warning.place).collect(),
        })
    }

    /// Whether a setting has the value that the original has; what it has otherwise.
    pub(crate) fn is(&self, path: &str, expected: &Value, is_default: bool) -> Result<(), String> {
        let Some(found) = self.values.get(path) else {
            let inert = INERT_GROUPS.iter().any(|group| path.starts_with(group));
            return if inert && is_default {
                Ok(())
            } else {
                Err("not there".to_owned())
            };
        };
        let same = match (found, expected) {
            (Value::String(found), expected) => {
                let found = found.strip_suffix(INERT).unwrap_or(found);
                found == INERT.trim() || means(path, found, expected)
            }
            (found, expected) => found == expected,
        };
        if same || (path == WORKERS && is_default) {
            Ok(())
        } else {
            Err(found.to_string())
        }
    }
}

/// Whether the text that `config show` prints means this value.
fn means(path: &str, shown: &str, value: &Value) -> bool {
    if path == "path_prefix" {
        let text = value.as_str().unwrap_or_default();
        let prefix = format!("/{}", text.trim_matches('/'));
        return if text.is_empty() {
            shown.is_empty()
        } else {
            shown == prefix
        };
    }
    match value {
        Value::String(text) => shown == text,
        Value::Number(number) => {
            let digits = shown.strip_suffix('m').unwrap_or(shown);
            digits.parse::<f64>().ok() == number.as_f64()
        }
        other => serde_json::from_str(shown).is_ok_and(|shown: Value| shown == *other),
    }
}

fn sources(fixture: &Fixture, case: &Case) -> Sources {
    let mut sources = Sources::new(fixture.environment(case));
    if let Some(text) = &case.dotenv {
        sources = sources.dotenv(text);
    }
    if let Some(text) = &case.yaml {
        sources = sources.config_yaml(text);
    }
    if case.once {
        sources = sources.once();
    }
    if let Some(level) = &case.log_level {
        sources = sources.set("application.log_level", level.as_str(), "--log-level");
    }
    if let Some(port) = case.port {
        sources = sources.set("application.port", port, "--port");
    }
    if let Some(initialize) = case.initialize {
        let name = "--initialize-port-resources";
        sources = sources.set("initialize_port_resources", initialize, name);
    }
    sources
}

fn spec(name: &str) -> Spec {
    let text = match name {
        "types" => TYPES,
        _ => jira_integration::SPEC,
    };
    Spec::parse("jira", text).unwrap()
}

/// What `config show` prints, with the secrets that it masks, and the integration's own settings
/// as what they are.
fn values(settings: &Settings) -> Values {
    let mut values = Values::new();
    for shown in settings.explain() {
        values.insert(shown.path, Value::String(shown.value_shown));
    }
    let mut reveal = |path: &str, secret: &SecretString| {
        values.insert(path.to_owned(), secret.expose_secret().into());
    };
    reveal("port.client_id", &settings.port.client_id);
    reveal("port.client_secret", &settings.port.client_secret);
    if let Some(url) = &settings.metrics.webhook_url {
        reveal("metrics.webhook_url", url);
    }
    if let EventListener::Webhook { app_host } = &settings.event_listener.listener {
        reveal("event_listener.app_host", app_host);
    }
    for (key, value) in settings.integration.config.values() {
        values.insert(format!("integration.config.{key}"), value.clone());
    }
    values
}
