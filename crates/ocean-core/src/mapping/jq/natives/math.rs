//! Filters on numbers.

use jaq_core::native::v;

use super::Native;
use super::control::on_input;
use crate::mapping::jq::number::Num;
use crate::mapping::jq::text::describe;
use crate::mapping::jq::{Fault, Outcome, Val, fail};

/// A function of one number as a filter.
macro_rules! unary {
    ($name:literal, $function:expr) => {
        ($name, v(0), |cv| {
            on_input(cv, |value| Ok(Val::float($function(number(value)?))))
        })
    };
}

/// A function of the two arguments of a filter, which are the second and first parameter.
macro_rules! binary {
    ($name:literal, $function:expr) => {
        ($name, v(2), |mut cv| {
            let (right, left) = (cv.0.pop_var(), cv.0.pop_var());
            jaq_core::native::bome(apply(&left, &right, $function))
        })
    };
}

pub(super) fn natives() -> Vec<Native> {
    let mut natives = elementary();
    natives.extend(arithmetic());
    natives
}

fn elementary() -> Vec<Native> {
    vec![
        unary!("acos", f64::acos),
        unary!("acosh", f64::acosh),
        unary!("asin", f64::asin),
        unary!("asinh", f64::asinh),
        unary!("atan", f64::atan),
        unary!("atanh", f64::atanh),
        unary!("cbrt", f64::cbrt),
        unary!("ceil", f64::ceil),
        unary!("cos", f64::cos),
        unary!("cosh", f64::cosh),
        unary!("exp", f64::exp),
        unary!("exp10", |x: f64| 10_f64.powf(x)),
        unary!("exp2", f64::exp2),
        unary!("expm1", f64::exp_m1),
        unary!("fabs", f64::abs),
        unary!("floor", f64::floor),
        unary!("log", f64::ln),
        unary!("log10", f64::log10),
        unary!("log1p", f64::ln_1p),
        unary!("log2", f64::log2),
        unary!("logb", |x: f64| f64::from(exponent(x))),
        unary!("nearbyint", f64::round_ties_even),
        unary!("rint", f64::round_ties_even),
        unary!("round", f64::round),
        unary!("significand", |x: f64| x / 2_f64.powi(exponent(x))),
        unary!("sin", f64::sin),
        unary!("sinh", f64::sinh),
        unary!("sqrt", f64::sqrt),
        unary!("tan", f64::tan),
        unary!("tanh", f64::tanh),
        unary!("trunc", f64::trunc),
        binary!("atan2", f64::atan2),
        binary!("copysign", f64::copysign),
        binary!("drem", remainder),
        binary!("fdim", |x: f64, y: f64| (x - y).max(0.0)),
        binary!("fmax", f64::max),
        binary!("fmin", f64::min),
        binary!("fmod", |x: f64, y: f64| x % y),
        binary!("hypot", f64::hypot),
        binary!("ldexp", |x: f64, y: f64| x * y.exp2()),
        binary!("nextafter", next_after),
        binary!("nexttoward", next_after),
        binary!("pow", f64::powf),
        binary!("remainder", remainder),
        binary!("scalb", |x: f64, y: f64| x * y.exp2()),
        binary!("scalbln", |x: f64, y: f64| x * y.exp2()),
    ]
}

fn arithmetic() -> Vec<Native> {
    vec![
        ("abs", v(0), |cv| on_input(cv, abs)),
        ("infinite", v(0), |_| {
            jaq_core::native::bome(Ok(Val::float(f64::INFINITY)))
        }),
        ("nan", v(0), |_| {
            jaq_core::native::bome(Ok(Val::float(f64::NAN)))
        }),
        ("isnan", v(0), |cv| {
            on_input(cv, |value| Ok(is(value, f64::is_nan)))
        }),
        ("isinfinite", v(0), |cv| {
            on_input(cv, |value| Ok(is(value, f64::is_infinite)))
        }),
        ("isfinite", v(0), |cv| {
            on_input(cv, |value| Ok(is(value, |x| !x.is_infinite())))
        }),
        ("isnormal", v(0), |cv| {
            on_input(cv, |value| Ok(is(value, f64::is_normal)))
        }),
        ("frexp", v(0), |cv| on_input(cv, frexp)),
        ("modf", v(0), |cv| on_input(cv, modf)),
        ("_multiply_add", v(2), |mut cv| {
            let (sum, factor) = (cv.0.pop_var(), cv.0.pop_var());
            let result = || {
                Ok(Val::float(
                    number(&cv.1)?.mul_add(number(&factor)?, number(&sum)?),
                ))
            };
            jaq_core::native::bome(result())
        }),
    ]
}

fn number(value: &Val) -> Result<f64, Fault> {
    match value {
        Val::Num(number) => Ok(number.as_f64()),
        _ => Err(Fault::str(format!("{} number required", describe(value)))),
    }
}

fn apply(left: &Val, right: &Val, function: fn(f64, f64) -> f64) -> Outcome {
    Ok(Val::float(function(number(left)?, number(right)?)))
}

fn is(value: &Val, test: fn(f64) -> bool) -> Val {
    matches!(value, Val::Num(number) if test(number.as_f64())).into()
}

fn abs(value: &Val) -> Outcome {
    match value {
        Val::Num(Num::Int(int)) if *int >= 0 => Ok(value.clone()),
        Val::Num(number) if number.as_f64() > 0.0 => Ok(value.clone()),
        Val::Num(number) => Ok(Val::float(number.as_f64().abs())),
        // Only what sorts before numbers counts as negative.
        Val::Str(_) | Val::Arr(_) | Val::Obj(_) => Ok(value.clone()),
        _ => fail(format!("{} cannot be negated", describe(value))),
    }
}

fn frexp(value: &Val) -> Outcome {
    let x = number(value)?;
    if x == 0.0 || !x.is_finite() {
        return Ok(Val::array(vec![Val::float(x), Val::float(0.0)]));
    }
    let exponent = exponent(x) + 1;
    let mantissa = x / 2_f64.powi(exponent);
    Ok(Val::array(vec![
        Val::float(mantissa),
        Val::float(exponent.into()),
    ]))
}

fn modf(value: &Val) -> Outcome {
    let x = number(value)?;
    let fraction = if x.is_infinite() {
        0.0_f64.copysign(x)
    } else {
        x.fract()
    };
    Ok(Val::array(vec![
        Val::float(fraction),
        Val::float(x.trunc()),
    ]))
}

/// The power of two next below `x`.
fn exponent(x: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "an exponent has 11 bits")]
    let estimate = x.abs().log2().floor() as i32;
    // The logarithm may be rounded up to a whole number.
    if x.abs() < 2_f64.powi(estimate) {
        estimate - 1
    } else {
        estimate
    }
}

fn remainder(x: f64, y: f64) -> f64 {
    x - y * (x / y).round_ties_even()
}

fn next_after(x: f64, y: f64) -> f64 {
    if x < y {
        x.next_up()
    } else if x > y {
        x.next_down()
    } else {
        y
    }
}
