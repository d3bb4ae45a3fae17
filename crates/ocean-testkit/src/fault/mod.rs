//! How does a simulator misbehave? A [`FaultPlan`] of [`Rule`]s, each with an [`Action`].
//!
//! A plan is data: it can be written as JSON, and the same plan over the same requests gives the
//! same faults. [`Faults`] is the running plan of one server.

mod picker;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

pub use self::picker::Faults;
pub(crate) use self::wire::{Aborted, Outcome, WireBody, Wiring, whole};
use crate::message::Request;

/// What goes wrong, and how slow everything is.
///
/// ```
/// let plan: ocean_testkit::FaultPlan = serde_json::from_str(r#"{
///     "seed": 7,
///     "latency_ms": 20,
///     "rules": [
///         { "method": "POST", "path": "/entities/bulk", "skip": 1, "times": 2,
///           "action": { "status": { "code": 503, "headers": { "retry-after": "1" } } } },
///         { "path": "/rest/", "probability": 0.02, "action": "reset" }
///     ]
/// }"#)?;
/// assert_eq!(plan.rules.len(), 2);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultPlan {
    /// Decides for rules with a probability.
    pub seed: u64,
    /// Every call takes at least this long.
    pub latency_ms: u64,
    /// The first rule that fires is applied; later ones do not see the request.
    pub rules: Vec<Rule>,
}

/// Which requests an [`Action`] is applied to. A rule without conditions matches all.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The method, in capitals.
    #[serde(default)]
    method: Option<String>,
    /// A part of path and query as sent.
    #[serde(default)]
    path: Option<String>,
    /// The start of the path as sent.
    #[serde(default)]
    path_prefix: Option<String>,
    /// A part of the body.
    #[serde(default)]
    body: Option<String>,
    /// Whatever else has to hold. Only for users of this library.
    #[serde(skip)]
    when: Option<When>,
    /// Leave the first so many matches alone.
    #[serde(default)]
    skip: u64,
    /// Fire at most so often.
    #[serde(default)]
    times: Option<u64>,
    /// Fire for this share of the matches, from 0 to 1.
    #[serde(default)]
    probability: Option<f64>,
    /// What happens.
    action: Action,
}

impl Rule {
    /// A rule that applies `action` to every request.
    #[must_use]
    pub fn new(action: Action) -> Self {
        Self {
            method: None,
            path: None,
            path_prefix: None,
            body: None,
            when: None,
            skip: 0,
            times: None,
            probability: None,
            action,
        }
    }

    /// Only requests with this method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Only requests whose path and query, as sent, contain `part`.
    #[must_use]
    pub fn path(mut self, part: impl Into<String>) -> Self {
        self.path = Some(part.into());
        self
    }

    /// Only requests whose path, as sent, starts with `prefix`.
    #[must_use]
    pub fn path_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.path_prefix = Some(prefix.into());
        self
    }

    /// Only requests whose body contains `part`.
    #[must_use]
    pub fn body(mut self, part: impl Into<String>) -> Self {
        self.body = Some(part.into());
        self
    }

    /// Only requests of which this holds.
    #[must_use]
    pub fn when(mut self, holds: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        self.when = Some(When(Arc::new(holds)));
        self
    }

    /// Leaves the first `count` matches alone.
    #[must_use]
    pub fn skip(mut self, count: u64) -> Self {
        self.skip = count;
        self
    }

    /// Fires at most `count` times.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.times = Some(count);
        self
    }

    /// Fires for this share of the matches (0 to 1), decided by the plan's seed.
    #[must_use]
    pub fn probability(mut self, share: f64) -> Self {
        self.probability = Some(share);
        self
    }

    fn matches(&self, request: &Request) -> bool {
        let holds = |wanted: &Option<String>, test: &dyn Fn(&str) -> bool| {
            wanted.as_deref().is_none_or(test)
        };
        holds(&self.method, &|method| request.method().as_str() == method)
            && holds(&self.path, &|part| request.path_and_query().contains(part))
            && holds(&self.path_prefix, &|prefix| {
                request.path().starts_with(prefix)
            })
            && holds(&self.body, &|part| {
                contains(request.body(), part.as_bytes())
            })
            && self.when.as_ref().is_none_or(|when| (when.0)(request))
    }
}

/// Bodies are bytes (a fault may be aimed at invalid UTF-8), so `str::contains` does not do.
fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    needle.is_empty()
        || haystack
            .windows(needle.len())
            .any(|window| window == needle)
}

/// A condition of a [`Rule`]; made by [`Rule::when`].
#[derive(Clone)]
struct When(Arc<dyn Fn(&Request) -> bool + Send + Sync>);

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("When(..)")
    }
}

/// What a fired [`Rule`] does to a request.
///
/// Where the documentation says *handled*, the request has its full effect and its true answer is
/// then damaged on the way; otherwise the simulator never sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Action {
    /// Answers with this status and body instead of handling.
    Status {
        /// The status code.
        code: u16,
        /// More headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// A string is sent as it is, any other value as JSON.
        #[serde(default)]
        body: Value,
    },
    /// Handled, but only after this time.
    Delay {
        /// How long, in milliseconds.
        ms: u64,
    },
    /// A TCP reset instead of an answer; not handled.
    Reset,
    /// Handled; the headers arrive, then the connection is reset.
    ResetAfterHeaders,
    /// Handled; half of the body arrives, then the connection is reset.
    ResetMidBody,
    /// Handled; the full length is announced, half is sent, then the connection is closed properly.
    CutContentLength,
    /// Handled; half of the body arrives as chunks, then the connection is closed without the last.
    CutChunked,
    /// A 200 with another body; not handled.
    Body {
        /// The content type it claims.
        content_type: String,
        /// The body.
        text: String,
    },
    /// No answer ever, with the connection open; not handled.
    Hang,
    /// Handled; the headers arrive, the body never.
    HangAfterHeaders,
    /// Handled; the body arrives in small pieces.
    Drip {
        /// How many bytes at a time.
        bytes: usize,
        /// How long between two pieces, in milliseconds.
        every_ms: u64,
    },
    /// A redirect; not handled.
    Redirect {
        /// Where to.
        location: String,
        /// The status code, 302 unless given.
        #[serde(default = "found")]
        code: u16,
    },
    /// A small compressed body that unpacks to this size of blanks followed by `{}`; not handled.
    GzipBomb {
        /// The unpacked size.
        megabytes: u32,
    },
    /// Handled, then reset: it happened, but the caller cannot know.
    ApplyThenReset,
    /// Handled; the body of the answer is then changed. Only for users of this library.
    #[serde(skip)]
    Rewrite(Rewrite),
}

fn found() -> u16 {
    302
}

impl Action {
    /// An answer that lies: `rewrite` receives the request and the true answer's JSON.
    #[must_use]
    pub fn rewrite(rewrite: impl Fn(&Request, Value) -> Value + Send + Sync + 'static) -> Self {
        Self::rewrite_bytes(move |request, body| {
            let truth = serde_json::from_slice(body).unwrap_or_default();
            rewrite(request, truth).to_string().into()
        })
    }

    /// An answer that is not even JSON, or not what a JSON library would write: `rewrite` receives
    /// the request and the true answer's body.
    #[must_use]
    pub fn rewrite_bytes(
        rewrite: impl Fn(&Request, &[u8]) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self::Rewrite(Rewrite(Arc::new(rewrite)))
    }

    /// An answer with this status and an empty body.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self::Status {
            code,
            headers: BTreeMap::new(),
            body: Value::Null,
        }
    }

    /// The name that the journal and JSON plans use.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Delay { .. } => "delay",
            Self::Reset => "reset",
            Self::ResetAfterHeaders => "reset_after_headers",
            Self::ResetMidBody => "reset_mid_body",
            Self::CutContentLength => "cut_content_length",
            Self::CutChunked => "cut_chunked",
            Self::Body { .. } => "body",
            Self::Hang => "hang",
            Self::HangAfterHeaders => "hang_after_headers",
            Self::Drip { .. } => "drip",
            Self::Redirect { .. } => "redirect",
            Self::GzipBomb { .. } => "gzip_bomb",
            Self::ApplyThenReset => "apply_then_reset",
            Self::Rewrite(_) => "rewrite",
        }
    }
}

/// A change to the body of a true answer; made by [`Action::rewrite`] and
/// [`Action::rewrite_bytes`].
#[derive(Clone)]
pub struct Rewrite(Arc<RewriteFn>);

type RewriteFn = dyn Fn(&Request, &[u8]) -> Vec<u8> + Send + Sync;

impl Rewrite {
    pub(crate) fn apply(&self, request: &Request, body: &[u8]) -> Vec<u8> {
        (self.0)(request, body)
    }
}

impl fmt::Debug for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rewrite(..)")
    }
}
