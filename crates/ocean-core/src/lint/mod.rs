//! What is wrong with a mapping, and where exactly in its text?
//!
//! Start with [`Linter`]. It knows the kinds of the integration, and as much of the blueprints and
//! of the source as it is given: with blueprints it compares fields, with samples it evaluates
//! every expression.
//!
//! A finding must be worth reading: what may be right for other items than the samples is no
//! finding.

mod blueprint;
mod expressions;
mod samples;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

use self::blueprint::Shape;
use crate::app_config::{AppConfig, Finding, MappingSource, Parsed};
use crate::batch::RawItem;
use crate::mapping::{CompiledMapping, Environment, ExpressionFault, ResourceMapper};
use crate::resync::Registry;

/// Checks mappings.
#[derive(Debug, Clone)]
pub struct Linter {
    registry: Registry,
    environment: Environment,
    /// What is known of each blueprint; `None` when it does not exist.
    blueprints: Option<BTreeMap<String, Option<Shape>>>,
    samples: BTreeMap<usize, Vec<RawItem>>,
}

impl Linter {
    /// A linter for mappings of these kinds that knows neither blueprints nor samples.
    #[must_use]
    pub fn new(registry: Registry) -> Self {
        Self {
            registry,
            environment: Environment::default(),
            blueprints: None,
            samples: BTreeMap::new(),
        }
    }

    /// The same with these variables for `env`.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// The same with a blueprint as Port documents it, or the knowledge that there is none of this
    /// name.
    #[must_use]
    pub fn blueprint(mut self, identifier: impl Into<String>, document: Option<&Value>) -> Self {
        let known = self.blueprints.get_or_insert_default();
        known.insert(identifier.into(), document.map(Shape::of));
        self
    }

    /// The same with raw items of the resource at `index`.
    #[must_use]
    pub fn samples(mut self, index: usize, items: Vec<RawItem>) -> Self {
        self.samples.insert(index, items);
        self
    }

    /// The blueprints that a mapping can write to or relate to, as far as its text tells: those to
    /// give to [`blueprint`](Self::blueprint).
    #[must_use]
    pub fn blueprints_of(&self, name: &str, text: &str) -> Vec<String> {
        let Ok(parsed) = AppConfig::from_yaml(name, text) else {
            return Vec::new();
        };
        let (compiled, _) = CompiledMapping::compile(&parsed.config, &self.environment);
        let literal = compiled.resources().iter();
        let mut names: Vec<String> = literal
            .filter_map(|mapper| mapper.literal_blueprint().map(str::to_owned))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Everything that is wrong with the mapping of this text, in the order of the text.
    #[must_use]
    pub fn lint(&self, name: &str, text: &str) -> Vec<Finding> {
        let Parsed {
            config,
            warnings,
            source,
            ..
        } = match AppConfig::from_yaml(name, text) {
            Ok(parsed) => parsed,
            Err(faults) => return faults.faults,
        };
        let (compiled, faults) = CompiledMapping::compile(&config, &self.environment);
        let mut findings = warnings;
        findings.extend(
            faults
                .iter()
                .map(|fault| expressions::fault(fault, &source)),
        );
        for (index, resource) in config.resources.iter().enumerate() {
            self.check_kind(&source, index, resource, &mut findings);
            let Some(mapper) = compiled.resource(index) else {
                continue;
            };
            let subject = Subject {
                source: &source,
                index,
                mapper,
                faults: &faults,
            };
            expressions::check(&subject, &mut findings);
            self.check_blueprint(&subject, resource, &mut findings);
            let shape = self.shape_of(mapper);
            match self.samples.get(&index) {
                Some(items) => {
                    samples::check(&subject, shape, items, &self.environment, &mut findings);
                }
                None => samples::check_constants(&subject, shape, &mut findings),
            }
        }
        findings.sort_by_key(|finding| finding.place.as_ref().map(|place| place.position));
        findings
    }

    fn check_kind(
        &self,
        source: &MappingSource,
        index: usize,
        resource: &crate::app_config::ResourceMapping,
        findings: &mut Vec<Finding>,
    ) {
        let resyncs = self.registry.resyncs(&resource.kind);
        if resyncs.is_empty() {
            let known: Vec<&str> = self.registry.kinds().collect();
            let path = format!("resources[{index}].kind");
            let message = format!("`{}` is no kind of this integration", resource.kind);
            let help = match crate::app_config::did_you_mean(&resource.kind, &known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the kinds are {}", known.join(", ")),
            };
            findings.push(source.finding(path, message).help(help));
        }
        for resync in resyncs {
            if let Err(invalid) = resync.check(&resource.config(index)) {
                findings.push(source.finding(invalid.path, invalid.message));
            }
        }
    }

    fn shape_of(&self, mapper: &ResourceMapper) -> Option<&Shape> {
        let name = mapper.literal_blueprint()?;
        self.blueprints.as_ref()?.get(name)?.as_ref()
    }

    fn check_blueprint(
        &self,
        subject: &Subject<'_>,
        resource: &crate::app_config::ResourceMapping,
        findings: &mut Vec<Finding>,
    ) {
        let (Some(known), Some(name)) = (&self.blueprints, subject.mapper.literal_blueprint())
        else {
            return;
        };
        let Some(shape) = known.get(name).and_then(Option::as_ref) else {
            let names: Vec<&str> = known
                .iter()
                .filter(|(_, shape)| shape.is_some())
                .map(|(name, _)| name.as_str())
                .collect();
            let finding = subject.finding("blueprint", format!("there is no blueprint `{name}`"));
            findings.push(match crate::app_config::did_you_mean(name, &names) {
                Some(meant) => finding.help(format!("did you mean `{meant}`?")),
                None => finding.help("create it in Port first"),
            });
            return;
        };
        let missing = |target: &str| matches!(known.get(target), Some(None));
        blueprint::check(subject, shape, &resource.mapping, missing, findings);
    }
}

/// One resource under examination.
struct Subject<'a> {
    source: &'a MappingSource,
    index: usize,
    mapper: &'a ResourceMapper,
    faults: &'a [ExpressionFault],
}

impl Subject<'_> {
    /// The path of a field in the document.
    fn path(&self, field: &str) -> String {
        let inside = if field.starts_with("selector.") || field.starts_with("port.") {
            ""
        } else {
            "port.entity.mappings."
        };
        format!("resources[{}].{inside}{field}", self.index)
    }

    /// A finding about the value of a field.
    fn finding(&self, field: &str, message: impl Into<String>) -> Finding {
        self.source.finding(self.path(field), message)
    }

    /// Whether the expression of a field does not compile, which is a finding already.
    fn is_broken(&self, field: &str) -> bool {
        let path = self.path(field);
        self.faults.iter().any(|fault| fault.path == path)
    }
}
