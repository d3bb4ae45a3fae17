//! Where do two recordings differ? A [`Difference`] for each call and aspect.
//!
//! Within a step the order is free: both engines ask side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::call::Call;
use crate::recording::Recording;

/// Calls that depend on time alone, and come in any number and in any step: they are compared over
/// the whole scenario, and not counted.
const TIMED: [&str; 3] = [
    "GET */resync-request",
    "POST */heartbeat",
    "POST /ingest/logs",
];

/// The step of calls that belong to none.
const WHENEVER: &str = "whenever";

/// One aspect of one call that is not the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    pub(crate) step: String,
    pub(crate) call: String,
    /// `missing`, `extra`, `fewer` or `more` of the call; `query missing`, `query extra`, `headers
    /// missing`, `headers extra`; or the path into the body.
    pub(crate) aspect: String,
    theirs: String,
    ours: String,
}

type Calls<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a Call>>;

/// All differences.
pub(crate) fn differences(theirs: &Recording, ours: &Recording) -> Vec<Difference> {
    let (theirs, ours) = (by_step(theirs), by_step(ours));
    let all: BTreeSet<_> = theirs.keys().chain(ours.keys()).collect();
    let none = Vec::new();
    let mut found = Vec::new();
    for key in all {
        let theirs = theirs.get(key).unwrap_or(&none);
        let ours = ours.get(key).unwrap_or(&none);
        let mut differs = |aspect: &str, theirs: String, ours: String| {
            found.push(Difference {
                step: key.0.to_owned(),
                call: key.1.to_owned(),
                aspect: aspect.to_owned(),
                theirs,
                ours,
            });
        };
        compare(key.0 == WHENEVER, theirs, ours, &mut differs);
    }
    found
}

fn by_step(recording: &Recording) -> Calls<'_> {
    let mut calls = Calls::new();
    for (step, all) in recording.calls() {
        for call in all {
            let timed = TIMED.iter().any(|pattern| matches(pattern, &call.name));
            let step = if timed { WHENEVER } else { step };
            calls.entry((step, &call.name)).or_default().push(call);
        }
    }
    calls
}

fn compare(
    whenever: bool,
    theirs: &[&Call],
    ours: &[&Call],
    differs: &mut impl FnMut(&str, String, String),
) {
    let count = |calls: &[&Call]| calls.iter().map(|call| call.count).sum::<u64>();
    let (a, b) = (count(theirs), count(ours));
    let aspect = match (a, b) {
        (_, 0) => "missing",
        (0, _) => "extra",
        _ if whenever || a == b => "",
        (a, b) if b < a => "fewer",
        _ => "more",
    };
    if !aspect.is_empty() {
        differs(aspect, a.to_string(), b.to_string());
    }
    if a == 0 || b == 0 {
        return;
    }
    for (aspect, part) in [
        (
            "query",
            (|call| &call.queries) as fn(&Call) -> &BTreeSet<String>,
        ),
        ("headers", |call| &call.headers),
    ] {
        let all = |calls: &[&Call]| -> BTreeSet<String> {
            calls.iter().flat_map(|call| part(call)).cloned().collect()
        };
        let (theirs, ours) = (all(theirs), all(ours));
        for missing in theirs.difference(&ours) {
            differs(&format!("{aspect} missing"), missing.clone(), String::new());
        }
        for extra in ours.difference(&theirs) {
            differs(&format!("{aspect} extra"), String::new(), extra.clone());
        }
    }
    bodies("body", &theirs[0].body, &ours[0].body, differs);
}

/// The innermost places at which two shapes differ.
fn bodies(at: &str, theirs: &Value, ours: &Value, differs: &mut impl FnMut(&str, String, String)) {
    match (theirs, ours) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for name in names {
                let member = |of: &serde_json::Map<_, _>| of.get(name).cloned();
                let (a, b) = (member(a), member(b));
                let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
                bodies(&format!("{at}.{name}"), &a, &b, differs);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == 1 && b.len() == 1 => {
            bodies(&format!("{at}[]"), &a[0], &b[0], differs);
        }
        (a, b) if a == b => {}
        (a, b) => differs(at, a.to_string(), b.to_string()),
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            step,
            call,
            aspect,
            theirs,
            ours,
        } = self;
        write!(
            f,
            "{step} | {call} | {aspect} | theirs {theirs}, ours {ours}"
        )
    }
}

/// Whether a text fits a pattern in which a star stands for anything.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let mut ends = text.char_indices().filter_map(|(at, _)| text.get(at..));
            rest.is_empty() || ends.any(|end| matches(rest, end))
        }),
    }
}
