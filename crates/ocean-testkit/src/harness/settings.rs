//! Which settings does the integration under test see? The test's own, read as in production when
//! there is a specification.

use std::collections::BTreeMap;
use std::time::Duration;

use ocean_core::http::{Deadlines, HttpClient, HttpClientBuilder, Masker, RetryPolicy};
use ocean_core::settings::{Settings, Sources, Spec};
use serde_json::Value;

use super::{Harness, HarnessError};

/// Why a tape cannot be used: which settings are secret, and which there are, is in the spec.
pub(super) const NO_SPEC: &str = "a tape needs the integration's specification: call `.spec(SPEC)`";

/// The settings of the integration.
pub(super) struct Effective {
    pub(super) values: Value,
    pub(super) secrets: Vec<String>,
    /// All settings; `None` without a specification.
    pub(super) all: Option<Settings>,
}

/// Reads the test's own settings, through the specification if there is one.
pub(super) fn given(harness: &Harness) -> Result<Effective, HarnessError> {
    let given = (harness.settings)(&harness.source);
    if harness.spec.is_none() {
        return Ok(Effective {
            values: given,
            secrets: Vec::new(),
            all: None,
        });
    }
    let mut environment: BTreeMap<String, String> = [
        ("OCEAN__PORT__CLIENT_ID", "harness"),
        ("OCEAN__PORT__CLIENT_SECRET", "harness"),
        ("OCEAN__EVENT_LISTENER__TYPE", "ONCE"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for (key, value) in given.as_object().into_iter().flatten() {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Null => continue,
            other => other.to_string(),
        };
        let name = format!("OCEAN__INTEGRATION__CONFIG__{}", key.to_uppercase());
        environment.insert(name, text);
    }
    effective(harness, &Sources::new(environment))
}

/// Reads settings through the specification.
pub(super) fn effective(harness: &Harness, sources: &Sources) -> Result<Effective, HarnessError> {
    let spec = Spec::parse(harness.name, harness.spec.ok_or(NO_SPEC)?)?;
    let loaded = Settings::load(sources, &spec)?;
    let config = &loaded.settings.integration.config;
    let sensitive = spec
        .configurations()
        .iter()
        .filter(|one| one.is_sensitive());
    let secrets = sensitive.filter_map(|one| config.text(one.key()));
    Ok(Effective {
        secrets: secrets.map(str::to_owned).collect(),
        values: Value::Object(config.values().clone()),
        all: Some(loaded.settings),
    })
}

/// A client with retries as usual, but after milliseconds, that hides these secrets.
pub(super) fn http(name: &'static str, secrets: &[String]) -> HttpClientBuilder {
    let deadlines = Deadlines::default()
        .connect(Duration::from_secs(1))
        .first_byte(Duration::from_secs(1))
        .idle(Duration::from_secs(1))
        .total(Duration::from_secs(4));
    HttpClient::builder(name)
        .retry(quick_retries())
        .deadlines(deadlines)
        .masker(Masker::new(secrets))
}

/// As many retries as usual, after milliseconds.
pub(super) fn quick_retries() -> RetryPolicy {
    RetryPolicy::default().delays(Duration::from_millis(1), Duration::from_millis(20))
}
