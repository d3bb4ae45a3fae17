//! From a document to an [`AppConfig`]: every rule of the mapping's format.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::coerce;
use super::entity_mapping::entity_mapping;
use super::node::{Data, Node};
use super::position::{Finding, MappingSource, Position};
use super::section::{Expected, Findings, Section};
use super::{AppConfig, AsWritten, ItemsToParse, ResourceMapping};
use crate::resource::RawSelector;

/// The name under which `itemsToParse` adds an element, unless the mapping says another.
const DEFAULT_ELEMENT_NAME: &str = "item";

/// A mapping document that was read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Parsed {
    /// The mapping.
    pub config: AppConfig,
    /// What is odd but no reason to refuse it: keys that nothing reads.
    pub warnings: Vec<Finding>,
    /// The document is `{}`, null or blank: there is no mapping at all, which deletes nothing.
    pub is_empty: bool,
    /// Where the fields stand, for findings that come up later.
    pub source: MappingSource,
}

/// Everything that is wrong with a mapping document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigFaults {
    /// At least one.
    pub faults: Vec<Finding>,
}

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for fault in &self.faults {
            write!(f, "{between}{fault}")?;
            between = "\n";
        }
        Ok(())
    }
}

impl std::error::Error for ConfigFaults {}

impl AppConfig {
    /// Reads a mapping file; `name` is how messages call it.
    ///
    /// ```
    /// use ocean_core::AppConfig;
    ///
    /// let parsed = AppConfig::from_yaml("mapping.yaml", "resources: []")?;
    /// assert!(parsed.config.resources.is_empty());
    ///
    /// let faults = AppConfig::from_yaml("mapping.yaml", "resources: {}").unwrap_err();
    /// assert!(faults.to_string().starts_with("mapping.yaml:1:1: `resources` must be a list"));
    /// # Ok::<(), ocean_core::ConfigFaults>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, with the places.
    pub fn from_yaml(name: &str, text: &str) -> Result<Parsed, ConfigFaults> {
        match Node::from_yaml(text) {
            Ok(root) => parse(&root, MappingSource::of_file(name, text, &root)),
            Err(error) => Err(not_yaml(&MappingSource::unread(name, text), &error)),
        }
    }

    /// Reads a mapping that came as JSON, as Port stores it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, with the paths of the fields.
    pub fn from_value(value: &Value) -> Result<Parsed, ConfigFaults> {
        parse(&Node::from(value), MappingSource::default())
    }
}

fn not_yaml(source: &MappingSource, error: &serde_saphyr::Error) -> ConfigFaults {
    let position = error
        .location()
        .and_then(|location| Position::new(location.line(), location.column()));
    let message = format!("not readable: {}", yaml_message(error.without_snippet()));
    ConfigFaults {
        faults: vec![source.finding_at(String::new(), position, message)],
    }
}

/// The parser's message, without the place it repeats and the advice it has for programmers.
fn yaml_message(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error;

    match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` is there twice"),
        Error::DuplicateMappingKey { key: None, .. } => "a key is there twice".to_owned(),
        Error::MultipleDocuments { .. } => "more than one document".to_owned(),
        Error::Budget { .. } => "far larger or deeper than any mapping".to_owned(),
        other => {
            let message = other.to_string();
            let end = message.rfind(" at line ").unwrap_or(message.len());
            message.get(..end).unwrap_or_default().to_owned()
        }
    }
}

fn parse(root: &Node, source: MappingSource) -> Result<Parsed, ConfigFaults> {
    let is_empty = match &root.data {
        Data::Null => true,
        Data::Map(entries) => entries.is_empty(),
        _ => false,
    };
    let mut findings = Findings::new(&source);
    let config = if is_empty {
        AppConfig::default()
    } else {
        app_config(root, &mut findings)
    };
    let Findings {
        mut faults,
        mut warnings,
        ..
    } = findings;
    for found in [&mut faults, &mut warnings] {
        found.sort_by_key(|finding| finding.place.as_ref().map(|place| place.position));
    }
    if faults.is_empty() {
        Ok(Parsed {
            config,
            warnings,
            is_empty,
            source,
        })
    } else {
        Err(ConfigFaults { faults })
    }
}

/// The keys of the document, each with its other spelling.
const ROOT: [(&str, &str); 5] = [
    ("enableMergeEntity", "enable_merge_entity"),
    ("deleteDependentEntities", "delete_dependent_entities"),
    (
        "createMissingRelatedEntities",
        "create_missing_related_entities",
    ),
    ("entityDeletionThreshold", "entity_deletion_threshold"),
    ("resources", "resources"),
];

fn app_config(root: &Node, findings: &mut Findings<'_>) -> AppConfig {
    let mut config = AppConfig::default();
    let expected = Expected::new("an object with a list of `resources`", "");
    let Some(section) = findings.section("", root, &expected) else {
        return config;
    };
    section.warn_unknown(
        &ROOT.map(|(camel, snake)| [camel, snake]).concat(),
        findings,
    );
    let spelled = |key: &'static str| {
        let snake = ROOT
            .iter()
            .find(|(camel, _)| *camel == key)
            .map_or(key, |(_, snake)| snake);
        if section.get(key).is_some() {
            key
        } else {
            snake
        }
    };
    let flags = [
        ("enableMergeEntity", &mut config.enable_merge_entity),
        (
            "deleteDependentEntities",
            &mut config.delete_dependent_entities,
        ),
        (
            "createMissingRelatedEntities",
            &mut config.create_missing_related_entities,
        ),
    ];
    for (key, flag) in flags {
        *flag = section.boolean(spelled(key), findings).unwrap_or(*flag);
    }
    if let Some(threshold) = threshold(&section, spelled("entityDeletionThreshold"), findings) {
        config.entity_deletion_threshold = threshold;
    }
    let expected = Expected::new("a list", "write `resources: []` for none");
    let resources = section
        .get("resources")
        .and_then(|node| findings.list("resources", node, &expected))
        .unwrap_or_default();
    for (index, node) in resources.iter().enumerate() {
        config
            .resources
            .extend(resource(&format!("resources[{index}]"), node, findings));
    }
    config
}

fn threshold(section: &Section<'_>, key: &str, findings: &mut Findings<'_>) -> Option<f64> {
    let node = section.get(key)?;
    let threshold = coerce::number(node).filter(|value| (0.0..=1.0).contains(value));
    if threshold.is_none() {
        let path = section.path(key);
        let at = findings.source.locate(&path);
        let help = "0 deletes nothing, 1 allows to delete everything, 0.9 is the default";
        findings.fault(&path, at, "must be a number from 0 to 1".to_owned(), help);
    }
    threshold
}

const RESOURCE: Expected = Expected::new(
    "an object with `kind`, `selector` and `port`",
    "see the mapping's documentation",
);
const KIND: Expected = Expected::new("the name of a kind", "add for example `kind: issue`");
const SELECTOR: Expected = Expected::new(
    "an object with a `query`",
    "write `query: \"true\"` in it to take every item",
);
const QUERY: Expected = Expected::new(
    "a jq expression",
    "write `query: \"true\"` to take every item",
);
const PORT: Expected = Expected::new(
    "an object with `entity`",
    "add `port.entity.mappings` with an identifier and a blueprint",
);
const ENTITY: Expected = Expected::new(
    "an object with `mappings`",
    "add `mappings` with an identifier and a blueprint",
);

fn resource(path: &str, node: &Node, findings: &mut Findings<'_>) -> Option<ResourceMapping> {
    let section = findings.section(path, node, &RESOURCE)?;
    section.warn_unknown(&["kind", "enableDelete", "selector", "port"], findings);
    let kind = section.required_text("kind", &KIND, findings);
    let enable_delete = enable_delete(&section, findings);
    let selector = section
        .required_section("selector", &SELECTOR, findings)
        .and_then(|section| selector(&section, findings));
    let port = section.required_section("port", &PORT, findings)?;
    let known = [
        "entity",
        "itemsToParse",
        "itemsToParseName",
        "itemsToParseTopLevelTransform",
    ];
    port.warn_unknown(&known, findings);
    let split = split(&port, findings);
    let entity = port.required_section("entity", &ENTITY, findings)?;
    entity.warn_unknown(&["mappings"], findings);
    let mapping = entity_mapping(&entity, findings);
    let selector = selector?;
    Some(ResourceMapping {
        kind: kind?.into(),
        enable_delete: enable_delete.unwrap_or(true),
        query: selector.query,
        export_env_variables: selector.export_env_variables.clone().unwrap_or_default(),
        selector: RawSelector(selector.own),
        mapping: Arc::new(mapping?),
        items_to_parse: split.items_to_parse(),
        as_written: AsWritten {
            enable_delete: enable_delete.is_some(),
            export_env_variables: selector.export_env_variables.is_some(),
            items_to_parse_name: split.name,
            items_to_parse_top_level_transform: split.top_level_transform,
        },
    })
}

/// Only real booleans, unlike the other flags.
fn enable_delete(section: &Section<'_>, findings: &mut Findings<'_>) -> Option<bool> {
    let node = section.get("enableDelete")?;
    if let Data::Bool(value) = node.data {
        return Some(value);
    }
    let path = section.path("enableDelete");
    let message = format!("must be true or false, not {}", node.kind());
    let at = findings.source.locate(&path);
    findings.fault(&path, at, message, "write it without quotes");
    None
}

struct SelectorFields {
    query: String,
    export_env_variables: Option<Vec<String>>,
    /// The fields of the kind's own selector.
    own: Map<String, Value>,
}

fn selector(section: &Section<'_>, findings: &mut Findings<'_>) -> Option<SelectorFields> {
    let query = section.required_text("query", &QUERY, findings);
    let variables = section.get("exportEnvVariables").map(|node| {
        let path = section.path("exportEnvVariables");
        let expected = Expected::new("a list of names", "");
        let names = findings.list(&path, node, &expected).unwrap_or_default();
        let name = Expected::new("the name of an environment variable", "");
        let names = names.iter().enumerate();
        names
            .filter_map(|(index, node)| findings.text(&format!("{path}[{index}]"), node, &name))
            .collect()
    });
    let own = section
        .entries()
        .iter()
        .filter(|entry| !["query", "exportEnvVariables"].contains(&entry.key.as_str()))
        .map(|entry| (entry.key.clone(), entry.value.to_value()));
    Some(SelectorFields {
        query: query?,
        export_env_variables: variables,
        own: own.collect(),
    })
}

/// The keys of `port` about `itemsToParse`, which may be written without it.
struct Split {
    expression: Option<String>,
    name: Option<String>,
    top_level_transform: Option<bool>,
}

impl Split {
    fn items_to_parse(&self) -> Option<ItemsToParse> {
        Some(ItemsToParse {
            expression: self.expression.clone()?,
            name: self
                .name
                .clone()
                .unwrap_or_else(|| DEFAULT_ELEMENT_NAME.to_owned()),
            top_level_transform: self.top_level_transform.unwrap_or(true),
        })
    }
}

fn split(port: &Section<'_>, findings: &mut Findings<'_>) -> Split {
    let expected = Expected::new("a jq expression or null", "write for example `.items`");
    let expression = port
        .get("itemsToParse")
        .filter(|node| !matches!(node.data, Data::Null))
        .and_then(|node| findings.text(&port.path("itemsToParse"), node, &expected));
    let expected = Expected::new("a name", "leave it out for `item`");
    let name = port
        .get("itemsToParseName")
        .and_then(|node| findings.text(&port.path("itemsToParseName"), node, &expected));
    let top_level_transform = port.boolean("itemsToParseTopLevelTransform", findings);
    Split {
        expression,
        name,
        top_level_transform,
    }
}
