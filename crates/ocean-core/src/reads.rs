//! Which parts of an item can a mapping read? A source that can send less than all asks [`Reads`].

use std::collections::BTreeMap;
use std::sync::Arc;

/// The parts of an item that the expressions of a mapping can read.
///
/// It is found by looking at the compiled expressions, and errs on the side of more. An item that
/// lacks everything else maps to the same entity.
///
/// ```
/// use ocean_core::Reads;
///
/// let reads = Reads::paths(["key", "fields.status.name", "fields.labels"]);
/// let fields = reads.below("fields");
/// assert!(fields.keys().unwrap().eq(["labels", "status"]));
/// assert!(reads.names("key") && !reads.names("id"));
///
/// let all = Reads::everything();
/// assert!(all.below("fields").keys().is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// What is read below each key; `None` when the value may be read as a whole.
    keys: Option<Arc<BTreeMap<Box<str>, Self>>>,
}

impl Reads {
    /// All of an item, which is also what holds when nothing is known.
    #[must_use]
    pub const fn everything() -> Self {
        Self { keys: None }
    }

    /// What is at these paths of keys, which are separated by dots.
    #[must_use]
    pub fn paths<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut below = BTreeMap::<&str, Vec<&str>>::new();
        for path in paths {
            let (key, rest) = path.split_once('.').unwrap_or((path, ""));
            below.entry(key).or_default().push(rest);
        }
        Self::keyed(below.into_iter().map(|(key, rests)| {
            let reads = if rests.contains(&"") {
                Self::everything()
            } else {
                Self::paths(rests)
            };
            (Box::from(key), reads)
        }))
    }

    pub(crate) fn keyed(keys: impl IntoIterator<Item = (Box<str>, Self)>) -> Self {
        Self {
            keys: Some(Arc::new(keys.into_iter().collect())),
        }
    }

    /// The keys that can be read should the value be an object; `None` when all can.
    #[must_use]
    pub fn keys(&self) -> Option<impl Iterator<Item = &str>> {
        let keys = self.keys.as_ref()?.keys();
        Some(keys.map(|key| &**key))
    }

    /// What can be read of the value under a key.
    #[must_use]
    pub fn below(&self, key: &str) -> Self {
        match &self.keys {
            None => Self::everything(),
            Some(keys) => keys.get(key).cloned().unwrap_or_else(|| Self::keyed(None)),
        }
    }

    /// Whether a key is named. One that is read with everything else is not.
    ///
    /// This is for fields that an integration adds only for those who ask for them.
    #[must_use]
    pub fn names(&self, key: &str) -> bool {
        self.keys
            .as_ref()
            .is_some_and(|keys| keys.contains_key(key))
    }
}
