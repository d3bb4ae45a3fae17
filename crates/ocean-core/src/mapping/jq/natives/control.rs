//! Steps, generators, assignments: filters that run other filters.

use jaq_core::box_iter::box_once;
use jaq_core::native::{Fun, bome, v};
use jaq_core::{Bind, Cv, Exn, Native as Filter, ValX, ValXs};

use super::Native;
use crate::mapping::jq::program::Data;
use crate::mapping::jq::{Fault, Outcome, Val, access, budget, fail};

/// Filters that are also paths.
pub(super) fn with_paths() -> Vec<Fun<Data>> {
    let tick =
        Filter::new(|cv: Cv<'_, Data>| bome(budget::tick().map(|()| cv.1).map_err(Into::into)))
            .with_paths(|cv| match budget::tick() {
                Ok(()) => box_once(Ok(cv.1)),
                Err(limit) => box_once(Err(Exn::from(Fault::from(limit)))),
            });
    vec![("_tick", v(0), tick)]
}

pub(super) fn natives() -> Vec<Native> {
    vec![
        ("true", v(0), |_| bome(Ok(true.into()))),
        ("false", v(0), |_| bome(Ok(false.into()))),
        ("null", v(0), |_| bome(Ok(Val::Null))),
        ("not", v(0), |cv| bome(Ok((!cv.1.is_truthy()).into()))),
        ("_range", v(3), |cv| range(cv)),
        ("_assign", [Bind::Fun(()), Bind::Var(())].into(), |cv| {
            box_once(assign(cv))
        }),
        ("_modify", [Bind::Fun(()), Bind::Fun(())].into(), |cv| {
            box_once(modify(cv))
        }),
        ("_last_or_null", [Bind::Fun(())].into(), |cv| {
            box_once(last_or_null(cv))
        }),
        ("_halt", v(0), |_| box_once(Err(Exn::halt(0)))),
        ("setpath", v(2), |mut cv| {
            let (new, path) = (cv.0.pop_var(), cv.0.pop_var());
            bome(access::path_of(&path).and_then(|path| access::set_path(cv.1, path, new)))
        }),
        ("delpaths", v(1), |mut cv| {
            let paths = cv.0.pop_var();
            bome(access::delete_paths(cv.1, &paths))
        }),
        ("_getpath", v(1), |mut cv| {
            let path = cv.0.pop_var();
            bome(access::get_path(&cv.1, &path))
        }),
        ("has", v(1), |mut cv| {
            let key = cv.0.pop_var();
            bome(access::has(&cv.1, &key))
        }),
    ]
}

/// Numbers from `$from` up or down to `$to`; each costs a step.
fn range(mut cv: Cv<'_, Data>) -> ValXs<'_, Val> {
    let (by, to, from) = (cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var());
    let (Val::Num(from), Val::Num(to), Val::Num(by)) = (from, to, by) else {
        return bome(fail("Range bounds must be numeric"));
    };
    let (mut next, to, by) = (from.as_f64(), to.as_f64(), by.as_f64());
    let mut ended = false;
    Box::new(std::iter::from_fn(move || {
        let inside = by > 0.0 && next < to || by < 0.0 && next > to;
        if ended || !inside {
            return None;
        }
        if let Err(limit) = budget::tick() {
            ended = true;
            return Some(Err(Fault::from(limit).into()));
        }
        let current = next;
        next += by;
        Some(Ok(Val::float(current)))
    }))
}

/// `paths = $value`
fn assign<'a>(mut cv: Cv<'a, Data>) -> ValX<'a, Val> {
    let new = cv.0.pop_var();
    let mut value = cv.1.clone();
    for path in paths(&mut cv) {
        value = access::set_path(value, &path?, new.clone())?;
    }
    Ok(value)
}

/// `paths |= f`: the first output of `f` replaces a value; without one the value is deleted.
fn modify<'a>(mut cv: Cv<'a, Data>) -> ValX<'a, Val> {
    let (change, context) = cv.0.pop_fun();
    let mut value = cv.1.clone();
    let mut emptied = Vec::new();
    for path in paths(&mut cv) {
        let path = path?;
        let old = access::get_path(&value, &Val::array(path.clone()))?;
        match change.run((context.clone(), old)).next() {
            Some(new) => value = access::set_path(value, &path, new?)?,
            None => emptied.push(Val::array(path)),
        }
    }
    if emptied.is_empty() {
        return Ok(value);
    }
    Ok(access::delete_paths(value, &Val::array(emptied))?)
}

/// The paths that the last argument yields for the input.
fn paths<'a>(cv: &mut Cv<'a, Data>) -> impl Iterator<Item = ValX<'a, Vec<Val>, Val>> + use<'a> {
    let (paths, context) = cv.0.pop_fun();
    let input = std::mem::take(&mut cv.1);
    paths
        .paths((context, (input, Default::default())))
        .map(|found| {
            let (_, path) = found?;
            let mut path: Vec<Val> = path.iter().cloned().collect();
            path.reverse();
            Ok(path)
        })
}

fn last_or_null<'a>(mut cv: Cv<'a, Data>) -> ValX<'a, Val> {
    let (outputs, context) = cv.0.pop_fun();
    outputs
        .run((context, cv.1))
        .try_fold(Val::Null, |_, output| output)
}

/// Hands the input and one argument to a function.
pub(super) fn with_argument<'a>(
    mut cv: Cv<'a, Data>,
    f: fn(&Val, &Val) -> Outcome,
) -> ValXs<'a, Val> {
    let argument = cv.0.pop_var();
    bome(
        budget::tick()
            .map_err(Fault::from)
            .and_then(|()| f(&cv.1, &argument)),
    )
}

/// Hands the input to a function.
pub(super) fn on_input<'a>(cv: Cv<'a, Data>, f: fn(&Val) -> Outcome) -> ValXs<'a, Val> {
    bome(budget::tick().map_err(Fault::from).and_then(|()| f(&cv.1)))
}
