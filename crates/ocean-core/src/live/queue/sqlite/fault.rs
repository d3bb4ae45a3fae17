//! Where can a test make the storage fail? At each [`Point`]; in a release nothing ever does.

/// A place at which storage fails in real life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Point {
    /// Before a commit: nothing of it reached the disk.
    Commit,
    /// After a commit: `fsync` said no, but the pages are in the log for everybody to read.
    Synced,
    /// When the file is opened again.
    Reopen,
    /// When the reserve is written.
    Reserve,
}

/// A code that no storage gives: the point panics.
#[cfg(test)]
pub(super) const PANIC: i32 = -1;

/// What is to fail.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    #[cfg(test)]
    planned: std::sync::Arc<std::sync::Mutex<Vec<Planned>>>,
}

#[cfg(test)]
#[derive(Debug)]
struct Planned {
    point: Point,
    /// How often the point is passed before it fails.
    spared: u32,
    /// How often it fails then.
    times: u32,
    code: i32,
}

impl Faults {
    /// Fails if a test planned that.
    #[cfg(test)]
    pub(super) fn pass(&self, point: Point) -> rusqlite::Result<()> {
        let mut planned = self.planned.lock().expect("no test panics here");
        for plan in planned
            .iter_mut()
            .filter(|plan| plan.point == point && plan.times > 0)
        {
            if plan.spared > 0 {
                plan.spared -= 1;
            } else {
                plan.times -= 1;
                let code = plan.code;
                drop(planned);
                assert_ne!(code, PANIC, "a test wants a panic at {point:?}");
                let code = rusqlite::ffi::Error::new(code);
                return Err(rusqlite::Error::SqliteFailure(code, None));
            }
        }
        Ok(())
    }

    /// Never fails.
    #[cfg(not(test))]
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "a test can make it fail"
    )]
    pub(super) fn pass(&self, _point: Point) -> rusqlite::Result<()> {
        Ok(())
    }

    /// Lets a point fail `times`, after it was passed `spared` times.
    #[cfg(test)]
    pub(super) fn plan(&self, point: Point, spared: u32, times: u32, code: i32) {
        let plan = Planned {
            point,
            spared,
            times,
            code,
        };
        self.planned.lock().expect("no test panics here").push(plan);
    }
}
