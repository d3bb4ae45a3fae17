//! `lint`: what is wrong with a mapping, and where exactly?

use std::collections::BTreeMap;
use std::path::Path;

use ocean_core::{AppConfig, Linter, RawItem};
use serde_json::Value;

use crate::app::CliApp;
use crate::arguments::LintArguments;
use crate::desk::Desk;
use crate::display;
use crate::environment::{Environment, read};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::samples;

/// How the mapping that Port holds is called in messages.
const AT_PORT: &str = "mapping-at-port.json";

/// A mapping and what it is called.
struct Text {
    name: String,
    text: String,
}

/// Checks a mapping against everything that can be reached, and prints the findings.
pub(super) async fn run(
    app: &CliApp,
    arguments: &LintArguments,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let is_offline = arguments.blueprints.is_some()
        && arguments.desk.mapping.is_some()
        && (arguments.samples.is_some() || arguments.limit == 0);
    let desk = if is_offline {
        None
    } else {
        Some(Desk::open(app, &arguments.desk, environment)?)
    };
    let linted = lint(app, desk.as_ref(), arguments).await;
    if let Some(desk) = &desk {
        desk.close()?;
    }
    let findings = linted.map_err(|failure| match &desk {
        Some(desk) => desk.told(failure),
        None => failure,
    })?;
    let masker = desk.map(|desk| desk.masker).unwrap_or_default();
    let paint = display::Paint::of_stdout(environment);
    if arguments.json {
        display::json(&display::lint::as_json(&findings), &masker)?;
    } else {
        display::lint::show(&findings, paint, &masker);
    }
    Ok(if findings.is_empty() {
        Exit::Done
    } else {
        Exit::Invalid
    })
}

async fn lint(
    app: &CliApp,
    desk: Option<&Desk>,
    arguments: &LintArguments,
) -> Result<Vec<ocean_core::Finding>, Failure> {
    let text = text(desk, arguments).await?;
    let mut linter = Linter::new(match desk {
        Some(desk) => desk.registry.clone(),
        None => app.kinds()?,
    });
    if let Some(desk) = desk {
        linter = linter.environment(desk.variables.clone());
    }
    linter = with_blueprints(linter, desk, arguments, &text).await?;
    linter = with_samples(linter, desk, arguments, &text).await?;
    Ok(linter.lint(&text.name, &text.text))
}

async fn text(desk: Option<&Desk>, arguments: &LintArguments) -> Result<Text, Failure> {
    if let Some(path) = &arguments.desk.mapping {
        return Ok(Text {
            name: path.display().to_string(),
            text: file(path)?,
        });
    }
    let stored = match desk {
        Some(desk) => desk.port.store().mapping().await,
        None => Ok(None),
    };
    let stored = stored.map_err(|error| Failure::of_port(error.class(), &error))?;
    let stored = stored.ok_or_else(|| {
        let message = "the integration has no mapping at Port yet";
        Failure::new(Exit::Usage, message).hint("name a file with --mapping")
    })?;
    // Written out so that a place in it can be shown.
    let text = serde_json::to_string_pretty(&stored)
        .map_err(|error| Failure::bug("the mapping cannot be written as JSON", &error))?;
    Ok(Text {
        name: AT_PORT.to_owned(),
        text,
    })
}

async fn with_blueprints(
    mut linter: Linter,
    desk: Option<&Desk>,
    arguments: &LintArguments,
    text: &Text,
) -> Result<Linter, Failure> {
    let wanted = linter.blueprints_of(&text.name, &text.text);
    if let Some(path) = &arguments.blueprints {
        let documents: Vec<Value> = json(path)?;
        let known = |name: &str| documents.iter().find(|one| identifier(one) == name);
        for name in wanted.iter().map(String::as_str).chain(targets(&documents)) {
            linter = linter.blueprint(name, known(name));
        }
        for document in &documents {
            linter = linter.blueprint(identifier(document), Some(document));
        }
        return Ok(linter);
    }
    let Some(desk) = desk else { return Ok(linter) };
    let mut known: BTreeMap<String, Option<Value>> = BTreeMap::new();
    for name in wanted {
        let document = desk.port.blueprint_document(&name).await?;
        known.insert(name, document);
    }
    let documents: Vec<Value> = known.values().flatten().cloned().collect();
    for target in targets(&documents) {
        if !known.contains_key(target) {
            let document = desk.port.blueprint_document(target).await?;
            known.insert(target.to_owned(), document);
        }
    }
    for (name, document) in known {
        linter = linter.blueprint(name, document.as_ref());
    }
    Ok(linter)
}

/// The blueprints that these relate to.
fn targets(documents: &[Value]) -> impl Iterator<Item = &str> {
    documents
        .iter()
        .filter_map(|document| document.get("relations")?.as_object())
        .flat_map(serde_json::Map::values)
        .filter_map(|relation| relation.get("target")?.as_str())
}

fn identifier(document: &Value) -> &str {
    let identifier = document.get("identifier").and_then(Value::as_str);
    identifier.unwrap_or_default()
}

async fn with_samples(
    mut linter: Linter,
    desk: Option<&Desk>,
    arguments: &LintArguments,
    text: &Text,
) -> Result<Linter, Failure> {
    let Ok(parsed) = AppConfig::from_yaml(&text.name, &text.text) else {
        return Ok(linter);
    };
    let resources = parsed.config.resources.iter().enumerate();
    if let Some(path) = &arguments.samples {
        let samples: BTreeMap<String, Vec<Value>> = json(path)?;
        for (index, resource) in resources {
            if let Some(items) = samples.get(&*resource.kind) {
                let items = items.iter().cloned().map(RawItem::from).collect();
                linter = linter.samples(index, items);
            }
        }
        return Ok(linter);
    }
    let Some(desk) = desk.filter(|_| arguments.limit > 0) else {
        return Ok(linter);
    };
    for (index, resource) in resources {
        if desk.registry.resyncs(&resource.kind).is_empty() {
            continue;
        }
        let wanted = samples::first(arguments.limit);
        let sample = samples::read_kind(&desk.registry, resource, index, wanted).await;
        if sample.items.is_empty()
            && let Some(failure) = sample.failure(&resource.kind)
        {
            return Err(failure.hint("--limit 0 checks the mapping without reading the source"));
        }
        linter = linter.samples(index, sample.items);
    }
    Ok(linter)
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    serde_json::from_str(&file(path)?).map_err(|error| {
        let message = format!("`{}` is not as expected: {error}", path.display());
        Failure::new(Exit::Usage, message)
    })
}

fn file(path: &Path) -> Result<String, Failure> {
    let message = format!("there is no file `{}`", path.display());
    read(path)?.ok_or_else(|| Failure::new(Exit::Usage, message))
}
