//! The expressions of the recorded mappings, against what the original gave.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::same;
use crate::mapping::jq::{Budget, Environment, Limits, Program, Val};
use crate::mapping::quotes::rewrite_quotes;

#[derive(Deserialize)]
struct Vector {
    name: String,
    raw: Vec<Box<RawValue>>,
    mapping: Value,
    #[serde(default)]
    options: Value,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    #[serde(default)]
    passed: Vec<Value>,
}

fn vectors() -> Vec<Vector> {
    let files = [
        include_str!("../../../../tests/vectors/mapping/env.json"),
        include_str!("../../../../tests/vectors/mapping/misc.json"),
        include_str!("../../../../tests/vectors/mapping/number.json"),
        include_str!("../../../../tests/vectors/mapping/property.json"),
        include_str!("../../../../tests/vectors/mapping/single-quotes.json"),
        include_str!("../../../../tests/vectors/mapping/unicode.json"),
    ];
    let read = |file| -> Vec<Vector> { serde_json::from_str(file).unwrap() };
    files.into_iter().flat_map(read).collect()
}

/// The property of an item; null where the expression fails or gives nothing.
fn property(expression: &str, item: &RawValue, environment: &Environment) -> Value {
    let Ok(program) = Program::compile(&rewrite_quotes(expression), environment) else {
        return Value::Null;
    };
    let item = Val::from_json(item.get().as_bytes(), program.needs()).unwrap();
    let budget = Budget::new(Limits::default());
    let output = program.first(&item, &budget).ok().flatten();
    output.map_or(Value::Null, |output| output.to_json(&budget).unwrap())
}

#[test]
fn properties_of_the_recorded_mappings_are_those_of_the_original() {
    let mut compared = 0;
    let mut differences = Vec::new();
    for vector in vectors() {
        // With items to parse or a selector that drops items, entities do not stand in line.
        if vector.expected.passed.len() != vector.raw.len() {
            continue;
        }
        let variables = match vector.options.get("allow_env") {
            Some(Value::Bool(false)) => BTreeMap::new(),
            _ => BTreeMap::from([("OCEAN_VEC_HOME".to_owned(), "from-env".to_owned())]),
        };
        let environment = Environment::new(variables);
        let properties = &vector.mapping["port"]["entity"]["mappings"]["properties"];
        for (item, entity) in vector.raw.iter().zip(&vector.expected.passed) {
            for (name, expression) in properties.as_object().into_iter().flatten() {
                let Some(expression) = expression.as_str() else {
                    continue;
                };
                compared += 1;
                let ours = property(expression, item, &environment);
                let theirs = &entity["properties"][name];
                if !same(&ours, theirs) {
                    let vector = &vector.name;
                    differences.push(format!("{vector}: {expression}: {ours}, not {theirs}"));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(compared > 600, "only {compared} expressions");
}
