//! Filters on regular expressions.
//!
//! jq uses Oniguruma; here it is a backtracking matcher with the same syntax for what mappings use
//! (look-around and back-references included), bounded in its steps.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use fancy_regex::{Captures, Regex, RegexBuilder};
use jaq_core::box_iter::box_once;
use jaq_core::native::{bome, v};
use jaq_core::{Bind, Cv, ValX, ValXs};

use super::Native;
use super::control::on_input;
use crate::mapping::jq::program::Data;
use crate::mapping::jq::text::describe;
use crate::mapping::jq::{Fault, Outcome, Val, budget};

/// About how many bytes the object of a match or group takes beside its text.
const MATCH_OBJECT: usize = 256;

/// How many compiled expressions a thread keeps.
const KEPT: usize = 256;

pub(super) fn natives() -> Vec<Native> {
    vec![
        ("test", v(1), |mut cv| {
            let argument = cv.0.pop_var();
            bome(unpack(&argument).and_then(|(regex, flags)| test(&cv.1, &regex, &flags)))
        }),
        ("test", v(2), |mut cv| {
            let (flags, regex) = (cv.0.pop_var(), cv.0.pop_var());
            bome(test(&cv.1, &regex, &flags))
        }),
        ("match", v(1), |mut cv| {
            let argument = cv.0.pop_var();
            let found = unpack(&argument).and_then(|(regex, flags)| matches(&cv.1, &regex, &flags));
            each(found)
        }),
        ("match", v(2), |mut cv| {
            let (flags, regex) = (cv.0.pop_var(), cv.0.pop_var());
            each(matches(&cv.1, &regex, &flags))
        }),
        ("_named_captures", v(0), |cv| {
            on_input(cv, |found| Ok(named_captures(found)))
        }),
        ("split", v(2), |mut cv| {
            let (flags, regex) = (cv.0.pop_var(), cv.0.pop_var());
            bome(split(&cv.1, &regex, &flags))
        }),
        (
            "_sub",
            [Bind::Var(()), Bind::Fun(()), Bind::Var(())].into(),
            |cv| substitute(cv),
        ),
    ]
}

/// What the letters of the flags argument say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Flags {
    global: bool,
    ignore_case: bool,
    extended: bool,
    dot_matches_newline: bool,
    skip_empty: bool,
}

impl Flags {
    fn parse(flags: &Val) -> Result<Self, Fault> {
        let letters = match flags {
            Val::Null => return Ok(Self::default()),
            Val::Str(letters) => letters,
            other => return Err(Fault::str(format!("{} is not a string", describe(other)))),
        };
        let mut parsed = Self::default();
        for letter in letters.chars() {
            match letter {
                'g' => parsed.global = true,
                'i' => parsed.ignore_case = true,
                'x' => parsed.extended = true,
                'p' => parsed.dot_matches_newline = true,
                'n' => parsed.skip_empty = true,
                // Single-line mode is the default, and the longest match is not searched for.
                's' | 'l' => {}
                _ => {
                    let message = format!("{letters} is not a valid modifier string");
                    return Err(Fault::str(message));
                }
            }
        }
        Ok(parsed)
    }
}

/// The expression and flags of a filter that takes them as one argument.
fn unpack(argument: &Val) -> Result<(Val, Val), Fault> {
    match argument {
        Val::Str(_) => Ok((argument.clone(), Val::Null)),
        Val::Arr(parts) if !parts.is_empty() => {
            let part = |at| parts.get(at).cloned().unwrap_or_default();
            Ok((part(0), part(1)))
        }
        other => Err(Fault::str(format!(
            "{} not a string or array",
            other.kind()
        ))),
    }
}

/// Compiles an expression, once per thread.
fn compile(regex: &Val, flags: Flags) -> Result<Rc<Regex>, Fault> {
    type Compiled = HashMap<(Flags, Box<str>), Rc<Regex>>;
    thread_local! {
        static COMPILED: RefCell<Compiled> = RefCell::default();
    }
    let Val::Str(pattern) = regex else {
        return Err(Fault::str(format!(
            "{} cannot be matched, as it is not a string",
            describe(regex)
        )));
    };
    let key = (
        Flags {
            global: false,
            skip_empty: false,
            ..flags
        },
        Box::from(&**pattern),
    );
    COMPILED.with_borrow_mut(|compiled| {
        if let Some(regex) = compiled.get(&key) {
            return Ok(Rc::clone(regex));
        }
        let built = RegexBuilder::new(pattern)
            .case_insensitive(flags.ignore_case)
            .ignore_whitespace(flags.extended)
            .dot_matches_new_line(flags.dot_matches_newline)
            .delegate_size_limit(4 << 20)
            .build()
            .map_err(|error| Fault::str(format!("Regex failure: {error}")))?;
        if compiled.len() >= KEPT {
            compiled.clear();
        }
        let built = Rc::new(built);
        compiled.insert(key, Rc::clone(&built));
        Ok(built)
    })
}

fn subject(value: &Val) -> Result<&str, Fault> {
    match value {
        Val::Str(text) => {
            budget::spend_steps(1 + text.len() as u64 / 64)?;
            Ok(text)
        }
        other => {
            let what = "cannot be matched, as it is not a string";
            Err(Fault::str(format!("{} {what}", describe(other))))
        }
    }
}

fn failure(error: &fancy_regex::Error) -> Fault {
    Fault::str(format!("Regex failure: {error}"))
}

fn test(value: &Val, regex: &Val, flags: &Val) -> Outcome {
    let text = subject(value)?;
    let flags = Flags::parse(flags)?;
    let compiled = compile(regex, flags)?;
    if flags.skip_empty {
        return Ok((!find(text, &compiled, flags)?.is_empty()).into());
    }
    compiled
        .is_match(text)
        .map(Val::from)
        .map_err(|error| failure(&error))
}

fn find<'t>(text: &'t str, regex: &Regex, flags: Flags) -> Result<Vec<Captures<'t>>, Fault> {
    let mut found = Vec::new();
    for captures in regex.captures_iter(text) {
        let captures = captures.map_err(|error| failure(&error))?;
        budget::element(captures.len().saturating_mul(size_of::<[usize; 4]>()))?;
        let empty = captures
            .get(0)
            .is_none_or(|whole| whole.as_str().is_empty());
        if !(flags.skip_empty && empty) {
            found.push(captures);
        }
        if !flags.global && !found.is_empty() {
            break;
        }
    }
    Ok(found)
}

/// The match objects of a text.
fn matches(value: &Val, regex: &Val, flags: &Val) -> Result<Vec<Val>, Fault> {
    let text = subject(value)?;
    let flags = Flags::parse(flags)?;
    let regex = compile(regex, flags)?;
    let names: Vec<_> = regex
        .capture_names()
        .map(|name| name.map_or(Val::Null, Val::from))
        .collect();
    let found = find(text, &regex, flags)?;
    let mut offsets = Offsets {
        text,
        byte: 0,
        character: 0,
    };
    found
        .iter()
        .map(|captures| match_object(captures, &names, &mut offsets))
        .collect()
}

fn match_object(captures: &Captures<'_>, names: &[Val], offsets: &mut Offsets<'_>) -> Outcome {
    let mut entries = Vec::new();
    if let Some(whole) = captures.get(0) {
        entries.extend(offsets.span(whole.start(), whole.as_str())?);
    }
    let mut groups = Vec::new();
    for (group, name) in names.iter().enumerate().skip(1) {
        let mut entries: Vec<_> = match captures.get(group) {
            Some(found) => offsets.span(found.start(), found.as_str())?.into(),
            None => vec![
                ("offset", Val::float(-1.0)),
                ("string", Val::Null),
                ("length", Val::count(0)),
            ],
        };
        entries.push(("name", name.clone()));
        budget::element(MATCH_OBJECT)?;
        groups.push(Val::object(entries));
    }
    entries.push(("captures", Val::array(groups)));
    budget::element(MATCH_OBJECT)?;
    Ok(Val::object(entries))
}

/// Translates offsets in bytes to offsets in code points, going forwards from match to match.
struct Offsets<'t> {
    text: &'t str,
    byte: usize,
    character: usize,
}

impl Offsets<'_> {
    fn span(&mut self, start: usize, found: &str) -> Result<[(&'static str, Val); 3], Fault> {
        budget::element(found.len())?;
        budget::spend_steps(found.len() as u64 / 64)?;
        if start < self.byte {
            (self.byte, self.character) = (0, 0);
        }
        let skipped = self.text.get(self.byte..start).unwrap_or_default();
        self.character += skipped.chars().count();
        self.byte = start;
        Ok([
            ("offset", Val::count(self.character)),
            ("length", Val::count(found.chars().count())),
            ("string", Val::from(found)),
        ])
    }
}

fn each<'a>(found: Result<Vec<Val>, Fault>) -> ValXs<'a, Val> {
    match found {
        Ok(found) => Box::new(found.into_iter().map(Ok)),
        Err(fault) => box_once(Err(fault.into())),
    }
}

/// The named groups of a match object.
fn named_captures(found: &Val) -> Val {
    let Some(Val::Arr(groups)) = found.get("captures") else {
        return Val::object::<&str>([]);
    };
    Val::object(groups.iter().filter_map(|group| match group.get("name") {
        Some(Val::Str(name)) => Some((&**name, group.get("string").cloned().unwrap_or_default())),
        _ => None,
    }))
}

fn split(value: &Val, regex: &Val, flags: &Val) -> Outcome {
    let text = subject(value)?;
    let flags = Flags {
        global: true,
        ..Flags::parse(flags)?
    };
    let compiled = compile(regex, flags)?;
    let mut pieces = Vec::new();
    let mut from = 0;
    for captures in find(text, &compiled, flags)? {
        if let Some(separator) = captures.get(0) {
            let piece = text.get(from..separator.start()).unwrap_or_default();
            budget::element(piece.len())?;
            pieces.push(Val::from(piece));
            from = separator.end();
        }
    }
    let piece = text.get(from..).unwrap_or_default();
    budget::element(piece.len())?;
    pieces.push(Val::from(piece));
    Ok(Val::array(pieces))
}

/// `_sub($regex; replacement; $flags)`: the replacement is evaluated on the named groups of each
/// match. With several outputs, the first ones make the first result, the second ones the second.
fn substitute<'a>(mut cv: Cv<'a, Data>) -> ValXs<'a, Val> {
    let flags = cv.0.pop_var();
    let (replacement, context) = cv.0.pop_fun();
    let regex = cv.0.pop_var();
    let results = replace(&cv.1, &regex, &flags, |groups| {
        replacement.run((context.clone(), groups)).collect()
    });
    match results {
        Ok(results) => Box::new(results.into_iter().map(Ok)),
        Err(exception) => box_once(Err(exception)),
    }
}

fn replace<'a>(
    value: &Val,
    regex: &Val,
    flags: &Val,
    mut replacement: impl FnMut(Val) -> ValX<'a, Vec<Val>, Val>,
) -> ValX<'a, Vec<Val>, Val> {
    let text = subject(value)?;
    let flags = Flags::parse(flags)?;
    let compiled = compile(regex, flags)?;
    let names: Vec<Option<&str>> = compiled.capture_names().collect();
    let mut results: Vec<String> = Vec::new();
    let mut from = 0;
    for captures in find(text, &compiled, flags)? {
        let Some(whole) = captures.get(0) else {
            continue;
        };
        let gap = text.get(from..whole.start()).unwrap_or_default();
        for (at, insert) in replacement(groups(&captures, &names))?
            .into_iter()
            .enumerate()
        {
            if results.len() <= at {
                results.push(String::new());
            }
            let Some(result) = results.get_mut(at) else {
                continue;
            };
            result.push_str(gap);
            match insert {
                Val::Str(insert) => {
                    pay(gap.len() + insert.len())?;
                    result.push_str(&insert);
                }
                Val::Null => {}
                other => {
                    (Val::from(gap) + other)?;
                }
            }
        }
        from = whole.end();
    }
    if results.is_empty() {
        return Ok(vec![value.clone()]);
    }
    let rest = text.get(from..).unwrap_or_default();
    pay(results.iter().map(|result| result.len() + rest.len()).sum())?;
    Ok(results
        .into_iter()
        .map(|result| Val::from(result + rest))
        .collect())
}

fn pay(bytes: usize) -> Result<(), Fault> {
    Ok(budget::allocate(bytes)?)
}

/// The named groups of a match, null where a group took no part.
fn groups(captures: &Captures<'_>, names: &[Option<&str>]) -> Val {
    Val::object(names.iter().enumerate().filter_map(|(group, name)| {
        let found = captures
            .get(group)
            .map_or(Val::Null, |found| Val::from(found.as_str()));
        name.map(|name| (name, found))
    }))
}
