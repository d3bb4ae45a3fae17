//! How is a compressed body made readable without holding more of it than is allowed? By
//! [`Encoding::decode`].

use std::io::Read;

use flate2::read::{MultiGzDecoder, ZlibDecoder};
use http::{HeaderMap, header};

use super::body::BodyFault;
use super::budget::Share;

/// How much is decompressed before other tasks of the thread get their turn.
const CHUNK: usize = 64 << 10;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    /// The zlib format, as RFC 9110 has it.
    Deflate,
}

impl Encoding {
    /// What the headers say. Bodies that are compressed twice are not understood.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, BodyFault> {
        let mut named = headers.get_all(header::CONTENT_ENCODING).iter();
        let Some(name) = named.next() else {
            return Ok(Self::Identity);
        };
        let name = name.as_bytes().trim_ascii();
        if named.next().is_some() {
            return Err(BodyFault::UnknownEncoding);
        }
        [
            (&b"identity"[..], Self::Identity),
            (b"gzip", Self::Gzip),
            (b"x-gzip", Self::Gzip),
            (b"deflate", Self::Deflate),
        ]
        .into_iter()
        .find(|(known, _)| name.eq_ignore_ascii_case(known))
        .map(|(_, encoding)| encoding)
        .ok_or(BodyFault::UnknownEncoding)
    }

    /// The body, decompressed to at most `limit` bytes.
    pub(super) async fn decode(
        self,
        body: Vec<u8>,
        limit: usize,
        share: &mut Share,
    ) -> Result<Vec<u8>, BodyFault> {
        match self {
            Self::Identity => Ok(body),
            Self::Gzip => inflate(MultiGzDecoder::new(&*body), limit, share).await,
            Self::Deflate => inflate(ZlibDecoder::new(&*body), limit, share).await,
        }
    }
}

async fn inflate(
    mut compressed: impl Read + Send,
    limit: usize,
    share: &mut Share,
) -> Result<Vec<u8>, BodyFault> {
    let mut whole = Vec::new();
    loop {
        let before = whole.len();
        let room = limit - before;
        // One byte above the limit tells a body that fits from one that does not.
        let most = room.saturating_add(1).min(CHUNK) as u64;
        let read = compressed
            .by_ref()
            .take(most)
            .read_to_end(&mut whole)
            .map_err(|_damaged| BodyFault::Broken)?;
        if read == 0 {
            return Ok(whole);
        }
        if read > room {
            return Err(BodyFault::TooLarge);
        }
        share.grow(read).map_err(|_spent| BodyFault::Busy)?;
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::super::budget::Budget;
    use super::*;

    async fn decode(encoding: Encoding, body: Vec<u8>, limit: usize) -> Result<Vec<u8>, BodyFault> {
        let mut share = Budget::new(1 << 20).share();
        encoding.decode(body, limit, &mut share).await
    }

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[tokio::test]
    async fn a_body_of_exactly_the_limit_is_decoded_and_one_more_byte_is_too_large() {
        for size in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let plain = vec![b'x'; size];
            assert_eq!(
                decode(Encoding::Gzip, gzip(&plain), size).await,
                Ok(plain.clone())
            );
            if size > 0 {
                assert_eq!(
                    decode(Encoding::Gzip, gzip(&plain), size - 1).await,
                    Err(BodyFault::TooLarge),
                    "{size}"
                );
            }
        }
    }

    #[tokio::test]
    async fn deflate_is_the_zlib_format() {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"{}").unwrap();
        let body = encoder.finish().unwrap();

        assert_eq!(
            decode(Encoding::Deflate, body, 10).await,
            Ok(b"{}".to_vec())
        );
    }

    #[tokio::test]
    async fn a_cut_or_damaged_body_is_broken() {
        let mut cut = gzip(b"{\"key\": \"A-1\"}");
        cut.truncate(cut.len() - 4);

        assert_eq!(
            decode(Encoding::Gzip, cut, 100).await,
            Err(BodyFault::Broken)
        );
        assert_eq!(
            decode(Encoding::Gzip, b"{}".to_vec(), 100).await,
            Err(BodyFault::Broken)
        );
    }

    #[test]
    fn one_known_encoding_is_understood() {
        let of = |values: &[&'static str]| {
            let headers = values
                .iter()
                .map(|value| (header::CONTENT_ENCODING, value.parse().unwrap()))
                .collect();
            Encoding::of(&headers)
        };

        assert_eq!(of(&[]), Ok(Encoding::Identity));
        assert_eq!(of(&["GZIP"]), Ok(Encoding::Gzip));
        assert_eq!(of(&["deflate"]), Ok(Encoding::Deflate));
        assert_eq!(of(&["br"]), Err(BodyFault::UnknownEncoding));
        assert_eq!(of(&["gzip, gzip"]), Err(BodyFault::UnknownEncoding));
        assert_eq!(of(&["gzip", "gzip"]), Err(BodyFault::UnknownEncoding));
    }
}
