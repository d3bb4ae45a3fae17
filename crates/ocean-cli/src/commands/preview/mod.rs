//! `preview`: which entities do some raw items of a kind become?

mod watch;

use std::path::Path;

use ocean_core::{Batch, MapOptions, Mapped, RawItem};

use crate::app::CliApp;
use crate::arguments::PreviewArguments;
use crate::desk::{Desk, Resource};
use crate::display;
use crate::display::preview::{PreviewedItem, PreviewedResource};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::samples::{self, Sample};
use crate::signals::Signals;

use self::watch::Kept;

/// What is previewed again and again.
#[derive(Debug, Clone, Copy)]
struct Previewing<'a> {
    kind: &'a str,
    path: &'a Path,
    paint: display::Paint,
    /// The colours of what is wrong with the file.
    errors: display::Paint,
}

/// Reads as many items as asked for, maps them, and writes nothing.
pub(super) async fn run(
    app: &CliApp,
    arguments: &PreviewArguments,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let desk = Desk::open(app, &arguments.desk, environment)?;
    let mut kept = Kept::new();
    let previewed = preview(&desk, arguments, &mut kept).await;
    desk.close()?;
    let previewed = previewed.map_err(|failure| desk.told(failure))?;
    let paint = display::Paint::of_stdout(environment);
    if arguments.json {
        display::json(&previewed, &desk.masker)?;
    } else {
        display::preview::show(&previewed, arguments.raw, paint, &desk.masker);
    }
    if let (true, Some(path)) = (arguments.watch, &arguments.desk.mapping) {
        let signals =
            Signals::listen_quietly().map_err(|error| Failure::bug("no signals", &error))?;
        let kind = &arguments.kind;
        let errors = display::Paint::of_stderr(environment);
        let previewing = Previewing {
            kind,
            path,
            paint,
            errors,
        };
        watch::watch(&desk, &previewing, &kept, previewed, signals.stop()).await?;
        return Ok(signals.received().map_or(Exit::Done, Exit::Stopped));
    }
    let is_whole = previewed.iter().all(PreviewedResource::is_whole);
    Ok(if is_whole {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}

async fn preview(
    desk: &Desk,
    arguments: &PreviewArguments,
    kept: &mut Kept,
) -> Result<Vec<PreviewedResource>, Failure> {
    let mapping = desk.mapping().await?;
    let mut previewed = Vec::new();
    for resource in mapping.resources(&desk.registry, &arguments.kind)? {
        let sample = samples::read(&desk.registry, resource, samples::first(arguments.limit)).await;
        if sample.items.is_empty()
            && let Some(failure) = sample.failure(&arguments.kind)
        {
            return Err(failure);
        }
        kept.keep(resource, &sample);
        previewed.push(map(desk, resource, sample).await?);
    }
    Ok(previewed)
}

async fn map(
    desk: &Desk,
    resource: Resource<'_>,
    sample: Sample,
) -> Result<PreviewedResource, Failure> {
    let problem = sample.error.as_deref().map(|error| {
        let error = ocean_core::error_chain(error);
        format!("the reading ended: {error}")
    });
    let mut items = Vec::new();
    for item in sample.items {
        let mapped = map_item(desk, resource, &item).await?;
        items.push(PreviewedItem::new(&item, mapped)?);
    }
    Ok(PreviewedResource {
        kind: resource.config.kind.to_string(),
        index: resource.index,
        blueprint: resource.mapper.literal_blueprint().map(str::to_owned),
        items,
        problems: problem.into_iter().chain(sample.incomplete).collect(),
    })
}

/// One item at a time, so that it is known what became of each.
async fn map_item(desk: &Desk, resource: Resource<'_>, item: &RawItem) -> Result<Mapped, Failure> {
    let batch = Batch::new(vec![item.clone()]);
    let mapper = std::sync::Arc::clone(resource.mapper);
    let mapped = desk.pool.map(mapper, batch, MapOptions::default()).await;
    mapped.map_err(|error| Failure::bug("an item could not be mapped", &error))
}
