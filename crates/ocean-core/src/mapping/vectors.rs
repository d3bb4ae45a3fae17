//! Does a mapping give what the original gives?
//!
//! The vectors were recorded from the original; `tests/vectors/mapping/README.md` explains them.
//! `tests/vectors/vector-differences.toml` names the few cases that differ on purpose. Set
//! `OCEAN_MAPPING_VECTORS` to a folder to check other vectors too.
//!
//! Two things differ by rule, not by case:
//!
//! - The original counts the error of a selector twice when it evaluates an item twice. It does so
//!   when the mapping has nested fields or an expression that does not compile.
//! - Where it raises for the whole batch, one entity of ours fails; it raises for an empty batch
//!   as well, which is nothing to us.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::{CompiledMapping, Environment, ItemErrorKind, MapOptions, Mapped};
use crate::app_config::AppConfig;
use crate::batch::{Batch, RawItem};

const MOST_DIFFERENCES: usize = 25;

#[derive(Deserialize)]
struct Case {
    name: String,
    raw: Vec<Box<RawValue>>,
    mapping: Value,
    #[serde(default)]
    options: Options,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(default)]
struct Options {
    allow_env: bool,
    parse_all: bool,
    items_batch_size: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            allow_env: true,
            parse_all: false,
            items_batch_size: 200,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Expected {
    passed: Vec<Value>,
    failed: Vec<Value>,
    misconfigured: BTreeMap<String, Value>,
    errors: usize,
    batches: Option<Vec<usize>>,
    config_error: bool,
    raises: Option<String>,
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "the count shows that the vectors were found"
)]
fn mapping_vectors() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let differences = differences(&own.join("vector-differences.toml"));
    assert!(
        differences.len() <= MOST_DIFFERENCES,
        "{} differences",
        differences.len()
    );
    let mut folders = vec![own.join("mapping")];
    folders.extend(std::env::var_os("OCEAN_MAPPING_VECTORS").map(PathBuf::from));

    let mut names = BTreeSet::new();
    let mut problems = Vec::new();
    for case in folders.iter().flat_map(|folder| cases(folder)) {
        match (check(&case), differences.contains_key(&case.name)) {
            (Ok(()), false) | (Err(_), true) => {}
            (Ok(()), true) => problems.push(format!("{}: listed, but does not differ", case.name)),
            (Err(problem), false) => problems.push(format!("{}: {problem}", case.name)),
        }
        names.insert(case.name);
    }
    for unknown in differences.keys().filter(|name| !names.contains(*name)) {
        problems.push(format!("{unknown}: listed, but there is no such case"));
    }
    println!(
        "{} mapping vectors, {} differ on purpose",
        names.len(),
        differences.len()
    );
    assert!(!names.is_empty(), "no vectors in {folders:?}");
    assert!(
        problems.is_empty(),
        "{} problems\n{}",
        problems.len(),
        problems.join("\n")
    );
}

fn cases(folder: &Path) -> Vec<Case> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    let read = |path: &PathBuf| -> Vec<Case> {
        serde_json::from_slice(&std::fs::read(path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    files.iter().flat_map(read).collect()
}

/// Reads `"case" = "reason"` lines.
fn differences(path: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (case, reason) = line.split_once(" = ").unwrap();
            let unquote = |text: &str| text.trim_matches('"').to_owned();
            assert!(unquote(reason).len() > 20, "a reason for {case}");
            (unquote(case), unquote(reason))
        })
        .collect()
}

fn check(case: &Case) -> Result<(), String> {
    let expected = &case.expected;
    let document = json!({"resources": [case.mapping]});
    let config = match AppConfig::from_value(&document) {
        Ok(parsed) if !expected.config_error => parsed.config,
        Err(_) if expected.config_error => return Ok(()),
        Ok(_) => return Err("accepted a mapping that should be refused".to_owned()),
        Err(faults) => return Err(format!("refused the mapping: {faults}")),
    };
    let home = ("OCEAN_VEC_HOME".to_owned(), "from-env".to_owned());
    let variables = case.options.allow_env.then_some(home).into_iter();
    let (compiled, faults) = CompiledMapping::compile(&config, &Environment::new(variables));
    let mut options = MapOptions::default();
    options.parse_all = case.options.parse_all;
    let mapped = compiled
        .resource(0)
        .unwrap()
        .map(&batch(&case.raw), options);

    if expected.raises.is_some() {
        return check_raised(case, &mapped);
    }
    let broken = faults
        .iter()
        .any(|fault| !fault.path.ends_with("selector.query"));
    let twice = broken || has_nested_fields(&case.mapping["port"]["entity"]["mappings"]);
    let errors = mapped.errors.total * if twice { 2 } else { 1 };
    compare("passed", &entities(&mapped.passed), &json!(expected.passed))?;
    compare("failed", &entities(&mapped.failed), &json!(expected.failed))?;
    compare(
        "misconfigured",
        &misconfigured(&mapped),
        &json!(expected.misconfigured),
    )?;
    compare("errors", &json!(errors), &json!(expected.errors))?;
    if let Some(batches) = &expected.batches {
        let size = case.options.items_batch_size;
        compare(
            "batches",
            &json!(in_batches(mapped.raw, size)),
            &json!(batches),
        )?;
    }
    Ok(())
}

/// The items byte by byte: reading them as values would lose digits of their numbers.
fn batch(raw: &[Box<RawValue>]) -> Batch {
    raw.iter()
        .map(|item| RawItem::from_json(item.get().to_owned()).unwrap())
        .collect()
}

/// The original gives the whole batch up; ours may lose only the entity that is at fault.
fn check_raised(case: &Case, mapped: &Mapped) -> Result<(), String> {
    let refused = mapped
        .errors
        .samples
        .iter()
        .any(|e| e.kind == ItemErrorKind::EntityShape);
    if refused || case.raw.is_empty() && mapped.passed.is_empty() && mapped.raw == 0 {
        return Ok(());
    }
    Err(format!("should have failed: {mapped:?}"))
}

fn has_nested_fields(mappings: &Value) -> bool {
    let nests = |field: &str| mappings.get(field).is_some_and(Value::is_object);
    ["identifier", "team", "properties", "relations"]
        .into_iter()
        .any(nests)
}

fn entities(entities: &[crate::Entity]) -> Value {
    serde_json::to_value(entities).unwrap()
}

fn misconfigured(mapped: &Mapped) -> Value {
    let fields = mapped.misconfigured.iter();
    fields
        .map(|field| (field.path.clone(), json!(field.expression)))
        .collect::<Map<_, _>>()
        .into()
}

fn in_batches(items: usize, size: usize) -> Vec<usize> {
    (0..items)
        .step_by(size)
        .map(|start| size.min(items - start))
        .collect()
}

fn compare(what: &str, ours: &Value, theirs: &Value) -> Result<(), String> {
    if same(ours, theirs) {
        return Ok(());
    }
    Err(format!("{what}\n    ours:   {ours}\n    theirs: {theirs}"))
}

/// Equality of JSON values: numbers by value, objects without order.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || (left.is_f64() || right.is_f64()) && left.as_f64() == right.as_f64()
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, l)| right.get(key).is_some_and(|r| same(l, r)))
        }
        (left, right) => left == right,
    }
}
