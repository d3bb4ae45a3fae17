//! How does the process log? To stderr, and to Port if it is to, with every secret masked.
//!
//! A command that ends soon writes its lines itself; one that stays has a [`Log`], which never
//! waits for anybody.

mod lines;
mod measured;
mod record;
mod upload;

use std::io::{self, Write};

use ocean_core::http::Masker;
use ocean_core::settings::{LogLevel, Settings};
use secrecy::ExposeSecret as _;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub(crate) use self::lines::{Lines, Writer};
use self::measured::OfLog;
use self::record::Recorder;
pub(crate) use self::upload::{Upload, Uploading};
use crate::arguments::LogFormat;

/// Libraries whose debug messages are about connections and bytes and not about integrations.
const NOISY: [&str; 5] = ["h2", "hyper", "hyper_util", "reqwest", "rustls"];

/// What hides the secrets of these settings, wherever something is shown.
pub(crate) fn masker(settings: &Settings) -> Masker {
    let secrets = settings.secrets();
    Masker::new(secrets.iter().map(|secret| secret.expose_secret()))
}

/// The log of a process that stays. Dropping it writes what waits, for a second at most.
#[derive(Debug)]
pub(crate) struct Log {
    lines: Lines,
    upload: Option<Upload>,
    _writer: Writer,
}

impl Log {
    /// Begins to log, and to collect what Port is to keep if the settings say so.
    pub(crate) fn start(
        settings: &Settings,
        masker: &Masker,
        hostname: Option<&str>,
        format: LogFormat,
    ) -> io::Result<Self> {
        let masked = masker.clone();
        let mask = move |line: &str| masked.full(line).into_owned();
        let (lines, writer) = Lines::write_to(io::stderr(), mask)?;
        let kind = &settings.integration.integration_type;
        let collect = settings.application.enable_http_logging;
        let upload = collect.then(|| Upload::new(kind, hostname, masker.clone()));
        subscribe(
            settings,
            QueuedStderr(lines.clone()),
            format,
            upload.clone(),
        );
        Ok(Self {
            lines,
            upload,
            _writer: writer,
        })
    }

    /// Where lines are written that are not of the log.
    pub(crate) const fn lines(&self) -> &Lines {
        &self.lines
    }

    /// What Port is to keep; `None` when it is not.
    pub(crate) const fn upload(&self) -> Option<&Upload> {
        self.upload.as_ref()
    }

    /// What is counted of it.
    pub(crate) fn measured(&self) -> OfLog {
        OfLog {
            lines: self.lines.clone(),
            upload: self.upload.clone(),
        }
    }
}

/// Begins to log; once per process, later calls change nothing.
pub(crate) fn start(settings: &Settings, masker: Masker, format: LogFormat) {
    subscribe(settings, MaskedStderr { masker }, format, None);
}

fn subscribe<W>(settings: &Settings, writer: W, format: LogFormat, upload: Option<Upload>)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let level = level(settings.application.log_level);
    let noisy = NOISY.map(|library| (library, level.min(LevelFilter::WARN)));
    let wanted = Targets::new().with_default(level).with_targets(noisy);
    let recorder = upload.map(Recorder);
    let registry = tracing_subscriber::registry().with(wanted).with(recorder);
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer);
    let started = match format {
        LogFormat::Text => registry.with(lines.with_target(false)).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    // It can only fail when a log is there already, and then that one is the right one.
    drop(started);
}

const fn level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Warning => LevelFilter::WARN,
        LogLevel::Error | LogLevel::Critical => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    }
}

/// Hands whole log lines to the thread that writes them.
#[derive(Debug, Clone)]
struct QueuedStderr(Lines);

impl<'w> MakeWriter<'w> for QueuedStderr {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

impl Write for QueuedStderr {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes whole log lines to stderr, masked.
#[derive(Debug, Clone)]
struct MaskedStderr {
    masker: Masker,
}

impl<'w> MakeWriter<'w> for MaskedStderr {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

impl Write for MaskedStderr {
    /// The subscriber hands over a whole line at a time, so no secret is cut in two.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        io::stderr().write_all(self.masker.full(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_messages_are_logged_at_every_level() {
        assert_eq!(level(LogLevel::Critical), LevelFilter::ERROR);
        assert_eq!(level(LogLevel::Debug), LevelFilter::DEBUG);
    }
}
