//! What goes on beside the work: telling Port how resyncs go, and sending it the log.

use ocean_core::settings::Settings;
use ocean_core::{Metrics, Reporting};

use crate::failure::Failure;
use crate::logging::{Log, Upload, Uploading};
use crate::session::Session;

/// Both, as long as the work takes.
#[derive(Debug)]
pub(super) struct Beside {
    reporting: Reporting,
    upload: Option<(Upload, Uploading)>,
}

impl Beside {
    pub(super) fn start(
        session: &Session,
        settings: &Settings,
        metrics: &Metrics,
        log: &Log,
    ) -> Self {
        let heartbeat = settings.process.status_heartbeat_interval;
        let upload = log.upload().map(|upload| {
            let uploading = upload.start(session.telemetry());
            (upload.clone(), uploading)
        });
        Self {
            reporting: Reporting::start(metrics, session.telemetry(), heartbeat),
            upload,
        }
    }

    /// Sends what waits, for a few seconds at most. Who reads the log at Port wants to know why
    /// the process ended.
    pub(super) async fn finish(self, failure: Option<&Failure>) {
        self.reporting.finish().await;
        if let Some((upload, uploading)) = self.upload {
            if let Some(failure) = failure {
                upload.critical(&failure.message());
            }
            uploading.finish().await;
        }
    }
}
