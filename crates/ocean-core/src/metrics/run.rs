//! The numbers of one run, and what Port hears of them while it goes on.
//!
//! Start with [`RunMetrics`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Teller;
use super::kind::{Kind, Measured, success};
use super::process::Needs;
use super::samples::{DELETED, Series};
use super::told::{MetricsForm, SyncMetrics, SyncState};
use crate::app_config::AppConfig;
use crate::catalog::ResyncStatus;
use crate::http::NoteSize;

const RUNTIME: &str = "__runtime__";
const RECONCILIATION: &str = "__reconciliation__";

/// The numbers of one run. Nothing here waits or fails: what Port is to hear is queued.
///
/// The order of the messages is that of the original (contract `resync.md` 11), but that kinds run
/// side by side.
#[derive(Debug, Clone)]
pub(crate) struct RunMetrics {
    id: Uuid,
    teller: Arc<Teller>,
    cancelled: CancellationToken,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
pub(super) struct State {
    began: Instant,
    /// Whether Port is told of kinds.
    to_port: bool,
    kinds: Vec<Kind>,
    runtime: Kind,
    reconciliation: Kind,
}

impl State {
    /// Every kind that has a number.
    pub(super) fn all(&self) -> impl Iterator<Item = &Kind> {
        let specials = [&self.runtime, &self.reconciliation];
        self.kinds.iter().chain(specials)
    }
}

impl RunMetrics {
    /// A run that begins; `cancelled` tells one that was stopped from one that failed.
    pub(super) fn new(id: Uuid, teller: &Arc<Teller>, cancelled: CancellationToken) -> Self {
        let state = State {
            began: Instant::now(),
            to_port: true,
            kinds: Vec::new(),
            runtime: Kind::special(RUNTIME),
            reconciliation: Kind::special(RECONCILIATION),
        };
        Self {
            id,
            teller: Arc::clone(teller),
            cancelled,
            state: Arc::new(Mutex::new(state)),
        }
    }

    pub(super) const fn id(&self) -> Uuid {
        self.id
    }

    /// What is going to be read is known. `to_port` says whether Port is told of it, which it is
    /// not when it processes the items itself; the user's webhook is told in any case.
    pub(crate) fn plan(&self, config: &AppConfig, to_port: bool) {
        let mut state = self.state();
        state.to_port = to_port;
        let resources = config.resources.iter().enumerate();
        state.kinds = resources
            .map(|(index, found)| Kind::resource(&found.kind, index, &found.mapping.blueprint))
            .collect();
        let kinds: Vec<&Kind> = state.kinds.iter().collect();
        self.tell(&state, MetricsForm::List, &kinds, false);
        state.runtime.state = SyncState::Syncing;
        state.runtime.samples.set(Series::Success, 0.0);
        self.tell(&state, MetricsForm::List, &[&state.runtime], true);
    }

    /// A resource begins.
    pub(crate) fn resource_began(&self, index: usize) {
        let needs = self.teller.process.needs();
        let mut state = self.state();
        let Some(kind) = state.kinds.get_mut(index) else {
            return;
        };
        kind.state = SyncState::Syncing;
        // Also a kind that ends before the first sample was taken has been measured.
        kind.sample(needs, 0.0);
        self.tell_kind(&state, index, false);
    }

    /// Where the sizes of answers are noted while a resource is read.
    pub(crate) fn note_sizes(&self, index: usize) -> NoteSize {
        let state = self.state();
        let noted = state.kinds.get(index).map(Kind::note_sizes);
        noted.unwrap_or_else(|| Arc::new(|_unplanned| {}))
    }

    /// A resource has ended.
    pub(crate) fn resource_ended(&self, measured: &Measured) {
        let mut state = self.state();
        let Some(kind) = state.kinds.get_mut(measured.index) else {
            return;
        };
        kind.count(measured);
        kind.measure();
        kind.state = if measured.complete {
            SyncState::Completed
        } else if self.cancelled.is_cancelled() {
            SyncState::Aborted
        } else {
            SyncState::Failed
        };
        self.tell_kind(&state, measured.index, true);
    }

    /// Everything was read; what is gone is deleted next.
    pub(crate) fn reconciliation_began(&self) {
        let mut state = self.state();
        state.reconciliation.state = SyncState::Syncing;
        state.reconciliation.samples.set(Series::Success, 0.0);
        self.tell(&state, MetricsForm::List, &[&state.reconciliation], true);
    }

    /// What is gone was deleted, or it was decided that it may not be.
    pub(crate) fn reconciliation_ended(&self, began: Instant, done: bool, deleted: usize) {
        let mut state = self.state();
        let kind = &mut state.reconciliation;
        let seconds = began.elapsed().as_secs_f64();
        kind.samples.set(Series::Duration, seconds);
        kind.samples.set(Series::Success, success(done));
        kind.samples.count(DELETED, deleted);
        if deleted > 0 {
            kind.samples.set(Series::DeletionDuration, seconds);
        }
        kind.state = match (done, self.cancelled.is_cancelled()) {
            (true, _) => SyncState::Completed,
            (false, true) => SyncState::Aborted,
            (false, false) => SyncState::Failed,
        };
        self.tell(&state, MetricsForm::Kind, &[&state.reconciliation], true);
    }

    /// The run has ended, and so has what of it had not.
    pub(super) fn end(&self, status: ResyncStatus) {
        let mut state = self.state();
        if !state.kinds.is_empty() {
            self.end_the_rest(&mut state, status);
            let seconds = state.began.elapsed().as_secs_f64();
            state.runtime.samples.set(Series::Duration, seconds);
        }
        let done = success(status == ResyncStatus::Completed);
        state.runtime.samples.set(Series::Success, done);
        state.runtime.state = match status {
            ResyncStatus::Completed => SyncState::Completed,
            ResyncStatus::Aborted => SyncState::Aborted,
            ResyncStatus::Running | ResyncStatus::Failed => SyncState::Failed,
        };
        self.tell(&state, MetricsForm::List, &[&state.runtime], true);
    }

    /// Kinds have not ended when the run was cut off, or ended before it came to them.
    fn end_the_rest(&self, state: &mut State, status: ResyncStatus) {
        let ended = match status {
            ResyncStatus::Aborted => SyncState::Aborted,
            _ => SyncState::Failed,
        };
        for index in 0..state.kinds.len() {
            let unfinished = state
                .kinds
                .get_mut(index)
                .filter(|kind| !kind.state.has_ended());
            if let Some(kind) = unfinished {
                kind.state = ended;
                self.tell_kind(state, index, true);
            }
        }
        if !state.reconciliation.state.has_ended() {
            state.reconciliation.state = ended;
            state.reconciliation.samples.set(Series::Success, 0.0);
            self.tell(state, MetricsForm::List, &[&state.reconciliation], true);
        }
    }

    /// Notes what the process needs now at every kind that runs.
    pub(super) fn sample(&self, needs: Needs, latency_ms: f64) {
        for kind in &mut self.state().kinds {
            kind.sample(needs, latency_ms);
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_kind(&self, state: &State, index: usize, to_user: bool) {
        if let Some(kind) = state.kinds.get(index) {
            self.tell(state, MetricsForm::Kind, &[kind], to_user);
        }
    }

    fn tell(&self, state: &State, form: MetricsForm, kinds: &[&Kind], to_user: bool) {
        self.teller.tell(SyncMetrics {
            event: self.id,
            form,
            kinds: kinds.iter().map(|kind| kind.told()).collect(),
            to_port: state.to_port,
            to_user,
        });
    }
}
