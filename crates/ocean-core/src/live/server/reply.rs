//! What does an answer look like on the wire? The functions here make responses.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use super::body::BodyFault;
use super::host::{Health, HealthCheck, ResyncAnswer};
use crate::live::ingest::Answer;

pub(super) type Reply = Response<Full<Bytes>>;

/// When a sender should try again what could not be accepted.
const TRY_AGAIN: HeaderValue = HeaderValue::from_static("5");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What the original calls its metrics; scrapers recognise the format by its end.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PROCESS_TIME: HeaderName = HeaderName::from_static("x-process-time");

/// The answer to an event. `legacy` restores the status that the original gives to a malformed
/// body.
pub(super) fn event(answer: &Answer, legacy: bool) -> Reply {
    match answer {
        Answer::Accepted(_) | Answer::Duplicate | Answer::Filtered => {
            whole(StatusCode::OK, Bytes::from_static(br#"{"status":"ok"}"#))
        }
        Answer::Malformed(reason) if legacy => error(StatusCode::OK, reason),
        Answer::Malformed(reason) => error(StatusCode::BAD_REQUEST, reason),
        Answer::Unauthenticated => {
            error(StatusCode::UNAUTHORIZED, "the request is not authenticated")
        }
        Answer::UnknownPath => not_found(),
        Answer::Unavailable(_) => unavailable(),
    }
}

/// The answer to a body that was not read to its end; the connection is of no use any more.
pub(super) fn unread(fault: BodyFault) -> Reply {
    close(match fault {
        BodyFault::TooLarge => error(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
        BodyFault::Broken => error(StatusCode::BAD_REQUEST, "the body is cut or damaged"),
        BodyFault::Busy => unavailable(),
        BodyFault::Slow => error(StatusCode::REQUEST_TIMEOUT, "the body took too long"),
        BodyFault::UnknownEncoding => error(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the content encoding is not supported",
        ),
    })
}

/// The event could not be kept. Why is the operator's business, not the sender's.
pub(super) fn unavailable() -> Reply {
    try_again(error(
        StatusCode::SERVICE_UNAVAILABLE,
        "the event could not be kept; send it again",
    ))
}

pub(super) fn health(check: HealthCheck, health: Health) -> Reply {
    let (name, unhealthy) = match check {
        HealthCheck::Live => ("live", "unhealthy"),
        HealthCheck::Ready => ("ready", "not_ready"),
    };
    let (code, status) = if health.ok {
        (StatusCode::OK, "healthy")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, unhealthy)
    };
    let mut body = serde_json::Map::new();
    body.insert("status".to_owned(), Value::from(status));
    body.insert("check".to_owned(), Value::from(name));
    body.extend(health.details);
    whole(code, Value::Object(body).to_string())
}

/// The original answers `null` when the resync is over; here it means that there will be one.
pub(super) fn resync(answer: &ResyncAnswer) -> Reply {
    match answer {
        ResyncAnswer::Requested => whole(StatusCode::OK, "null"),
        ResyncAnswer::Unauthenticated => {
            error(StatusCode::UNAUTHORIZED, "the request is not authenticated")
        }
        ResyncAnswer::Unavailable => try_again(error(
            StatusCode::SERVICE_UNAVAILABLE,
            "no resync can be requested now",
        )),
        ResyncAnswer::NotOffered => not_found(),
    }
}

pub(super) fn metrics(page: Option<String>) -> Reply {
    let Some(page) = page else {
        return not_found();
    };
    let mut reply = whole(StatusCode::OK, page);
    reply.headers_mut().insert(CONTENT_TYPE, TEXT);
    reply
}

/// The same with what every answer of the original has: an id of its own, and the seconds that
/// it took.
pub(super) fn stamped(mut reply: Reply, took: Duration) -> Reply {
    // Nothing is protected by the id; it only has to be another one each time.
    let id = uuid::Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid();
    let seconds = format!("{:.5}", took.as_secs_f64());
    for (name, value) in [(REQUEST_ID, id.to_string()), (PROCESS_TIME, seconds)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            reply.headers_mut().insert(name, value);
        }
    }
    reply
}

pub(super) fn not_found() -> Reply {
    detail(StatusCode::NOT_FOUND, "Not Found")
}

pub(super) fn wrong_method(allowed: &Method) -> Reply {
    let mut reply = detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    if let Ok(allowed) = HeaderValue::from_str(allowed.as_str()) {
        reply.headers_mut().insert(ALLOW, allowed);
    }
    reply
}

/// Ends the connection after the reply.
fn close(mut reply: Reply) -> Reply {
    reply
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}

fn try_again(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(RETRY_AFTER, TRY_AGAIN);
    reply
}

fn detail(status: StatusCode, detail: &str) -> Reply {
    whole(status, json!({ "detail": detail }).to_string())
}

fn error(status: StatusCode, message: &str) -> Reply {
    let body = json!({ "status": "error", "message": message });
    whole(status, body.to_string())
}

fn whole(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, JSON);
    reply
}
