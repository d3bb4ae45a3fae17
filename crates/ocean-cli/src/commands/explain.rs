//! `explain`: what does each expression of the mapping give for one item, and why is it null?

use std::path::Path;

use ocean_core::{Batch, Explanation, MapOptions, RawItem, ResourceMapper};
use serde_json::Value;

use crate::app::CliApp;
use crate::arguments::ExplainArguments;
use crate::desk::{Desk, Resource};
use crate::display;
use crate::display::explain::ExplainedItem;
use crate::environment::{Environment, read};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::samples::{self, Wanted};

/// Finds the item and evaluates the expressions of every resource of its kind on it.
pub(super) async fn run(
    app: &CliApp,
    arguments: &ExplainArguments,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let desk = Desk::open(app, &arguments.desk, environment)?;
    let explained = explain(&desk, arguments).await;
    desk.close()?;
    let explained = explained.map_err(|failure| desk.told(failure))?;
    if arguments.json {
        display::json(&explained, &desk.masker)?;
    } else {
        let paint = display::Paint::of_stdout(environment);
        display::explain::show(&explained, paint, &desk.masker);
    }
    Ok(Exit::Done)
}

async fn explain(desk: &Desk, arguments: &ExplainArguments) -> Result<Vec<ExplainedItem>, Failure> {
    let mapping = desk.mapping().await?;
    let from_file = match arguments.item.strip_prefix('@') {
        Some(path) => Some(item_of_file(Path::new(path))?),
        None => None,
    };
    let mut explained = Vec::new();
    let mut seen = 0;
    for resource in mapping.resources(&desk.registry, &arguments.kind)? {
        let item = match &from_file {
            Some(item) => Some(item.clone()),
            None => find(desk, resource, &arguments.item, &mut seen).await?,
        };
        if let Some(item) = item {
            explained.push(explain_item(desk, resource, &arguments.item, &item)?);
        }
    }
    if explained.is_empty() {
        let (kind, item) = (&arguments.kind, &arguments.item);
        let message = format!("no `{item}` among the {seen} items of kind `{kind}`");
        return Err(Failure::new(Exit::Incomplete, message).hint(
            "an item is found by any of its own texts, such as its key or name, and by the \
             identifier of its entity",
        ));
    }
    Ok(explained)
}

fn explain_item(
    desk: &Desk,
    resource: Resource<'_>,
    name: &str,
    item: &RawItem,
) -> Result<ExplainedItem, Failure> {
    let explanations: Result<Vec<Explanation>, _> = resource.mapper.explain(item, &desk.variables);
    let explanations = explanations
        .map_err(|error| Failure::new(Exit::Incomplete, format!("it fails: {error}")))?;
    Ok(ExplainedItem {
        kind: resource.config.kind.to_string(),
        index: resource.index,
        item: name.to_owned(),
        explanations,
    })
}

async fn find(
    desk: &Desk,
    resource: Resource<'_>,
    name: &str,
    seen: &mut usize,
) -> Result<Option<RawItem>, Failure> {
    let sample = samples::read(&desk.registry, resource, |item| {
        *seen += 1;
        if is_named(resource.mapper, item, name) {
            Wanted::AndNoMore
        } else {
            Wanted::No
        }
    });
    let mut sample = sample.await;
    match (sample.items.pop(), sample.failure(&resource.config.kind)) {
        (Some(item), _) => Ok(Some(item)),
        (None, Some(failure)) => Err(failure),
        (None, None) => Ok(None),
    }
}

/// Whether the item says so itself, or its entity has this identifier.
fn is_named(mapper: &ResourceMapper, item: &RawItem, name: &str) -> bool {
    let says = |value: &Value| match value {
        Value::String(text) => text == name,
        Value::Number(number) => number.to_string() == name,
        _ => false,
    };
    if let Ok(Value::Object(fields)) = item.to_value()
        && fields.values().any(says)
    {
        return true;
    }
    let batch = Batch::new(vec![item.clone()]);
    let mapped = mapper.map(&batch, MapOptions::default().parse_all());
    let mut entities = mapped.passed.iter().chain(&mapped.failed);
    entities.any(|entity| entity.key().is_some_and(|key| key.identifier == name))
}

fn item_of_file(path: &Path) -> Result<RawItem, Failure> {
    let name = path.display();
    let text = read(path)?;
    let text =
        text.ok_or_else(|| Failure::new(Exit::Usage, format!("there is no file `{name}`")))?;
    RawItem::from_json(text).map_err(|error| {
        let message = format!("`{name}` is not a JSON document: {error}");
        Failure::new(Exit::Usage, message)
    })
}
