//! How is a body read without holding more of it than is allowed? By [`read`].

use http_body_util::BodyExt as _;
use hyper::body::{Body, Incoming};

use super::budget::{FREE, Share};

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyFault {
    /// It is larger than the limit, as sent or decompressed.
    TooLarge,
    /// The sender went away, or what came is not what was announced.
    Broken,
    /// Other requests hold all the bytes there are for large bodies.
    Busy,
    /// It took too long.
    Slow,
    /// It is compressed in a way that is not understood.
    UnknownEncoding,
}

/// Reads a body of at most `limit` bytes. One that is announced to be larger is not read at all.
pub(super) async fn read(
    mut body: Incoming,
    limit: usize,
    share: &mut Share,
) -> Result<Vec<u8>, BodyFault> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(BodyFault::TooLarge);
    }
    // What is announced costs the sender nothing, so only little is reserved for it.
    let mut whole = Vec::with_capacity(announced.min(FREE));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_gone| BodyFault::Broken)?;
        let Ok(chunk) = frame.into_data() else {
            continue;
        };
        if chunk.len() > limit.saturating_sub(whole.len()) {
            return Err(BodyFault::TooLarge);
        }
        share.grow(chunk.len()).map_err(|_spent| BodyFault::Busy)?;
        whole.extend_from_slice(&chunk);
    }
    Ok(whole)
}
