//! What does one webhook call look like?

use std::sync::Arc;

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Request, header};
use http_body_util::Full;
use sha2::Sha256;
use url::{Position, Url};

/// An event on its way to one webhook.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) url: String,
    pub(crate) event: String,
    pub(crate) identifier: String,
    /// What the call is signed with.
    pub(crate) secret: Option<Arc<str>>,
    pub(crate) body: Bytes,
}

impl Parcel {
    /// Whether there is any use in trying.
    pub(super) fn is_deliverable(&self) -> bool {
        self.authority().is_some()
    }

    /// The receiver's host and port; `None` for what is not reached with plain HTTP.
    pub(super) fn authority(&self) -> Option<String> {
        let url = Url::parse(&self.url).ok()?;
        let host = url.host_str().filter(|_| url.scheme() == "http")?;
        Some(format!("{host}:{}", url.port_or_known_default()?))
    }

    /// The call, which says how often it was tried before.
    pub(super) fn request(&self, attempt: u32) -> Option<Request<Full<Bytes>>> {
        let url = Url::parse(&self.url).ok()?;
        let flow = if attempt == 0 { "Primary" } else { "Secondary" };
        let mut request = Request::post(&url[Position::BeforePath..Position::AfterQuery])
            .header(header::HOST, self.authority()?)
            .header(header::CONTENT_TYPE, "application/json; charset=UTF-8")
            .header(header::USER_AGENT, "Atlassian Webhook HTTP Client")
            .header("X-Atlassian-Webhook-Identifier", &self.identifier)
            .header("X-Atlassian-Webhook-Flow", flow);
        if attempt > 0 {
            request = request.header("X-Atlassian-Webhook-Retry", attempt);
        }
        if let Some(secret) = &self.secret {
            request = request.header("X-Hub-Signature", signature(secret, &self.body)?);
        }
        request.body(Full::new(self.body.clone())).ok()
    }
}

fn signature(secret: &str, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(body);
    let hex = mac.finalize().into_bytes();
    let hex: String = hex.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("sha256={hex}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(url: &str, secret: Option<&str>) -> Parcel {
        Parcel {
            url: url.to_owned(),
            event: "user_created".to_owned(),
            identifier: "e-1".to_owned(),
            secret: secret.map(Into::into),
            body: Bytes::from_static(b"{\"a\": 1}"),
        }
    }

    fn header(request: &Request<Full<Bytes>>, name: &str) -> Option<String> {
        let value = request.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    }

    #[test]
    fn a_retry_has_the_same_identifier_and_says_that_it_is_one() {
        let parcel = parcel("http://127.0.0.1:1/x?y=z", None);
        let (first, third) = (parcel.request(0).unwrap(), parcel.request(2).unwrap());
        assert_eq!(first.uri(), "/x?y=z");
        assert_eq!(header(&first, "host").as_deref(), Some("127.0.0.1:1"));
        for (name, of_first, of_third) in [
            ("x-atlassian-webhook-identifier", Some("e-1"), Some("e-1")),
            (
                "x-atlassian-webhook-flow",
                Some("Primary"),
                Some("Secondary"),
            ),
            ("x-atlassian-webhook-retry", None, Some("2")),
            ("x-hub-signature", None, None),
        ] {
            assert_eq!(header(&first, name).as_deref(), of_first, "{name}");
            assert_eq!(header(&third, name).as_deref(), of_third, "{name}");
        }
    }

    /// `printf '{"a": 1}' | openssl dgst -sha256 -hmac s3cret`
    #[test]
    fn a_secret_signs_the_exact_body() {
        let request = parcel("http://127.0.0.1/", Some("s3cret"))
            .request(0)
            .unwrap();
        let expected = "sha256=1a9fab6cd4b8cdcaad8640f3eca73fa924c62ff24f3833254ef3547232153767";
        assert_eq!(
            header(&request, "x-hub-signature").as_deref(),
            Some(expected)
        );
    }

    #[test]
    fn only_plain_http_is_delivered_to() {
        for (url, expected) in [
            ("http://localhost/x", Some("localhost:80")),
            ("https://localhost/x", None),
            ("nowhere", None),
        ] {
            assert_eq!(parcel(url, None).authority().as_deref(), expected, "{url}");
        }
    }
}
