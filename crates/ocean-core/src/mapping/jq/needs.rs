//! Which parts of an item can an expression read?

use std::sync::Arc;

use crate::reads::Reads;

/// The paths of an item that must be there for some expressions to give their result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Needs {
    root: Need,
}

/// What is needed of one value.
///
/// The kind of a value, and hence whether it is truthy, can always be told. An array of which only
/// keys are needed is built empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Need {
    /// All of it.
    Whole,
    /// Only these keys, should it be an object.
    Keys(Vec<(Arc<str>, Self)>),
}

impl Needs {
    /// Nothing but the kind of the item.
    pub(crate) const fn nothing() -> Self {
        Self {
            root: Need::Keys(Vec::new()),
        }
    }

    /// All of the item.
    pub(crate) const fn everything() -> Self {
        Self { root: Need::Whole }
    }

    /// Adds what another expression needs.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.root.merge(&other.root);
    }

    /// Adds the value at a path of keys, with everything below it.
    pub(crate) fn add<K: AsRef<str>>(&mut self, path: &[K]) {
        if let Some(need) = self.root.at(path) {
            *need = Need::Whole;
        }
    }

    /// Adds the kind of the value at a path of keys.
    pub(super) fn add_kind<K: AsRef<str>>(&mut self, path: &[K]) {
        self.root.at(path);
    }

    pub(super) fn root(&self) -> &Need {
        &self.root
    }
}

impl From<&Needs> for Reads {
    fn from(needs: &Needs) -> Self {
        (&needs.root).into()
    }
}

impl From<&Need> for Reads {
    fn from(need: &Need) -> Self {
        match need {
            Need::Whole => Self::everything(),
            Need::Keys(keys) => Self::keyed(
                keys.iter()
                    .map(|(key, need)| (Box::from(&**key), need.into())),
            ),
        }
    }
}

impl Need {
    /// The need at a path, made if it is missing; [`None`] if something above is needed whole.
    fn at<K: AsRef<str>>(&mut self, path: &[K]) -> Option<&mut Self> {
        let Some((key, rest)) = path.split_first() else {
            return Some(self);
        };
        let Self::Keys(keys) = self else {
            return None;
        };
        let key = key.as_ref();
        let known = keys.iter().position(|(known, _)| &**known == key);
        let at = known.unwrap_or_else(|| {
            keys.push((key.into(), Self::Keys(Vec::new())));
            keys.len() - 1
        });
        keys.get_mut(at).and_then(|(_, need)| need.at(rest))
    }

    fn merge(&mut self, other: &Self) {
        match other {
            Self::Whole => *self = Self::Whole,
            Self::Keys(keys) => {
                for (key, need) in keys {
                    if let Some(own) = self.at(&[key]) {
                        own.merge(need);
                    }
                }
            }
        }
    }
}
