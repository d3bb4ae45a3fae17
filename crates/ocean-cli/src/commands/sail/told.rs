//! How are people and programs told of a resync?

use ocean_core::ResyncReport;
use ocean_core::http::Masker;

use crate::arguments::LogFormat;
use crate::display;
use crate::failure::Failure;

/// The way the operator wants reports.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) format: LogFormat,
    /// Whether reports go to stdout as JSON, one per line.
    pub(super) json: bool,
    pub(super) masker: Masker,
}

impl Told {
    /// Tells what a resync did.
    pub(super) fn report(&self, report: &ResyncReport) -> Result<(), Failure> {
        match self.format {
            LogFormat::Text => display::report(report, &self.masker),
            LogFormat::Json => display::logged_report(report, &self.masker)?,
        }
        if self.json {
            display::json(report, &self.masker)?;
        }
        Ok(())
    }
}
