//! What is a request, once everything is left out that differs from run to run? A [`Call`].

use std::collections::BTreeSet;

use ocean_testkit::Entry;
use serde_json::{Map, Value, json};

use crate::shape::Shape;

/// How the identifier `my jira/1` stands in paths: the original escapes it in the first two ways,
/// ours in the third (KD-30).
const ESCAPED: [&str; 3] = ["my%20jira/1", "my+jira%2F1", "my%20jira%2F1"];

/// All requests of one method and path in one step.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) count: u64,
    pub(crate) queries: BTreeSet<String>,
    pub(crate) headers: BTreeSet<String>,
    /// What their bodies have in common.
    pub(crate) body: Value,
}

/// Requests that are put together.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    all: Vec<(Call, Shape)>,
}

impl Calls {
    pub(crate) fn add(&mut self, entry: &Entry) {
        let path: Vec<_> = entry.path().split('/').map(varying).collect();
        let path = ESCAPED.iter().fold(path.join("/"), |path, identifier| {
            path.replace(identifier, "{id}")
        });
        let name = format!("{} {path}", entry.method);
        let known = self.all.iter().position(|(call, _)| call.name == name);
        let at = known.unwrap_or_else(|| {
            let call = Call {
                name,
                count: 0,
                queries: BTreeSet::new(),
                headers: BTreeSet::new(),
                body: Value::Null,
            };
            self.all.push((call, Shape::default()));
            self.all.len() - 1
        });
        let (call, shape) = &mut self.all[at];
        call.count += 1;
        call.queries.insert(query(entry));
        call.headers.insert(headers(entry));
        if !entry.body.is_empty() {
            shape.add(&entry.json());
        }
    }

    pub(crate) fn finish(self) -> Vec<Call> {
        let finished = self.all.into_iter().map(|(call, shape)| Call {
            body: shape.to_value(),
            ..call
        });
        finished.collect()
    }
}

impl Call {
    pub(crate) fn to_value(&self) -> Value {
        json!({
            "call": self.name,
            "count": self.count,
            "queries": self.queries,
            "headers": self.headers,
            "body": self.body,
        })
    }

    pub(crate) fn of(value: &Value) -> Self {
        let set = |name: &str| {
            let texts = value[name].as_array().unwrap().iter();
            texts
                .map(|text| text.as_str().unwrap().to_owned())
                .collect()
        };
        Self {
            name: value["call"].as_str().unwrap().to_owned(),
            count: value["count"].as_u64().unwrap(),
            queries: set("queries"),
            headers: set("headers"),
            body: value["body"].clone(),
        }
    }
}

/// The query in its order, without what is new in each run.
fn query(entry: &Entry) -> String {
    let pairs = entry
        .query()
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => format!("{name}={}", varying(value)),
            None => pair.to_owned(),
        });
    pairs.collect::<Vec<_>>().join("&")
}

/// The headers that matter, one per line, without token and version.
fn headers(entry: &Entry) -> String {
    let mut kept = Map::new();
    for (name, value) in &entry.headers {
        let value = match name.as_str() {
            "authorization" => value.split(' ').next().unwrap_or_default().to_owned(),
            "user-agent" => versionless(value),
            _ => value.clone(),
        };
        kept.insert(name.clone(), value.into());
    }
    Value::Object(kept).to_string()
}

/// The version of the integration is each engine's own.
fn versionless(agent: &str) -> String {
    let mut parts: Vec<_> = agent.split('/').collect();
    if let Some(version) = parts.get_mut(2) {
        *version = "{version}";
    }
    parts.join("/")
}

/// The ids of runs are new each time.
fn varying(part: &str) -> &str {
    let groups: Vec<_> = part.split('-').map(str::len).collect();
    let digits = part.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    if digits && groups == [8, 4, 4, 4, 12] {
        "{uuid}"
    } else {
        part
    }
}
