//! Filters on arrays and objects.

use std::cmp::Ordering;
use std::sync::Arc;

use jaq_core::native::v;

use super::Native;
use super::control::{on_input, with_argument};
use crate::mapping::jq::text::{describe, to_json_text};
use crate::mapping::jq::{Fault, Outcome, Val, access, budget, fail, order};

pub(super) fn natives() -> Vec<Native> {
    vec![
        ("length", v(0), |cv| on_input(cv, length)),
        ("type", v(0), |cv| {
            on_input(cv, |value| Ok(value.kind().into()))
        }),
        ("keys", v(0), |cv| on_input(cv, keys)),
        ("keys_unsorted", v(0), |cv| on_input(cv, keys_unsorted)),
        ("to_entries", v(0), |cv| on_input(cv, to_entries)),
        ("add", v(0), |cv| on_input(cv, add)),
        ("reverse", v(0), |cv| on_input(cv, reverse)),
        ("sort", v(0), |cv| {
            on_input(cv, |value| sort_by(value, value))
        }),
        ("unique", v(0), |cv| {
            on_input(cv, |value| unique_by(value, value))
        }),
        ("min", v(0), |cv| on_input(cv, |value| least(value, value))),
        ("max", v(0), |cv| {
            on_input(cv, |value| greatest(value, value))
        }),
        ("_sort_by", v(1), |cv| with_argument(cv, sort_by)),
        ("_group_by", v(1), |cv| with_argument(cv, group_by)),
        ("_unique_by", v(1), |cv| with_argument(cv, unique_by)),
        ("_min_by", v(1), |cv| with_argument(cv, least)),
        ("_max_by", v(1), |cv| with_argument(cv, greatest)),
        ("_flatten", v(1), |cv| with_argument(cv, flatten)),
        ("contains", v(1), |cv| with_argument(cv, contains)),
        ("join", v(1), |cv| with_argument(cv, join)),
        ("_indices", v(1), |cv| with_argument(cv, access::indices)),
        ("bsearch", v(1), |cv| with_argument(cv, bsearch)),
        ("transpose", v(0), |cv| on_input(cv, transpose)),
    ]
}

fn length(value: &Val) -> Outcome {
    match value {
        Val::Null => Ok(Val::count(0)),
        Val::Bool(_) => fail(format!("{} has no length", describe(value))),
        Val::Num(number) => Ok(Val::float(number.as_f64().abs())),
        Val::Str(text) => {
            budget::spend_steps(text.len() as u64 / 64)?;
            Ok(Val::count(text.chars().count()))
        }
        Val::Arr(array) => Ok(Val::count(array.len())),
        Val::Obj(object) => Ok(Val::count(object.len())),
    }
}

fn keys(value: &Val) -> Outcome {
    match value {
        Val::Obj(object) => {
            charge(object.len())?;
            let sorted = object.sorted().into_iter();
            Ok(Val::array(
                sorted.map(|(key, _)| Val::Str(Arc::clone(key))).collect(),
            ))
        }
        other => keys_unsorted(other),
    }
}

fn keys_unsorted(value: &Val) -> Outcome {
    match value {
        Val::Obj(object) => {
            charge(object.len())?;
            Ok(Val::array(
                object.keys().map(|key| Val::Str(Arc::clone(key))).collect(),
            ))
        }
        Val::Arr(array) => {
            charge(array.len())?;
            Ok(Val::array((0..array.len()).map(Val::count).collect()))
        }
        other => fail(format!("{} has no keys", describe(other))),
    }
}

fn to_entries(value: &Val) -> Outcome {
    if !matches!(value, Val::Arr(_) | Val::Obj(_)) {
        return fail(format!("{} has no keys", describe(value)));
    }
    let entries = access::entries(value)?;
    charge(entries.len())?;
    let entries = entries
        .into_iter()
        .map(|(key, value)| Val::object([("key", key), ("value", value)]));
    Ok(Val::array(entries.collect()))
}

fn add(value: &Val) -> Outcome {
    let children = access::children(value)?;
    if let Some(text) = concatenate(&children)? {
        return Ok(text);
    }
    children
        .into_iter()
        .try_fold(Val::Null, |sum, child| sum + child)
}

/// The sum of texts, without copying the sum for each; [`None`] if not all are texts.
fn concatenate(parts: &[Val]) -> Result<Option<Val>, Fault> {
    let texts: Option<Vec<&str>> = parts
        .iter()
        .map(|part| {
            if let Val::Str(text) = part {
                Some(&**text)
            } else {
                None
            }
        })
        .collect();
    let Some(texts) = texts.filter(|texts| !texts.is_empty()) else {
        return Ok(None);
    };
    budget::allocate(texts.iter().map(|text| text.len()).sum())?;
    Ok(Some(Val::from(texts.concat())))
}

fn reverse(value: &Val) -> Outcome {
    match value {
        Val::Null => Ok(Val::array(Vec::new())),
        Val::Arr(array) => {
            charge(array.len())?;
            Ok(Val::array(array.iter().rev().cloned().collect()))
        }
        Val::Obj(object) if object.len() == 0 => Ok(Val::array(Vec::new())),
        Val::Bool(_) => fail(format!("{} has no length", describe(value))),
        Val::Str(text) if text.is_empty() => Ok(Val::array(Vec::new())),
        Val::Str(text) => {
            let last = Val::count(text.chars().count() - 1);
            access::index(value, &last)
        }
        other => access::index(other, &Val::count(0)),
    }
}

/// The elements of an array with the keys to order them by.
fn keyed(value: &Val, keys: &Val, done: &str) -> Result<Vec<(Val, Val)>, Fault> {
    let (Val::Arr(items), Val::Arr(keys)) = (value, keys) else {
        let message = format!(
            "{} cannot be {done}, as it is not an array",
            describe(value)
        );
        return Err(Fault::str(message));
    };
    charge(items.len())?;
    budget::spend_steps(items.len() as u64)?;
    Ok(keys.iter().cloned().zip(items.iter().cloned()).collect())
}

fn sort_by(value: &Val, keys: &Val) -> Outcome {
    let mut pairs = keyed(value, keys, "sorted")?;
    order::sort_by_key(&mut pairs);
    Ok(Val::array(
        pairs.into_iter().map(|(_, item)| item).collect(),
    ))
}

fn group_by(value: &Val, keys: &Val) -> Outcome {
    let groups = groups(keyed(value, keys, "grouped")?);
    Ok(Val::array(groups.into_iter().map(Val::array).collect()))
}

fn unique_by(value: &Val, keys: &Val) -> Outcome {
    let groups = groups(keyed(value, keys, "grouped")?);
    Ok(Val::array(
        groups
            .into_iter()
            .filter_map(|group| group.into_iter().next())
            .collect(),
    ))
}

fn groups(mut pairs: Vec<(Val, Val)>) -> Vec<Vec<Val>> {
    order::sort_by_key(&mut pairs);
    let mut groups: Vec<(Val, Vec<Val>)> = Vec::new();
    for (key, item) in pairs {
        match groups.last_mut() {
            Some((last, group)) if *last == key => group.push(item),
            _ => groups.push((key, vec![item])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn least(value: &Val, keys: &Val) -> Outcome {
    let pairs = keyed(value, keys, "searched for its minimum")?.into_iter();
    let least = pairs.reduce(|least, next| if next.0 < least.0 { next } else { least });
    Ok(least.map(|(_, item)| item).unwrap_or_default())
}

fn greatest(value: &Val, keys: &Val) -> Outcome {
    let pairs = keyed(value, keys, "searched for its maximum")?.into_iter();
    let greatest = pairs.reduce(|most, next| if next.0 >= most.0 { next } else { most });
    Ok(greatest.map(|(_, item)| item).unwrap_or_default())
}

fn flatten(value: &Val, depth: &Val) -> Outcome {
    let depth = match depth {
        Val::Num(depth) => depth.as_f64(),
        _ => return fail("flatten depth must not be negative"),
    };
    if depth < 0.0 {
        return fail("flatten depth must not be negative");
    }
    let mut flat = Vec::new();
    flatten_into(&mut flat, access::children(value)?, depth)?;
    Ok(Val::array(flat))
}

fn flatten_into(flat: &mut Vec<Val>, items: Vec<Val>, depth: f64) -> Result<(), Fault> {
    charge(items.len())?;
    for item in items {
        match item {
            Val::Arr(inner) if depth > 0.0 => flatten_into(flat, inner.to_vec(), depth - 1.0)?,
            item => flat.push(item),
        }
    }
    Ok(())
}

fn contains(value: &Val, part: &Val) -> Outcome {
    if value.kind() != part.kind() {
        let (value, part) = (describe(value), describe(part));
        return fail(format!(
            "{value} and {part} cannot have their containment checked"
        ));
    }
    holds(value, part).map(Val::from)
}

fn holds(value: &Val, part: &Val) -> Result<bool, Fault> {
    budget::tick()?;
    match (value, part) {
        (Val::Obj(object), Val::Obj(part)) => {
            for (key, part) in part.iter() {
                match object.get(key) {
                    Some(value) if holds(value, part)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        (Val::Arr(items), Val::Arr(parts)) => {
            for part in parts.iter() {
                let mut found = false;
                for item in items.iter() {
                    found = found || holds(item, part)?;
                }
                if !found {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Val::Str(text), Val::Str(part)) => {
            budget::spend_steps(text.len() as u64 / 64)?;
            Ok(text.contains(&**part))
        }
        _ => Ok(value == part),
    }
}

fn join(value: &Val, separator: &Val) -> Outcome {
    let mut joined = String::new();
    for (position, item) in access::children(value)?.iter().enumerate() {
        if position > 0 {
            match separator {
                Val::Str(separator) => {
                    budget::element(separator.len())?;
                    joined.push_str(separator);
                }
                Val::Null => {}
                other => return Val::from(joined) + other.clone(),
            }
        }
        match item {
            Val::Null => {}
            Val::Bool(_) | Val::Num(_) => joined.push_str(&to_json_text(item)?),
            Val::Str(text) => {
                budget::element(text.len())?;
                joined.push_str(text);
            }
            other => return Val::from(joined) + other.clone(),
        }
    }
    budget::allocate(joined.len())?;
    Ok(Val::from(joined))
}

fn bsearch(value: &Val, target: &Val) -> Outcome {
    let Val::Arr(items) = value else {
        return fail(format!("{} cannot be searched from", describe(value)));
    };
    let (mut low, mut high) = (0, items.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        match items.get(middle).map(|item| order::compare(item, target)) {
            Some(Ordering::Equal) => return Ok(Val::count(middle)),
            Some(Ordering::Less) => low = middle + 1,
            _ => high = middle,
        }
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "an array has fewer than 2^53 elements"
    )]
    let insertion = -1.0 - low as f64;
    Ok(Val::float(insertion))
}

fn transpose(value: &Val) -> Outcome {
    let rows = access::children(value)?;
    let mut width = 0;
    for row in &rows {
        width = width.max(match row {
            Val::Arr(row) => row.len(),
            Val::Null => 0,
            other => return access::index(other, &Val::count(0)),
        });
    }
    charge(width.saturating_mul(rows.len()))?;
    let cell = |row: &Val, column: usize| match row {
        Val::Arr(row) => row.get(column).cloned().unwrap_or_default(),
        _ => Val::Null,
    };
    let column = |at| Val::array(rows.iter().map(|row| cell(row, at)).collect());
    Ok(Val::array((0..width).map(column).collect()))
}

/// Pays for an array of `len` elements.
fn charge(len: usize) -> Result<(), Fault> {
    budget::allocate(len.saturating_mul(size_of::<Val>()))?;
    budget::spend_steps(len as u64 / 16)?;
    Ok(())
}
