//! What do `+ - * / %` do with values?

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::sync::Arc;

use super::budget;
use super::text::describe;
use super::value::{Object, Val};
use super::{Outcome, fail};

/// The longest text that repetition may make; jq refuses more, too.
const MAX_TEXT: usize = 512 << 20;

impl Add for Val {
    type Output = Outcome;

    fn add(self, other: Self) -> Outcome {
        budget::tick()?;
        match (self, other) {
            (Self::Null, value) | (value, Self::Null) => Ok(value),
            (Self::Num(left), Self::Num(right)) => Ok(Self::float(left.as_f64() + right.as_f64())),
            (Self::Str(left), Self::Str(right)) => {
                budget::allocate(left.len() + right.len())?;
                Ok(Self::Str([left.as_ref(), right.as_ref()].concat().into()))
            }
            (Self::Arr(mut left), Self::Arr(right)) => {
                charge_copy(Arc::get_mut(&mut left).is_some(), left.len(), right.len())?;
                Arc::make_mut(&mut left).append(right.iter().cloned());
                Ok(Self::Arr(left))
            }
            (Self::Obj(mut left), Self::Obj(right)) => {
                charge_copy(Arc::get_mut(&mut left).is_some(), left.len(), right.len())?;
                let merged = Arc::make_mut(&mut left);
                for (key, value) in right.iter() {
                    merged.insert(Arc::clone(key), value.clone());
                }
                Ok(Self::Obj(left))
            }
            (left, right) => refuse(&left, &right, "added"),
        }
    }
}

impl Sub for Val {
    type Output = Outcome;

    fn sub(self, other: Self) -> Outcome {
        budget::tick()?;
        match (self, other) {
            (Self::Num(left), Self::Num(right)) => Ok(Self::float(left.as_f64() - right.as_f64())),
            (Self::Arr(left), Self::Arr(right)) => {
                charge_product(left.len(), right.len())?;
                let kept = left.iter().filter(|item| !right.contains(item));
                Ok(Self::array(kept.cloned().collect()))
            }
            (left, right) => refuse(&left, &right, "subtracted"),
        }
    }
}

impl Mul for Val {
    type Output = Outcome;

    fn mul(self, other: Self) -> Outcome {
        budget::tick()?;
        match (self, other) {
            (Self::Num(left), Self::Num(right)) => Ok(Self::float(left.as_f64() * right.as_f64())),
            (Self::Str(text), Self::Num(count)) | (Self::Num(count), Self::Str(text)) => {
                repeat(&text, count.as_f64())
            }
            (Self::Obj(left), Self::Obj(right)) => deep_merge(left, &right).map(Self::Obj),
            (left, right) => refuse(&left, &right, "multiplied"),
        }
    }
}

impl Div for Val {
    type Output = Outcome;

    fn div(self, other: Self) -> Outcome {
        budget::tick()?;
        match (&self, &other) {
            (Self::Num(left), Self::Num(right)) => {
                if right.as_f64() == 0.0 {
                    return refuse(&self, &other, "divided because the divisor is zero");
                }
                Ok(Self::float(left.as_f64() / right.as_f64()))
            }
            (Self::Str(text), Self::Str(separator)) => split(text, separator),
            _ => refuse(&self, &other, "divided"),
        }
    }
}

impl Rem for Val {
    type Output = Outcome;

    fn rem(self, other: Self) -> Outcome {
        budget::tick()?;
        let (Self::Num(left), Self::Num(right)) = (&self, &other) else {
            return refuse(&self, &other, "divided (remainder)");
        };
        let (left, right) = (left.as_f64(), right.as_f64());
        if left.is_nan() || right.is_nan() {
            return Ok(Self::float(f64::NAN));
        }
        // jq truncates both sides to integers, saturating.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "saturation is what jq does"
        )]
        let (left, right) = (left as i64, (right as i64).unsigned_abs());
        if right == 0 {
            let why = "divided (remainder) because the divisor is zero";
            return refuse(&self, &other, why);
        }
        #[expect(clippy::cast_precision_loss, reason = "jq computes with doubles")]
        let remainder = (left.unsigned_abs() % right) as f64;
        Ok(Self::float(if left < 0 { -remainder } else { remainder }))
    }
}

impl Neg for Val {
    type Output = Outcome;

    fn neg(self) -> Outcome {
        budget::tick()?;
        match &self {
            Self::Num(number) => Ok(Self::Num(number.negate())),
            _ => fail(format!("{} cannot be negated", describe(&self))),
        }
    }
}

/// The parts of a text between separators; no parts of an empty text.
pub(super) fn split(text: &str, separator: &str) -> Outcome {
    budget::tick()?;
    if text.is_empty() {
        return Ok(Val::array(Vec::new()));
    }
    if separator.is_empty() {
        // The ends do not count as empty parts.
        return texts(text.split("").filter(|part| !part.is_empty()));
    }
    texts(text.split(separator))
}

/// An array of texts; each is paid for, as a short one costs far more than its bytes.
fn texts<'t>(parts: impl Iterator<Item = &'t str>) -> Outcome {
    let mut texts = Vec::new();
    for part in parts {
        budget::element(part.len())?;
        texts.push(Val::from(part));
    }
    Ok(Val::array(texts))
}

fn refuse(left: &Val, right: &Val, what: &str) -> Outcome {
    fail(format!(
        "{} and {} cannot be {what}",
        describe(left),
        describe(right)
    ))
}

fn repeat(text: &str, count: f64) -> Outcome {
    if count < 0.0 || count.is_nan() {
        return Ok(Val::Null);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturation is right: the length check follows"
    )]
    let times = count as usize;
    let length = text.len().saturating_mul(times);
    if length > MAX_TEXT {
        return fail("Repeat string result too long");
    }
    budget::allocate(length)?;
    Ok(Val::from(text.repeat(times)))
}

fn deep_merge(mut left: Arc<Object>, right: &Object) -> Result<Arc<Object>, super::Fault> {
    budget::spend_steps(right.len() as u64)?;
    charge_copy(Arc::get_mut(&mut left).is_some(), left.len(), right.len())?;
    let merged = Arc::make_mut(&mut left);
    for (key, value) in right.iter() {
        let value = match (value, merged.get(key)) {
            (Val::Obj(value), Some(Val::Obj(old))) => Val::Obj(deep_merge(Arc::clone(old), value)?),
            _ => value.clone(),
        };
        merged.insert(Arc::clone(key), value);
    }
    Ok(left)
}

/// Pays for appending `added` elements to a container, which is copied unless it is `owned`.
fn charge_copy(owned: bool, present: usize, added: usize) -> Result<(), super::Fault> {
    let copied = if owned {
        added
    } else {
        present.saturating_add(added)
    };
    budget::allocate(copied.saturating_mul(size_of::<Val>()))?;
    budget::spend_steps(copied as u64 / 16)?;
    Ok(())
}

fn charge_product(left: usize, right: usize) -> Result<(), super::Fault> {
    budget::allocate(left.saturating_mul(size_of::<Val>()))?;
    budget::spend_steps((left as u64).saturating_mul(right as u64) / 4)?;
    Ok(())
}
