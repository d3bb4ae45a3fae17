//! How are people and programs told of a resync?

use std::io;
use std::time::Duration;

use ocean_core::ResyncReport;
use ocean_core::http::Masker;

use crate::arguments::{LogFormat, SailOptions};
use crate::display;
use crate::failure::Failure;
use crate::logging::{Lines, Log, Writer};

/// How long a report waits for the lines of the log that are older.
const OLDER_LINES: Duration = Duration::from_secs(1);

/// The way the operator wants reports.
#[derive(Debug)]
pub(super) struct Told {
    format: LogFormat,
    pub(super) masker: Masker,
    log: Lines,
    way: Way,
}

/// Whether telling waits for whoever reads.
#[derive(Debug)]
enum Way {
    /// The report is what the process was run for.
    Waiting { json: bool },
    /// The process goes on, also when nobody reads.
    Queued { json: Option<(Lines, Writer)> },
}

impl Told {
    /// Tells before anything else is done.
    pub(super) fn waiting(options: &SailOptions, masker: &Masker, log: &Log) -> Self {
        let json = options.json;
        Self::by(Way::Waiting { json }, options, masker, log)
    }

    /// Hands over what is to be told and goes on.
    pub(super) fn queued(
        options: &SailOptions,
        masker: &Masker,
        log: &Log,
    ) -> Result<Self, Failure> {
        let json = options
            .json
            .then(|| Lines::write_to(io::stdout(), str::to_owned));
        let json = json
            .transpose()
            .map_err(|error| Failure::bug("the system gives no threads", &error))?;
        Ok(Self::by(Way::Queued { json }, options, masker, log))
    }

    fn by(way: Way, options: &SailOptions, masker: &Masker, log: &Log) -> Self {
        Self {
            format: options.log_format,
            masker: masker.clone(),
            log: log.lines().clone(),
            way,
        }
    }

    /// Tells what a resync did; people on stderr, programs on stdout, a line each.
    pub(super) fn report(&self, report: &ResyncReport) -> Result<(), Failure> {
        match (self.format, &self.way) {
            (LogFormat::Json, _) => display::logged_report(report, &self.masker)?,
            (LogFormat::Text, Way::Waiting { .. }) => {
                self.log.flush(OLDER_LINES);
                display::report(report, &self.masker);
            }
            (LogFormat::Text, Way::Queued { .. }) => {
                self.log.push(display::report_text(report).as_bytes());
            }
        }
        match &self.way {
            Way::Waiting { json: true } => display::json(report, &self.masker)?,
            Way::Queued {
                json: Some((stdout, _)),
            } => {
                stdout.push(display::json_line(report, &self.masker)?.as_bytes());
            }
            Way::Waiting { json: false } | Way::Queued { json: None } => {}
        }
        Ok(())
    }
}
