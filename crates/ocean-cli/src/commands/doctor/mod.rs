//! `doctor`: does everything work that a run needs, and what is to be done if not?

mod installation;
mod webhook;

use std::time::{Duration, SystemTime};

use ocean_core::{ErrorClass, Routing, error_chain};

use crate::app::CliApp;
use crate::arguments::DoctorArguments;
use crate::desk::{Desk, Mapping};
use crate::display;
use crate::display::doctor::Check;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::samples::{self, Sample};

/// From this difference on, times that both systems compare no longer fit.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// Checks one thing after the other; what cannot be known because something before it failed is
/// left out.
pub(super) async fn run(
    app: &CliApp,
    arguments: &DoctorArguments,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let desk = Desk::open(app, &arguments.desk(), environment)?;
    let mut checks = Vec::new();
    installation::settings(&desk, &mut checks);
    installation::state_folder(&desk, &mut checks);
    webhook::check(&desk, environment, &mut checks).await;
    if port(&desk, &mut checks).await {
        clock(&desk, &mut checks).await;
        raw_data(&desk, &mut checks).await;
        match desk.mapping().await {
            Ok(mapping) => {
                checks.push(Check::good("mapping", "valid"));
                blueprints(&desk, &mapping, &mut checks).await;
                source(&desk, &mapping, &mut checks).await;
            }
            Err(failure) => checks.push(Check::of_failure("mapping", failure)),
        }
    }
    let is_well = !checks.iter().any(Check::is_fault);
    if arguments.json {
        display::json(&checks, &desk.masker)?;
    } else {
        let paint = display::Paint::of_stdout(environment);
        display::doctor::show(&checks, paint, &desk.masker);
    }
    Ok(if is_well {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}

/// Whether Port answers and knows the integration.
async fn port(desk: &Desk, checks: &mut Vec<Check>) -> bool {
    let url = &desk.settings.port.base_url;
    let name = &desk.settings.integration.identifier;
    match desk.port.is_registered().await {
        Ok(is_registered) => {
            checks.push(Check::good(
                "port",
                format!("{url} accepts the credentials"),
            ));
            if !is_registered {
                let told = format!("Port does not know the integration {name} yet");
                checks.push(Check::fault("integration", told).remedy(
                    "`sail` registers it at its first start; if it should be there already, \
                     check OCEAN__INTEGRATION__IDENTIFIER",
                ));
            }
            is_registered
        }
        Err(error) if error.class() == ErrorClass::Unauthorized => {
            let told = format!("{url} refuses the credentials: {}", error.told());
            checks.push(Check::fault("port", told).remedy(
                "check OCEAN__PORT__CLIENT_ID and OCEAN__PORT__CLIENT_SECRET, and \
                 OCEAN__PORT__BASE_URL if your organization is not in the EU",
            ));
            false
        }
        Err(error) => {
            let told = format!("{url} cannot be used: {}", error.told());
            checks.push(Check::fault("port", told).remedy(
                "check OCEAN__PORT__BASE_URL, HTTPS_PROXY and the firewall between this machine \
                 and Port",
            ));
            false
        }
    }
}

/// Whether both clocks agree, by the time that Port told with its last answer.
async fn clock(desk: &Desk, checks: &mut Vec<Check>) {
    const NAME: &str = "clock";
    let Ok(theirs) = desk.port.catalog().now().await else {
        return;
    };
    let ours = SystemTime::now();
    let apart = ours
        .duration_since(theirs)
        .unwrap_or_else(|behind| behind.duration());
    checks.push(if apart <= CLOCK_TOLERANCE {
        Check::good(NAME, "the same as Port's")
    } else {
        let told = format!("{} s away from Port's", apart.as_secs());
        Check::fault(NAME, told).remedy("let NTP set the clock of this machine")
    });
}

/// Whether it is Port that makes entities of what is read.
async fn raw_data(desk: &Desk, checks: &mut Vec<Check>) {
    if desk.port.routing(&desk.settings).await == Routing::Forwarded {
        let told = "Port makes the entities of what is read here (raw-data mode)";
        checks.push(Check::note("raw data", told).remedy(
            "that is what the organization has switched on; with \
             OCEAN__PROCESSING_MODE=ocean-core they are made here",
        ));
    }
}

/// Whether everything exists that the mapping writes to.
async fn blueprints(desk: &Desk, mapping: &Mapping, checks: &mut Vec<Check>) {
    const NAME: &str = "blueprints";
    let mut names: Vec<&str> = mapping
        .all_resources()
        .filter_map(|resource| resource.mapper.literal_blueprint())
        .collect();
    names.sort_unstable();
    names.dedup();
    let before = checks.len();
    for name in &names {
        match desk.port.catalog().blueprint(name).await {
            Ok(Some(_)) => {}
            Ok(None) => checks.push(
                Check::fault(NAME, format!("there is no blueprint {name}"))
                    .remedy("create it in Port, or take its resource out of the mapping"),
            ),
            Err(error) => {
                checks.push(
                    Check::fault(NAME, error_chain(&error))
                        .remedy("give the credentials the right to read blueprints"),
                );
            }
        }
    }
    if checks.len() == before {
        checks.push(Check::good(NAME, format!("{} exist", names.join(", "))));
    }
}

/// Whether each kind of the mapping can be read, by its first page.
async fn source(desk: &Desk, mapping: &Mapping, checks: &mut Vec<Check>) {
    for resource in mapping.all_resources() {
        let kind = &*resource.config.kind;
        if desk.registry.resyncs(kind).is_empty() {
            let known: Vec<_> = desk.registry.kinds().collect();
            let check = Check::fault(kind, "is no kind of this integration");
            checks.push(check.remedy(format!("the kinds are {}", known.join(", "))));
            continue;
        }
        let sample = samples::read(&desk.registry, resource, samples::first(1)).await;
        checks.push(readable(kind, &sample));
    }
}

fn readable(kind: &str, sample: &Sample) -> Check {
    match sample.error.as_deref() {
        Some(error) if error.class() == ErrorClass::Unauthorized => {
            Check::fault(kind, format!("is refused: {}", error_chain(error)))
                .remedy("check the credentials, OCEAN__INTEGRATION__CONFIG__*")
        }
        Some(error) => Check::fault(kind, format!("cannot be read: {}", error_chain(error)))
            .remedy("give the account the right to read it, or take it out of the mapping"),
        None => match sample.incomplete.first() {
            Some(reason) => Check::fault(kind, format!("is not read whole: {reason}"))
                .remedy("until that is mended nothing of it is deleted"),
            None if sample.items.is_empty() => Check::note(kind, "can be read, and there is none"),
            None => Check::good(kind, "can be read"),
        },
    }
}
