//! What does a failed connection mean: may it pass, and was the request executed?

use std::error::Error as StdError;
use std::io;

use super::names;
use crate::http::transport::{TransportError, TransportErrorKind};

/// The URL is left out: whoever reports the error knows it, and redacts it.
pub(super) fn classify(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let kind = if error.is_redirect() {
        TransportErrorKind::Redirect
    } else if error.is_builder() {
        TransportErrorKind::InvalidRequest
    } else if error.is_connect() && error.is_timeout() {
        TransportErrorKind::ConnectTimeout
    } else if error.is_connect() && cannot_pass(&error) {
        TransportErrorKind::Unreachable
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else {
        TransportErrorKind::Interrupted
    };
    TransportError::new(kind, error)
}

/// A host that must not be asked, or cannot be looked up.
pub(super) fn of_names(error: Box<dyn StdError + Send + Sync>) -> TransportError {
    let kind = if cannot_pass(&*error) {
        TransportErrorKind::Unreachable
    } else {
        TransportErrorKind::Connect
    };
    TransportError::new(kind, error)
}

/// Whether a failed connection is about a certificate or a name that does not exist or must not be
/// asked, which a retry does not change.
fn cannot_pass(error: &(dyn StdError + 'static)) -> bool {
    std::iter::successors(Some(error), |error| cause(*error))
        .any(|cause| is_tls(cause) || is_unknown_name(cause) || names::is_refusal(cause))
}

/// An `io::Error` hides what it wraps from `source()`, and TLS errors are wrapped in several.
fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match wrapped {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// Whether the other side does not prove who it is, or does not speak TLS as we do.
fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    matches!(
        error.downcast_ref::<rustls::Error>(),
        Some(
            rustls::Error::InvalidCertificate(_)
                | rustls::Error::NoCertificatesPresented
                | rustls::Error::UnsupportedNameType
                | rustls::Error::PeerIncompatible(_)
                | rustls::Error::AlertReceived(_)
                | rustls::Error::InvalidMessage(_)
        )
    )
}

/// What a [`Resolver`](crate::http::Resolver) says of a name that does not exist.
fn is_unknown_name(error: &(dyn StdError + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}
