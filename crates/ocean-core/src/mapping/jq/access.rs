//! How are parts of a value read, replaced and deleted?

use std::sync::Arc;

use super::budget;
use super::order;
use super::text::{describe, excerpt};
use super::value::{Array, Object, Val};
use super::{Fault, Outcome, fail};

/// The largest index that may be assigned to: an array is filled up with nulls.
const MAX_INDEX: usize = (1 << 29) - 1;

/// `.[key]`
pub(super) fn index(value: &Val, key: &Val) -> Outcome {
    budget::tick()?;
    match (value, key) {
        (Val::Obj(object), Val::Str(key)) => Ok(object.get(key).cloned().unwrap_or_default()),
        (Val::Arr(array), Val::Num(number)) => {
            let position = position(number.as_f64(), array.len());
            Ok(position
                .and_then(|at| array.get(at))
                .cloned()
                .unwrap_or_default())
        }
        (Val::Arr(_), Val::Arr(_)) => indices(value, key),
        (Val::Null, Val::Str(_) | Val::Num(_) | Val::Null | Val::Obj(_)) => Ok(Val::Null),
        (Val::Arr(_) | Val::Str(_), Val::Obj(range)) => {
            let (from, to) = bounds_of(range)?;
            slice(value, &from, &to)
        }
        _ => fail(cannot_index(value, key)),
    }
}

/// `.[from:to]`
pub(super) fn slice(value: &Val, from: &Val, to: &Val) -> Outcome {
    budget::tick()?;
    match value {
        Val::Null => Ok(Val::Null),
        Val::Arr(array) => {
            let (start, end) = clamp(from, to, array.len())?;
            budget::allocate((end - start) * size_of::<Val>())?;
            Ok(Val::array(
                array.get(start..end).unwrap_or_default().to_vec(),
            ))
        }
        Val::Str(text) => {
            budget::spend_steps(text.len() as u64 / 64)?;
            let (start, end) = clamp(from, to, text.chars().count())?;
            let tail = text
                .char_indices()
                .nth(start)
                .map_or("", |(at, _)| text.split_at(at).1);
            let taken = tail
                .char_indices()
                .nth(end - start)
                .map_or(tail.len(), |(at, _)| at);
            budget::allocate(taken)?;
            Ok(Val::from(tail.get(..taken).unwrap_or_default()))
        }
        other => fail(cannot_index(other, &bounds(from, to))),
    }
}

/// The object that stands for a slice in a path.
pub(super) fn bounds(from: &Val, to: &Val) -> Val {
    Val::object([("start", from.clone()), ("end", to.clone())])
}

/// `.[]`
pub(super) fn children(value: &Val) -> Result<Vec<Val>, Fault> {
    match value {
        Val::Arr(array) => Ok(array.to_vec()),
        Val::Obj(object) => Ok(object.values().cloned().collect()),
        other => Err(Fault::str(format!(
            "Cannot iterate over {}",
            describe(other)
        ))),
    }
}

/// The keys and values below a value, for paths.
pub(super) fn entries(value: &Val) -> Result<Vec<(Val, Val)>, Fault> {
    match value {
        Val::Arr(array) => {
            let numbered = array.iter().enumerate();
            Ok(numbered
                .map(|(at, item)| (Val::count(at), item.clone()))
                .collect())
        }
        Val::Obj(object) => {
            let pairs = object.iter();
            Ok(pairs
                .map(|(key, item)| (Val::Str(Arc::clone(key)), item.clone()))
                .collect())
        }
        other => Err(Fault::str(format!(
            "Cannot iterate over {}",
            describe(other)
        ))),
    }
}

/// `has(key)`
pub(super) fn has(value: &Val, key: &Val) -> Outcome {
    match (value, key) {
        (Val::Obj(object), Val::Str(key)) => Ok(object.get(key).is_some().into()),
        (Val::Arr(array), Val::Num(number)) => {
            let at = number.as_f64();
            #[expect(
                clippy::cast_precision_loss,
                reason = "an array has fewer than 2^53 elements"
            )]
            Ok((at >= 0.0 && at < array.len() as f64).into())
        }
        (Val::Null, _) => Ok(false.into()),
        _ => {
            let (value, key) = (value.kind(), key.kind());
            fail(format!("Cannot check whether {value} has a {key} key"))
        }
    }
}

/// Where `part` occurs in `whole`; null for null.
pub(super) fn indices(whole: &Val, part: &Val) -> Outcome {
    budget::tick()?;
    match (whole, part) {
        (Val::Null, _) => Ok(Val::Null),
        (Val::Str(whole), Val::Str(part)) => {
            budget::allocate(whole.len())?;
            Ok(Val::array(occurrences(whole, part)))
        }
        (Val::Arr(whole), Val::Arr(part)) => {
            budget::spend_steps((whole.len() as u64).saturating_mul(part.len() as u64) / 4)?;
            if part.is_empty() {
                return Ok(Val::array(Vec::new()));
            }
            let windows = whole.windows(part.len()).enumerate();
            let found = windows.filter(|(_, window)| *window == &***part);
            Ok(Val::array(found.map(|(at, _)| Val::count(at)).collect()))
        }
        (Val::Arr(whole), item) => {
            let found = whole.iter().enumerate().filter(|(_, other)| *other == item);
            Ok(Val::array(found.map(|(at, _)| Val::count(at)).collect()))
        }
        _ => fail(cannot_index(whole, part)),
    }
}

/// The value at a path; null below null.
pub(super) fn get_path(value: &Val, path: &Val) -> Outcome {
    let mut value = value.clone();
    for key in path_of(path)? {
        value = index(&value, key)?;
    }
    Ok(value)
}

/// Replaces the value at a path, building what is missing on the way.
pub(super) fn set_path(value: Val, path: &[Val], new: Val) -> Outcome {
    change_path(value, path, |_| Ok(new))
}

/// Lets `change` replace the value at a path.
///
/// The value is taken out of its container while `change` runs, so that a container that nobody
/// else holds is changed in place.
pub(super) fn change_path(
    value: Val,
    path: &[Val],
    change: impl FnOnce(Val) -> Outcome,
) -> Outcome {
    budget::tick()?;
    let Some((key, rest)) = path.split_first() else {
        return change(value);
    };
    match (value, key) {
        (Val::Null, Val::Str(_)) => change_key(Arc::new(Object::default()), key, |old| {
            change_path(old, rest, change)
        }),
        (Val::Obj(object), Val::Str(_)) => {
            change_key(object, key, |old| change_path(old, rest, change))
        }
        (Val::Null, Val::Num(number)) => {
            let empty = Arc::new(Array::from(Vec::new()));
            change_index(empty, number.as_f64(), |old| change_path(old, rest, change))
        }
        (Val::Arr(array), Val::Num(number)) => {
            change_index(array, number.as_f64(), |old| change_path(old, rest, change))
        }
        (value @ (Val::Null | Val::Arr(_)), Val::Obj(range)) => {
            change_slice(value, range, |old| change_path(old, rest, change))
        }
        (value, key) => fail(cannot_index(&value, key)),
    }
}

/// Deletes the values at all paths; the longest and last first, so that none moves another.
pub(super) fn delete_paths(value: Val, paths: &Val) -> Outcome {
    let Val::Arr(paths) = paths else {
        return fail("Paths must be specified as an array");
    };
    let mut paths = paths.to_vec();
    paths.sort_by(order::compare_lawfully);
    budget::spend_steps(paths.len() as u64)?;
    if let Some(wrong) = paths.iter().find(|path| !matches!(path, Val::Arr(_))) {
        return fail(format!(
            "Path must be specified as array, not {}",
            wrong.kind()
        ));
    }
    let mut value = value;
    for path in paths.iter().rev() {
        value = delete_path(value, path_of(path)?)?;
    }
    Ok(value)
}

/// The steps of a path value.
pub(super) fn path_of(path: &Val) -> Result<&[Val], Fault> {
    match path {
        Val::Arr(path) => Ok(path),
        _ => Err(Fault::str("Path must be specified as an array")),
    }
}

fn delete_path(value: Val, path: &[Val]) -> Outcome {
    budget::tick()?;
    match path {
        [] => Ok(Val::Null),
        [key] => delete_key(value, key),
        [key, rest @ ..] => {
            if matches!(index(&value, key)?, Val::Null) {
                return Ok(value);
            }
            change_path(value, std::slice::from_ref(key), |old| {
                delete_path(old, rest)
            })
        }
    }
}

fn delete_key(value: Val, key: &Val) -> Outcome {
    match (value, key) {
        (Val::Null, _) => Ok(Val::Null),
        (Val::Obj(mut object), Val::Str(key)) => {
            Arc::make_mut(&mut object).remove(key);
            Ok(Val::Obj(object))
        }
        (Val::Arr(mut array), Val::Num(number)) => {
            if let Some(at) = position(number.as_f64(), array.len()).filter(|at| *at < array.len())
            {
                Arc::make_mut(&mut array).rearrange(|items| {
                    items.remove(at);
                });
            }
            Ok(Val::Arr(array))
        }
        (Val::Arr(mut array), Val::Obj(range)) => {
            let (from, to) = bounds_of(range)?;
            let (start, end) = clamp(&from, &to, array.len())?;
            Arc::make_mut(&mut array).rearrange(|items| {
                items.drain(start..end);
            });
            Ok(Val::Arr(array))
        }
        (value @ (Val::Obj(_) | Val::Arr(_)), key) => fail(format!(
            "Cannot delete {} element of {}",
            key.kind(),
            value.kind()
        )),
        (value, _) => fail(format!("Cannot delete fields from {}", value.kind())),
    }
}

fn change_key(mut object: Arc<Object>, key: &Val, change: impl FnOnce(Val) -> Outcome) -> Outcome {
    let Val::Str(key) = key else {
        return fail(cannot_index(&Val::Obj(object), key));
    };
    charge_unless_owned(Arc::get_mut(&mut object).is_some(), object.len())?;
    let entries = Arc::make_mut(&mut object);
    let old = entries.take(key).unwrap_or_default();
    entries.insert(Arc::clone(key), change(old)?);
    Ok(Val::Obj(object))
}

fn change_index(
    mut array: Arc<Array>,
    number: f64,
    change: impl FnOnce(Val) -> Outcome,
) -> Outcome {
    let Some(at) = position(number, array.len()) else {
        return fail("Out of bounds negative array index");
    };
    if at > MAX_INDEX {
        return fail("Array index too large");
    }
    charge_unless_owned(Arc::get_mut(&mut array).is_some(), array.len())?;
    budget::allocate(at.saturating_sub(array.len()) * size_of::<Val>())?;
    let items = Arc::make_mut(&mut array);
    let old = items.take(at).unwrap_or_default();
    items.set(at, change(old)?);
    Ok(Val::Arr(array))
}

fn change_slice(value: Val, range: &Object, change: impl FnOnce(Val) -> Outcome) -> Outcome {
    let (from, to) = bounds_of(range)?;
    let old = slice(&value, &from, &to)?;
    let Val::Arr(new) = change(old)? else {
        return fail("A slice of an array can only be assigned another array");
    };
    let array = match value {
        Val::Arr(array) => array,
        _ => Arc::default(),
    };
    let (start, end) = clamp(&from, &to, array.len())?;
    budget::allocate((array.len() + new.len()) * size_of::<Val>())?;
    let mut items = array.get(..start).unwrap_or_default().to_vec();
    items.extend(new.iter().cloned());
    items.extend(array.get(end..).unwrap_or_default().iter().cloned());
    Ok(Val::array(items))
}

fn charge_unless_owned(owned: bool, len: usize) -> Result<(), Fault> {
    if !owned {
        budget::allocate(len * size_of::<Val>())?;
        budget::spend_steps(len as u64 / 16)?;
    }
    Ok(())
}

/// The start and end of a slice object.
fn bounds_of(range: &Object) -> Result<(Val, Val), Fault> {
    match (range.get("start"), range.get("end")) {
        (Some(start), Some(end)) => Ok((start.clone(), end.clone())),
        _ => Err(Fault::str("Array/string slice indices must be integers")),
    }
}

/// The position that a number means: fractions are cut, negative ones count from the end.
///
/// [`None`] lies before the beginning, or is NaN.
fn position(number: f64, len: usize) -> Option<usize> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "an array has fewer than 2^53 elements"
    )]
    let at = if number < 0.0 {
        number.floor() + len as f64
    } else {
        number.floor()
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative; saturation means out of bounds"
    )]
    (at >= 0.0).then_some(at as usize)
}

/// Start and end within `len`: the start is rounded down, the end up.
fn clamp(from: &Val, to: &Val, len: usize) -> Result<(usize, usize), Fault> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "an array has fewer than 2^53 elements"
    )]
    let whole = len as f64;
    let read = |bound: &Val, default: f64| match bound {
        Val::Null => Ok(default),
        Val::Num(number) => Ok(number.as_f64()),
        _ => Err(Fault::str("Array/string slice indices must be integers")),
    };
    let from_end = |bound: f64| if bound < 0.0 { bound + whole } else { bound };
    let start = from_end(read(from, 0.0)?).max(0.0).min(whole);
    let end = from_end(read(to, whole)?).max(start).min(whole);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "both lie between zero and len"
    )]
    Ok((start.floor() as usize, end.ceil() as usize))
}

fn occurrences(whole: &str, part: &str) -> Vec<Val> {
    if part.is_empty() {
        return Vec::new();
    }
    let bytes = whole.as_bytes().windows(part.len()).enumerate();
    let starts = bytes
        .filter(|(_, window)| *window == part.as_bytes())
        .map(|(at, _)| at);
    let mut counted = (0, 0);
    starts
        .map(|at| {
            let skipped = whole.get(counted.0..at).unwrap_or_default().chars().count();
            counted = (at, counted.1 + skipped);
            Val::count(counted.1)
        })
        .collect()
}

fn cannot_index(value: &Val, key: &Val) -> String {
    format!(
        "Cannot index {} with {} ({})",
        value.kind(),
        key.kind(),
        excerpt(key)
    )
}
