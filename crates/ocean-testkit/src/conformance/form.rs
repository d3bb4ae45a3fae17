//! When are two requests the same? A [`Form`] is what a request says, part by part.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::proxy::Exchange;

/// What a request says: its parts are the parameters of the query, and the values of a JSON body by
/// the dotted path to them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Form {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) parts: Vec<(String, String)>,
}

/// What paths have in common that the same code asks for: they are as long, and begin and end
/// alike.
pub(super) type Shape<'a> = (usize, Option<&'a str>, Option<&'a str>);

pub(super) fn shape_of(path: &str) -> Shape<'_> {
    let segments: Vec<&str> = path.split('/').collect();
    let (first, last) = (segments.get(1).copied(), segments.last().copied());
    (segments.len(), first, last)
}

/// Parts of a JSON body that say which of several questions one path is asked: GraphQL's and
/// JSON-RPC's.
const OPERATIONS: [&str; 3] = [".operationName", ".method", ".query"];

/// What parameters are called, without case and punctuation, that differ from page to page.
const PAGING: [&str; 15] = [
    "after",
    "cursor",
    "limit",
    "maxresults",
    "next",
    "nextcursor",
    "nextpagetoken",
    "offset",
    "page",
    "pagenumber",
    "pagesize",
    "pagetoken",
    "perpage",
    "skip",
    "startat",
];

impl Form {
    pub(super) fn of(exchange: &Exchange) -> Self {
        let method = exchange.method.as_str();
        Self::new(method, &exchange.target, &exchange.request)
    }

    /// `target` is path and query as sent.
    pub(super) fn new(method: &str, target: &str, body: &[u8]) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = url::form_urlencoded::parse(query.as_bytes());
        let mut parts: Vec<(String, String)> = query.into_owned().collect();
        match serde_json::from_slice::<Value>(body) {
            Ok(body) => leaves(String::new(), &body, &mut parts),
            Err(_) if body.is_empty() => {}
            Err(_) => {
                let text = String::from_utf8_lossy(body).into_owned();
                parts.push(("(body)".to_owned(), text));
            }
        }
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            parts,
        }
    }

    /// The same without the parts of these names.
    pub(super) fn without(mut self, names: &BTreeSet<String>) -> Self {
        self.parts.retain(|(name, _)| !names.contains(name));
        self
    }

    /// The same for every page of one listing.
    pub(super) fn of_listing(mut self, names: &BTreeSet<String>) -> Self {
        self.parts
            .retain(|(name, _)| !names.contains(name) && !is_for_paging(name));
        self.parts.iter_mut().for_each(|(name, value)| {
            if OPERATIONS.contains(&name.as_str()) {
                *value = operation(value);
            }
        });
        self
    }

    /// The same for all requests that the same code makes.
    pub(super) fn of_shape(&self, names: &BTreeSet<String>) -> (String, Shape<'_>, Vec<String>) {
        let parts = self.parts.iter().filter(|(name, _)| !is_for_paging(name));
        let parts = parts.filter(|(name, _)| !names.contains(name));
        let said = parts.map(|(name, value)| match name {
            name if OPERATIONS.contains(&name.as_str()) => format!("{name}={}", operation(value)),
            name => name.clone(),
        });
        let said: BTreeSet<String> = said.collect();
        let said = said.into_iter().collect();
        (self.method.clone(), shape_of(&self.path), said)
    }

    /// Whether the other one is for the same path and has parts of the same names.
    pub(super) fn has_parts_of(&self, other: &Self) -> bool {
        let names = |form: &Self| -> BTreeSet<String> {
            form.parts.iter().map(|(name, _)| name.clone()).collect()
        };
        self.method == other.method && self.path == other.path && names(self) == names(other)
    }

    /// The names of the parts that only one of the two says, or that they say differently.
    pub(super) fn differing(&self, other: &Self) -> BTreeSet<String> {
        let mine: BTreeSet<_> = self.parts.iter().collect();
        let others: BTreeSet<_> = other.parts.iter().collect();
        let differing = mine.symmetric_difference(&others);
        differing.map(|(name, _)| name.clone()).collect()
    }
}

fn is_for_paging(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let plain: String = last.chars().filter(char::is_ascii_alphanumeric).collect();
    PAGING.contains(&plain.to_ascii_lowercase().as_str())
}

/// A query without what is written into it: strings and numbers.
fn operation(text: &str) -> String {
    let outside = text.split('"').step_by(2);
    let outside = outside.flat_map(str::chars);
    outside.filter(|one| !one.is_ascii_digit()).collect()
}

fn leaves(path: String, value: &Value, parts: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                leaves(format!("{path}.{name}"), value, parts);
            }
        }
        Value::Array(values) => {
            for value in values {
                leaves(path.clone(), value, parts);
            }
        }
        Value::String(text) => parts.push((path, text.clone())),
        other => parts.push((path, other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(target: &str) -> Form {
        Form::new("GET", target, b"")
    }

    fn post(body: &str) -> Form {
        Form::new("POST", "/graphql", body.as_bytes())
    }

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn pages_are_of_one_listing_and_other_parameters_are_not() {
        let listing = |target: &str| get(target).of_listing(&names(&["mark"]));
        assert_eq!(
            listing("/x?state=open"),
            listing("/x?state=open&per_page=2&startAt=4")
        );
        assert_eq!(listing("/x?state=open"), listing("/x?state=open&mark=7"));
        assert_ne!(listing("/x?state=open"), listing("/x?state=closed"));
    }

    #[test]
    fn questions_to_one_path_are_told_by_what_is_asked() {
        let none = names(&[]);
        let tickets = post(r#"{"query": "{ tickets(after: \"ab1\") { id } }"}"#);
        let next = post(r#"{"query": "{ tickets(after: \"cd2\") { id } }"}"#);
        let agents = post(r#"{"query": "{ agents(after: \"ab1\") { id } }"}"#);
        assert_eq!(tickets.of_shape(&none), next.of_shape(&none));
        assert_ne!(tickets.of_shape(&none), agents.of_shape(&none));
        assert_eq!(tickets.clone().of_listing(&none), next.of_listing(&none));
        assert_ne!(tickets.of_listing(&none), agents.of_listing(&none));
    }

    #[test]
    fn a_part_that_differs_is_named() {
        let (one, other) = (get("/x?until=1&a=b"), get("/x?until=2&a=b"));
        assert_eq!(one.differing(&other), names(&["until"]));
        assert!(one.has_parts_of(&other) && !one.has_parts_of(&get("/x?until=1")));
        assert_eq!(
            one.clone().without(&names(&["until"])),
            other.without(&names(&["until"]))
        );
    }
}
