//! An object of the document while its keys are read.

use super::coerce;
use super::node::{Data, Entry, Node};
use super::position::{Finding, MappingSource, Position};
use super::suggest::did_you_mean;

/// Everything found while a document is read; nothing stops at the first fault.
#[derive(Debug)]
pub(super) struct Findings<'s> {
    pub(super) source: &'s MappingSource,
    pub(super) faults: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
}

impl<'s> Findings<'s> {
    pub(super) const fn new(source: &'s MappingSource) -> Self {
        Self {
            source,
            faults: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(super) fn fault(&mut self, path: &str, at: Option<Position>, message: String, help: &str) {
        let mut fault = self.source.finding_at(path.to_owned(), at, message);
        if !help.is_empty() {
            fault = fault.help(help);
        }
        self.faults.push(fault);
    }

    fn wrong_type(&mut self, path: &str, node: &Node, at: Option<Position>, expected: &Expected) {
        let message = format!("must be {}, not {}", expected.what, node.kind());
        self.fault(path, at, message, expected.help);
    }

    /// The text of `node`, or a fault.
    pub(super) fn text(&mut self, path: &str, node: &Node, expected: &Expected) -> Option<String> {
        let text = coerce::text(node);
        if text.is_none() {
            self.wrong_type(path, node, self.source.locate(path).or(node.at), expected);
        }
        text
    }

    /// The entries of `node`, or a fault.
    pub(super) fn section<'n>(
        &mut self,
        path: &str,
        node: &'n Node,
        expected: &Expected,
    ) -> Option<Section<'n>> {
        if let Data::Map(entries) = &node.data {
            return Some(Section {
                path: path.to_owned(),
                entries,
            });
        }
        self.wrong_type(path, node, self.source.locate(path).or(node.at), expected);
        None
    }

    /// The elements of `node`, or a fault.
    pub(super) fn list<'n>(
        &mut self,
        path: &str,
        node: &'n Node,
        expected: &Expected,
    ) -> Option<&'n [Node]> {
        if let Data::List(items) = &node.data {
            return Some(items);
        }
        self.wrong_type(path, node, self.source.locate(path).or(node.at), expected);
        None
    }
}

/// What a field has to be, and what to tell whoever wrote something else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    pub(super) what: &'static str,
    pub(super) help: &'static str,
}

impl Expected {
    pub(super) const fn new(what: &'static str, help: &'static str) -> Self {
        Self { what, help }
    }
}

/// An object of the document and its path.
#[derive(Debug)]
pub(super) struct Section<'n> {
    path: String,
    entries: &'n [Entry],
}

impl<'n> Section<'n> {
    pub(super) const fn entries(&self) -> &'n [Entry] {
        self.entries
    }

    /// The path of a field.
    pub(super) fn path(&self, key: &str) -> String {
        let dot = if self.path.is_empty() { "" } else { "." };
        format!("{}{dot}{key}", self.path)
    }

    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// The value of a key that has to be there, or a fault.
    pub(super) fn require(
        &self,
        key: &str,
        help: &str,
        findings: &mut Findings<'_>,
    ) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            let path = self.path(key);
            let at = findings.source.locate(&path);
            findings.fault(&path, at, "is missing".to_owned(), help);
        }
        found
    }

    /// A text that has to be there.
    pub(super) fn required_text(
        &self,
        key: &str,
        expected: &Expected,
        findings: &mut Findings<'_>,
    ) -> Option<String> {
        let node = self.require(key, expected.help, findings)?;
        findings.text(&self.path(key), node, expected)
    }

    /// An object that has to be there.
    pub(super) fn required_section(
        &self,
        key: &str,
        expected: &Expected,
        findings: &mut Findings<'_>,
    ) -> Option<Self> {
        let node = self.require(key, expected.help, findings)?;
        findings.section(&self.path(key), node, expected)
    }

    /// A boolean, which has a default but must not be null.
    pub(super) fn boolean(&self, key: &str, findings: &mut Findings<'_>) -> Option<bool> {
        let node = self.get(key)?;
        let value = coerce::boolean(node);
        if value.is_none() {
            let at = findings.source.locate(&self.path(key));
            let expected = Expected::new("true or false", "");
            findings.wrong_type(&self.path(key), node, at, &expected);
        }
        value
    }

    /// Warns of keys that nothing reads.
    pub(super) fn warn_unknown(&self, known: &[&str], findings: &mut Findings<'_>) {
        for entry in self
            .entries
            .iter()
            .filter(|entry| !known.contains(&entry.key.as_str()))
        {
            let message = "is not a known key and is ignored".to_owned();
            let path = self.path(&entry.key);
            let mut warning = findings.source.finding_at(path, entry.at, message);
            if let Some(key) = did_you_mean(&entry.key, known) {
                warning = warning.help(format!("did you mean `{key}`?"));
            }
            findings.warnings.push(warning);
        }
    }
}
