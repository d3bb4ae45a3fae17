//! Filters on texts.

use jaq_core::native::v;

use super::Native;
use super::control::{on_input, with_argument};
use crate::mapping::jq::number::Num;
use crate::mapping::jq::text::{describe, to_json_text, to_text};
use crate::mapping::jq::{Fault, Outcome, Val, budget, fail, ops};

pub(super) fn natives() -> Vec<Native> {
    vec![
        ("tostring", v(0), |cv| {
            on_input(cv, |value| Ok(to_text(value)?))
        }),
        ("tojson", v(0), |cv| on_input(cv, to_json)),
        ("fromjson", v(0), |cv| on_input(cv, from_json)),
        ("tonumber", v(0), |cv| on_input(cv, to_number)),
        ("toboolean", v(0), |cv| on_input(cv, to_boolean)),
        ("utf8bytelength", v(0), |cv| on_input(cv, utf8_byte_length)),
        ("explode", v(0), |cv| on_input(cv, explode)),
        ("implode", v(0), |cv| on_input(cv, implode)),
        ("ascii_downcase", v(0), |cv| {
            on_input(cv, |value| recase(value, str::to_ascii_lowercase))
        }),
        ("ascii_upcase", v(0), |cv| {
            on_input(cv, |value| recase(value, str::to_ascii_uppercase))
        }),
        ("trim", v(0), |cv| {
            on_input(cv, |value| trim(value, str::trim))
        }),
        ("ltrim", v(0), |cv| {
            on_input(cv, |value| trim(value, str::trim_start))
        }),
        ("rtrim", v(0), |cv| {
            on_input(cv, |value| trim(value, str::trim_end))
        }),
        ("startswith", v(1), |cv| with_argument(cv, starts_with)),
        ("endswith", v(1), |cv| with_argument(cv, ends_with)),
        ("ltrimstr", v(1), |cv| with_argument(cv, trim_prefix)),
        ("rtrimstr", v(1), |cv| with_argument(cv, trim_suffix)),
        ("split", v(1), |cv| with_argument(cv, split)),
    ]
}

fn to_json(value: &Val) -> Outcome {
    Ok(Val::from(to_json_text(value)?))
}

fn from_json(value: &Val) -> Outcome {
    let Val::Str(text) = value else {
        return fail(format!("{} only strings can be parsed", describe(value)));
    };
    budget::allocate(text.len().saturating_mul(4))?;
    budget::spend_steps(text.len() as u64 / 16)?;
    match text.trim() {
        "nan" | "-nan" => Ok(Val::float(f64::NAN)),
        "" => fail(format!("Expected JSON value (while parsing '{text}')")),
        _ => Val::from_json_exact(text)
            .or_else(|_| fail(format!("Invalid JSON text (while parsing '{text}')"))),
    }
}

fn to_number(value: &Val) -> Outcome {
    let refused = || fail(format!("{} cannot be parsed as a number", describe(value)));
    match value {
        Val::Num(_) => Ok(value.clone()),
        Val::Str(text) => match &**text {
            "nan" | "-nan" => Ok(Val::float(f64::NAN)),
            "Infinity" | "+Infinity" => Ok(Val::float(f64::INFINITY)),
            "-Infinity" => Ok(Val::float(f64::NEG_INFINITY)),
            token => {
                let digits = token.strip_prefix('+').unwrap_or(token);
                Num::from_token(digits).map_or_else(refused, |number| Ok(Val::Num(number)))
            }
        },
        _ => refused(),
    }
}

fn to_boolean(value: &Val) -> Outcome {
    match value {
        Val::Bool(_) => Ok(value.clone()),
        Val::Str(text) if &**text == "true" => Ok(true.into()),
        Val::Str(text) if &**text == "false" => Ok(false.into()),
        _ => fail(format!("{} cannot be parsed as a boolean", describe(value))),
    }
}

fn utf8_byte_length(value: &Val) -> Outcome {
    match value {
        Val::Str(text) => Ok(Val::count(text.len())),
        _ => fail(format!(
            "{} only strings have UTF-8 byte length",
            describe(value)
        )),
    }
}

fn explode(value: &Val) -> Outcome {
    let Val::Str(text) = value else {
        return fail("explode input must be a string");
    };
    budget::allocate(text.len().saturating_mul(size_of::<Val>()))?;
    let points = text
        .chars()
        .map(|character| Num::Int(u32::from(character).into()));
    Ok(Val::array(points.map(Val::Num).collect()))
}

fn implode(value: &Val) -> Outcome {
    let Val::Arr(points) = value else {
        return fail("implode input must be an array");
    };
    budget::allocate(points.len().saturating_mul(4))?;
    let mut text = String::with_capacity(points.len());
    for point in points.iter() {
        let Val::Num(number) = point else {
            let what = "can't be imploded, unicode codepoint needs to be numeric";
            return fail(format!("{} {what}", describe(point)));
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "what is out of range becomes the replacement character"
        )]
        let character = match number.as_f64() {
            code if code >= 0.0 => char::from_u32(code as u32),
            _ => None,
        };
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Ok(Val::from(text))
}

fn recase(value: &Val, change: fn(&str) -> String) -> Outcome {
    match value {
        Val::Str(text) => {
            budget::allocate(text.len())?;
            Ok(Val::from(change(text)))
        }
        _ => fail("explode input must be a string"),
    }
}

fn trim(value: &Val, change: fn(&str) -> &str) -> Outcome {
    match value {
        Val::Str(text) => {
            budget::allocate(text.len())?;
            Ok(Val::from(change(text)))
        }
        _ => fail("trim input must be a string"),
    }
}

fn starts_with(value: &Val, prefix: &Val) -> Outcome {
    let (text, prefix) = two_texts(value, prefix, "startswith() requires string inputs")?;
    Ok(text.starts_with(prefix).into())
}

fn ends_with(value: &Val, suffix: &Val) -> Outcome {
    let (text, suffix) = two_texts(value, suffix, "endswith() requires string inputs")?;
    Ok(text.ends_with(suffix).into())
}

fn trim_prefix(value: &Val, prefix: &Val) -> Outcome {
    let (text, prefix) = two_texts(value, prefix, "startswith() requires string inputs")?;
    budget::allocate(text.len())?;
    Ok(text
        .strip_prefix(prefix)
        .map_or_else(|| value.clone(), Val::from))
}

fn trim_suffix(value: &Val, suffix: &Val) -> Outcome {
    let (text, suffix) = two_texts(value, suffix, "endswith() requires string inputs")?;
    budget::allocate(text.len())?;
    Ok(text
        .strip_suffix(suffix)
        .map_or_else(|| value.clone(), Val::from))
}

fn split(value: &Val, separator: &Val) -> Outcome {
    let message = "split input and separator must be strings";
    let (text, separator) = two_texts(value, separator, message)?;
    ops::split(text, separator)
}

fn two_texts<'v>(
    left: &'v Val,
    right: &'v Val,
    message: &str,
) -> Result<(&'v str, &'v str), Fault> {
    match (left, right) {
        (Val::Str(left), Val::Str(right)) => Ok((left, right)),
        _ => Err(Fault::str(message)),
    }
}
