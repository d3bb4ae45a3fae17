//! What does a resync look like while it runs? Moving lines on a terminal, plain ones elsewhere.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use ocean_core::{Phase, Progress, ResourceProgress};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::err;
use super::number::{grouped, per_second, time};

/// How often we look at what changed; a resource that takes less is shown without a rate.
const LOOK: Duration = Duration::from_millis(25);

/// Shows the progress of one resync on stderr until it is ended.
#[derive(Debug)]
pub(crate) struct LiveProgress {
    task: JoinSet<()>,
    end: CancellationToken,
}

impl LiveProgress {
    /// Begins to show.
    pub(crate) fn show(progress: Progress) -> Self {
        Self::with(progress, "written")
    }

    /// Begins to show a run that only notes what it would write.
    pub(crate) fn of_rehearsal(progress: Progress) -> Self {
        Self::with(progress, "to write")
    }

    fn with(progress: Progress, written: &'static str) -> Self {
        let end = CancellationToken::new();
        let mut task = JoinSet::new();
        let mut screen = Screen::new(progress, io::stderr().is_terminal(), written);
        task.spawn({
            let end = end.clone();
            async move {
                while tokio::time::timeout(LOOK, end.cancelled()).await.is_err() {
                    screen.look();
                }
                screen.look();
                screen.leave();
            }
        });
        Self { task, end }
    }

    /// Shows the last state and returns when it stands there.
    pub(crate) async fn end(mut self) {
        self.end.cancel();
        while self.task.join_next().await.is_some() {}
    }
}

/// One line per resource.
struct Screen {
    progress: Progress,
    lines: Vec<Line>,
    bars: Option<MultiProgress>,
    /// What is said of entities that differ.
    written: &'static str,
}

impl Screen {
    fn new(progress: Progress, is_terminal: bool, written: &'static str) -> Self {
        Self {
            progress,
            lines: Vec::new(),
            bars: is_terminal.then(MultiProgress::new),
            written,
        }
    }

    fn look(&mut self) {
        if self.lines.is_empty() {
            let resources = self.progress.resources().iter();
            let width = resources
                .clone()
                .map(|one| one.kind().len())
                .max()
                .unwrap_or(0);
            self.lines = resources
                .map(|resource| Line::new(resource, width, self.bars.as_ref(), self.written))
                .collect();
        }
        for line in &mut self.lines {
            line.look();
        }
    }

    /// Leaves the last state of every line on the screen.
    fn leave(&self) {
        for bar in self.lines.iter().filter_map(|line| line.bar.as_ref()) {
            bar.abandon();
        }
        // The last moving line has no end of its own.
        if self.bars.is_some() {
            err("\n");
        }
    }
}

struct Line {
    resource: Arc<ResourceProgress>,
    width: usize,
    written: &'static str,
    bar: Option<ProgressBar>,
    shown: Phase,
    began: Instant,
    took: Option<Duration>,
}

impl Line {
    fn new(
        resource: &Arc<ResourceProgress>,
        width: usize,
        bars: Option<&MultiProgress>,
        written: &'static str,
    ) -> Self {
        let bar = bars.map(|bars| {
            let bar = bars.add(ProgressBar::no_length());
            // A template that does not parse would only lose the look of it.
            bar.set_style(
                ProgressStyle::with_template("  {msg}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            bar
        });
        Self {
            resource: Arc::clone(resource),
            width,
            written,
            bar,
            shown: Phase::Waiting,
            began: Instant::now(),
            took: None,
        }
    }

    fn look(&mut self) {
        let phase = self.resource.phase();
        let is_new = phase != self.shown;
        if is_new && self.shown == Phase::Waiting {
            self.began = Instant::now();
        }
        let has_ended = matches!(phase, Phase::Done | Phase::Incomplete);
        if has_ended && self.took.is_none() {
            self.took = Some(self.began.elapsed());
        }
        self.shown = phase;
        match &self.bar {
            Some(bar) => bar.set_message(self.text()),
            None if is_new && has_ended => err(&format!("  {}\n", self.text())),
            None => {}
        }
    }

    fn text(&self) -> String {
        let kind = self.resource.kind();
        let width = self.width;
        let state = match self.shown {
            Phase::Waiting => return format!("{kind:width$}  waiting"),
            Phase::Running => "reading",
            Phase::Done => "done",
            _ => "INCOMPLETE",
        };
        let took = self.took.unwrap_or_else(|| self.began.elapsed());
        let mut text = format!(
            "{kind:width$}  {state:10}{:>8} items {:>9} {}",
            grouped(self.resource.fetched()),
            grouped(self.resource.written()),
            self.written,
        );
        if took >= LOOK * 2 {
            let rate = per_second(self.resource.fetched(), took);
            let _infallible = write!(text, " {rate:>8} items/s {:>7}", time(took));
        }
        let failed = self.resource.failed();
        if failed > 0 {
            let _infallible = write!(text, "  {} failed", grouped(failed));
        }
        text
    }
}
