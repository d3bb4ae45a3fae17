//! Do spec, kinds, selectors, mapping and blueprints fit together? Nothing is asked of the source.

use std::collections::BTreeSet;

use ocean_core::{AppConfig, Linter, RawItem, RawSelector, ResourceConfig};
use serde_json::{Value, json};

use super::rig::Rig;
use super::verdict::{Kept, Not, Verdict, none};
use crate::harness::Harness;

const GROUP: &str = "definition";
const NO_SPEC: &str = "the harness has no spec: call `.spec(SPEC)`";
const MAPPING: &str = "the default mapping";

/// What can be known before anything runs.
pub(super) fn check(harness: &Harness, verdict: &mut Verdict) {
    let mut add = |promise, kept| verdict.add(GROUP, promise, kept);
    add(
        "every kind of the spec is registered",
        kinds_of_spec(harness),
    );
    add(
        "every registered kind is in the spec",
        kinds_in_spec(harness),
    );
    add(
        "every kind of the default mapping is registered",
        kinds_of_mapping(harness),
    );
    add(
        "every secret of the settings is marked sensitive",
        sensitive(harness),
    );
    add("the default mapping compiles", compiles(harness));
    add("the default mapping fits its blueprints", fits(harness));
    add("the blueprints of the mapping exist", blueprints(harness));
    add("the targets of relations exist", targets(harness));
    add(
        "every field of every selector is described",
        described(harness),
    );
    add(
        "a selector refuses a value of another type",
        refused(harness),
    );
}

/// What can be known once there are real items.
pub(super) fn check_samples(rig: &Rig, verdict: &mut Verdict) {
    let clean = "the default mapping lints clean against real items";
    verdict.add(GROUP, clean, lints(rig));
}

fn spec_kinds(harness: &Harness) -> Result<BTreeSet<String>, Not> {
    let spec = harness.spec.ok_or_else(|| Not::kept(NO_SPEC))?;
    // The kinds are the only part of a spec that no other reader wants, and each is a line.
    let kinds = spec
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- kind:"));
    let kinds = kinds.map(|kind| kind.trim().trim_matches(['"', '\'']).to_owned());
    Ok(kinds.collect())
}

fn registered(harness: &Harness) -> BTreeSet<String> {
    harness.registry().kinds().map(str::to_owned).collect()
}

fn kinds_of_spec(harness: &Harness) -> Kept {
    let missing = &spec_kinds(harness)? - &registered(harness);
    none(
        missing
            .into_iter()
            .map(|kind| format!("nobody registers `{kind}`"))
            .collect(),
    )
}

fn kinds_in_spec(harness: &Harness) -> Kept {
    let missing = &registered(harness) - &spec_kinds(harness)?;
    none(
        missing
            .into_iter()
            .map(|kind| format!("the spec does not list `{kind}`"))
            .collect(),
    )
}

fn parsed(harness: &Harness) -> Result<AppConfig, Not> {
    let parsed = AppConfig::from_yaml(MAPPING, harness.mapping);
    Ok(parsed
        .map_err(|faults| Not::kept(faults.to_string()))?
        .config)
}

fn kinds_of_mapping(harness: &Harness) -> Kept {
    let known = registered(harness);
    let config = parsed(harness)?;
    let kinds = config
        .resources
        .iter()
        .map(|resource| resource.kind.to_string());
    let unknown = kinds.filter(|kind| !known.contains(kind));
    none(
        unknown
            .map(|kind| format!("nobody registers `{kind}`"))
            .collect(),
    )
}

/// Names that only secrets have.
const TELLTALES: [&str; 5] = ["token", "secret", "password", "apikey", "privatekey"];

fn sensitive(harness: &Harness) -> Kept {
    let spec = harness.spec.ok_or_else(|| Not::kept(NO_SPEC))?;
    let spec = ocean_core::settings::Spec::parse(harness.name, spec)
        .map_err(|error| Not::kept(error.to_string()))?;
    let open = spec.configurations().iter().filter(|one| {
        let name = one.key().replace('_', "");
        !one.is_sensitive() && TELLTALES.iter().any(|telltale| name.contains(telltale))
    });
    none(open.map(|one| format!("`{}` is not", one.key())).collect())
}

fn documents(harness: &Harness) -> Result<Vec<Value>, Not> {
    serde_json::from_str(harness.blueprints).map_err(|error| Not::kept(error.to_string()))
}

/// A linter that knows all blueprints there are.
fn linter(harness: &Harness) -> Result<Linter, Not> {
    let documents = documents(harness)?;
    let mut linter = Linter::new(harness.registry());
    for name in linter.blueprints_of(MAPPING, harness.mapping) {
        linter = linter.blueprint(name, None);
    }
    for document in &documents {
        let name = document["identifier"].as_str().unwrap_or_default();
        linter = linter.blueprint(name, Some(document));
    }
    Ok(linter)
}

fn compiles(harness: &Harness) -> Kept {
    parsed(harness)?;
    let findings = Linter::new(harness.registry()).lint(MAPPING, harness.mapping);
    none(findings.iter().map(ToString::to_string).collect())
}

fn fits(harness: &Harness) -> Kept {
    let findings = linter(harness)?.lint(MAPPING, harness.mapping);
    none(findings.iter().map(ToString::to_string).collect())
}

fn lints(rig: &Rig) -> Kept {
    let harness = &rig.harness;
    let mut linter = linter(harness)?;
    for (index, resource) in parsed(harness)?.resources.iter().enumerate() {
        let examples = rig.bench.examples(&resource.kind).into_iter();
        linter = linter.samples(index, examples.map(RawItem::from).collect());
    }
    let findings = linter.lint(MAPPING, harness.mapping);
    none(findings.iter().map(ToString::to_string).collect())
}

fn identifiers(harness: &Harness) -> Result<BTreeSet<String>, Not> {
    let documents = documents(harness)?.into_iter();
    let names = documents.filter_map(|one| Some(one.get("identifier")?.as_str()?.to_owned()));
    Ok(names.collect())
}

fn blueprints(harness: &Harness) -> Kept {
    let known = identifiers(harness)?;
    let wanted = Linter::new(harness.registry()).blueprints_of(MAPPING, harness.mapping);
    let unknown = wanted.into_iter().filter(|name| !known.contains(name));
    none(
        unknown
            .map(|name| format!("there is no blueprint `{name}`"))
            .collect(),
    )
}

fn targets(harness: &Harness) -> Kept {
    let known = identifiers(harness)?;
    let mut unknown = Vec::new();
    for document in documents(harness)? {
        let relations = document["relations"].as_object().into_iter().flatten();
        for (name, relation) in relations {
            let target = relation["target"].as_str().unwrap_or_default();
            // Port has some blueprints of its own, whose names begin so.
            if !known.contains(target) && !target.starts_with('_') {
                unknown.push(format!("`{name}` leads to `{target}`"));
            }
        }
    }
    none(unknown)
}

/// Kind, name and schema of every field of every selector.
fn fields(harness: &Harness) -> Vec<(String, String, Value)> {
    let registry = harness.registry();
    let mut fields = Vec::new();
    for kind in registry.kinds() {
        for resync in registry.resyncs(kind) {
            let schema = resync.schema().to_value();
            let properties = schema["properties"]
                .as_object()
                .cloned()
                .unwrap_or_default();
            let named = properties.into_iter();
            fields.extend(named.map(|(name, field)| (kind.to_owned(), name, field)));
        }
    }
    fields
}

fn described(harness: &Harness) -> Kept {
    let silent = fields(harness).into_iter().filter(|(_, _, field)| {
        field["description"]
            .as_str()
            .is_none_or(|text| text.trim().is_empty())
    });
    none(
        silent
            .map(|(kind, name, _)| format!("`{name}` of `{kind}` is not"))
            .collect(),
    )
}

fn refused(harness: &Harness) -> Kept {
    let registry = harness.registry();
    let simple = |field: &Value| {
        let kind = field["type"].as_str().unwrap_or_default();
        matches!(kind, "string" | "integer" | "number" | "boolean" | "array")
    };
    let fields = fields(harness);
    let mut simple = fields
        .iter()
        .filter(|(_, _, field)| simple(field))
        .peekable();
    if simple.peek().is_none() {
        return Err(Not::asked("no selector has a field of a simple type"));
    }
    let mut taken = Vec::new();
    for (kind, name, _) in simple {
        let wrong = json!({ name.as_str(): { "conformance": true } });
        let wrong = RawSelector(wrong.as_object().cloned().unwrap_or_default());
        let resource = ResourceConfig::new(kind.as_str(), wrong);
        let resyncs = registry.resyncs(kind);
        if resyncs.iter().all(|resync| resync.check(&resource).is_ok()) {
            taken.push(format!("`{name}` of `{kind}` takes an object"));
        }
    }
    none(taken)
}
