//! Which integration is this, and what did its operator configure for it?

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::settings::fault::{SettingsFault, SettingsFaults};
use crate::settings::format::{self, Format, MASK};
use crate::settings::node::Given;
use crate::settings::origin::Origin;
use crate::settings::reader::Section;
use crate::settings::spec::{Configuration, ConfigurationType, Spec};

/// `integration`: its identity at Port and its own settings.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IntegrationSettings {
    /// Its identifier at Port; `my-{type}-integration` unless given.
    pub identifier: String,
    /// Its type at Port, in lower case; the integration's own name unless given.
    #[schemars(rename = "type")]
    pub integration_type: String,
    /// The settings that its specification declares.
    #[schemars(with = "Map<String, Value>")]
    pub config: IntegrationConfig,
    /// Whether it reads what changed, between full resyncs.
    pub incremental_sync_enabled: bool,
    /// How often it does: 15, 30 or 60 minutes (`15m`, `1h`).
    #[schemars(with = "String")]
    pub incremental_sync_interval: Duration,
}

impl IntegrationSettings {
    pub(super) fn read(section: &mut Section<'_>, spec: &Spec) -> Self {
        let lower = || format::text().map(|text: String| text.to_lowercase(), Clone::clone);
        let default = spec.integration_type().to_lowercase();
        let integration_type = section.or("type", &lower(), default);
        let identifier = format!("my-{integration_type}-integration");
        Self {
            identifier: section.or("identifier", &format::text(), identifier),
            integration_type,
            config: section.section("config", |section| IntegrationConfig::read(section, spec)),
            incremental_sync_enabled: section.or(
                "incremental_sync_enabled",
                &format::boolean(),
                false,
            ),
            incremental_sync_interval: section.or(
                "incremental_sync_interval",
                &interval(),
                Duration::from_secs(15 * 60),
            ),
        }
    }
}

/// Minutes, or a number with a unit; only three lengths are allowed.
fn interval() -> Format<Duration> {
    Format::new(
        "15, 30 or 60 minutes, like `15`, `30m` or `1h`",
        |given: &Given| {
            let minutes = interval_minutes(given.text()?.trim())?;
            matches!(minutes, 15 | 30 | 60).then(|| Duration::from_secs(minutes * 60))
        },
        |interval| format!("{}m", interval.as_secs() / 60),
    )
}

/// The whole minutes of an interval as people write it: a number of minutes, or one with a unit
/// (`900s`, `15m`, `1h`, `2d`, `1w`). A rest is cut off; `None` when it is not one.
#[must_use]
pub fn interval_minutes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let unit = text.strip_prefix(digits)?.trim();
    let seconds = match unit {
        "s" => 1,
        "" | "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return None,
    };
    let count: u64 = digits.parse().ok()?;
    Some(count.checked_mul(seconds)? / 60)
}

/// What the operator configured for the integration, checked against its specification.
///
/// Keys are snake_case. A setting that nobody gave and that has no default is null.
#[derive(Clone, Default)]
pub struct IntegrationConfig {
    values: Map<String, Value>,
    origins: Vec<(String, Origin)>,
    sensitive: Vec<String>,
}

impl IntegrationConfig {
    fn read(section: &mut Section<'_>, spec: &Spec) -> Self {
        let mut config = Self::default();
        for configuration in spec.configurations() {
            let key = configuration.key();
            if configuration.is_sensitive() {
                config.sensitive.push(key.to_owned());
            }
            if let Some(origin) = section.origin_of(key) {
                config.origins.push((key.to_owned(), origin));
            }
            let value = read_one(section, configuration);
            config
                .values
                .insert(key.to_owned(), value.unwrap_or_default());
        }
        if config.text("app_host").is_some()
            && let Some(origin) = section.origin_of("app_host")
        {
            section.warn(
                "app_host",
                &origin,
                "deprecated; set `OCEAN__BASE_URL` instead",
            );
        }
        config
    }

    /// One value; `None` for a name that the specification does not have.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// One value that is a text and not empty.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str().filter(|text| !text.is_empty())
    }

    /// All values as an object. It contains secrets: do not log it.
    #[must_use]
    pub const fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// The values as the integration's own type.
    ///
    /// # Errors
    ///
    /// When the type wants something that the specification does not promise. The fault names the
    /// variable and never shows a value.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, SettingsFaults> {
        let values = Value::Object(self.values.clone());
        serde_path_to_error::deserialize(values).map_err(|error| {
            let path = error.path().to_string();
            let key = path.split(['.', '[']).next().unwrap_or_default();
            let full = format!("integration.config.{key}");
            let problem = "not what the integration expects";
            let fault = match self.origins.iter().find(|(known, _)| known == key) {
                Some((_, origin)) => SettingsFault::at(origin, &full, problem),
                None if self.values.contains_key(key) => {
                    SettingsFault::missing(&full, "not set, but the integration needs it")
                }
                // The error is about the whole object, so it names a key and not a value.
                None => SettingsFault::missing("integration.config", self.mask(error.inner())),
            };
            SettingsFaults {
                faults: vec![fault],
                warnings: Vec::new(),
                origins: Vec::new(),
            }
        })
    }

    /// The texts that must never appear in a log.
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretString> {
        let mut secrets = Vec::new();
        for key in &self.sensitive {
            if let Some(value) = self.values.get(key) {
                collect_texts(value, &mut secrets);
            }
        }
        secrets.into_iter().map(SecretString::from).collect()
    }

    fn mask(&self, error: &serde_json::Error) -> String {
        let mut texts = Vec::new();
        for key in &self.sensitive {
            if let Some(value) = self.values.get(key) {
                collect_texts(value, &mut texts);
            }
        }
        let message = error.to_string();
        texts
            .iter()
            .fold(message, |message, text| message.replace(text, MASK))
    }
}

impl fmt::Debug for IntegrationConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (key, value) in &self.values {
            if self.sensitive.contains(key) && !value.is_null() {
                map.entry(key, &MASK);
            } else if let Some(text) = value.as_str() {
                map.entry(key, &format::show_text(text));
            } else {
                map.entry(key, value);
            }
        }
        map.finish()
    }
}

fn read_one(section: &mut Section<'_>, configuration: &Configuration) -> Option<Value> {
    let secret = configuration.is_sensitive();
    match configuration.kind() {
        ConfigurationType::String => {
            let format = format::text().keeping_empty().secret(secret);
            read_as(section, configuration, format)
        }
        ConfigurationType::Integer => {
            read_as(section, configuration, format::integer().secret(secret))
        }
        ConfigurationType::Boolean => {
            read_as(section, configuration, format::boolean().secret(secret))
        }
        ConfigurationType::Url => read_as(section, configuration, format::url().secret(secret)),
        ConfigurationType::Array => read_as(section, configuration, format::array().secret(secret)),
        ConfigurationType::Object => read_object(section, configuration),
    }
}

fn read_as<T: Into<Value> + 'static>(
    section: &mut Section<'_>,
    configuration: &Configuration,
    format: Format<T>,
) -> Option<Value> {
    let key = configuration.key();
    if configuration.is_required() {
        return section.required(key, &format).map(Into::into);
    }
    let default = default_of(section, configuration, &format);
    section.nullable(key, &format, default).map(Into::into)
}

fn read_object(section: &mut Section<'_>, configuration: &Configuration) -> Option<Value> {
    let key = configuration.key();
    let format = format::object().secret(configuration.is_sensitive());
    match section.merged_object(key, &format) {
        Some((object, origin)) => {
            section.note(key, format.show(&object), origin);
            Some(Value::Object(object))
        }
        None => read_as(section, configuration, format),
    }
}

/// The specification's default, by the same rules as a value from a file.
fn default_of<T: 'static>(
    section: &mut Section<'_>,
    configuration: &Configuration,
    format: &Format<T>,
) -> Option<T> {
    let given = Given {
        value: configuration.default()?.clone(),
        written: None,
        origin: Origin::Default,
    };
    let default = format.parse(&given);
    if default.is_none() {
        let problem = "the default in the integration's spec does not have its type";
        section.fault_missing(configuration.key(), problem);
    }
    default
}

fn collect_texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.is_empty() => into.push(text.clone()),
        Value::Number(number) => into.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, into)),
        Value::Object(object) => object.values().for_each(|item| collect_texts(item, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_units_and_are_cut_to_minutes() {
        for (text, expected) in [
            ("15", Some(15)),
            ("30m", Some(30)),
            ("1h", Some(60)),
            ("900s", Some(15)),
            ("959s", Some(15)),
            ("30 m", Some(30)),
            ("1d", Some(1440)),
            ("1w", Some(10080)),
            ("h", None),
            ("", None),
            ("-5", None),
            ("1.5h", None),
            ("15min", None),
        ] {
            assert_eq!(interval_minutes(text), expected, "{text}");
        }
    }
}
