//! The integration's description, blueprints and default mapping, embedded in the binary.
//!
//! The files live in `.port/`, where tools that list integrations look for them.

/// What the integration is and which settings it takes, as YAML.
pub const SPEC: &str = include_str!("../.port/spec.yaml");

/// The blueprints that a new installation starts with, as a JSON array in order of creation.
pub const BLUEPRINTS: &str = include_str!("../.port/resources/blueprints.json");

/// The mapping that a new installation starts with, as YAML.
pub const MAPPING: &str = include_str!("../.port/resources/port-app-config.yaml");

#[cfg(test)]
mod documented;
#[cfg(test)]
mod tests;
