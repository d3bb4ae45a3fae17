//! Who may ask, and how often?

use std::time::Instant;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::config::{RateLimit, Rules};
use crate::{Request, Response};

/// The answer to a request without credentials that the rules accept; `None` for one with them.
pub(super) fn refusal(request: &Request, rules: &Rules) -> Option<Response> {
    if rules.basic.is_none() && rules.bearer.is_empty() {
        return None;
    }
    let header = request.header("authorization").unwrap_or_default();
    let known = match header.split_once(' ') {
        Some(("Basic", pair)) => rules
            .basic
            .as_ref()
            .is_some_and(|(email, token)| STANDARD.encode(format!("{email}:{token}")) == pair),
        Some(("Bearer", token)) => rules.bearer.iter().any(|accepted| accepted == token),
        _ => false,
    };
    if known {
        return None;
    }
    Some(unauthorized(header))
}

/// The answer to an access token where only the gateway takes it; `None` elsewhere.
pub(super) fn outside_the_gateway(request: &Request, segments: &[&str]) -> Option<Response> {
    let header = request.header("authorization").unwrap_or_default();
    let is_closed = matches!(segments, ["rest", "agile" | "software", ..]);
    (is_closed && header.starts_with("Bearer")).then(|| unauthorized(header))
}

fn unauthorized(header: &str) -> Response {
    let body = if header.starts_with("Bearer") {
        // This comes from the gateway in front of Jira, which has an own shape.
        json!({ "code": 401, "message": "Unauthorized; scope does not match" })
    } else {
        json!({
            "message": "Client must be authenticated to access this resource.",
            "status-code": 401,
        })
    };
    Response::json(&body)
        .with_status(StatusCode::UNAUTHORIZED)
        .with_header(
            "www-authenticate",
            "OAuth realm=\"https%3A%2F%2Ftwin.atlassian.net\"",
        )
}

/// The running window of a rate limit.
#[derive(Debug, Default)]
pub(crate) struct Window {
    current: Option<(Instant, u64)>,
}

/// Headers to add to an answer.
type Headers = Vec<(&'static str, String)>;

impl Window {
    /// Counts a request: the headers for its answer, or a 429.
    pub(super) fn admit(&mut self, rule: &RateLimit) -> Result<Headers, Box<Response>> {
        let now = Instant::now();
        let (began, used) = match self.current {
            Some((began, used)) if now.duration_since(began) < rule.window => (began, used),
            _ => (now, 0),
        };
        let left = rule.window.saturating_sub(now.duration_since(began));
        let headers = |remaining: u64| {
            let reset = SignedDuration::try_from(left)
                .ok()
                .and_then(|left| Timestamp::now().checked_add(left).ok())
                .unwrap_or_default();
            vec![
                ("x-ratelimit-limit", rule.limit.to_string()),
                ("x-ratelimit-remaining", remaining.to_string()),
                ("x-ratelimit-reset", reset.to_string()),
                (
                    "x-ratelimit-nearlimit",
                    (remaining * 5 < rule.limit).to_string(),
                ),
            ]
        };
        if rule.enforce && used >= rule.limit {
            let wait = left.as_secs() + u64::from(left.subsec_nanos() > 0);
            let refusal = super::refusal(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded.")
                .with_header("retry-after", &wait.to_string())
                .with_header("ratelimit-reason", "jira-burst-based");
            let announced = headers(0).into_iter();
            return Err(Box::new(
                announced.fold(refusal, |refusal, (name, value)| {
                    refusal.with_header(name, &value)
                }),
            ));
        }
        self.current = Some((began, used + 1));
        Ok(headers(rule.limit.saturating_sub(used + 1)))
    }
}
