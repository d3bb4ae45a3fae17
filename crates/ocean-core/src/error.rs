//! What can go wrong in an author's code, and what the engine does about it.
//!
//! Start with [`SourceError`]: every author's error converts into it, once, in one `From` impl
//! that decides the [`ErrorClass`].

use std::error::Error as StdError;
use std::fmt;
use std::time::SystemTime;

/// What the engine does about an error of the third-party system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// It may pass: a live event is tried again, a resync counts the kind as incomplete.
    /// Requests were already retried by the HTTP client; nothing else retries them.
    Retryable,
    /// Trying again would fail again: a live event goes to the dead letters at once.
    Permanent,
    /// The credentials were refused (401). A single resync ends with exit code 11.
    Unauthorized,
}

/// An error of the third-party system or of the author's function, as the engine sees it.
///
/// Within a resync it ends the kind that met it: what was read before stays, the kind counts as
/// incomplete, and nothing that the kind can write to is deleted.
///
/// ```
/// use ocean_core::SourceError;
///
/// let error = SourceError::permanent("board 7 has no columns");
/// assert_eq!(error.to_string(), "board 7 has no columns");
/// ```
pub struct SourceError {
    class: ErrorClass,
    not_before: Option<SystemTime>,
    error: Box<dyn StdError + Send + Sync>,
}

impl SourceError {
    /// An error that may pass by itself.
    pub fn retryable(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorClass::Retryable, error)
    }

    /// An error that will not pass by itself.
    pub fn permanent(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorClass::Permanent, error)
    }

    /// The credentials were refused.
    pub fn unauthorized(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorClass::Unauthorized, error)
    }

    /// An error of a class that is known at run time.
    pub fn new(class: ErrorClass, error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            class,
            not_before: None,
            error: error.into(),
        }
    }

    /// The same error, not to be tried again before this moment: the system announced a pause.
    #[must_use]
    pub const fn not_before(mut self, moment: SystemTime) -> Self {
        self.not_before = Some(moment);
        self
    }

    /// What the engine does about it.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        self.class
    }

    /// When it may be tried again, if the system said so.
    #[must_use]
    pub const fn retry_at(&self) -> Option<SystemTime> {
        self.not_before
    }
}

impl fmt::Debug for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceError")
            .field("class", &self.class)
            .field("error", &self.error)
            .finish()
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl StdError for SourceError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

/// The message of an error and of everything that caused it, joined by `: `.
///
/// This is how a log site or a report prints an error: messages themselves never repeat their
/// source.
#[must_use]
pub fn error_chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
