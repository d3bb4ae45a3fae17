//! How is an entity kept? As the JSON text of its parts: a catalog of a million entities then costs
//! little more than their text, and a search answers by copying it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The members of a JSON object, their values unparsed.
pub(crate) type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// What an entity relates to, by the name of the relation.
pub(crate) type Relations = BTreeMap<String, Related>;

/// An entity in the catalog.
#[derive(Debug, Clone)]
pub(crate) struct Entity {
    pub(crate) content: Content,
    /// The `User-Agent` of the request that wrote it last.
    pub(crate) datasource: Arc<str>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What a writer can set. Every text is JSON; absent and null are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) title: Option<Box<str>>,
    pub(crate) icon: Option<Box<str>>,
    pub(crate) team: Option<Box<str>>,
    pub(crate) properties: Box<str>,
    pub(crate) relations: Box<str>,
}

impl Default for Content {
    fn default() -> Self {
        Self {
            title: None,
            icon: None,
            team: None,
            properties: "{}".into(),
            relations: "{}".into(),
        }
    }
}

impl Content {
    pub(crate) fn relations(&self) -> Relations {
        serde_json::from_str(&self.relations).unwrap_or_default()
    }
}

/// The target or targets of one relation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Related {
    One(String),
    Many(Vec<String>),
}

impl Related {
    pub(crate) fn targets(&self) -> &[String] {
        match self {
            Self::One(target) => std::slice::from_ref(target),
            Self::Many(targets) => targets,
        }
    }
}

/// An entity as a request carries it. `None` is a member that is absent; null is `Some`.
#[derive(Debug, Deserialize)]
pub(crate) struct Incoming<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    pub(crate) identifier: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(crate) title: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(crate) icon: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(crate) team: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) properties: Option<Fields<'a>>,
    #[serde(borrow, default)]
    pub(crate) relations: Option<Fields<'a>>,
}

/// `Option` alone would make null absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

pub(crate) fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}

/// The members of an object that the catalog holds.
pub(crate) fn fields(text: &str) -> Fields<'_> {
    serde_json::from_str(text).unwrap_or_default()
}

/// The text of an object; maps of texts always have one.
pub(crate) fn text(object: &impl Serialize) -> Box<str> {
    serde_json::to_string(object).unwrap_or_default().into()
}

/// A text as JSON.
pub(crate) fn quote(value: &str) -> String {
    String::from(text(&value))
}

/// Which parts of an entity an answer holds.
#[derive(Debug)]
pub(crate) struct Include {
    chosen: Option<HashSet<String>>,
    properties: Members,
    relations: Members,
}

/// Which members of an object an answer holds.
#[derive(Debug)]
enum Members {
    All,
    Some(HashSet<String>),
    None,
}

impl Include {
    /// Everything.
    pub(crate) const ALL: Self = Self {
        chosen: None,
        properties: Members::All,
        relations: Members::All,
    };

    /// The given paths (`title`, `properties`, `properties.x`, ...); everything when there are none.
    pub(crate) fn of(paths: Vec<String>) -> Self {
        if paths.is_empty() {
            return Self::ALL;
        }
        Self {
            properties: Members::of("properties", &paths),
            relations: Members::of("relations", &paths),
            chosen: Some(paths.into_iter().collect()),
        }
    }

    fn has(&self, path: &str) -> bool {
        self.chosen
            .as_ref()
            .is_none_or(|chosen| chosen.contains(path))
    }

    fn time(&self, path: &str, at: Timestamp) -> Option<Cow<'static, str>> {
        self.has(path).then(|| quote(&time(at)).into())
    }
}

impl Members {
    fn of(object: &str, paths: &[String]) -> Self {
        if paths.iter().any(|path| path == object) {
            return Self::All;
        }
        let members = paths
            .iter()
            .filter_map(|path| path.strip_prefix(object)?.strip_prefix('.'));
        let members: HashSet<String> = members.map(str::to_owned).collect();
        if members.is_empty() {
            Self::None
        } else {
            Self::Some(members)
        }
    }

    /// The chosen part of an object; `None` when no part of it is.
    fn select<'a>(&self, content: &'a str) -> Option<Cow<'a, str>> {
        match self {
            Self::All => Some(content.into()),
            Self::None => None,
            Self::Some(names) => {
                let mut members = fields(content);
                let before = members.len();
                members.retain(|name, _| names.contains(name));
                let whole = members.len() == before;
                Some(if whole {
                    content.into()
                } else {
                    String::from(text(&members)).into()
                })
            }
        }
    }
}

/// Appends the JSON of an entity to `out`.
pub(crate) fn write<'a>(
    out: &mut Vec<u8>,
    blueprint: &str,
    identifier: &str,
    entity: &'a Entity,
    include: &Include,
) {
    let content = &entity.content;
    let quoted = |name: &str, value: &str| include.has(name).then(|| Cow::from(quote(value)));
    let optional = |name: &str, part: &'a Option<Box<str>>| {
        part.as_deref().filter(|_| include.has(name)).map(Cow::from)
    };
    let parts = [
        ("identifier", quoted("identifier", identifier)),
        ("blueprint", quoted("blueprint", blueprint)),
        ("title", optional("title", &content.title)),
        ("icon", optional("icon", &content.icon)),
        ("team", optional("team", &content.team)),
        ("properties", include.properties.select(&content.properties)),
        ("relations", include.relations.select(&content.relations)),
        ("createdAt", include.time("createdAt", entity.created_at)),
        ("updatedAt", include.time("updatedAt", entity.updated_at)),
    ];
    out.push(b'{');
    let mut separator = "\"";
    for (name, part) in parts {
        if let Some(part) = part {
            for piece in [separator, name, "\":", &part] {
                out.extend_from_slice(piece.as_bytes());
            }
            separator = ",\"";
        }
    }
    out.push(b'}');
}

/// The entity as a value, without what differs from run to run.
pub(crate) fn value(blueprint: &str, identifier: &str, content: &Content) -> Value {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let mut value = json!({ "identifier": identifier, "blueprint": blueprint });
    let optional = [
        ("title", &content.title),
        ("icon", &content.icon),
        ("team", &content.team),
    ];
    if let Some(members) = value.as_object_mut() {
        for (name, part) in optional {
            if let Some(part) = part {
                members.insert(name.to_owned(), parse(part));
            }
        }
        members.insert("properties".to_owned(), parse(&content.properties));
        members.insert("relations".to_owned(), parse(&content.relations));
    }
    value
}

/// A time as Port writes it: milliseconds and `Z`.
pub(crate) fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(paths: &[&str]) -> Value {
        let entity = Entity {
            content: Content {
                title: Some("\"T\"".into()),
                properties: r#"{"a":1,"b":[2]}"#.into(),
                relations: r#"{"r":"x"}"#.into(),
                ..Content::default()
            },
            datasource: "ua".into(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        };
        let mut out = Vec::new();
        let paths = paths.iter().map(|&path| path.to_owned()).collect();
        write(&mut out, "bp", "i\"d", &entity, &Include::of(paths));
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn include_chooses_members() {
        assert_eq!(written(&["identifier"]), json!({ "identifier": "i\"d" }));
        assert_eq!(
            written(&["blueprint", "properties.b", "properties.absent", "team"]),
            json!({ "blueprint": "bp", "properties": { "b": [2] } })
        );
        assert_eq!(written(&["nothing"]), json!({}));
    }

    #[test]
    fn without_include_everything_is_there() {
        assert_eq!(
            written(&[]),
            json!({
                "identifier": "i\"d", "blueprint": "bp", "title": "T",
                "properties": { "a": 1, "b": [2] }, "relations": { "r": "x" },
                "createdAt": "1970-01-01T00:00:00.000Z", "updatedAt": "1970-01-01T00:00:00.000Z",
            })
        );
    }
}
