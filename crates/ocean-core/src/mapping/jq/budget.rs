//! How much may one evaluation cost, and how is it stopped?
//!
//! A mapping is written by its user, so an expression may loop for ever, recurse without end or
//! ask for more memory than there is. A [`Budget`] bounds steps, time, bytes and stack. While an
//! evaluation runs, its meter lies in a thread local: the operators of the value type have no
//! context argument through which it could be handed to them.
//!
//! Once a limit is hit the meter stays exhausted and every further step fails, so `?`, `try` and
//! `//` cannot hide it; [`Program::first`](super::Program::first) reports it whatever the program
//! made of the error.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use super::value::Val;

/// The stack that a thread must have on which deeply recursive expressions are to work.
///
/// One level of recursion in a program costs about 1 KiB in a release build and 8 KiB in a debug
/// build. The memory is reserved, not used, until a program recurses.
pub(crate) const WORKER_STACK: usize = 64 << 20;

/// What is never handed out: the native code between two checks needs room to return an error.
const RESERVE: usize = 6 << 20;

/// Assumed to be left on a thread of unknown size when an evaluation begins.
const UNKNOWN_STACK: usize = 384 << 10;

/// Steps between two looks at the clock.
const CLOCK_INTERVAL: u64 = 1024;

/// How much one item may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Calls, outputs of generators and operations on values.
    pub(crate) steps: u64,
    /// Bytes allocated for values, whether or not they are still in use.
    pub(crate) memory: u64,
    /// Wall time.
    pub(crate) time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 10_000_000,
            memory: 256 << 20,
            time: Duration::from_secs(10),
        }
    }
}

/// Which limit an evaluation hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exhausted {
    /// Too many steps; most likely the expression never ends.
    #[error("the expression takes too many steps")]
    Steps,
    /// The deadline passed.
    #[error("the expression takes too long")]
    Time,
    /// Too many bytes.
    #[error("the expression needs too much memory")]
    Memory,
    /// Too deep a recursion.
    #[error("the expression recurses too deeply")]
    Stack,
    /// A value nested too deeply.
    #[error("the value is nested too deeply")]
    Depth,
}

/// What is left for one item; shared by all expressions that are evaluated on it.
#[derive(Debug)]
pub(crate) struct Budget {
    meter: Cell<Meter>,
}

#[derive(Debug, Clone, Copy)]
struct Meter {
    steps: u64,
    memory: u64,
    deadline: Option<Instant>,
    exhausted: Option<Exhausted>,
}

/// Outside of an evaluation nothing is counted.
const UNLIMITED: Meter = Meter {
    steps: u64::MAX,
    memory: u64::MAX,
    deadline: None,
    exhausted: None,
};

thread_local! {
    static METER: RefCell<Meter> = const { RefCell::new(UNLIMITED) };
    /// Below this address the stack is reserved; zero on a thread of unknown stack size.
    static FLOOR: Cell<usize> = const { Cell::new(0) };
}

impl Budget {
    /// A full budget whose clock starts now.
    pub(crate) fn new(limits: Limits) -> Self {
        let meter = Meter {
            steps: limits.steps,
            memory: limits.memory,
            deadline: Instant::now().checked_add(limits.time),
            exhausted: None,
        };
        Self {
            meter: Cell::new(meter),
        }
    }

    /// The limit that was hit, if any.
    pub(crate) fn exhausted(&self) -> Option<Exhausted> {
        self.meter.get().exhausted
    }

    /// Runs `evaluation` at the expense of this budget.
    pub(super) fn spend<R>(&self, evaluation: impl FnOnce() -> R) -> R {
        let _guard = Spending::begin(self);
        evaluation()
    }
}

/// Runs `work` on a thread that was started with [`WORKER_STACK`] bytes of stack, as its first act.
///
/// Elsewhere an evaluation may use only what every thread has, and recursion ends sooner.
pub(crate) fn with_stack<R>(work: impl FnOnce() -> R) -> R {
    struct Restore(usize);
    impl Drop for Restore {
        fn drop(&mut self) {
            FLOOR.set(self.0);
        }
    }
    let floor = stack_address()
        .saturating_sub(WORKER_STACK)
        .saturating_add(RESERVE);
    let _restore = Restore(FLOOR.replace(floor));
    work()
}

/// Counts one step.
pub(super) fn tick() -> Result<(), Exhausted> {
    spend_steps(1)
}

/// Counts `steps` steps, for native work whose length is known.
pub(super) fn spend_steps(steps: u64) -> Result<(), Exhausted> {
    METER.with_borrow_mut(|meter| {
        if let Some(exhausted) = meter.exhausted {
            return Err(exhausted);
        }
        let before = meter.steps;
        let Some(left) = before.checked_sub(steps) else {
            return meter.stop(Exhausted::Steps);
        };
        meter.steps = left;
        if before / CLOCK_INTERVAL != left / CLOCK_INTERVAL
            && meter
                .deadline
                .is_some_and(|deadline| Instant::now() >= deadline)
        {
            return meter.stop(Exhausted::Time);
        }
        if stack_address() < FLOOR.get() {
            return meter.stop(Exhausted::Stack);
        }
        Ok(())
    })
}

/// Counts bytes that are about to be allocated.
pub(super) fn allocate(bytes: usize) -> Result<(), Exhausted> {
    METER.with_borrow_mut(|meter| {
        if let Some(exhausted) = meter.exhausted {
            return Err(exhausted);
        }
        match meter
            .memory
            .checked_sub(u64::try_from(bytes).unwrap_or(u64::MAX))
        {
            Some(left) => meter.memory = left,
            None => return meter.stop(Exhausted::Memory),
        }
        Ok(())
    })
}

/// Counts an element of a container that is being built, with `bytes` of its own.
pub(super) fn element(bytes: usize) -> Result<(), Exhausted> {
    /// About what an allocation costs beside its bytes.
    const OVERHEAD: usize = 32;
    tick()?;
    allocate(bytes.saturating_add(size_of::<Val>() + OVERHEAD))
}

/// Ends the evaluation because of `limit`.
pub(super) fn exhaust(limit: Exhausted) {
    METER.with_borrow_mut(|meter| {
        meter.exhausted.get_or_insert(limit);
    });
}

impl Meter {
    fn stop(&mut self, limit: Exhausted) -> Result<(), Exhausted> {
        self.exhausted = Some(limit);
        Err(limit)
    }
}

/// Puts the meter of a budget in place and takes it back, also when the evaluation panics.
struct Spending<'a> {
    budget: &'a Budget,
    outer: Meter,
    outer_floor: usize,
}

impl<'a> Spending<'a> {
    fn begin(budget: &'a Budget) -> Self {
        let outer = METER.replace(budget.meter.get());
        let outer_floor = FLOOR.get();
        if outer_floor == 0 {
            FLOOR.set(stack_address().saturating_sub(UNKNOWN_STACK));
        }
        Self {
            budget,
            outer,
            outer_floor,
        }
    }
}

impl Drop for Spending<'_> {
    fn drop(&mut self) {
        self.budget.meter.set(METER.replace(self.outer));
        FLOOR.set(self.outer_floor);
    }
}

/// The address of a local, which is as far down as the stack reaches now.
#[inline(never)]
fn stack_address() -> usize {
    let here = 0_u8;
    std::hint::black_box(std::ptr::from_ref(&here)).addr()
}
