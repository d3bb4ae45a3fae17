//! What do expressions work on?
//!
//! [`Val`] is a JSON value that is cheap to clone and can be sent to another thread. Objects keep
//! the order of their keys. Nesting is bounded by [`MAX_DEPTH`], which every constructor keeps, so
//! whatever walks a value may recurse; values are dropped without recursion all the same, because
//! the bound is larger than some stacks.

use std::sync::Arc;

use indexmap::IndexMap;

use super::budget::{self, Budget, Exhausted};
use super::number::Num;

/// How deeply values may be nested.
pub(crate) const MAX_DEPTH: u16 = 512;

/// A JSON value.
#[derive(Debug, Clone, Default)]
pub(crate) enum Val {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Num(Num),
    /// A text.
    Str(Arc<str>),
    /// An array.
    Arr(Arc<Array>),
    /// An object.
    Obj(Arc<Object>),
}

/// The elements of an array.
#[derive(Debug, Clone, Default)]
pub(crate) struct Array {
    items: Vec<Val>,
    depth: u16,
}

/// The entries of an object, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    entries: IndexMap<Arc<str>, Val>,
    depth: u16,
}

impl Val {
    /// An array of these elements.
    pub(crate) fn array(items: Vec<Self>) -> Self {
        Self::Arr(Arc::new(Array::from(items)))
    }

    /// An object of these entries; a later one wins.
    pub(crate) fn object<K: Into<Arc<str>>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        let mut object = Object::default();
        for (key, value) in entries {
            object.insert(key.into(), value);
        }
        Self::Obj(Arc::new(object))
    }

    /// A computed number.
    pub(crate) fn float(value: f64) -> Self {
        Self::Num(Num::Float(value))
    }

    /// A count or position.
    pub(crate) fn count(count: usize) -> Self {
        Self::Num(Num::Int(i64::try_from(count).unwrap_or(i64::MAX)))
    }

    /// What jq's `type` says.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Num(_) => "number",
            Self::Str(_) => "string",
            Self::Arr(_) => "array",
            Self::Obj(_) => "object",
        }
    }

    /// Everything but `null` and `false` counts as true.
    pub(crate) fn is_truthy(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    /// The value of a key; [`None`] if this is no object or lacks the key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Obj(object) => object.get(key),
            _ => None,
        }
    }

    /// Sets a key of an object, as an integration does that adds a field to an item.
    ///
    /// Anything but an object stays as it is.
    pub(crate) fn insert(&mut self, key: &str, value: Self) {
        if let Self::Obj(object) = self {
            Arc::make_mut(object).insert(key.into(), value);
        }
    }

    /// The value as the mapper sends it.
    ///
    /// Integral doubles come out as integers, NaN as null.
    ///
    /// # Errors
    /// When the budget does not suffice: what is shared here is copied there, so that a value of a
    /// hundred bytes may need more memory than there is.
    pub(crate) fn to_json(&self, budget: &Budget) -> Result<serde_json::Value, Exhausted> {
        match self {
            Self::Null | Self::Bool(_) | Self::Num(_) => self.unfold(),
            Self::Str(_) | Self::Arr(_) | Self::Obj(_) => budget.spend(|| self.unfold()),
        }
    }

    fn unfold(&self) -> Result<serde_json::Value, Exhausted> {
        Ok(match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Num(number) => number.to_json(),
            Self::Str(text) => {
                budget::element(text.len())?;
                serde_json::Value::String(text.as_ref().to_owned())
            }
            Self::Arr(array) => {
                let mut items = Vec::new();
                for item in array.iter() {
                    budget::element(0)?;
                    items.push(item.unfold()?);
                }
                serde_json::Value::Array(items)
            }
            Self::Obj(object) => {
                let mut entries = serde_json::Map::new();
                for (key, value) in object.iter() {
                    budget::element(size_of::<String>() + key.len())?;
                    entries.insert(key.to_string(), value.unfold()?);
                }
                serde_json::Value::Object(entries)
            }
        })
    }

    fn depth(&self) -> u16 {
        match self {
            Self::Arr(array) => array.depth,
            Self::Obj(object) => object.depth,
            _ => 0,
        }
    }

    /// The value, or null where it would nest too deeply inside another one.
    fn bounded(self, depth: &mut u16) -> Self {
        let own = self.depth();
        if own >= MAX_DEPTH {
            budget::exhaust(Exhausted::Depth);
            return Self::Null;
        }
        *depth = (*depth).max(own + 1);
        self
    }
}

impl Array {
    pub(super) fn push(&mut self, item: Val) {
        let item = item.bounded(&mut self.depth);
        self.items.push(item);
    }

    /// Replaces the element at `index`, filling up with nulls.
    pub(super) fn set(&mut self, index: usize, item: Val) {
        if index >= self.items.len() {
            self.items.resize(index + 1, Val::Null);
        }
        let item = item.bounded(&mut self.depth);
        if let Some(slot) = self.items.get_mut(index) {
            *slot = item;
        }
    }

    pub(super) fn take(&mut self, index: usize) -> Option<Val> {
        self.items.get_mut(index).map(std::mem::take)
    }

    pub(super) fn append(&mut self, items: impl IntoIterator<Item = Val>) {
        for item in items {
            self.push(item);
        }
    }

    /// Lets `change` reorder or remove elements.
    pub(super) fn rearrange(&mut self, change: impl FnOnce(&mut Vec<Val>)) {
        change(&mut self.items);
    }
}

impl std::ops::Deref for Array {
    type Target = [Val];

    fn deref(&self) -> &[Val] {
        &self.items
    }
}

impl From<Vec<Val>> for Array {
    fn from(items: Vec<Val>) -> Self {
        let mut depth = 1;
        let items = items
            .into_iter()
            .map(|item| item.bounded(&mut depth))
            .collect();
        Self { items, depth }
    }
}

impl Object {
    pub(super) fn insert(&mut self, key: Arc<str>, value: Val) {
        let value = value.bounded(&mut self.depth);
        self.entries.insert(key, value);
    }

    pub(super) fn get(&self, key: &str) -> Option<&Val> {
        self.entries.get(key)
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Val> {
        self.entries.get_mut(key).map(std::mem::take)
    }

    /// Removes a key and keeps the order of the others.
    pub(super) fn remove(&mut self, key: &str) -> Option<Val> {
        self.entries.shift_remove(key)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Val)> {
        self.entries.iter()
    }

    pub(super) fn keys(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        self.entries.keys()
    }

    pub(super) fn values(&self) -> impl ExactSizeIterator<Item = &Val> {
        self.entries.values()
    }

    /// The entries in the order of their keys.
    pub(super) fn sorted(&self) -> Vec<(&Arc<str>, &Val)> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_unstable_by(|left, right| left.0.cmp(right.0));
        entries
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        if self.depth > 1 {
            bury(std::mem::take(&mut self.items));
        }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        if self.depth > 1 {
            bury(std::mem::take(&mut self.entries).into_values().collect());
        }
    }
}

/// Drops values without recursion.
fn bury(mut remains: Vec<Val>) {
    while let Some(value) = remains.pop() {
        match value {
            Val::Arr(mut array) => {
                if let Some(array) = Arc::get_mut(&mut array) {
                    remains.append(&mut array.items);
                }
            }
            Val::Obj(mut object) => {
                if let Some(object) = Arc::get_mut(&mut object) {
                    remains.extend(std::mem::take(&mut object.entries).into_values());
                }
            }
            _ => {}
        }
    }
}

impl From<&str> for Val {
    fn from(text: &str) -> Self {
        Self::Str(text.into())
    }
}

impl From<serde_json::Value> for Val {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(value),
            serde_json::Value::Number(number) => Self::Num(json_number(&number)),
            serde_json::Value::String(text) => Self::Str(text.into()),
            serde_json::Value::Array(items) => {
                Self::array(items.into_iter().map(Self::from).collect())
            }
            serde_json::Value::Object(entries) => Self::object(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, Self::from(value))),
            ),
        }
    }
}

fn json_number(number: &serde_json::Number) -> Num {
    if let Some(int) = number.as_i64() {
        return Num::Int(int);
    }
    if number.is_u64() {
        return Num::from_token(&number.to_string()).unwrap_or(Num::Float(f64::NAN));
    }
    Num::Decimal(number.as_f64().unwrap_or(f64::NAN))
}
