//! How do log records get to Port, without anybody waiting for it? Through an [`Upload`].
//!
//! # Guarantees
//!
//! - Whoever logs never waits: when Port takes none, the oldest records are dropped and counted.
//! - Records leave masked, in their texts as in their fields.
//! - What the upload itself says stays on this machine, so that it never feeds itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use ocean_core::http::Masker;
use ocean_core::{LOCAL_ONLY, Telemetry, error_chain};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

/// How many records are sent at once, as in the original.
const BATCH: usize = 100;
/// How long a record waits for others at most, as in the original.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How many records wait at most: an hour of an ordinary log.
const WAITING: usize = 2_000;
/// How long a text of a record is at most, in bytes; a report of a resync is the longest there is.
const LONGEST_TEXT: usize = 16 << 10;
/// How long Port may take for one batch, and how long after a failure it is sent once more.
const SENT_WITHIN: Duration = Duration::from_secs(10);
const BEFORE_REPETITION: Duration = Duration::from_secs(1);
/// How long records that wait have when the process ends.
const LAST_WORD: Duration = Duration::from_secs(3);
/// What ends a process is worth more than what led to it.
const CRITICAL: &str = "CRITICAL";

/// Records on their way to Port. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// What every record has.
    origin: Map<String, Value>,
    masker: Masker,
    state: Mutex<State>,
    /// Something waits that did not before, or enough to be sent.
    arrived: Notify,
    full: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Value>,
    dropped: u64,
    sent: u64,
}

/// The task that sends. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Uploading {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Upload {
    /// Collects the records of this process.
    pub(crate) fn new(integration_type: &str, hostname: Option<&str>, masker: Masker) -> Self {
        let origin = json!({
            "hostname": hostname.unwrap_or_default(),
            "instance": Uuid::new_v4(),
            "integration_type": integration_type,
        });
        Self {
            shared: Arc::new(Shared {
                origin: origin.as_object().cloned().unwrap_or_default(),
                masker,
                state: Mutex::default(),
                arrived: Notify::new(),
                full: Notify::new(),
            }),
        }
    }

    /// Takes a record.
    pub(super) fn push(&self, level: &'static str, message: &str, fields: Map<String, Value>) {
        let shared = &self.shared;
        let mut extra = Value::Object(shared.origin.iter().map(owned).chain(fields).collect());
        // A secret that a cut goes through would not be recognised any more.
        shared.masker.full_json(&mut extra);
        shorten(&mut extra);
        let message = shared.masker.full(message.trim_end_matches('\n'));
        let record = json!({
            "message": shortened(&message),
            "level": level,
            "timestamp": format!("{:.6}", Timestamp::now()),
            "extra": extra,
        });
        let mut state = shared.state();
        if state.waiting.len() >= WAITING {
            state.waiting.pop_front();
            state.dropped += 1;
        }
        state.waiting.push_back(record);
        shared.arrived.notify_one();
        if state.waiting.len() >= BATCH || level == CRITICAL {
            shared.full.notify_one();
        }
    }

    /// Takes what ends the process.
    pub(crate) fn critical(&self, message: &str) {
        self.push(CRITICAL, message, Map::new());
    }

    /// How many records were sent, and how many never will be.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let state = self.shared.state();
        (state.sent, state.dropped)
    }

    /// Begins to send.
    pub(crate) fn start(&self, telemetry: Arc<dyn Telemetry>) -> Uploading {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let (upload, stopped) = (self.clone(), stop.clone());
        let span = tracing::error_span!(target: LOCAL_ONLY, "log_upload");
        tasks.spawn(async move { upload.send_all(&*telemetry, &stopped).await }.instrument(span));
        Uploading { tasks, stop }
    }

    async fn send_all(&self, telemetry: &dyn Telemetry, stop: &CancellationToken) {
        loop {
            let enough = async {
                self.shared.arrived.notified().await;
                drop(timeout(LONGEST_WAIT, self.shared.full.notified()).await);
            };
            stop.run_until_cancelled(enough).await;
            while self.send_some(telemetry, stop).await {}
            if stop.is_cancelled() {
                return;
            }
        }
    }

    /// Sends one batch; whether there is reason to send another one.
    async fn send_some(&self, telemetry: &dyn Telemetry, stop: &CancellationToken) -> bool {
        let batch: Vec<Value> = {
            let mut state = self.shared.state();
            let size = state.waiting.len().min(BATCH);
            state.waiting.drain(..size).collect()
        };
        if batch.is_empty() {
            return false;
        }
        let mut sent = send(telemetry, &batch).await;
        if sent.is_err() {
            stop.run_until_cancelled(sleep(BEFORE_REPETITION)).await;
            sent = send(telemetry, &batch).await;
        }
        match sent {
            Ok(true) => {
                let mut state = self.shared.state();
                state.sent += u64::try_from(batch.len()).unwrap_or_default();
                !state.waiting.is_empty()
            }
            Ok(false) => {
                self.put_back(batch);
                false
            }
            Err(error) => {
                let records = batch.len();
                tracing::warn!(error, records, "log records could not be sent to port");
                let mut state = self.shared.state();
                state.dropped += u64::try_from(records).unwrap_or_default();
                if !state.waiting.is_empty() {
                    self.shared.arrived.notify_one();
                }
                false
            }
        }
    }

    /// Port has not said yet where it wants them. They wait as before, for another 5 s.
    fn put_back(&self, batch: Vec<Value>) {
        let mut state = self.shared.state();
        for record in batch.into_iter().rev() {
            if state.waiting.len() < WAITING {
                state.waiting.push_front(record);
            } else {
                state.dropped += 1;
            }
        }
        self.shared.arrived.notify_one();
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> Vec<Value> {
        self.shared.state().waiting.iter().cloned().collect()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Uploading {
    /// Sends what waits, for a few seconds at most, and ends.
    pub(crate) async fn finish(mut self) {
        self.stop.cancel();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(LAST_WORD, all).await.is_err() {
            tracing::warn!("log records were still being sent to port when the process ended");
        }
    }
}

async fn send(telemetry: &dyn Telemetry, batch: &[Value]) -> Result<bool, String> {
    match timeout(SENT_WITHIN, telemetry.keep_logs(batch)).await {
        Ok(sent) => sent.map_err(|error| error_chain(&error)),
        Err(_elapsed) => Err("port did not answer in time".to_owned()),
    }
}

fn owned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

/// Cuts the texts of the fields.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > LONGEST_TEXT => {
            *text = shortened(text).to_owned();
        }
        Value::Object(members) => members.values_mut().for_each(shorten),
        _ => {}
    }
}

/// As much of a text as a record holds.
fn shortened(text: &str) -> &str {
    if text.len() <= LONGEST_TEXT {
        return text;
    }
    let end = (0..=LONGEST_TEXT)
        .rev()
        .find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
