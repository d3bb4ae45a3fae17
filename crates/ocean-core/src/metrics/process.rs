//! What does this process need? [`Process`] reads it where Linux tells it, `/proc/self`.
//!
//! Elsewhere everything is zero: nothing depends on these numbers.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a tick of `/proc/self/stat` is; the kernel tells every program the same.
const TICKS_PER_SECOND: u64 = 100;
/// The size of the pages that `/proc/self/statm` counts.
const PAGE_BYTES: u64 = 4_096;
/// Two readings closer than this tell nothing about the processor, whose time comes in ticks.
const LEAST_SPAN: Duration = Duration::from_millis(100);

/// The present needs of the process.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Needs {
    /// Of one processor, since the reading before.
    pub(super) cpu_percent: f64,
    pub(super) memory_bytes: f64,
}

/// Reads the needs of the process.
#[derive(Debug)]
pub(super) struct Process {
    before: Mutex<Reading>,
}

#[derive(Debug)]
struct Reading {
    at: Instant,
    cpu: Duration,
    cpu_percent: f64,
}

impl Default for Process {
    fn default() -> Self {
        Self {
            before: Mutex::new(Reading {
                at: Instant::now(),
                cpu: cpu_time(),
                cpu_percent: 0.0,
            }),
        }
    }
}

impl Process {
    pub(super) fn needs(&self) -> Needs {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, cpu) = (Instant::now(), cpu_time());
        let span = now.duration_since(before.at);
        if span >= LEAST_SPAN {
            let used = cpu.saturating_sub(before.cpu);
            before.cpu_percent = 100.0 * used.as_secs_f64() / span.as_secs_f64();
            (before.at, before.cpu) = (now, cpu);
        }
        Needs {
            cpu_percent: before.cpu_percent,
            memory_bytes: resident_bytes(),
        }
    }
}

/// How long the process has used a processor, all its threads together.
pub(super) fn cpu_time() -> Duration {
    let ticks = fs::read_to_string("/proc/self/stat")
        .ok()
        .and_then(|stat| ticks(&stat))
        .unwrap_or_default();
    Duration::from_millis(ticks.saturating_mul(1_000 / TICKS_PER_SECOND))
}

/// The memory that the process occupies now.
#[expect(clippy::cast_precision_loss, reason = "no process occupies 2^53 bytes")]
pub(super) fn resident_bytes() -> f64 {
    let pages = fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|statm| statm.split(' ').nth(1)?.parse::<u64>().ok());
    pages.unwrap_or_default().saturating_mul(PAGE_BYTES) as f64
}

/// Time in user mode and in the kernel. The name of the program stands before them in parentheses
/// and may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let kernel: u64 = fields.next()?.parse().ok()?;
    Some(user + kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_program_may_hold_anything() {
        let stat = "7 (a b) 1 (c)) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 4 0 100";
        assert_eq!(ticks(stat), Some(300));
        assert_eq!(ticks("7"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_knows_its_memory() {
        let needs = Process::default().needs();
        assert!(needs.memory_bytes > 1_000_000.0, "{needs:?}");
    }
}
