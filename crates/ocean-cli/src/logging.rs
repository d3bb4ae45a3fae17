//! How does the process log? To stderr, with every secret masked.

use std::io::{self, Write};

use ocean_core::http::Masker;
use ocean_core::settings::{LogLevel, Settings};
use secrecy::ExposeSecret as _;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::arguments::LogFormat;

/// Libraries whose debug messages are about connections and bytes and not about integrations.
const NOISY: [&str; 5] = ["h2", "hyper", "hyper_util", "reqwest", "rustls"];

/// What hides the secrets of these settings, wherever something is shown.
pub(crate) fn masker(settings: &Settings) -> Masker {
    let secrets = settings.secrets();
    Masker::new(secrets.iter().map(|secret| secret.expose_secret()))
}

/// Begins to log; once per process, later calls change nothing.
pub(crate) fn start(settings: &Settings, masker: Masker, format: LogFormat) {
    let writer = MaskedStderr { masker };
    let level = level(settings.application.log_level);
    let noisy = NOISY.map(|library| (library, level.min(LevelFilter::WARN)));
    let wanted = Targets::new().with_default(level).with_targets(noisy);
    let registry = tracing_subscriber::registry().with(wanted);
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
