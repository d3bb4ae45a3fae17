//! Whole loads: which source counts, what each fault says, and that no secret is ever shown.

mod faults;
mod precedence;
mod secrets;
mod values;

use std::collections::BTreeMap;

use super::{Loaded, Settings, SettingsFaults, Sources, Spec};

/// A specification with one configuration of each type.
const SPEC: &str = "
saas: {enabled: false}
configurations:
  - {name: jiraHost, type: url, required: true}
  - {name: apiToken, type: string, required: true, sensitive: true}
  - {name: accountNumber, type: string}
  - {name: pageSize, type: integer, default: 50}
  - {name: fast, type: boolean}
  - {name: filters, type: object}
  - {name: projects, type: array, default: [A]}
  - {name: appHost, type: url}
";

const REQUIRED: [(&str, &str); 4] = [
    ("OCEAN__PORT__CLIENT_ID", "canary-id"),
    ("OCEAN__PORT__CLIENT_SECRET", "canary-secret"),
    (
        "OCEAN__INTEGRATION__CONFIG__JIRA_HOST",
        "https://jira.example",
    ),
    ("OCEAN__INTEGRATION__CONFIG__API_TOKEN", "canary-token"),
];

fn environment(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    let variables = variables.iter();
    variables
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Sources in which everything required is given, besides these variables.
fn sources(variables: &[(&str, &str)]) -> Sources {
    let all = [&REQUIRED, variables].concat();
    Sources::new(environment(&all))
}

fn spec() -> Spec {
    Spec::parse("Jira", SPEC).expect("a valid spec")
}

fn try_load(sources: &Sources) -> Result<Loaded, SettingsFaults> {
    Settings::load(sources, &spec())
}

fn load(sources: &Sources) -> Loaded {
    try_load(sources).unwrap_or_else(|faults| panic!("{faults}"))
}

/// The effective value of a path, as `config show` prints it.
fn shown(sources: &Sources, path: &str) -> String {
    let settings = load(sources).settings;
    let known = settings.explain().into_iter();
    let mut known = known.filter(|known| known.path == path);
    let setting = known.next().unwrap_or_else(|| panic!("{path} unknown"));
    assert!(known.next().is_none(), "{path} is listed twice");
    setting.value_shown
}

/// The lines of the faults.
fn faults(sources: &Sources) -> Vec<String> {
    let faults = try_load(sources).err().map(|faults| faults.to_string());
    let faults = faults.unwrap_or_default();
    faults.lines().map(str::to_owned).collect()
}

fn warnings(sources: &Sources) -> Vec<String> {
    let warnings = load(sources).warnings;
    warnings.iter().map(ToString::to_string).collect()
}
