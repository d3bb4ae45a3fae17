//! How is one typed setting read out of all sources, and what is noted on the way?
//!
//! A [`Section`] is an object of settings. Reading a key of it finds the source that counts,
//! converts the value, and notes the fault or the origin in the [`Report`]; nothing stops at a
//! fault, so one run finds all of them. What was never asked for is an unknown setting.

use serde_json::{Map, Value};

use super::fault::{SettingsFault, SettingsWarning};
use super::format::Format;
use super::names;
use super::node::{Node, join, merge, note_leaves, note_unknown};
use super::origin::{Origin, SettingOrigin};
use super::shape::{as_section, is_unset, unfit};
use super::yaml::UnsetProvider;

/// What reading found, besides the values.
#[derive(Default)]
pub(super) struct Report {
    pub(super) faults: Vec<SettingsFault>,
    pub(super) warnings: Vec<SettingsWarning>,
    pub(super) origins: Vec<SettingOrigin>,
    unset: Vec<UnsetProvider>,
    known: Vec<String>,
    unknown: Vec<(String, Origin)>,
}

/// One object of settings as every source gives it.
pub(super) struct Section<'r> {
    report: &'r mut Report,
    path: String,
    layers: Vec<Node>,
    known: Vec<String>,
}

/// What the sources say about one key.
enum Found<T> {
    /// No source gives it.
    Absent,
    /// The source that counts says null.
    Null(Origin),
    /// A value.
    Value(T, Origin),
    /// A value that does not fit; the fault is noted.
    Faulty,
}

impl Report {
    /// A report that begins with what went wrong while reading the sources.
    pub(super) fn new(
        faults: Vec<SettingsFault>,
        warnings: Vec<SettingsWarning>,
        unset: Vec<UnsetProvider>,
    ) -> Self {
        Self {
            faults,
            warnings,
            unset,
            ..Self::default()
        }
    }

    /// Reads from the root of these trees, the one that counts most first.
    pub(super) fn read<T>(
        &mut self,
        root: &str,
        layers: Vec<Node>,
        read: impl FnOnce(&mut Section<'_>) -> T,
    ) -> T {
        let mut section = Section {
            report: self,
            path: root.to_owned(),
            layers,
            known: Vec::new(),
        };
        let value = read(&mut section);
        section.note_unknown();
        value
    }

    /// A warning for each setting that was given and never asked for.
    pub(super) fn warn_of_unknown(&mut self) {
        for (path, origin) in std::mem::take(&mut self.unknown) {
            let problem = names::meant(&path, &self.known).map_or_else(
                || "unknown setting, ignored".to_owned(),
                |meant| {
                    let spelled = if matches!(origin, Origin::ConfigFile { .. }) {
                        names::camel_case(meant)
                    } else {
                        names::variable(meant)
                    };
                    format!("unknown setting, ignored; did you mean `{spelled}`?")
                },
            );
            self.warnings
                .push(SettingsWarning::at(&origin, &path, problem));
        }
    }
}

impl Section<'_> {
    /// Reads the object at `key`.
    pub(super) fn section<T>(&mut self, key: &str, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        self.know(key);
        let path = self.path_of(key);
        let mut layers = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            if let Some(node) = layer.children.get(key) {
                layers.extend(as_section(node.clone(), &path, &mut self.report.faults));
            }
        }
        self.report.read(&path, layers, read)
    }

    /// The same for an object of which a source may say null, which is as if it said nothing.
    pub(super) fn section_or_null<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Section<'_>) -> T,
    ) -> T {
        for layer in &mut self.layers {
            let given = layer.children.get(key).and_then(|node| node.given.as_ref());
            if given.is_some_and(|given| given.value.is_null()) {
                layer.children.shift_remove(key);
            }
        }
        self.section(key, read)
    }

    /// Whether any source gives anything here.
    pub(super) fn is_given(&self) -> bool {
        self.layers.iter().any(|layer| layer.origin().is_some())
    }

    /// A setting with a default.
    pub(super) fn or<T: 'static>(&mut self, key: &str, format: &Format<T>, default: T) -> T {
        match self.find(key, format) {
            Found::Value(value, origin) => {
                self.note(key, format.show(&value), origin);
                value
            }
            Found::Absent => {
                self.note(key, format.show(&default), Origin::Default);
                default
            }
            Found::Null(origin) => {
                self.fault(
                    key,
                    &origin,
                    format!("expected {}, got null", format.expected),
                );
                default
            }
            Found::Faulty => default,
        }
    }

    /// A setting that may be null; `default` is its value when nobody gives it.
    pub(super) fn nullable<T: 'static>(
        &mut self,
        key: &str,
        format: &Format<T>,
        default: Option<T>,
    ) -> Option<T> {
        let (value, origin) = match self.find(key, format) {
            Found::Value(value, origin) => (Some(value), origin),
            Found::Null(origin) => (None, origin),
            Found::Absent => (default, Origin::Default),
            Found::Faulty => return None,
        };
        let shown = value.as_ref().map(|value| format.show(value));
        self.note(key, shown.unwrap_or_else(|| "null".to_owned()), origin);
        value
    }

    /// A setting that is null when nobody gives it.
    pub(super) fn optional<T: 'static>(&mut self, key: &str, format: &Format<T>) -> Option<T> {
        self.nullable(key, format, None)
    }

    /// A setting that must be given; `None` after its fault was noted.
    pub(super) fn required<T: 'static>(&mut self, key: &str, format: &Format<T>) -> Option<T> {
        match self.find(key, format) {
            Found::Value(value, origin) => {
                self.note(key, format.show(&value), origin);
                Some(value)
            }
            Found::Faulty => None,
            Found::Absent | Found::Null(_) => {
                let path = self.path_of(key);
                let problem = self.missing(&path, &format.expected);
                self.report
                    .faults
                    .push(SettingsFault::missing(&path, problem));
                None
            }
        }
    }

    /// An object whose inside belongs to the integration: all sources merged, keys as written.
    pub(super) fn merged_object(
        &mut self,
        key: &str,
        format: &Format<Map<String, Value>>,
    ) -> Option<(Map<String, Value>, Origin)> {
        self.know(key);
        let mut merged: Option<(Map<String, Value>, Origin)> = None;
        for index in (0..self.layers.len()).rev() {
            let layer = self.layers.get(index);
            let Some(node) = layer.and_then(|layer| layer.children.get(key)).cloned() else {
                continue;
            };
            let own = match &node.given {
                Some(given) if is_unset(&given.value, format.keeps_empty) => Map::new(),
                Some(given) => match format.parse(given) {
                    Some(own) => own,
                    None => {
                        let problem = unfit(&given.value, &format.expected, true);
                        self.fault(key, &given.origin, problem);
                        return None;
                    }
                },
                None => Map::new(),
            };
            let object = node.to_object(own);
            let Some(origin) = node.origin().filter(|_| !object.is_empty()) else {
                continue;
            };
            match &mut merged {
                Some((lower, counts)) => {
                    merge(lower, object);
                    *counts = origin.clone();
                }
                None => merged = Some((object, origin.clone())),
            }
        }
        merged
    }

    /// A setting of the original that nothing here reads: checked as the original checks it, and
    /// shown only when somebody gives it.
    pub(super) fn inert<T: 'static>(&mut self, key: &str, format: &Format<T>) -> Option<T> {
        let (value, origin) = match self.find(key, format) {
            Found::Value(value, origin) => (Some(value), origin),
            Found::Null(origin) => (None, origin),
            Found::Absent | Found::Faulty => return None,
        };
        let shown = value.as_ref().map(|value| format.show(value));
        let shown = shown.unwrap_or_else(|| "null".to_owned());
        self.note(key, format!("{shown} (has no effect)"), origin);
        value
    }

    /// Settings of the original that have no effect here: accepted, shown without their value.
    pub(super) fn ignore(&mut self, keys: &[&str]) {
        for key in keys {
            self.know(key);
            let origins = self.layers.iter();
            let mut origins = origins.filter_map(|layer| layer.children.get(*key)?.origin());
            if let Some(origin) = origins.next().cloned() {
                self.note(key, "(has no effect)".to_owned(), origin);
            }
        }
    }

    /// A setting of the original that is gone: one warning.
    pub(super) fn removed(&mut self, key: &str, problem: &str) {
        self.know(key);
        if let Some(origin) = self.origin_of(key) {
            self.warn(key, &origin, problem);
        }
    }

    /// Where the value of a key comes from, if any source gives one.
    pub(super) fn origin_of(&self, key: &str) -> Option<Origin> {
        let mut layers = self.layers.iter();
        layers.find_map(|layer| layer.children.get(key)?.origin().cloned())
    }

    /// Notes a fault of a value that some source gave.
    pub(super) fn fault(&mut self, key: &str, origin: &Origin, problem: String) {
        let path = self.path_of(key);
        self.report
            .faults
            .push(SettingsFault::at(origin, &path, problem));
    }

    /// Notes a fault of a key that no source gave.
    pub(super) fn fault_missing(&mut self, key: &str, problem: &str) {
        let path = self.path_of(key);
        self.report
            .faults
            .push(SettingsFault::missing(&path, problem));
    }

    /// Notes a warning about a value that some source gave.
    pub(super) fn warn(&mut self, key: &str, origin: &Origin, problem: &str) {
        let path = self.path_of(key);
        self.report
            .warnings
            .push(SettingsWarning::at(origin, &path, problem));
    }

    /// Notes the effective value of a key.
    pub(super) fn note(&mut self, key: &str, value_shown: String, origin: Origin) {
        let path = self.path_of(key);
        self.report.origins.push(SettingOrigin {
            path,
            value_shown,
            origin,
        });
    }

    fn know(&mut self, key: &str) {
        self.known.push(key.to_owned());
    }

    fn find<T: 'static>(&mut self, key: &str, format: &Format<T>) -> Found<T> {
        self.know(key);
        let path = self.path_of(key);
        let mut found = Found::Absent;
        for layer in &self.layers {
            let Some(node) = layer.children.get(key) else {
                continue;
            };
            // A single value has nothing below it, unless the source gave it as an object, which
            // is a fault of its own.
            if !matches!(&node.given, Some(given) if given.value.is_object()) {
                note_leaves(node, &path, &mut self.report.unknown);
            }
            let Some(given) = &node.given else { continue };
            if !matches!(found, Found::Absent) || is_unset(&given.value, format.keeps_empty) {
                continue;
            }
            found = if given.value.is_null() {
                Found::Null(given.origin.clone())
            } else if let Some(value) = format.parse(given) {
                Found::Value(value, given.origin.clone())
            } else {
                let problem = unfit(&given.value, &format.expected, format.secret);
                let fault = SettingsFault::at(&given.origin, &path, problem);
                self.report.faults.push(fault);
                Found::Faulty
            };
        }
        found
    }

    /// Why a required setting is not there, and how to give it.
    fn missing(&self, path: &str, expected: &str) -> String {
        let spelled = names::camel_case(path);
        let mut unset = self.report.unset.iter();
        unset.find(|unset| unset.path == path).map_or_else(
            || format!("required and not set; give {expected} in this variable or as `{spelled}` in config.yaml"),
            |unset| {
                format!(
                    "required and not set; config.yaml:{} takes it from {}, which is not set",
                    unset.line, unset.variable
                )
            },
        )
    }

    fn note_unknown(self) {
        let Section {
            report,
            path,
            layers,
            known,
        } = self;
        for layer in &layers {
            for (key, node) in &layer.children {
                if !known.contains(key) {
                    note_unknown(node, &join(&path, key), &mut report.unknown);
                }
            }
        }
        report
            .known
            .extend(known.iter().map(|key| join(&path, key)));
    }

    fn path_of(&self, key: &str) -> String {
        join(&self.path, key)
    }
}
