//! The fixture: what is configured, and what the original made of it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

const CASES: &str = include_str!("../../fixtures/settings/cases.yaml");
const ORIGINAL: &str = include_str!("../../fixtures/settings/original.json");

/// What only some listeners have; the defaults are those of a polling one.
pub(crate) const LISTENER_FIELDS: [&str; 6] = [
    "event_listener.app_host",
    "event_listener.brokers",
    "event_listener.security_protocol",
    "event_listener.authentication_mechanism",
    "event_listener.kafka_security_enabled",
    "event_listener.consumer_poll_timeout",
];

/// Values by path.
pub(crate) type Values = BTreeMap<String, Value>;

/// All cases with the answers of the original.
pub(crate) struct Fixture {
    pub(crate) cases: Vec<Case>,
    pub(crate) answers: BTreeMap<String, Answer>,
    required: BTreeMap<String, BTreeMap<String, String>>,
    defaults: BTreeMap<String, Values>,
}

/// What is configured in one case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// The specification: `jira`, or `types` for the one beside the cases.
    #[serde(default = "jira")]
    pub(crate) spec: String,
    /// Variables beside those that are required.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// Which of the required variables are not there.
    #[serde(default)]
    pub(crate) without: Vec<String>,
    /// The text of `.env`.
    pub(crate) dotenv: Option<String>,
    /// The text of `config.yaml`.
    pub(crate) yaml: Option<String>,
    /// `--once`
    #[serde(default)]
    pub(crate) once: bool,
    /// `--log-level`
    pub(crate) log_level: Option<String>,
    /// `--port`
    pub(crate) port: Option<u16>,
    /// `--initialize-port-resources`
    pub(crate) initialize: Option<bool>,
    /// What our message has to contain when we refuse it.
    pub(crate) names: Option<String>,
    /// The places of our warnings, all of them.
    #[serde(default)]
    pub(crate) warnings: Vec<String>,
    /// How we show a value that means the same as the original's.
    #[serde(default)]
    shown: Values,
    /// What we do otherwise on purpose.
    pub(crate) differs: Option<Differs>,
}

/// A difference on purpose.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Differs {
    /// Its number in `docs/known-differences.md`.
    pub(crate) id: String,
    /// Whether we refuse it.
    #[serde(default)]
    pub(crate) refuses: bool,
    /// What is other in our settings.
    #[serde(default)]
    pub(crate) values: Values,
    /// What our listener does not have, since it is another one.
    #[serde(default)]
    pub(crate) gone: Vec<String>,
}

/// What the original made of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    /// The exception, when it did not start.
    pub(crate) refused: Option<String>,
    /// The paths that the exception names.
    #[serde(default)]
    pub(crate) at: Vec<String>,
    /// The values that are not the defaults.
    #[serde(default)]
    pub(crate) values: Values,
    /// Settings of the default listener that this one does not have.
    #[serde(default)]
    pub(crate) gone: Vec<String>,
    /// How many warnings it logged.
    #[serde(default, rename = "warnings")]
    _warnings: usize,
}

impl Fixture {
    pub(crate) fn read() -> Self {
        #[derive(Deserialize)]
        struct Cases {
            required: BTreeMap<String, BTreeMap<String, String>>,
            cases: Vec<Case>,
        }
        #[derive(Deserialize)]
        struct Original {
            defaults: BTreeMap<String, Values>,
            answers: BTreeMap<String, Answer>,
        }
        let Cases { required, cases } = serde_saphyr::from_str(CASES).unwrap();
        let Original { defaults, answers } = serde_json::from_str(ORIGINAL).unwrap();
        Self {
            cases,
            answers,
            required,
            defaults,
        }
    }

    /// The original's settings when only what is required is given.
    pub(crate) fn defaults(&self, spec: &str) -> &Values {
        &self.defaults[spec]
    }

    /// The whole environment of a case.
    pub(crate) fn environment(&self, case: &Case) -> BTreeMap<String, String> {
        let mut environment = self.required[&case.spec].clone();
        environment.retain(|name, _| !case.without.contains(name));
        environment.extend(case.env.clone());
        environment
    }
}

impl Case {
    /// Whether our settings have this path at all.
    pub(crate) fn is_gone(&self, path: &String) -> bool {
        let differs = self.differs.as_ref();
        differs.is_some_and(|differs| differs.gone.contains(path))
    }

    /// What the case says about our value at this path.
    pub(crate) fn told(&self, path: &str) -> Option<&Value> {
        let differs = self.differs.as_ref();
        let differs = differs.and_then(|differs| differs.values.get(path));
        differs.or_else(|| self.shown.get(path))
    }
}

fn jira() -> String {
    "jira".to_owned()
}
