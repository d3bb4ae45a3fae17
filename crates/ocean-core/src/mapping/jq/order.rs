//! Which of two values comes first?
//!
//! null < false < true < numbers < texts < arrays < objects; NaN orders as null does, objects by
//! their sorted keys first.

use std::cmp::Ordering;
use std::sync::Arc;

use super::value::{Object, Val};

/// jq's total order of values.
///
/// It is no lawful order where NaN is involved: NaN is less than itself.
pub(super) fn compare(left: &Val, right: &Val) -> Ordering {
    match (left, right) {
        (Val::Num(left), Val::Num(right)) if !left.is_nan() && !right.is_nan() => {
            left.compare(right)
        }
        (Val::Num(left), Val::Num(_)) if left.is_nan() => Ordering::Less,
        (Val::Num(_), Val::Num(_)) => Ordering::Greater,
        (Val::Str(left), Val::Str(right)) => left.cmp(right),
        (Val::Arr(left), Val::Arr(right)) => {
            let pairs = left.iter().zip(right.iter());
            first_difference(pairs).then_with(|| left.len().cmp(&right.len()))
        }
        (Val::Obj(left), Val::Obj(right)) => compare_objects(left, right),
        _ => rank(left).cmp(&rank(right)),
    }
}

/// Whether two values are equal as `==` sees it.
pub(super) fn equal(left: &Val, right: &Val) -> bool {
    match (left, right) {
        (Val::Str(left), Val::Str(right)) => left == right,
        (Val::Arr(left), Val::Arr(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right.iter())
                    .all(|(left, right)| equal(left, right))
        }
        (Val::Obj(left), Val::Obj(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, value)| right.get(key).is_some_and(|other| equal(value, other)))
        }
        _ => compare(left, right).is_eq(),
    }
}

/// Sorts values by a key each; equal keys keep their order.
pub(super) fn sort_by_key(pairs: &mut [(Val, Val)]) {
    // The order is unlawful for NaN, which the sort of the standard library may refuse with a
    // panic. A NaN is null here, as it is when compared with anything but itself.
    pairs.sort_by(|left, right| compare_lawfully(&left.0, &right.0));
}

/// The order of [`compare`], with all NaNs equal to each other.
pub(super) fn compare_lawfully(left: &Val, right: &Val) -> Ordering {
    match (left, right) {
        (Val::Num(left), Val::Num(right)) => match (left.is_nan(), right.is_nan()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => left.compare(right),
        },
        (Val::Arr(left), Val::Arr(right)) => left
            .iter()
            .zip(right.iter())
            .map(|(left, right)| compare_lawfully(left, right))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| left.len().cmp(&right.len())),
        _ => compare(left, right),
    }
}

fn compare_objects(left: &Arc<Object>, right: &Arc<Object>) -> Ordering {
    let (left, right) = (left.sorted(), right.sorted());
    let keys = left
        .iter()
        .map(|(key, _)| key)
        .cmp(right.iter().map(|(key, _)| key));
    keys.then_with(|| {
        let values = left.iter().map(|(_, value)| *value);
        first_difference(values.zip(right.iter().map(|(_, value)| *value)))
    })
}

fn first_difference<'a>(pairs: impl Iterator<Item = (&'a Val, &'a Val)>) -> Ordering {
    let mut orders = pairs.map(|(left, right)| compare(left, right));
    orders
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn rank(value: &Val) -> u8 {
    match value {
        Val::Null => 0,
        Val::Bool(false) => 1,
        Val::Bool(true) => 2,
        Val::Num(_) => 3,
        Val::Str(_) => 4,
        Val::Arr(_) => 5,
        Val::Obj(_) => 6,
    }
}

impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        equal(self, other)
    }
}

impl PartialOrd for Val {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(compare(self, other))
    }
}
