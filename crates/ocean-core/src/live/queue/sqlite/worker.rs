//! Who touches the file? One thread, the [`Worker`], that commits for many callers at once.
//!
//! It takes what has come in the meantime, does it all in one transaction, and answers everybody
//! when that is on the disk. Under load a commit serves hundreds; without load nobody waits.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::failure::{Failure, storage};
use super::fault::Faults;
use super::folder::Folder;
use super::ledger::{Ledger, Unsettled};
use super::open::open;
use super::operation::{Operation, Request};
use super::reserve::Reserve;
use super::salvage::rebuild;
use super::store::{Found, Store, Uncommitted};
use super::transaction::Table;
use crate::live::queue::{QueueError, QueueHealth, QueueOptions};

/// As many operations are committed at once at most; more would only make the first one wait.
const BATCH: usize = 256;

/// How often a queue that refuses events looks whether it still has to.
const RECOVERY: Duration = Duration::from_secs(1);

/// A request, and the room it takes until it is dealt with.
pub(super) struct Envelope {
    pub(super) request: Request,
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

/// What the thread owns. The file is closed before the folder is given back.
#[derive(Debug)]
pub(super) struct Worker {
    store: Option<Store>,
    folder: Folder,
    options: QueueOptions,
    faults: Faults,
    reserve: Reserve,
    ledger: Arc<Ledger>,
    /// What a commit that failed would have changed.
    unsettled: Option<Unsettled>,
    /// The file itself is known to be damaged.
    damaged: bool,
    /// Events are refused until the storage was seen to work again.
    refusing: bool,
    tried_at: Option<Instant>,
}

impl Worker {
    /// Opens the file.
    pub(super) fn new(
        folder: Folder,
        options: QueueOptions,
        faults: Faults,
        ledger: Arc<Ledger>,
    ) -> Result<Self, QueueError> {
        let reserve = Reserve::new(folder.reserve(), options.reserve_bytes, faults.clone());
        let opened =
            open(&folder, &options, &faults, &ledger, None).or_else(|error| match error {
                QueueError::Storage(_) if reserve.is_held() => {
                    reserve.release();
                    open(&folder, &options, &faults, &ledger, None)
                }
                other => Err(other),
            })?;
        let mut worker = Self {
            store: Some(opened),
            folder,
            options,
            faults,
            reserve,
            ledger,
            unsettled: None,
            damaged: false,
            refusing: false,
            tried_at: None,
        };
        worker.hold_reserve();
        Ok(worker)
    }

    /// Serves until it is told to close, or until nobody is left who could ask.
    pub(super) fn run(mut self, inbox: &Receiver<Envelope>) {
        while let Some(first) = self.next(inbox) {
            let mut batch = vec![first];
            batch.extend(inbox.try_iter().take(BATCH - 1));
            if let Some(closed) = self.serve(batch) {
                drop(self);
                closed.send(()).ok();
                return;
            }
            self.fold_log();
        }
    }

    /// The next request. While events are refused it looks now and then whether that can end.
    fn next(&mut self, inbox: &Receiver<Envelope>) -> Option<Envelope> {
        loop {
            if !self.refusing {
                return inbox.recv().ok();
            }
            match inbox.recv_timeout(RECOVERY) {
                Ok(next) => return Some(next),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    self.recover().ok();
                }
            }
        }
    }

    /// Writes first, so that whoever reads sees what was there before it asked.
    fn serve(&mut self, batch: Vec<Envelope>) -> Option<oneshot::Sender<()>> {
        let (mut writes, mut reads, mut room) = (Vec::new(), Vec::new(), Vec::new());
        for Envelope { request, permit } in batch {
            room.extend(permit);
            match request {
                Request::Write(operation) => writes.push(operation),
                other => reads.push(other),
            }
        }
        self.write(writes);
        drop(room);
        let mut closed = None;
        for read in reads {
            match read {
                Request::Load {
                    after,
                    events,
                    bytes,
                    reply,
                } => {
                    let loaded =
                        self.read(Table::Waiting, |store| store.waiting(after, events, bytes));
                    reply.send(loaded).ok();
                }
                Request::Letters { reply } => {
                    reply.send(self.read(Table::Letters, Store::letters)).ok();
                }
                Request::Close { reply } => closed = Some(reply),
                Request::Write(operation) => operation.answer(Err(QueueError::Closed)),
                #[cfg(test)]
                Request::Reach(reach) => reach(self),
            }
        }
        closed
    }

    fn write(&mut self, operations: Vec<Box<dyn Operation>>) {
        if operations.is_empty() {
            return;
        }
        if let Err(error) = self.ready() {
            return answer(operations, &Err(error));
        }
        let (mut operations, refused) = if self.refusing && self.recover().is_err() {
            operations
                .into_iter()
                .partition(|operation| !operation.grows())
        } else {
            (operations, Vec::new())
        };
        answer(refused, &Err(self.refusal()));
        match self.commit(&mut operations) {
            Ok(()) => answer(operations, &Ok(())),
            Err(error) => self.write_again(operations, error),
        }
    }

    /// After a commit failed because the disk is full: what makes room is tried once more with the
    /// reserve given up, and what needs room is refused.
    fn write_again(&mut self, operations: Vec<Box<dyn Operation>>, error: QueueError) {
        if self.store.is_none() {
            return answer(operations, &Err(error));
        }
        let (growing, mut others): (Vec<_>, Vec<_>) = operations
            .into_iter()
            .partition(|operation| operation.grows());
        answer(growing, &Err(error));
        let committed = self.commit(&mut others);
        answer(others, &committed);
    }

    fn commit(&mut self, operations: &mut [Box<dyn Operation>]) -> Result<(), QueueError> {
        let Some(store) = &mut self.store else {
            return Err(self.refusal());
        };
        if operations.is_empty() {
            return Ok(());
        }
        let committed = store.commit(&self.ledger, |transaction| {
            operations
                .iter_mut()
                .try_for_each(|operation| operation.apply(transaction))
        });
        committed.map_err(|failed| self.failed(failed))
    }

    fn read<T>(
        &mut self,
        table: Table,
        read: impl Fn(&Store) -> rusqlite::Result<Found<T>>,
    ) -> Result<Vec<T>, QueueError> {
        // A file that turns out to be damaged is rebuilt, and asked once more.
        for last in [false, true] {
            self.ready()?;
            let Some(store) = &mut self.store else {
                break;
            };
            let found = read(store).map_err(Uncommitted::from).and_then(|found| {
                store
                    .set_aside(&self.ledger, table, &found.damaged)
                    .map(|()| found.rows)
            });
            match found {
                Ok(rows) => return Ok(rows),
                Err(failed) => {
                    let error = self.failed(failed);
                    if last || !self.damaged {
                        return Err(error);
                    }
                }
            }
        }
        Err(self.refusal())
    }

    /// Draws the consequences of an error, and makes it one for callers.
    fn failed(&mut self, failed: Uncommitted) -> QueueError {
        let error = storage(&failed.error);
        match Failure::of(&failed.error) {
            Failure::Full => self.reserve.release(),
            Failure::Damaged => {
                self.close(failed.unsettled);
                self.damaged = true;
            }
            Failure::Busy | Failure::Io => self.close(failed.unsettled),
        }
        self.refuse(&error);
        error
    }

    fn close(&mut self, unsettled: Option<Box<Unsettled>>) {
        self.store = None;
        self.unsettled = unsettled.map(|unsettled| *unsettled);
    }

    fn refuse(&mut self, error: &QueueError) {
        self.refusing = true;
        self.tried_at = Some(Instant::now());
        if self.ledger.refuse(Some(error.to_string())) {
            tracing::error!(error = %error, "the queue refuses events");
        }
    }

    fn refusal(&self) -> QueueError {
        match self.ledger.health() {
            QueueHealth::Refusing(why) => QueueError::Storage(why),
            _ => QueueError::Storage("it is being opened again".to_owned()),
        }
    }

    /// Makes sure that there is an open file that can be trusted.
    fn ready(&mut self) -> Result<(), QueueError> {
        if self.store.is_some() {
            return Ok(());
        }
        self.reopen().inspect_err(|error| self.refuse(error))
    }

    fn reopen(&mut self) -> Result<(), QueueError> {
        if self.damaged {
            rebuild(&self.folder, "it is damaged")?;
            self.damaged = false;
        }
        let unsettled = self.unsettled;
        let store = open(
            &self.folder,
            &self.options,
            &self.faults,
            &self.ledger,
            unsettled,
        )?;
        self.unsettled = None;
        tracing::warn!("the file of the queue was opened again");
        self.store = Some(store);
        Ok(())
    }

    /// Looks whether events can be accepted again: an open file, and the reserve on the disk.
    fn recover(&mut self) -> Result<(), QueueError> {
        self.ready()?;
        let recently = self.tried_at.is_some_and(|at| at.elapsed() < RECOVERY);
        if !self.reserve.is_held() && recently {
            return Err(self.refusal());
        }
        self.hold_reserve();
        if self.reserve.is_held() {
            self.refusing = false;
            if self.ledger.refuse(None) {
                tracing::info!("the queue accepts events again");
            }
            return Ok(());
        }
        Err(self.refusal())
    }

    fn hold_reserve(&mut self) {
        if let Err(error) = self.reserve.hold() {
            self.refuse(&QueueError::Storage(format!(
                "no reserve on the disk: {error}"
            )));
        }
    }

    fn fold_log(&mut self) {
        // The file may need the reserve to take what is in the log.
        for _attempt in 0..2 {
            let Some(Err(error)) = self.store.as_ref().map(Store::fold_log) else {
                return;
            };
            let had_reserve = self.reserve.is_held();
            self.failed(error.into());
            if !had_reserve {
                return;
            }
        }
    }

    /// Lets the next read come from the disk, for tests.
    #[cfg(test)]
    pub(super) fn forget_cached_pages(&mut self) {
        let store = self.store.as_ref().expect("the file is open");
        store.connection().release_memory().expect("it can forget");
    }

    /// The open file, for tests.
    #[cfg(test)]
    pub(super) fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }
}

fn answer(operations: Vec<Box<dyn Operation>>, committed: &Result<(), QueueError>) {
    for operation in operations {
        operation.answer(committed.clone());
    }
}
