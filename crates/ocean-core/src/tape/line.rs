//! What are the lines of a tape?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::body::Body;
use crate::catalog::{Blueprint, Entity};
use crate::lake::Routing;

/// Raised whenever an older program could misread what a newer one wrote.
pub(super) const VERSION: u32 = 1;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Line {
    /// The first line.
    Tape(TapeHeader),
    /// One request to the third-party system and what came of it.
    Exchange(Exchange),
    /// The mapping at Port.
    Mapping(Option<Value>),
    /// Whether Port knows the integration.
    Registered(bool),
    /// Who makes entities of what a resync reads; when it is not said, whoever reads the tape.
    Routing(Routing),
    /// The catalog's time, in seconds since 1970.
    Clock(u64),
    /// A part of the keys that the integration owns.
    Listed(Listed),
    /// A part of what a search found.
    Found(Found),
    /// A blueprint, as far as a resync needs it.
    Blueprint(Named<Blueprint>),
    /// A blueprint, whole.
    Document(Named<Value>),
}

/// What a tape says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TapeHeader {
    /// Which format this is.
    pub version: u32,
    /// The integration's type.
    pub integration: String,
    /// The settings of the recorded run that were not defaults, by path, without secrets.
    #[serde(default)]
    pub settings: BTreeMap<String, Value>,
}

impl TapeHeader {
    /// The header of a tape of this integration.
    pub fn new(integration: impl Into<String>) -> Self {
        Self {
            version: VERSION,
            integration: integration.into(),
            settings: BTreeMap::new(),
        }
    }

    /// The same with these settings.
    #[must_use]
    pub fn settings(mut self, settings: BTreeMap<String, Value>) -> Self {
        self.settings = settings;
        self
    }
}

/// One request and what came of it: an answer, or a failure.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Exchange {
    /// The name of the client, for people.
    pub(super) client: String,
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub(super) body: Body,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<Answer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Failure>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) status: u16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub(super) body: Body,
}

/// Why there was no answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    pub(super) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FailureKind {
    Connect,
    ConnectTimeout,
    Unreachable,
    Interrupted,
    Redirect,
    InvalidRequest,
}

/// Keys are blueprint and identifier.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Listed {
    /// Only what was not updated since, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<u64>,
    pub(super) keys: Vec<(String, String)>,
    /// Whether the listing ends here.
    pub(super) last: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Found {
    pub(super) blueprint: String,
    /// Which ones were searched for; all if none are named. Told with the last part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) identifiers: Option<Vec<String>>,
    pub(super) entities: Vec<Entity>,
    /// Whether the search ends here.
    pub(super) last: bool,
}

/// Something that a name stands for, if there is such a thing.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Named<T> {
    pub(super) name: String,
    pub(super) found: Option<T>,
}
