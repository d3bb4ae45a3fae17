//! How does one call run from its first attempt to its end? [`Call`] is that loop.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{HeaderMap, Request, StatusCode, header};
use jiff::Timestamp;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use super::auth::Refresh;
use super::config::Inner;
use super::deadline::{Budget, Deadline, Deadlines};
use super::error::{CallContext, HttpError};
use super::pause::{LONGEST_PAUSE, TooLong};
use super::priority::Priority;
use super::received::note_size;
use super::redact::RedactedUri;
use super::response::Response;
use super::retry::{Failure, Mode};
use super::retry_after::Announcement;
use super::stream::StreamingResponse;
use super::transport::{BodyStream, TransportError, TransportErrorKind};

/// The right to have one request on the wire.
pub(super) type Slot = Option<OwnedSemaphorePermit>;

/// How much memory is set aside for a body because its headers say that it is so large.
const LARGEST_RESERVE: usize = 1 << 20;

/// One call of a client: all the attempts that are made for one request.
pub(super) struct Call<'c> {
    inner: &'c Arc<Inner>,
    request: Request<Bytes>,
    host: String,
    mode: Mode,
    priority: Priority,
    started: Instant,
    attempts: u32,
    refreshed: bool,
    budget: Budget,
}

/// How much of an answer has to be there for an attempt to have succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    Body,
    Headers,
}

/// An answer of any status.
type Answer = http::Response<Body>;

enum Body {
    Whole(Bytes),
    Open(BodyStream, Slot),
}

/// An attempt without an answer.
#[derive(Debug)]
pub(super) enum Fault {
    Late(Deadline),
    Transport(TransportError),
    TooLarge(u64),
}

impl<'c> Call<'c> {
    pub(super) fn new(inner: &'c Arc<Inner>, request: Request<Bytes>) -> Self {
        let uri = request.uri();
        Self {
            host: uri
                .authority()
                .map(|authority| authority.as_str().to_owned())
                .unwrap_or_default(),
            mode: Mode::of(&request),
            priority: Priority::of(request.extensions()),
            started: Instant::now(),
            attempts: 0,
            refreshed: false,
            budget: Budget::new(inner.settings.deadlines.total),
            request,
            inner,
        }
    }

    /// Runs the call until the whole body is there.
    pub(super) async fn whole(mut self) -> Result<Response, HttpError> {
        let (parts, body) = self.run(Want::Body).await?.into_parts();
        let body = match body {
            Body::Whole(body) => body,
            Body::Open(body, _slot) => self
                .collect(body, &parts.headers)
                .await
                .map_err(|fault| self.failed(fault))?,
        };
        Ok(self.received(http::Response::from_parts(parts, body)))
    }

    /// Runs the call until the headers of a successful answer are there.
    pub(super) async fn open(mut self) -> Result<StreamingResponse, HttpError> {
        let (parts, body) = self.run(Want::Headers).await?.into_parts();
        let (body, slot) = match body {
            Body::Open(body, slot) => (body, slot),
            Body::Whole(body) => {
                let response = http::Response::from_parts(parts.clone(), body);
                let accepted = self.received(response).error_for_status()?;
                let body = stream::iter([Ok(accepted.into_body())]);
                (body.boxed(), None)
            }
        };
        let response = http::Response::from_parts(parts, body);
        let settings = &self.inner.settings;
        Ok(StreamingResponse::new(
            response,
            slot,
            self.context(),
            settings,
        ))
    }

    async fn run(&mut self, want: Want) -> Result<Answer, HttpError> {
        loop {
            self.wait_for_pauses().await?;
            let (headers, generation) = self.authorized().await?;
            let slot = self.slot().await?;
            self.attempts += 1;
            let span = self.span();
            let outcome = self
                .attempt(headers.clone(), slot, want)
                .instrument(span.clone())
                .await;
            let status = outcome.as_ref().ok().map(http::Response::status);
            self.inner
                .settings
                .meter
                .note_attempt(self.attempts, status);
            let announcement = self.heed(&outcome);
            if self.is_unauthorized(&outcome) && self.renewed(generation, &headers).await? {
                continue;
            }
            let failure = failure_of(&outcome);
            let again = failure.filter(|failure| {
                let policy = &self.inner.settings.retry;
                !self.budget.is_spent() && policy.allows(self.mode, self.attempts, *failure)
            });
            let Some(failure) = again else {
                return outcome.map_err(|fault| self.failed(fault));
            };
            self.log_failure(failure);
            drop(outcome);
            self.back_off(announcement).await?;
        }
    }
}

/// Waiting.
impl Call<'_> {
    /// Once is everyday life; from the second time on somebody may be waiting to hear of it.
    fn log_failure(&self, failure: Failure) {
        let system = &*self.inner.settings.name;
        let (method, url, attempt) = (self.request.method().as_str(), self.url(), self.attempts);
        if attempt > 1 {
            tracing::warn!(
                system,
                method,
                %url,
                attempt,
                ?failure,
                "request failed, trying again"
            );
        } else {
            tracing::debug!(
                system,
                method,
                %url,
                attempt,
                ?failure,
                "request failed, trying again"
            );
        }
    }

    async fn wait_for_pauses(&self) -> Result<(), HttpError> {
        let settings = &self.inner.settings;
        self.inner
            .pauses
            .wait(&self.host, settings.max_pause, || self.spread())
            .await
            .map_err(|TooLong { left }| self.paused_too_long(left))
    }

    /// How late a call comes back from a pause. Urgent ones do at once, before the others.
    fn spread(&self) -> f64 {
        match self.priority {
            Priority::Urgent => 0.0,
            Priority::Normal => (self.inner.settings.randomness)(),
        }
    }

    /// A slot, at a time when nothing holds requests back: a slot is not held while waiting.
    ///
    /// A call that others precede hands on the slot that it queued for.
    async fn slot(&self) -> Result<Slot, HttpError> {
        let turn = self.inner.precedence.turn(&self.host, self.priority);
        loop {
            self.wait_for_pauses().await?;
            turn.comes().await;
            // The semaphore is never closed; if it were, there would be no limit to keep.
            let slot = Arc::clone(&self.inner.slots).acquire_owned().await.ok();
            if self.inner.pauses.left(&self.host).is_some() || turn.is_preceded() {
                continue;
            }
            let Some(wait) = self.throttled() else {
                return Ok(slot);
            };
            drop(slot);
            if wait > self.inner.settings.max_pause {
                return Err(self.paused_too_long(wait));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// How long the client's throttle holds the next request back.
    fn throttled(&self) -> Option<Duration> {
        self.inner.throttle.as_ref()?.admit(self.priority)
    }

    async fn back_off(&self, announcement: Announcement) -> Result<(), HttpError> {
        let settings = &self.inner.settings;
        let delay = match announcement {
            // The next attempt waits for the pause, like everybody.
            Announcement::Pause(_) => Duration::ZERO,
            Announcement::Delay(left) if left > settings.max_pause => {
                return Err(self.paused_too_long(left));
            }
            Announcement::Delay(delay) => delay,
            Announcement::Nothing => settings.retry.delay(self.attempts, (settings.randomness)()),
        };
        tokio::time::sleep(delay).await;
        Ok(())
    }

    /// Reads what the answer says about waiting, and tells everybody if it is for everybody.
    fn heed(&self, outcome: &Result<Answer, Fault>) -> Announcement {
        let Ok(answer) = outcome else {
            return Announcement::Nothing;
        };
        if let Some(throttle) = &self.inner.throttle {
            throttle.observe(answer.status(), answer.headers());
        }
        let announcement = Announcement::of(answer.status(), answer.headers(), Timestamp::now());
        if let Announcement::Pause(wait) = announcement {
            tracing::warn!(
                system = &*self.inner.settings.name,
                host = self.host,
                status = answer.status().as_u16(),
                seconds = wait.as_secs_f64(),
                "the server asked for a pause"
            );
            self.inner.settings.meter.note_pause(wait);
            self.inner.pauses.announce(&self.host, wait);
        }
        announcement
    }
}

/// Credentials.
impl Call<'_> {
    /// The headers of the next attempt, and which generation of credentials they hold.
    async fn authorized(&self) -> Result<(HeaderMap, u64), HttpError> {
        let mut headers = self.request.headers().clone();
        for (name, value) in &self.inner.settings.headers {
            if !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
        let generation = match &self.inner.credentials {
            Some(credentials) => credentials.authorize(&mut headers).await,
            None => Ok(0),
        };
        match generation {
            Ok(generation) => Ok((headers, generation)),
            Err(source) => Err(HttpError::Authorize {
                call: Box::new(self.context()),
                source,
            }),
        }
    }

    /// Whether an answer of any status but 401 refuses the credentials.
    fn refuses(&self, answer: &HeaderMap) -> bool {
        let credentials = self.inner.credentials.as_ref();
        credentials.is_some_and(|credentials| credentials.refuses(answer))
    }

    fn is_unauthorized(&self, outcome: &Result<Answer, Fault>) -> bool {
        outcome.as_ref().is_ok_and(|answer| {
            answer.status() == StatusCode::UNAUTHORIZED || self.refuses(answer.headers())
        })
    }

    /// Whether there are new credentials after a 401. Asked once for each call.
    async fn renewed(&mut self, generation: u64, refused: &HeaderMap) -> Result<bool, HttpError> {
        let Some(credentials) = &self.inner.credentials else {
            return Ok(false);
        };
        if std::mem::replace(&mut self.refreshed, true) {
            return Ok(false);
        }
        match credentials.refresh(generation, refused).await {
            Ok(refresh) => Ok(refresh == Refresh::Renewed),
            Err(source) => Err(HttpError::Authorize {
                call: Box::new(self.context()),
                source,
            }),
        }
    }
}

/// One attempt.
impl Call<'_> {
    async fn attempt(
        &mut self,
        headers: HeaderMap,
        slot: Slot,
        want: Want,
    ) -> Result<Answer, Fault> {
        let mut request = self.request.clone();
        *request.headers_mut() = headers;
        let started = Instant::now();
        let result = timeout(self.budget.left(), self.exchange(request, slot, want))
            .await
            .unwrap_or(Err(Fault::Late(Deadline::Total)));
        self.budget.spend(started.elapsed());
        result
    }

    async fn exchange(
        &self,
        request: Request<Bytes>,
        slot: Slot,
        want: Want,
    ) -> Result<Answer, Fault> {
        let settings = &self.inner.settings;
        let sending = self.inner.transport.send(request);
        let response = timeout(settings.deadlines.first_byte, sending)
            .await
            .map_err(|_elapsed| Fault::Late(Deadline::FirstByte))?
            .map_err(Fault::Transport)?;
        tracing::Span::current().record("status", response.status().as_u16());
        let is_refusal = self.refuses(response.headers());
        if want == Want::Headers && !is_error(response.status()) && !is_refusal {
            return Ok(response.map(|body| Body::Open(body, slot)));
        }
        let (parts, body) = response.into_parts();
        let body = Body::Whole(self.collect(body, &parts.headers).await?);
        Ok(http::Response::from_parts(parts, body))
    }

    /// Receives a body whole, or not at all. The size is counted after decompression.
    ///
    /// Each piece is copied at once and given back: its memory is then free for the next one.
    async fn collect(&self, mut body: BodyStream, headers: &HeaderMap) -> Result<Bytes, Fault> {
        let settings = &self.inner.settings;
        let mut whole = Vec::with_capacity(announced_size(headers).min(LARGEST_RESERVE));
        while let Some(piece) = next_piece(&mut body, settings.deadlines).await? {
            if whole.len().saturating_add(piece.len()) > settings.max_body_bytes {
                return Err(Fault::TooLarge(settings.max_body_bytes as u64));
            }
            whole.extend_from_slice(&piece);
        }
        note_size(whole.len());
        // The items of a page share this memory for long, so it has no room to spare.
        whole.shrink_to_fit();
        Ok(whole.into())
    }

    fn span(&self) -> tracing::Span {
        tracing::debug_span!(
            "http",
            system = &*self.inner.settings.name,
            method = self.request.method().as_str(),
            path = self.request.uri().path(),
            attempt = self.attempts,
            status = tracing::field::Empty,
        )
    }
}

/// What the caller gets.
impl Call<'_> {
    fn url(&self) -> RedactedUri {
        let masker = self.inner.settings.masker.clone();
        RedactedUri::new(self.request.uri().clone(), masker)
    }

    fn context(&self) -> CallContext {
        CallContext {
            client: Arc::clone(&self.inner.settings.name),
            method: self.request.method().clone(),
            url: self.url(),
            attempts: self.attempts,
            elapsed: self.started.elapsed(),
            repeatable: self.inner.settings.repeatable,
        }
    }

    fn received(&self, response: http::Response<Bytes>) -> Response {
        let masker = self.inner.settings.masker.clone();
        let is_refusal = self.refuses(response.headers());
        Response::received(response, self.context(), masker).refused(is_refusal)
    }

    fn failed(&self, fault: Fault) -> HttpError {
        fault.into_error(self.context())
    }

    fn paused_too_long(&self, left: Duration) -> HttpError {
        HttpError::PausedTooLong {
            call: Box::new(self.context()),
            until: SystemTime::now() + left.min(LONGEST_PAUSE),
        }
    }
}

impl Fault {
    pub(super) fn into_error(self, call: CallContext) -> HttpError {
        match self {
            Self::Late(deadline) => HttpError::Timeout {
                call: Box::new(call),
                deadline,
            },
            Self::Transport(source) => HttpError::from_transport(call, source),
            Self::TooLarge(limit) => HttpError::TooLarge {
                call: Box::new(call),
                limit,
            },
        }
    }
}

/// The next piece of a body, which has to come within the idle deadline.
pub(super) async fn next_piece(
    body: &mut BodyStream,
    deadlines: Deadlines,
) -> Result<Option<Bytes>, Fault> {
    timeout(deadlines.idle, body.next())
        .await
        .map_err(|_elapsed| Fault::Late(Deadline::Idle))?
        .transpose()
        .map_err(Fault::Transport)
}

/// How large a body claims to be; zero when it does not say, as a compressed one.
fn announced_size(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH);
    length
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .unwrap_or_default()
}

fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

/// What the retry policy has to know about an outcome; `None` when it cannot get better.
fn failure_of(outcome: &Result<Answer, Fault>) -> Option<Failure> {
    match outcome {
        Ok(answer) => is_error(answer.status()).then(|| Failure::Status(answer.status())),
        Err(Fault::Late(Deadline::Total) | Fault::TooLarge(_)) => None,
        Err(Fault::Late(_)) => Some(Failure::Interrupted),
        Err(Fault::Transport(error)) => match error.kind() {
            TransportErrorKind::Connect | TransportErrorKind::ConnectTimeout => {
                Some(Failure::NotConnected)
            }
            TransportErrorKind::Interrupted => Some(Failure::Interrupted),
            TransportErrorKind::Unreachable
            | TransportErrorKind::Redirect
            | TransportErrorKind::InvalidRequest => None,
        },
    }
}
