//! Filters on dates and times.
//!
//! A broken-down time is an array `[year, month from 0, day, hours, minutes, seconds, day of week,
//! day of year]`, always in UTC: the local time of the process is UTC, too.

use std::time::{SystemTime, UNIX_EPOCH};

use jaq_core::native::v;

use super::Native;
use super::control::{on_input, with_argument};
use crate::mapping::jq::calendar::{self, Moment};
use crate::mapping::jq::{Fault, Outcome, Val, budget, fail};

pub(super) fn natives() -> Vec<Native> {
    vec![
        ("now", v(0), |_| jaq_core::native::bome(Ok(now()))),
        ("gmtime", v(0), |cv| on_input(cv, gmtime)),
        ("mktime", v(0), |cv| on_input(cv, mktime)),
        ("strptime", v(1), |cv| with_argument(cv, strptime)),
        ("strftime", v(1), |cv| {
            with_argument(cv, |value, format| strftime(value, format, "GMT"))
        }),
        ("strflocaltime", v(1), |cv| {
            with_argument(cv, |value, format| strftime(value, format, "UTC"))
        }),
    ]
}

fn now() -> Val {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Val::float(since.as_secs_f64())
}

fn gmtime(value: &Val) -> Outcome {
    let Val::Num(seconds) = value else {
        return fail("gmtime() requires a number");
    };
    let seconds = seconds.as_f64();
    match Moment::from_seconds(seconds) {
        Some(moment) => Ok(broken_down(&moment, seconds - seconds.floor())),
        None => fail("error converting number of seconds since epoch to datetime"),
    }
}

fn mktime(value: &Val) -> Outcome {
    if !matches!(value, Val::Arr(_)) {
        return fail("mktime requires array inputs");
    }
    let moment = moment(value, "mktime")?;
    match moment.seconds() {
        Some(seconds) => Ok(whole(seconds)),
        None => fail("invalid gmtime representation"),
    }
}

fn strptime(value: &Val, format: &Val) -> Outcome {
    let (Val::Str(text), Val::Str(format)) = (value, format) else {
        return fail("strptime/1 requires string inputs and arguments");
    };
    budget::spend_steps(format.len() as u64 / 4)?;
    match calendar::parse(text, format) {
        Some(moment) => Ok(broken_down(&moment, 0.0)),
        None => fail(format!(
            "date \"{text}\" does not match format \"{format}\""
        )),
    }
}

fn strftime(value: &Val, format: &Val, zone: &str) -> Outcome {
    let Val::Str(format) = format else {
        return fail("strftime/1 requires a string format");
    };
    let time = if matches!(value, Val::Num(_)) {
        gmtime(value)?
    } else {
        value.clone()
    };
    if !matches!(time, Val::Arr(_)) {
        return fail("strftime/1 requires parsed datetime inputs");
    }
    calendar::format(&moment(&time, "strftime/1")?, format, zone)
}

fn broken_down(moment: &Moment, fraction: f64) -> Val {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a minute has at most 61 seconds"
    )]
    let second = Val::float(moment.second as f64 + fraction);
    Val::array(vec![
        whole(moment.year),
        whole(moment.month),
        whole(moment.day),
        whole(moment.hour),
        whole(moment.minute),
        second,
        whole(moment.weekday),
        whole(moment.yearday),
    ])
}

/// Reads a broken-down time; missing parts are zero.
fn moment(value: &Val, filter: &str) -> Result<Moment, Fault> {
    let refused = || Fault::str(format!("{filter} requires parsed datetime inputs"));
    let Val::Arr(parts) = value else {
        return Err(refused());
    };
    let mut numbers = [0_i64; 8];
    for (slot, part) in numbers.iter_mut().zip(parts.iter()) {
        let Val::Num(number) = part else {
            return Err(refused());
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "fractions are cut, as jq does"
        )]
        let cut = number.as_f64().clamp(-1e15, 1e15) as i64;
        *slot = cut;
    }
    let [year, month, day, hour, minute, second, weekday, yearday] = numbers;
    Ok(Moment {
        year,
        month,
        day,
        hour,
        minute,
        second,
        weekday,
        yearday,
    })
}

fn whole(number: i64) -> Val {
    #[expect(clippy::cast_precision_loss, reason = "jq computes with doubles")]
    let number = number as f64;
    Val::float(number)
}
