//! What the pool, its threads and the watchdog share.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::MapError;
use super::job::Job;

/// How many threads may be lost and replaced: each keeps a processor busy for good.
const REPLACEMENTS: usize = 2;

/// How long a drop of the pool waits for items at hand.
const CLOSING_TIME: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// A job waits, or the pool is closed.
    work: Condvar,
    /// A job runs where none did, or the pool is closed.
    watch: Condvar,
    /// A thread has ended.
    gone: Condvar,
    /// Changed only while `state` is locked, so that nobody sleeps through it.
    closed: AtomicBool,
    /// How long a worker may take for an item.
    pub(super) patience: Duration,
}

#[derive(Debug)]
pub(super) struct State {
    waiting: VecDeque<Job>,
    pub(super) workers: Vec<Worker>,
    /// How many workers have a job.
    running: usize,
    /// How many of `workers` have not ended.
    alive: usize,
    pub(super) replacements: usize,
}

#[derive(Debug)]
pub(super) struct Worker {
    pub(super) desk: Arc<Desk>,
    thread: JoinHandle<()>,
}

/// Where a worker keeps the job it works on, in reach of the watchdog.
#[derive(Debug, Default)]
pub(super) struct Desk(Mutex<Option<Job>>);

impl Desk {
    /// The job, unless it was taken away or never there.
    pub(super) fn lock(&self) -> MutexGuard<'_, Option<Job>> {
        lock(&self.0)
    }
}

impl Shared {
    pub(super) const fn new(patience: Duration) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            workers: Vec::new(),
            running: 0,
            alive: 0,
            replacements: REPLACEMENTS,
        };
        Self {
            state: Mutex::new(state),
            work: Condvar::new(),
            watch: Condvar::new(),
            gone: Condvar::new(),
            closed: AtomicBool::new(false),
            patience,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn submit(&self, job: Job) -> Result<(), MapError> {
        let mut state = self.lock();
        if state.workers.is_empty() {
            return Err(MapError);
        }
        state.waiting.push_back(job);
        drop(state);
        self.work.notify_one();
        Ok(())
    }

    /// Puts a job back in front of the others.
    pub(super) fn resume(&self, state: &mut State, job: Job) {
        state.running = state.running.saturating_sub(1);
        if state.workers.is_empty() {
            // Dropping the jobs tells those who wait for them.
            state.waiting.clear();
        } else {
            state.waiting.push_front(job);
            self.work.notify_one();
        }
    }

    pub(super) fn joined(&self, desk: Arc<Desk>, thread: JoinHandle<()>) {
        self.lock().add(desk, thread);
    }

    /// Waits for a job and puts it on the desk; false when the pool is closed.
    pub(super) fn take_job(&self, desk: &Desk) -> bool {
        let mut state = self.lock();
        loop {
            if self.is_closed() {
                return false;
            }
            if let Some(job) = state.waiting.pop_front() {
                state.running += 1;
                if state.running == 1 {
                    self.watch.notify_one();
                }
                *desk.lock() = Some(job);
                return true;
            }
            state = self
                .work
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Notes that a worker is done with its job.
    pub(super) fn job_done(&self) {
        let mut state = self.lock();
        state.running = state.running.saturating_sub(1);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Waits until it is time to look at the workers; [`None`] when the pool is closed.
    pub(super) fn until_next_look(&self, interval: Duration) -> Option<MutexGuard<'_, State>> {
        let state = self.lock();
        let idle = |state: &mut State| state.running == 0 && !self.is_closed();
        let state = self
            .watch
            .wait_while(state, idle)
            .unwrap_or_else(PoisonError::into_inner);
        let open = |_: &mut State| !self.is_closed();
        let (state, _) = self
            .watch
            .wait_timeout_while(state, interval, open)
            .unwrap_or_else(PoisonError::into_inner);
        (!self.is_closed()).then_some(state)
    }

    pub(super) fn close(&self) {
        let mut state = self.lock();
        self.closed.store(true, Ordering::Relaxed);
        state.waiting.clear();
        drop(state);
        self.work.notify_all();
        self.watch.notify_all();
    }

    pub(super) fn worker_ended(&self) {
        let mut state = self.lock();
        state.alive = state.alive.saturating_sub(1);
        drop(state);
        self.gone.notify_all();
    }

    /// Joins the workers that end within reasonable time, which is all but stuck ones.
    pub(super) fn join(&self) {
        let deadline = Instant::now() + CLOSING_TIME;
        let mut state = self.lock();
        while state.alive > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self
                .gone
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        let all_ended = state.alive == 0;
        let workers = std::mem::take(&mut state.workers);
        drop(state);
        for worker in workers {
            if all_ended || worker.thread.is_finished() {
                // Workers catch the panics of mapping; there is nobody left to tell of others.
                drop(worker.thread.join());
            }
        }
    }
}

impl State {
    fn add(&mut self, desk: Arc<Desk>, thread: JoinHandle<()>) {
        self.alive += 1;
        self.workers.push(Worker { desk, thread });
    }

    /// Lets a worker go that does not come back.
    pub(super) fn let_go(&mut self, desk: &Arc<Desk>) {
        let before = self.workers.len();
        self.workers
            .retain(|worker| !Arc::ptr_eq(&worker.desk, desk));
        self.alive = self.alive.saturating_sub(before - self.workers.len());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
