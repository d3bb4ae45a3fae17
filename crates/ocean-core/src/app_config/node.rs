//! A mapping document as a tree, before anything is checked: from YAML text or from JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

use super::position::Position;

/// Bounds for documents of strangers: a real mapping has some thousand nodes and 20 levels.
const MAX_NODES: usize = 100_000;
const MAX_DEPTH: usize = 32;

/// A multiple of what [`MAX_DEPTH`] levels take in a debug build.
const PARSER_STACK: usize = 16 << 20;

/// A value of the document and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: Option<Position>,
    pub(super) data: Data,
}

#[derive(Debug, Clone)]
pub(super) enum Data {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of an object with its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Option<Position>,
    pub(super) value: Node,
}

impl Entry {
    /// Where a reader looks for it: at a scalar itself, at the key of anything larger.
    pub(super) const fn place(&self) -> Option<Position> {
        match self.value.data {
            Data::List(_) | Data::Map(_) => self.at,
            _ => self.value.at,
        }
    }
}

impl Node {
    /// Reads YAML text.
    ///
    /// # Errors
    ///
    /// When it is no YAML, has a key twice, or is larger than any mapping.
    pub(super) fn from_yaml(text: &str) -> Result<Self, serde_saphyr::Error> {
        on_large_stack(|| {
            serde_saphyr::from_str_with_options::<Spanned<Data>>(text, options()).map(Self::from)
        })
    }

    /// The node as JSON, for fields that are not ours to check.
    pub(super) fn to_value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(number) => Value::Number(number.clone()),
            Data::Text(text) => Value::String(text.clone()),
            Data::List(items) => items.iter().map(Self::to_value).collect(),
            Data::Map(entries) => {
                let fields = entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_value()));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }

    /// What it is, for messages.
    pub(super) const fn kind(&self) -> &'static str {
        match &self.data {
            Data::Null => "null",
            Data::Bool(_) => "a boolean",
            Data::Number(_) => "a number",
            Data::Text(_) => "a text",
            Data::List(_) => "a list",
            Data::Map(_) => "an object",
        }
    }
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        let data = match value {
            Value::Null => Data::Null,
            Value::Bool(value) => Data::Bool(*value),
            Value::Number(number) => Data::Number(number.clone()),
            Value::String(text) => Data::Text(text.clone()),
            Value::Array(items) => Data::List(items.iter().map(Self::from).collect()),
            Value::Object(fields) => Data::Map(
                fields
                    .iter()
                    .map(|(key, value)| Entry {
                        key: key.clone(),
                        at: None,
                        value: value.into(),
                    })
                    .collect(),
            ),
        };
        Self { at: None, data }
    }
}

impl From<Spanned<Data>> for Node {
    fn from(spanned: Spanned<Data>) -> Self {
        Self {
            at: position(spanned.referenced),
            data: spanned.value,
        }
    }
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: MAX_NODES,
            max_events: 3 * MAX_NODES,
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_recorded_anchor_events: MAX_NODES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
        },
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::AsString,
    }
}

/// The parser recurses, and one level takes so much stack that few fit on a runtime's thread.
fn on_large_stack<T: Send>(parse: impl Fn() -> T + Sync) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(PARSER_STACK);
        let parsed = thread
            .spawn_scoped(scope, &parse)
            .ok()
            .and_then(|thread| thread.join().ok());
        parsed.unwrap_or_else(&parse)
    })
}

fn position(location: serde_saphyr::Location) -> Option<Position> {
    Position::new(location.line(), location.column())
}

impl Position {
    /// [`None`] for the parser's "unknown", which is line 0.
    pub(super) fn new(line: u64, column: u64) -> Option<Self> {
        let (line, column) = (usize::try_from(line).ok()?, usize::try_from(column).ok()?);
        (line > 0).then_some(Self { line, column })
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(DataVisitor)
    }
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON has too")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_none<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, source: D) -> Result<Data, D::Error> {
        Data::deserialize(source)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Data, E> {
        Ok(Data::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Data, E> {
        Ok(Data::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Data, E> {
        Ok(Data::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Data, E> {
        Ok(Number::from_f64(value).map_or_else(|| Data::Text(value.to_string()), Data::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Data, E> {
        Ok(Data::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Data, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Data>>()? {
            list.push(item.into());
        }
        Ok(Data::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Data, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = source.next_key::<Spanned<Cow<'de, str>>>()? {
            let value: Spanned<Data> = source.next_value()?;
            entries.push(Entry {
                key: key.value.into_owned(),
                at: position(key.referenced),
                value: value.into(),
            });
        }
        Ok(Data::Map(entries))
    }
}
