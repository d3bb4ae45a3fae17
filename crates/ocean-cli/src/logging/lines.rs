//! Writing lines without waiting for whoever reads them.
//!
//! Start with [`Lines`]. A pipe that nobody reads is full after 64 KiB, and writing to it waits for
//! ever: a thread does the waiting, and what it cannot write is dropped and counted.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// How much waits for a reader that is slow; some minutes of an ordinary log.
const WAITING_BYTES: usize = 1 << 20;

/// Lines on their way to a reader. Clones write to the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Vec<u8>>,
    bytes: usize,
    writing: bool,
    ended: bool,
    /// Lines that were dropped since the last one that was written, and since the beginning.
    dropped: u64,
    dropped_ever: u64,
}

/// The thread that writes. Dropping it gives up what was not written.
#[derive(Debug)]
pub(crate) struct Writer {
    lines: Lines,
    thread: Option<JoinHandle<()>>,
}

impl Lines {
    /// Begins to write to `out`, each line after `prepare` had a look at it.
    pub(crate) fn write_to(
        out: impl Write + Send + 'static,
        prepare: impl Fn(&str) -> String + Send + 'static,
    ) -> io::Result<(Self, Writer)> {
        let lines = Self::default();
        let shared = Arc::clone(&lines.shared);
        let thread = Builder::new().name("log".to_owned());
        let thread = thread.spawn(move || shared.write(out, &prepare))?;
        let writer = Writer {
            lines: lines.clone(),
            thread: Some(thread),
        };
        Ok((lines, writer))
    }

    /// Hands a line over, or drops it when too much waits already.
    pub(crate) fn push(&self, line: &[u8]) {
        let mut state = self.shared.state();
        if state.ended || state.bytes.saturating_add(line.len()) > WAITING_BYTES {
            state.dropped += 1;
            state.dropped_ever += 1;
            return;
        }
        state.bytes += line.len();
        state.waiting.push_back(line.to_vec());
        self.shared.changed.notify_all();
    }

    /// How many lines were dropped.
    pub(crate) fn ever_dropped(&self) -> u64 {
        self.shared.state().dropped_ever
    }

    /// Waits until everything is written, but not for ever; whether it is.
    pub(crate) fn flush(&self, limit: Duration) -> bool {
        let is_busy = |state: &mut State| state.writing || !state.waiting.is_empty();
        let state = self.shared.state();
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, limit, is_busy);
        let (_state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        !waited.timed_out()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes until it is told to end.
    fn write(&self, mut out: impl Write, prepare: &impl Fn(&str) -> String) {
        while let Some((lines, dropped)) = self.next() {
            // A reader that has gone away reads none of the next lines either; they are taken
            // from memory all the same.
            if dropped > 0 {
                let told = format!("{dropped} log lines were dropped: nobody read them in time\n");
                drop(out.write_all(told.as_bytes()));
            }
            for line in lines {
                let line = prepare(&String::from_utf8_lossy(&line));
                drop(out.write_all(line.as_bytes()));
            }
            drop(out.flush());
            self.state().writing = false;
            self.changed.notify_all();
        }
    }

    fn next(&self) -> Option<(VecDeque<Vec<u8>>, u64)> {
        let has_nothing = |state: &mut State| state.waiting.is_empty() && !state.ended;
        let waited = self.changed.wait_while(self.state(), has_nothing);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        if state.waiting.is_empty() {
            return None;
        }
        state.writing = true;
        state.bytes = 0;
        let dropped = std::mem::take(&mut state.dropped);
        Some((std::mem::take(&mut state.waiting), dropped))
    }
}

impl Writer {
    /// How long the end of the process waits for a reader.
    const LAST_WORD: Duration = Duration::from_secs(1);
}

impl Drop for Writer {
    fn drop(&mut self) {
        let written = self.lines.flush(Self::LAST_WORD);
        self.lines.shared.state().ended = true;
        self.lines.shared.changed.notify_all();
        // A thread that waits for a reader cannot be joined; it ends with the process.
        if let (true, Some(thread)) = (written, self.thread.take()) {
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Takes what is written once it may.
    struct Gate {
        open: mpsc::Receiver<()>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Once the other end is dropped, the gate stays open.
            let _closed = self.open.recv();
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn text(written: &Mutex<Vec<u8>>) -> String {
        String::from_utf8(written.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn f87_a_reader_that_does_not_read_holds_nobody_up_and_is_told_what_it_missed() {
        let (reads, open) = mpsc::channel();
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let gate = Gate {
            open,
            written: Arc::clone(&written),
        };
        let (lines, writer) = Lines::write_to(gate, str::to_owned).unwrap();
        let line = [b'x'; 1_023].into_iter().chain([b'\n']).collect::<Vec<_>>();
        for _ in 0..5_000 {
            lines.push(&line);
        }
        let kept = 5_000 - lines.ever_dropped();
        let most = u64::try_from(WAITING_BYTES / line.len()).unwrap();
        assert!((most..=2 * most).contains(&kept), "{kept} are kept");
        assert!(!lines.flush(Duration::from_millis(1)));
        drop(reads);
        assert!(lines.flush(Duration::from_secs(10)));
        lines.push(b"after\n");
        drop(writer);
        let text = text(&written);
        let told = format!("{} log lines were dropped", lines.ever_dropped());
        assert!(text.contains(&told) && text.ends_with("after\n"));
    }

    #[test]
    fn what_was_handed_over_is_written_before_the_end() {
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let (_, open) = mpsc::channel();
        let gate = Gate {
            open,
            written: Arc::clone(&written),
        };
        let (lines, writer) = Lines::write_to(gate, str::to_uppercase).unwrap();
        for line in ["a\n", "b\n"] {
            lines.push(line.as_bytes());
        }
        drop(writer);
        assert_eq!(text(&written), "A\nB\n");
    }

    #[test]
    fn a_reader_that_never_reads_delays_the_end_by_a_second() {
        let (reads, open) = mpsc::channel();
        let gate = Gate {
            open,
            written: Arc::default(),
        };
        let (lines, writer) = Lines::write_to(gate, str::to_owned).unwrap();
        lines.push(b"never read\n");
        let began = std::time::Instant::now();
        drop(writer);
        assert!(began.elapsed() < Duration::from_secs(5));
        drop(reads);
    }
}
