//! How does the process log, and where does its server listen?

use crate::settings::format;
use crate::settings::reader::Section;

/// `APPLICATION__`: the log and the server. Environment and `.env` come before the command line
/// here, and `config.yaml` has no say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApplicationSettings {
    /// The least severe level that is logged.
    pub log_level: LogLevel,
    /// Whether log lines are also sent to Port.
    pub enable_http_logging: bool,
    /// The port that the server listens on, on all addresses.
    pub port: u16,
}

/// Severities, by the names of the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LogLevel {
    /// `DEBUG`
    Debug,
    /// `INFO`
    Info,
    /// `WARNING`
    Warning,
    /// `ERROR`
    Error,
    /// `CRITICAL`
    Critical,
}

impl ApplicationSettings {
    pub(in crate::settings) fn read(section: &mut Section<'_>) -> Self {
        const LEVELS: &[(&str, LogLevel)] = &[
            ("DEBUG", LogLevel::Debug),
            ("INFO", LogLevel::Info),
            ("WARNING", LogLevel::Warning),
            ("ERROR", LogLevel::Error),
            ("CRITICAL", LogLevel::Critical),
        ];
        Self {
            log_level: section.or("log_level", &format::choice(LEVELS), LogLevel::Info),
            enable_http_logging: section.or("enable_http_logging", &format::boolean(), true),
            port: section.or("port", &format::within(0, u16::MAX), 8000),
        }
    }
}
