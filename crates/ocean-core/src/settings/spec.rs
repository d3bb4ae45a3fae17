//! Which settings does the integration itself have?
//!
//! An integration embeds its `.port/spec.yaml`; [`Spec`] reads the parts of it that matter at run
//! time: its `configurations`, and what it allows to be switched on.

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::names::snake_case;

/// An integration's specification.
///
/// ```
/// use ocean_core::settings::Spec;
///
/// let spec = Spec::parse(
///     "desk",
///     "
/// configurations:
///   - name: deskHost
///     type: url
///     required: true
///   - name: deskToken
///     type: string
///     sensitive: true
/// ",
/// )?;
/// assert_eq!(spec.configurations()[0].key(), "desk_host");
/// # Ok::<(), ocean_core::settings::SpecError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Spec {
    integration_type: String,
    configurations: Vec<Configuration>,
    saas_enabled: Option<bool>,
    actions_processing_enabled: bool,
}

/// One setting of the integration.
#[derive(Debug, Clone, PartialEq)]
pub struct Configuration {
    name: String,
    key: String,
    kind: ConfigurationType,
    required: bool,
    default: Option<Value>,
    sensitive: bool,
    description: Option<String>,
}

/// What a setting of the integration accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ConfigurationType {
    /// Text; may be empty.
    String,
    /// A whole number.
    Integer,
    /// One of the boolean words.
    Boolean,
    /// A URL of any scheme; slashes at its end are cut off.
    Url,
    /// A JSON object, or its text.
    Object,
    /// A list, or its JSON text.
    Array,
}

/// A specification that cannot be used; a mistake of the integration's author.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SpecError {
    /// It is not YAML, or a configuration has no name or a type that does not exist.
    #[error("the integration's spec is invalid")]
    Invalid(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Two configurations have the same name.
    #[error("the integration's spec has two configurations called `{0}`")]
    Doubled(String),
}

impl Spec {
    /// Reads the text of a `spec.yaml`; `integration_type` (`jira`) is the default of
    /// `integration.type`.
    ///
    /// # Errors
    ///
    /// When the text is not a specification.
    pub fn parse(integration_type: impl Into<String>, yaml: &str) -> Result<Self, SpecError> {
        let document: Document =
            serde_saphyr::from_str(yaml).map_err(|error| SpecError::Invalid(error.into()))?;
        let mut spec = Self {
            saas_enabled: document.saas.and_then(|saas| saas.enabled),
            actions_processing_enabled: document.actions_processing_enabled,
            ..Self::empty(integration_type)
        };
        for entry in document.configurations {
            let key = snake_case(&entry.name);
            if spec.configurations.iter().any(|known| known.key == key) {
                return Err(SpecError::Doubled(key));
            }
            spec.configurations.push(Configuration {
                name: entry.name,
                key,
                kind: entry.kind,
                required: entry.required,
                default: entry.default.filter(|default| !default.is_null()),
                sensitive: entry.sensitive,
                description: entry.description,
            });
        }
        Ok(spec)
    }

    /// The specification of an integration without settings of its own.
    #[must_use]
    pub fn empty(integration_type: impl Into<String>) -> Self {
        Self {
            integration_type: integration_type.into(),
            configurations: Vec::new(),
            saas_enabled: None,
            actions_processing_enabled: false,
        }
    }

    /// The integration's type, as Port calls it.
    #[must_use]
    pub fn integration_type(&self) -> &str {
        &self.integration_type
    }

    /// Its settings, in the order of the file.
    #[must_use]
    pub fn configurations(&self) -> &[Configuration] {
        &self.configurations
    }

    /// Whether it may run in Port's own cloud; `None` when it does not say.
    #[must_use]
    pub const fn saas_enabled(&self) -> Option<bool> {
        self.saas_enabled
    }

    /// Whether it has actions.
    #[must_use]
    pub const fn actions_processing_enabled(&self) -> bool {
        self.actions_processing_enabled
    }
}

impl Configuration {
    /// Its name in the specification: `jiraHost`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its key below `integration.config`: `jira_host`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What it accepts.
    #[must_use]
    pub const fn kind(&self) -> ConfigurationType {
        self.kind
    }

    /// Whether the process refuses to start without it. A default makes it optional.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        self.required && self.default.is_none()
    }

    /// Its value when nobody gives one.
    #[must_use]
    pub const fn default(&self) -> Option<&Value> {
        self.default.as_ref()
    }

    /// Whether its value must never be shown.
    #[must_use]
    pub const fn is_sensitive(&self) -> bool {
        self.sensitive
    }

    /// What it is for, in the author's words.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    configurations: Vec<Entry>,
    saas: Option<Saas>,
    #[serde(default)]
    actions_processing_enabled: bool,
}

#[derive(Deserialize)]
struct Saas {
    enabled: Option<bool>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(rename = "type")]
    kind: ConfigurationType,
    #[serde(default)]
    required: bool,
    default: Option<Value>,
    #[serde(default)]
    sensitive: bool,
    description: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_makes_a_required_configuration_optional() {
        let spec = Spec::parse(
            "desk",
            "{configurations: [{name: pageSize, type: integer, required: true, default: 5}]}",
        )
        .expect("valid");
        let page_size = &spec.configurations()[0];
        assert_eq!(page_size.key(), "page_size");
        assert!(!page_size.is_required());
    }

    #[test]
    fn what_is_no_specification_is_refused() {
        for text in [
            "configurations: [{name: a, type: number}]",
            "configurations: [{type: string}]",
            "configurations: [{name: aB, type: string}, {name: a_b, type: string}]",
            "[]",
        ] {
            assert!(Spec::parse("desk", text).is_err(), "{text}");
        }
    }
}
