//! What does a fault look like on the wire? Turns an answer and an [`Action`] into bytes, pauses
//! and cuts.

use std::convert::Infallible;
use std::io;
use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use flate2::write::GzEncoder;
use flate2::{Compress, Compression, Crc, FlushCompress};
use futures::stream::{self, BoxStream, StreamExt as _};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderValue, StatusCode};
use http_body_util::{Either, Full, StreamBody};
use hyper::body::Frame;
use serde_json::Value;

use super::Action;
use crate::message::{Request, Response};
use crate::socket::ResetSwitch;

/// A body that may stop or stall half-way.
pub(crate) type WireBody = Either<Full<Bytes>, StreamBody<Pieces>>;
type Pieces = BoxStream<'static, io::Result<Frame<Bytes>>>;

/// How long what was sent has to reach the peer before the connection is broken.
///
/// The HTTP library sends what it has while the body is pending; a break without this pause would
/// overtake it.
const SETTLE: Duration = Duration::from_millis(5);

/// The connection is to be dropped without an answer.
#[derive(Debug)]
pub(crate) struct Aborted;

impl std::fmt::Display for Aborted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connection dropped by a fault")
    }
}

impl std::error::Error for Aborted {}

/// What the server does with a request once its fault is known.
pub(crate) enum Outcome {
    /// Sends this, whole or damaged.
    Send(http::Response<WireBody>),
    /// Drops the connection.
    Drop,
}

/// The answer as it is, in one piece.
pub(crate) fn whole(response: Response) -> http::Response<WireBody> {
    let Response {
        status,
        headers,
        body,
    } = response;
    assemble(status, headers, Either::Left(Full::new(body)))
}

/// One request's fault, applied before and after the simulator handles it.
#[derive(Debug)]
pub(crate) struct Wiring<'a> {
    pub(crate) action: &'a Action,
    pub(crate) request: &'a Request,
    pub(crate) reset: &'a ResetSwitch,
}

impl Wiring<'_> {
    /// The outcome of actions that keep the request from the simulator; `None` lets it through.
    pub(crate) async fn before(&self) -> Option<Outcome> {
        let response = match self.action {
            Action::Status {
                code,
                headers,
                body,
            } => canned(*code, headers, body),
            Action::Body { content_type, text } => Response::bytes(content_type, text.clone()),
            Action::Redirect { location, code } => {
                Response::status(status(*code)).with_header("location", location)
            }
            Action::GzipBomb { megabytes } => return Some(Outcome::Send(gzip_bomb(*megabytes))),
            Action::Reset => {
                self.reset.arm();
                return Some(Outcome::Drop);
            }
            Action::Hang => match never().await {},
            Action::Delay { ms } => {
                tokio::time::sleep(Duration::from_millis(*ms)).await;
                return None;
            }
            _ => return None,
        };
        Some(Outcome::Send(whole(response)))
    }

    /// What happens to the simulator's true answer.
    pub(crate) fn after(&self, response: Response) -> Outcome {
        let body = response.body.clone();
        let half = body.slice(..body.len() / 2);
        Outcome::Send(match self.action {
            Action::ApplyThenReset => {
                self.reset.arm();
                return Outcome::Drop;
            }
            Action::Rewrite(rewrite) => whole(Response {
                body: rewrite.apply(self.request, &body).into(),
                ..response
            }),
            Action::ResetAfterHeaders => {
                announced(response, then_break(Bytes::new(), Some(self.reset.clone())))
            }
            Action::ResetMidBody => announced(response, then_break(half, Some(self.reset.clone()))),
            Action::CutContentLength => announced(response, then_break(half, None)),
            Action::CutChunked => chunked(response, then_break(half, None)),
            Action::HangAfterHeaders => announced(response, stream::pending().boxed()),
            Action::Drip { bytes, every_ms } => announced(
                response,
                drip(body, *bytes, Duration::from_millis(*every_ms)),
            ),
            _ => whole(response),
        })
    }
}

async fn never() -> Infallible {
    std::future::pending().await
}

fn canned(
    code: u16,
    headers: &std::collections::BTreeMap<String, String>,
    body: &Value,
) -> Response {
    let response = match body {
        Value::Null => Response::status(status(code)),
        Value::String(text) => Response::bytes("text/plain", text.clone()),
        json => Response::json(json),
    };
    headers.iter().fold(
        response.with_status(status(code)),
        |response, (name, value)| response.with_header(name, value),
    )
}

/// A code that cannot be sent becomes a 500: the plan's author sees it in the journal.
fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Announces the length of the true body, whatever is sent then.
fn announced(mut response: Response, pieces: Pieces) -> http::Response<WireBody> {
    // An empty body cannot be cut; pretend that one byte is to come.
    let length = response.body.len().max(1);
    response
        .headers
        .insert(CONTENT_LENGTH, HeaderValue::from(length));
    chunked(response, pieces)
}

/// Without an announced length the HTTP library sends chunks.
fn chunked(response: Response, pieces: Pieces) -> http::Response<WireBody> {
    let Response {
        status, headers, ..
    } = response;
    assemble(status, headers, Either::Right(StreamBody::new(pieces)))
}

fn assemble(
    status: StatusCode,
    headers: http::HeaderMap,
    body: WireBody,
) -> http::Response<WireBody> {
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn then_break(first: Bytes, reset: Option<ResetSwitch>) -> Pieces {
    let breaking = stream::once(async move {
        tokio::time::sleep(SETTLE).await;
        if let Some(reset) = reset {
            reset.arm();
        }
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    let sent = (!first.is_empty()).then(|| Ok(Frame::data(first)));
    stream::iter(sent).chain(breaking).boxed()
}

fn drip(body: Bytes, bytes: usize, every: Duration) -> Pieces {
    stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(every).await;
        let piece = rest.split_to(bytes.clamp(1, rest.len()));
        Some((Ok(Frame::data(piece)), rest))
    })
    .boxed()
}

/// One mebibyte of blanks is compressed once and sent again and again: a full flush ends at a byte
/// and forgets the window, so the pieces of a deflate stream can be repeated.
fn gzip_bomb(megabytes: u32) -> http::Response<WireBody> {
    let blanks = vec![b' '; 1 << 20];
    let (piece, last) = (
        deflated(&blanks, FlushCompress::Full),
        deflated(b"{}", FlushCompress::Finish),
    );
    let trailer = trailer(&blanks, megabytes);
    let header = gzip_header();
    let frames = stream::iter(
        std::iter::once(header)
            .chain(std::iter::repeat_n(piece, megabytes as usize))
            .chain([last, trailer])
            .map(|bytes| Ok(Frame::data(bytes))),
    );
    let mut response = Response::json_bytes(Bytes::new());
    response
        .headers
        .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    chunked(response, frames.boxed())
}

fn deflated(data: &[u8], flush: FlushCompress) -> Bytes {
    let mut output = Vec::with_capacity(16 * 1024);
    // Blanks shrink a thousandfold, so one call takes all of the input; were it not so, the test
    // that unpacks a bomb would fail.
    drop(Compress::new(Compression::best(), false).compress_vec(data, &mut output, flush));
    output.into()
}

/// The ten bytes every gzip stream starts with, taken from an empty one.
fn gzip_header() -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    drop(encoder.flush());
    let stream = encoder.finish().unwrap_or_default();
    stream
        .get(..10)
        .map(Bytes::copy_from_slice)
        .unwrap_or_default()
}

fn trailer(blanks: &[u8], repeats: u32) -> Bytes {
    let (mut one, mut all, mut end) = (Crc::new(), Crc::new(), Crc::new());
    one.update(blanks);
    end.update(b"{}");
    for _ in 0..repeats {
        all.combine(&one);
    }
    all.combine(&end);
    [all.sum().to_le_bytes(), all.amount().to_le_bytes()]
        .concat()
        .into()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_gzip_bomb_is_small_and_unpacks_to_valid_json() {
        let packed = gzip_bomb(8).into_body().collect().await.unwrap().to_bytes();
        assert!(packed.len() < 16 * 1024, "{}", packed.len());
        let mut text = String::new();
        GzDecoder::new(&packed[..])
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text.len(), 8 * (1 << 20) + 2);
        assert_eq!(
            serde_json::from_str::<Value>(&text).unwrap(),
            serde_json::json!({})
        );
    }
}
