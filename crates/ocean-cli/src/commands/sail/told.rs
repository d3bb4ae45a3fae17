//! How are people and programs told of a resync?

use std::time::Duration;

use ocean_core::ResyncReport;
use ocean_core::http::Masker;

use super::results::Results;
use crate::arguments::{LogFormat, SailOptions};
use crate::display;
use crate::failure::Failure;
use crate::logging::{Lines, Log};

/// How long a report waits for the lines of the log that are older.
const OLDER_LINES: Duration = Duration::from_secs(1);

/// The way the operator wants reports.
#[derive(Debug)]
pub(super) struct Told {
    format: LogFormat,
    pub(super) masker: Masker,
    log: Lines,
    /// Whether telling waits for whoever reads.
    waits: bool,
    /// Where reports go as JSON, if somebody wants them.
    json: Option<Results>,
}

impl Told {
    /// Tells before anything else is done.
    pub(super) fn waiting(options: &SailOptions, masker: &Masker, log: &Log) -> Self {
        let json = options.json.then_some(Results::Waiting);
        Self::by(true, json, options, masker, log)
    }

    /// Hands over what is to be told and goes on.
    pub(super) fn queued(
        options: &SailOptions,
        masker: &Masker,
        log: &Log,
    ) -> Result<Self, Failure> {
        let json = options.json.then(Results::queued).transpose()?;
        Ok(Self::by(false, json, options, masker, log))
    }

    fn by(
        waits: bool,
        json: Option<Results>,
        options: &SailOptions,
        masker: &Masker,
        log: &Log,
    ) -> Self {
        Self {
            format: options.log_format,
            masker: masker.clone(),
            log: log.lines().clone(),
            waits,
            json,
        }
    }

    /// Tells what a resync did; people on stderr, programs on stdout, a line each.
    pub(super) fn report(&self, report: &ResyncReport) -> Result<(), Failure> {
        match self.format {
            LogFormat::Json => display::logged_report(report, &self.masker)?,
            LogFormat::Text if self.waits => {
                self.log.flush(OLDER_LINES);
                display::report(report, &self.masker);
            }
            LogFormat::Text => self.log.push(display::report_text(report).as_bytes()),
        }
        if let Some(results) = &self.json {
            results.tell(&display::json_line(report, &self.masker)?);
        }
        Ok(())
    }
}
