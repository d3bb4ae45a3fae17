//! Which source says what, and which of them counts?
//!
//! Each source becomes one [`Node`] tree; [`Layers`] holds them, the one that counts most first.
//! They stay apart until a setting is read, because only its reader knows whether a text is a text
//! or JSON that has to be merged with what other sources say below it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::dotenv;
use super::fault::{SettingsFault, SettingsWarning};
use super::node::{Given, Node};
use super::origin::Origin;
use super::sources::Sources;
use super::yaml::{self, UnsetProvider};

/// Deeper variables cannot name a setting; the bound keeps a hostile name from building a tree
/// whose traversal overflows the stack.
const DEEPEST: usize = 16;

/// All sources as trees, and what went wrong while reading them.
#[derive(Default)]
pub(super) struct Layers {
    /// `OCEAN__` and `config.yaml`, the tree that counts most first.
    pub(super) ocean: Vec<Node>,
    /// `APPLICATION__`, likewise.
    pub(super) application: Vec<Node>,
    /// Files that could not be read.
    pub(super) faults: Vec<SettingsFault>,
    /// Lines and variables that were passed over.
    pub(super) warnings: Vec<SettingsWarning>,
    /// Lines of `config.yaml` whose variable is not set.
    pub(super) unset: Vec<UnsetProvider>,
}

impl Layers {
    /// Reads every source.
    pub(super) fn read(sources: &Sources) -> Self {
        let mut layers = Self::default();
        let environment = Variables::of_environment(&sources.environment);
        let file = layers.dotenv(sources.dotenv.as_deref().unwrap_or_default());
        layers.ocean = vec![
            overrides(sources, false),
            layers.variables(&environment, "OCEAN__"),
            layers.variables(&file, "OCEAN__"),
        ];
        layers.application = vec![
            layers.variables(&environment, "APPLICATION__"),
            layers.variables(&file, "APPLICATION__"),
            overrides(sources, true).take("application"),
        ];
        let text = sources.config_yaml.as_deref();
        match text.map(|text| yaml::parse(text, &sources.environment)) {
            Some(Ok(file)) => {
                layers.ocean.push(file.root);
                layers.unset = file.unset;
            }
            Some(Err(fault)) => layers.faults.push(fault),
            None => {}
        }
        layers
    }

    fn dotenv(&mut self, text: &str) -> Variables {
        let file = dotenv::parse(text);
        for (line, problem) in file.problems {
            let place = format!(".env:{line}");
            self.warnings.push(SettingsWarning::new(place, problem));
        }
        Variables::of_file(file.lines)
    }

    /// The tree of the variables with this prefix, in any case.
    fn variables(&mut self, variables: &Variables, prefix: &str) -> Node {
        let mut root = Node::default();
        for (name, value, origin) in &variables.0 {
            let rest = name
                .get(..prefix.len())
                .filter(|start| start.eq_ignore_ascii_case(prefix))
                .and_then(|_| name.get(prefix.len()..));
            let Some(rest) = rest else { continue };
            let rest = rest.to_lowercase();
            let keys: Vec<&str> = rest.split("__").collect();
            if keys.len() > DEEPEST || keys.iter().any(|key| key.is_empty()) {
                let problem = "not the name of a setting, ignored";
                self.warnings
                    .push(SettingsWarning::new(origin.to_string(), problem));
                continue;
            }
            let given = Given {
                value: Value::String(value.clone()),
                written: None,
                origin: origin.clone(),
            };
            if !root.insert(keys, given) {
                let problem = "given twice, in another case; this one is ignored";
                self.warnings
                    .push(SettingsWarning::new(origin.to_string(), problem));
            }
        }
        root
    }
}

impl Node {
    fn take(mut self, key: &str) -> Self {
        self.children.shift_remove(key).unwrap_or_default()
    }
}

/// Variables with their origins, the ones that count first.
struct Variables(Vec<(String, String, Origin)>);

impl Variables {
    /// Names sort with capitals first, so the usual spelling counts over any other.
    fn of_environment(environment: &BTreeMap<String, String>) -> Self {
        let variables = environment.iter().map(|(name, value)| {
            let origin = Origin::Environment {
                variable: name.clone(),
            };
            (name.clone(), value.clone(), origin)
        });
        Self(variables.collect())
    }

    /// Later lines replace earlier ones of exactly the same name.
    fn of_file(lines: Vec<dotenv::Line>) -> Self {
        let mut last = BTreeMap::new();
        for line in lines {
            last.insert(line.name, (line.value, line.line));
        }
        let variables = last.into_iter().map(|(name, (value, line))| {
            let origin = Origin::DotEnv {
                variable: name.clone(),
                line,
            };
            (name, value, origin)
        });
        Self(variables.collect())
    }
}

fn overrides(sources: &Sources, application: bool) -> Node {
    let mut root = Node::default();
    let given = sources.overrides.iter().rev();
    for given in given.filter(|given| given.is_application() == application) {
        let mut node = Node::from_json(given.value.clone(), &Origin::Override(given.name.clone()));
        for key in given.path.rsplit('.') {
            let mut parent = Node::default();
            parent.children.insert(key.to_owned(), node);
            node = parent;
        }
        root.fill_from(node);
    }
    root
}
