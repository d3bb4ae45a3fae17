//! `dlq`: what became of live events that could not be handled?

use std::path::{Path, PathBuf};

use ocean_core::http::Masker;
use ocean_core::settings::Settings;
use ocean_core::{
    EventQueue as _, Order, QueueOptions, Reply, SqliteQueue, perform_order, send_order,
};

use crate::app::CliApp;
use crate::arguments::{DlqChoice, DlqCommand, DlqFolder};
use crate::display;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::state_folder::unusable;

/// Asks the process that uses the state folder, or looks into the folder when there is none.
pub(super) async fn run(
    app: &CliApp,
    command: DlqCommand,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let (order, given, json) = match command {
        DlqCommand::List(list) => (Order::List, list.folder, list.json),
        DlqCommand::Replay(choice) => {
            let (seqs, folder) = chosen(choice);
            (Order::Replay { seqs }, folder, false)
        }
        DlqCommand::Drop(choice) => {
            let (seqs, folder) = chosen(choice);
            (Order::Drop { seqs }, folder, false)
        }
    };
    let folder = state_folder(app, given, environment)?;
    match done(&folder, order.clone()).await? {
        Reply::Letters(letters) if json => display::json(&letters, &Masker::default())?,
        Reply::Letters(letters) => display::letters(&letters),
        Reply::Done(count) => display::letters_done(&order, count),
        Reply::Failed(reason) => return Err(Failure::new(Exit::StateFolder, reason)),
        other => return Err(Failure::new(Exit::Bug, format!("unknown reply {other:?}"))),
    }
    Ok(Exit::Done)
}

fn chosen(choice: DlqChoice) -> (Option<Vec<u64>>, DlqFolder) {
    let seqs = (!choice.all).then_some(choice.numbers);
    (seqs, choice.folder)
}

/// The folder that `sail` would use here. Settings that are wrong otherwise are no hindrance: no
/// credentials are needed to look at dead letters.
fn state_folder(
    app: &CliApp,
    given: DlqFolder,
    environment: &Environment,
) -> Result<PathBuf, Failure> {
    const SETTING: &str = "state_dir";
    if let Some(folder) = given.state_dir {
        return Ok(folder);
    }
    let sources = environment.sources(Path::new("."))?;
    match Settings::load(&sources, &app.settings_spec()?) {
        Ok(loaded) => Ok(loaded.settings.process.state_dir),
        Err(faults) => {
            let mut known = faults.origins.iter();
            let found = known.find(|known| known.path == SETTING);
            let found = found.map(|found| PathBuf::from(&found.value_shown));
            found.ok_or_else(|| faults.into())
        }
    }
}

async fn done(folder: &Path, order: Order) -> Result<Reply, Failure> {
    if !folder.is_dir() {
        let message = format!("there is no state folder `{}`", folder.display());
        return Err(Failure::new(Exit::Usage, message)
            .hint("name the one of the integration with --state-dir or OCEAN__STATE_DIR"));
    }
    let answered = send_order(folder, &order).await.map_err(|error| {
        let message = format!(
            "a process uses the state folder `{}` and does not answer: {error}",
            folder.display()
        );
        Failure::new(Exit::StateFolder, message).hint("try again as its user, or stop it first")
    })?;
    if let Some(reply) = answered {
        return Ok(reply);
    }
    let opened = SqliteQueue::open(folder, QueueOptions::new()).await;
    let queue = opened.map_err(|error| unusable(folder, &error))?;
    let reply = perform_order(&queue, order).await;
    queue.close().await;
    Ok(reply)
}
