//! The part of a demonstration that listens: a server, an engine, and what happens meanwhile.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ocean_core::{HttpSide, MemoryQueue, QueueOptions, Runtime, Triggers};
use ocean_port::OCEAN_CORE_VERSION;
use tokio_util::sync::CancellationToken;

use crate::app::CliApp;
use crate::display::demo::{Reflected, Requests};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::Signals;
use crate::simulation::{Happening, World};

/// What happens, in this order.
const HAPPENINGS: [Happening; 4] = [
    Happening::Updates,
    Happening::Creation,
    Happening::Deletion,
    Happening::Burst,
];

/// How long anything may take; it is milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the catalog is looked at.
const LOOK: Duration = Duration::from_millis(1);

/// Listens to the simulated system while a few things happen, and tells when the catalog showed
/// each.
pub(super) async fn run(
    app: &CliApp,
    world: &dyn World,
    signals: &Signals,
) -> Result<Vec<Reflected>, Failure> {
    let addr = free_address().map_err(|error| Failure::bug("no free port", &error))?;
    let session = super::session(app, world, |sources| {
        sources
            .set("event_listener.type", "WEBHOOKS_ONLY", "demo")
            .set("base_url", format!("http://{addr}"), "demo")
    })?;
    let queue = Arc::new(MemoryQueue::new(QueueOptions::new()));
    let runtime = Runtime::new(
        session.resyncs().clone(),
        session.live(queue),
        Triggers::default(),
    );
    let listening = runtime
        .listen(HttpSide::new(addr, OCEAN_CORE_VERSION))
        .await;
    let listening = listening.map_err(|error| Failure::bug("nobody can listen", &error))?;
    let stop = CancellationToken::new();
    let told = async {
        let told = tell(world).await;
        stop.cancel();
        told
    };
    tokio::select! {
        (told, ended) = async { tokio::join!(told, Box::pin(listening.run(&session, &stop))) } => {
            ended?;
            told
        }
        () = signals.stop().cancelled() => {
            let exit = signals.received().map_or(Exit::Incomplete, Exit::Stopped);
            Err(Failure::new(exit, "the demonstration was stopped"))
        }
    }
}

async fn tell(world: &dyn World) -> Result<Vec<Reflected>, Failure> {
    until("nobody listened to the webhook", || world.is_listened_to()).await?;
    let mut reflected = Vec::new();
    for what in HAPPENINGS {
        let (before, began) = (Requests::of(world), Instant::now());
        let happened = world.happen(what).map_err(|error| {
            Failure::bug("the simulated system refused a change", error.as_ref())
        })?;
        until("the catalog did not show it", || world.shows(&happened)).await?;
        let after = began.elapsed();
        // The other events of a burst may still be on their way.
        reflected.push(Reflected {
            what,
            changes: happened.changes,
            after,
            requests: Requests::of(world).since(before),
        });
    }
    Ok(reflected)
}

async fn until(problem: &str, happened: impl Fn() -> bool + Send + Sync) -> Result<(), Failure> {
    let look = async {
        while !happened() {
            tokio::time::sleep(LOOK).await;
        }
    };
    let seen = tokio::time::timeout(PATIENCE, look).await;
    seen.map_err(|_elapsed| {
        let seconds = PATIENCE.as_secs();
        Failure::new(Exit::Bug, format!("{problem} within {seconds} seconds"))
    })
}

/// Whoever registers the webhook has to know the port before anybody listens at it.
fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
