//! Where in a document does something stand, and how is that shown?

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::node::{Data, Node};

/// How much of a line a snippet shows on each side of what it points at.
const SNIPPET_RADIUS: usize = 60;

/// A place in a text, counted from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Where a mapping document came from, and where in it each field stands.
///
/// With it a finding about a field that comes up later (an expression that does not compile, a
/// selector that a kind does not accept) can still be shown in its file.
#[derive(Debug, Clone, Default)]
pub struct MappingSource {
    file: Option<Arc<File>>,
}

#[derive(Debug)]
struct File {
    name: String,
    text: String,
    positions: HashMap<String, Position>,
    /// Where the keys of objects stand.
    keys: HashMap<String, Position>,
}

impl MappingSource {
    /// A file whose fields are not known, because it could not be read.
    pub(super) fn unread(name: &str, text: &str) -> Self {
        Self::file(name, text, HashMap::new(), HashMap::new())
    }

    pub(super) fn of_file(name: &str, text: &str, root: &Node) -> Self {
        let (mut positions, mut keys) = (HashMap::new(), HashMap::new());
        collect(root, String::new(), &mut positions, &mut keys);
        Self::file(name, text, positions, keys)
    }

    fn file(
        name: &str,
        text: &str,
        positions: HashMap<String, Position>,
        keys: HashMap<String, Position>,
    ) -> Self {
        let file = File {
            name: name.to_owned(),
            text: text.to_owned(),
            positions,
            keys,
        };
        Self {
            file: Some(Arc::new(file)),
        }
    }

    /// Where the field at `path` stands, for example
    /// `resources[2].port.entity.mappings.identifier`; for a field that is not written, where the
    /// closest one around it does. [`None`] when the document did not come from a text.
    #[must_use]
    pub fn locate(&self, path: &str) -> Option<Position> {
        let positions = &self.file.as_ref()?.positions;
        let mut path = path;
        loop {
            if let Some(position) = positions.get(path) {
                return Some(*position);
            }
            path = path.get(..path.rfind(['.', '['])?)?;
        }
    }

    /// A finding about the field at `path`.
    #[must_use]
    pub fn finding(&self, path: impl Into<String>, message: impl Into<String>) -> Finding {
        let path = path.into();
        let position = self.locate(&path);
        self.finding_at(path, position, message.into())
    }

    /// A finding about a key itself, not about its value.
    pub(crate) fn finding_at_key(&self, path: String, message: String) -> Finding {
        let keys = self.file.as_ref().map(|file| &file.keys);
        let key = keys.and_then(|keys| keys.get(&path).copied());
        let position = key.or_else(|| self.locate(&path));
        self.finding_at(path, position, message)
    }

    /// A finding about one character of a text value, counted from 0 as the value is read. In the
    /// document it may be quoted, escaped or folded over several lines.
    pub(crate) fn finding_within(
        &self,
        path: &str,
        value: &str,
        offset: usize,
        message: impl Into<String>,
    ) -> Finding {
        let start = self.locate(path);
        let within = self.file.as_ref().zip(start).and_then(|(file, start)| {
            let value: Vec<char> = value.chars().collect();
            character_at(&file.text, start, &value, offset)
        });
        self.finding_at(path.to_owned(), within.or(start), message.into())
    }

    pub(super) fn finding_at(
        &self,
        path: String,
        position: Option<Position>,
        message: String,
    ) -> Finding {
        let place = self
            .file
            .as_ref()
            .zip(position)
            .map(|(file, position)| Place {
                file: file.name.clone(),
                position,
                snippet: snippet(&file.text, position),
            });
        Finding {
            path,
            place,
            message,
            help: None,
        }
    }
}

/// One thing that is wrong with a mapping document, or odd about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The field, for example `resources[2].port.entity.mappings.identifier`; empty for the
    /// document as a whole.
    pub path: String,
    /// Where in which file, if the document came from one.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// A position in a file, with what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The file's name, as it was given.
    pub file: String,
    /// The position.
    pub position: Position,
    /// The line, and a mark under the column.
    pub snippet: String,
}

impl Finding {
    /// The same finding with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { file, position, .. }) = &self.place {
            write!(f, "{file}:{position}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "`{}` ", self.path)?;
        }
        write!(f, "{}", self.message)?;
        if let Some(place) = &self.place {
            write!(f, "\n{}", place.snippet)?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

/// Notes where the fields below `node` stand: a list or an object where its key does.
fn collect(
    node: &Node,
    path: String,
    positions: &mut HashMap<String, Position>,
    keys: &mut HashMap<String, Position>,
) {
    match &node.data {
        Data::List(items) => {
            for (index, item) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                positions.extend(item.at.map(|at| (path.clone(), at)));
                collect(item, path, positions, keys);
            }
        }
        Data::Map(entries) => {
            for entry in entries {
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{}", entry.key);
                positions.extend(entry.place().map(|at| (path.clone(), at)));
                keys.extend(entry.at.map(|at| (path.clone(), at)));
                collect(&entry.value, path, positions, keys);
            }
        }
        _ => {}
    }
}

/// Where a character of a value stands, when the value begins at `start`. [`None`] when the text
/// cannot be followed, for example through escapes by number.
///
/// What a scalar has in the text and not in its value is passed over: its opening quote or the
/// header of its block, breaks and indentation within it, the backslash or second quote of an
/// escape.
fn character_at(text: &str, start: Position, value: &[char], offset: usize) -> Option<Position> {
    let wanted = value.get(..=offset.min(value.len().checked_sub(1)?))?;
    let mut cursor = Cursor::new(text, start)?;
    let is_quoted = cursor.skip_opening(value.first().copied());
    let mut found = start;
    for character in wanted {
        loop {
            found = cursor.at;
            let read = cursor.next()?;
            let is_folded = character.is_whitespace() && read.is_whitespace();
            if read == *character || is_folded {
                break;
            }
            let is_escape = is_quoted && matches!(read, '\\' | '\'');
            if !(is_escape || read.is_whitespace()) {
                return None;
            }
        }
    }
    // An error at the end of a value stands behind its last character.
    Some(if offset >= value.len() {
        cursor.at
    } else {
        found
    })
}

/// Reads a text and knows where it is.
struct Cursor<'t> {
    rest: std::iter::Peekable<std::str::Chars<'t>>,
    at: Position,
}

impl<'t> Cursor<'t> {
    fn new(text: &'t str, at: Position) -> Option<Self> {
        let mut rest = text.chars().peekable();
        for _ in 1..at.line {
            rest.find(|character| *character == '\n')?;
        }
        for _ in 1..at.column {
            rest.next()?;
        }
        Some(Self { rest, at })
    }

    fn next(&mut self) -> Option<char> {
        let read = self.rest.next()?;
        if read == '\n' {
            self.at.line += 1;
            self.at.column = 1;
        } else {
            self.at.column += 1;
        }
        Some(read)
    }

    /// Goes to where the contents of a scalar begin, and says whether it is quoted. In a block the
    /// place is that of the contents, and they may begin with a quote of their own: within quotes
    /// that one would be escaped.
    fn skip_opening(&mut self, first: Option<char>) -> bool {
        let escape = match self.rest.peek() {
            Some('"') => Some('\\'),
            Some('\'') => Some('\''),
            _ => None,
        };
        let is_own = first == self.rest.peek().copied() && self.rest.clone().nth(1) != escape;
        match self.rest.peek() {
            Some('"' | '\'') if !is_own => {
                self.next();
                true
            }
            Some('|' | '>') => {
                while self.next().is_some_and(|read| read != '\n') {}
                false
            }
            _ => false,
        }
    }
}

fn snippet(text: &str, position: Position) -> String {
    let line: Vec<char> = text
        .lines()
        .nth(position.line.saturating_sub(1))
        .unwrap_or_default()
        .chars()
        .collect();
    let column = position.column.saturating_sub(1).min(line.len());
    let from = column.saturating_sub(SNIPPET_RADIUS);
    let shown: String = line
        .iter()
        .skip(from)
        .take(2 * SNIPPET_RADIUS)
        .map(|&character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    let number = position.line.to_string();
    let margin = " ".repeat(number.len());
    let mark = " ".repeat(column - from);
    format!(
        "{margin} |\n{number} | {}\n{margin} | {mark}^",
        shown.trim_end()
    )
}
