//! Whether a stored mapping document can be used, before anything is read or written.
//!
//! Start with [`CheckedMapping`].

use serde_json::Value;

use super::compiled::CompiledMapping;
use super::jq::Environment;
use crate::app_config::AppConfig;
use crate::resync::Registry;

/// A mapping that the engines can use, compiled once.
#[derive(Debug)]
pub(crate) struct CheckedMapping {
    pub(crate) config: AppConfig,
    pub(crate) mapping: CompiledMapping,
}

impl CheckedMapping {
    /// Parses, compiles and checks every selector; returns every fault at once.
    ///
    /// A kind that nobody registered is no fault of the document: it is an error of its resource
    /// only, so that one typo does not stop the others.
    pub(crate) fn check(
        stored: &Value,
        registry: &Registry,
        environment: &Environment,
    ) -> Result<Self, Vec<String>> {
        let parsed = AppConfig::from_value(stored).map_err(|faults| {
            faults
                .faults
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        })?;
        for warning in &parsed.warnings {
            tracing::warn!(%warning, "mapping");
        }
        let config = parsed.config;
        let (mapping, faults) = CompiledMapping::compile(&config, environment);
        let mut faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        for (index, resource) in config.resources.iter().enumerate() {
            let resource_config = resource.config(index);
            for resync in registry.resyncs(&resource.kind) {
                faults.extend(
                    resync
                        .check(&resource_config)
                        .err()
                        .map(|error| error.to_string()),
                );
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self { config, mapping })
    }
}
