//! What stands on `/metrics` about the log? [`OfLog`] describes it.

use ocean_core::{Labels, MetricSource, Page};

use super::lines::Lines;
use super::upload::Upload;

/// The log of this process.
#[derive(Debug)]
pub(crate) struct OfLog {
    pub(super) lines: Lines,
    pub(super) upload: Option<Upload>,
}

impl MetricSource for OfLog {
    fn describe(&self, page: &mut Page<'_>) {
        let (sent, not_sent) = self.upload.as_ref().map(Upload::counts).unwrap_or_default();
        let dropped = [("stderr", self.lines.ever_dropped()), ("port", not_sent)];
        page.counter(
            "ocean_log_records_dropped",
            "Log records that nobody took in time, by where they were to go.",
            dropped.map(|(sink, count)| (vec![("sink", sink.to_owned())], number(count))),
        );
        page.counter(
            "ocean_log_records_sent",
            "Log records that Port keeps.",
            [(Labels::new(), number(sent))],
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody logs 2^53 lines")]
const fn number(count: u64) -> f64 {
    count as f64
}
