//! Whether a stored mapping document can be used, before anything is read or written.
//!
//! Start with [`CheckedMapping`].

use serde_json::Value;

use super::compiled::CompiledMapping;
use super::jq::Environment;
use crate::app_config::AppConfig;
use crate::resource::ResourceConfig;
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

    /// A resource as the author's functions see it.
    pub(crate) fn resource(&self, index: usize) -> Option<ResourceConfig> {
        let resource = self.config.resources.get(index)?;
        let mapper = self.mapping.resources().get(index)?;
        Some(resource.config(index).reading(mapper.reads()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reads(query: &str, title: &str) -> Vec<String> {
        let stored = json!({"resources": [{
            "kind": "ticket",
            "selector": {"query": query},
            "port": {"entity": {"mappings": {
                "identifier": ".key", "blueprint": "\"ticket\"", "title": title,
            }}},
        }]});
        let environment = Environment::default();
        let checked = CheckedMapping::check(&stored, &Registry::default(), &environment).unwrap();
        let reads = checked.resource(0).unwrap().reads;
        let keys = reads.keys().map(|keys| keys.map(str::to_owned).collect());
        keys.unwrap_or_else(|| vec!["everything".to_owned()])
    }

    #[test]
    fn authors_are_told_what_all_expressions_of_a_resource_read() {
        assert_eq!(reads("true", ".title"), ["key", "title"]);
        assert_eq!(
            reads(".open", ".fields.a // .b"),
            ["b", "fields", "key", "open"]
        );
        assert_eq!(reads("true", "tostring"), ["everything"]);
        assert_eq!(reads("true", ". as $it | \"x\" | $it.y"), ["key", "y"]);
    }
}
