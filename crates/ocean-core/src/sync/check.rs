//! Whether a stored mapping document can be run, before anything is read or written.
//!
//! Start with [`CheckedMapping`].

use serde_json::Value;

use super::plan::{Plan, Target};
use crate::app_config::AppConfig;
use crate::mapping::{CompiledMapping, Environment, ResourceMapper};
use crate::resync::Registry;

/// A mapping that can be run, compiled once.
#[derive(Debug)]
pub(super) struct CheckedMapping {
    pub(super) config: AppConfig,
    pub(super) mapping: CompiledMapping,
    pub(super) plan: Plan,
}

impl CheckedMapping {
    /// Parses, compiles and checks every selector; returns every fault at once.
    ///
    /// A kind that nobody registered is no fault of the document: it is an error of its resource
    /// only, so that one typo does not stop the others.
    pub(super) fn check(
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
        let targets = mapping
            .resources()
            .iter()
            .map(|resource| {
                resource
                    .literal_blueprint()
                    .map_or(Target::Any, |b| Target::Blueprint(b.to_owned()))
            })
            .collect();
        let has_queries = |mapper: &ResourceMapper| {
            mapper.declares_search_identifier() || mapper.declares_search_relation()
        };
        let mappers = mapping.resources().iter().enumerate();
        let queries = mappers
            .filter(|(_, mapper)| has_queries(mapper))
            .map(|(index, _)| index);
        let plan = Plan::new(
            targets,
            queries.collect(),
            config.create_missing_related_entities,
        );
        Ok(Self {
            config,
            mapping,
            plan,
        })
    }
}
