//! Comparison with jq: what it answered to some hundred programs lies in a fixture.

mod limits;
mod vectors;

use serde::Deserialize;
use serde_json::Value;

use super::{Budget, Environment, EvalError, Limits, Program, Refusal, Val};

#[derive(Deserialize)]
struct Case {
    program: String,
    /// `item` for the issue in the other fixture.
    on: Option<String>,
    #[serde(default)]
    input: Value,
    #[serde(default)]
    outputs: Vec<Value>,
    #[serde(default)]
    error: bool,
    #[serde(default)]
    rejected: bool,
    /// Why we answer otherwise, where that is known and accepted.
    differs: Option<String>,
}

fn cases() -> Vec<Case> {
    let item = include_str!("../../../../tests/fixtures/jq-item.json");
    let item: Value = serde_json::from_str(item).unwrap();
    let cases = include_str!("../../../../tests/fixtures/jq-corpus.json");
    let mut cases: Vec<Case> = serde_json::from_str(cases).unwrap();
    for case in cases.iter_mut().filter(|case| case.on.is_some()) {
        case.input = item.clone();
    }
    cases
}

fn evaluate(program: &str, input: &Value) -> Result<Option<Value>, String> {
    let program = Program::compile(program, &Environment::default())
        .map_err(|error| format!("does not compile: {error}"))?;
    let input = Val::from_json(input.to_string().as_bytes(), program.needs()).unwrap();
    let budget = Budget::new(Limits::default());
    match program.first(&input, &budget) {
        Ok(output) => Ok(output.map(|output| output.to_json(&budget).unwrap())),
        Err(EvalError::Jq(message)) => Err(message),
        Err(EvalError::Exhausted(limit)) => Err(limit.to_string()),
    }
}

/// Why our answers are not those of jq, if so.
fn difference(case: &Case) -> Option<String> {
    let compiled = Program::compile(&case.program, &Environment::default());
    if case.rejected {
        return match compiled {
            Ok(_) => Some("should be rejected".to_owned()),
            Err(error) => {
                (error.kind != Refusal::Rejected).then(|| format!("unsupported: {error}"))
            }
        };
    }
    if let Err(error) = compiled {
        return Some(format!("does not compile: {error}"));
    }
    let first = evaluate(&case.program, &case.input);
    let all = evaluate(&format!("[{}\n]", case.program), &case.input);
    let expected = match (case.outputs.first(), case.error) {
        (Some(output), _) => Ok(Some(output)),
        (None, false) => Ok(None),
        (None, true) => Err(()),
    };
    let same_first = match (&first, expected) {
        (Ok(None), Ok(None)) | (Err(_), Err(())) => true,
        (Ok(Some(ours)), Ok(Some(theirs))) => same(ours, theirs),
        _ => false,
    };
    let same_all = match &all {
        Ok(Some(ours)) => !case.error && same(ours, &Value::Array(case.outputs.clone())),
        Ok(None) => case.program.contains("halt"),
        Err(_) => case.error,
    };
    (!same_first || !same_all).then(|| format!("first {first:?}, all {all:?}"))
}

/// Numbers are compared by value.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => ours.as_f64() == theirs.as_f64(),
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(o, t)| same(o, t))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .all(|(key, o)| theirs.get(key).is_some_and(|t| same(o, t)))
        }
        _ => ours == theirs,
    }
}

#[test]
fn answers_are_those_of_jq() {
    let cases = cases();
    let differences: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let difference = match (difference(case), &case.differs) {
                (None, None) | (Some(_), Some(_)) => return None,
                (None, Some(_)) => "agrees, but is listed as a difference".to_owned(),
                (Some(difference), None) => difference,
            };
            let (program, input) = (&case.program, &case.input);
            let expected = if case.rejected {
                "rejection".to_owned()
            } else {
                format!(
                    "{}{}",
                    Value::from(case.outputs.clone()),
                    if case.error { " error" } else { "" }
                )
            };
            Some(format!(
                "{program} on {input}\n  expected {expected}\n  {difference}"
            ))
        })
        .collect();
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{}",
        differences.len(),
        cases.len(),
        differences.join("\n")
    );
}
