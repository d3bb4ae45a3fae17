//! How does a test write a webhook request as the third-party system would send it? As a
//! [`Webhook`].

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

/// A webhook request: where it goes, what it says, and how it proves where it comes from.
///
/// ```
/// use ocean_testkit::Webhook;
/// use serde_json::json;
///
/// let pushed = Webhook::json("/webhook", &json!({ "action": "opened" }))
///     .header("x-github-event", "issues")
///     .signed("x-hub-signature-256", "sha256=", "s3cret");
/// let headers = pushed.headers();
/// assert!(headers.iter().any(|(name, _)| name == "x-hub-signature-256"));
/// assert_eq!(pushed.without_proof().headers().len(), 2);
/// ```
#[derive(Debug, Clone)]
pub struct Webhook {
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
    proof: Proof,
}

#[derive(Debug, Clone)]
enum Proof {
    None,
    Secret {
        header: String,
        value: String,
    },
    Signature {
        header: String,
        prefix: String,
        secret: String,
    },
}

impl Webhook {
    /// A request with this JSON; it proves nothing yet.
    #[must_use]
    pub fn json(path: impl Into<String>, body: &Value) -> Self {
        let content_type = ("content-type".to_owned(), "application/json".to_owned());
        Self {
            path: path.into(),
            headers: vec![content_type],
            body: body.to_string().into(),
            proof: Proof::None,
        }
    }

    /// The same with one header more.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same, signed: the HMAC-SHA256 of the body in hex, behind `prefix`.
    #[must_use]
    pub fn signed(
        mut self,
        header: impl Into<String>,
        prefix: impl Into<String>,
        secret: impl Into<String>,
    ) -> Self {
        let (header, prefix, secret) = (header.into(), prefix.into(), secret.into());
        self.proof = Proof::Signature {
            header,
            prefix,
            secret,
        };
        self
    }

    /// The same with a shared secret in a header.
    #[must_use]
    pub fn proven_by(mut self, header: impl Into<String>, value: impl Into<String>) -> Self {
        let (header, value) = (header.into(), value.into());
        self.proof = Proof::Secret { header, value };
        self
    }

    /// The same as somebody sends it who does not know that there is a proof.
    #[must_use]
    pub fn without_proof(mut self) -> Self {
        self.proof = Proof::None;
        self
    }

    /// The same as somebody sends it who guessed the secret.
    #[must_use]
    pub fn with_guessed_secret(mut self) -> Self {
        match &mut self.proof {
            Proof::None => {}
            Proof::Secret { value, .. } => value.push_str("-guessed"),
            Proof::Signature { secret, .. } => secret.push_str("-guessed"),
        }
        self
    }

    /// The same with another body, proven anew.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The same with another body under the proof of the old one; a shared secret stays right.
    #[must_use]
    pub fn tampered(self, body: impl Into<Bytes>) -> Self {
        let mut headers = self.headers();
        headers.retain(|(name, _)| name != "content-type");
        Self {
            headers,
            body: body.into(),
            proof: Proof::None,
            path: self.path,
        }
    }

    /// Whether its proof covers the body.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        matches!(self.proof, Proof::Signature { .. })
    }

    /// Whether it proves anything.
    #[must_use]
    pub const fn is_proven(&self) -> bool {
        !matches!(self.proof, Proof::None)
    }

    /// Where it goes.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What it says.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// All headers, the proof included.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, String)> {
        let mut headers = self.headers.clone();
        match &self.proof {
            Proof::None => {}
            Proof::Secret { header, value } => headers.push((header.clone(), value.clone())),
            Proof::Signature {
                header,
                prefix,
                secret,
            } => {
                headers.push((
                    header.clone(),
                    format!("{prefix}{}", sign(secret, &self.body)),
                ));
            }
        }
        headers
    }
}

fn sign(secret: &str, body: &[u8]) -> String {
    // An HMAC takes keys of any length, so there is a signature always.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    let bytes = mac.finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(webhook: &Webhook) -> Option<String> {
        let headers = webhook.headers().into_iter();
        headers
            .rev()
            .find(|(name, _)| name == "x-sig")
            .map(|(_, value)| value)
    }

    #[test]
    fn a_signature_is_that_of_the_exact_body() {
        let webhook = Webhook::json("/webhook", &Value::Null)
            .signed("x-sig", "sha256=", "s3cret")
            .with_body(r#"{"a": 1}"#);
        // `printf '{"a": 1}' | openssl dgst -sha256 -hmac s3cret`
        let signed = "sha256=1a9fab6cd4b8cdcaad8640f3eca73fa924c62ff24f3833254ef3547232153767";
        assert_eq!(proof(&webhook).as_deref(), Some(signed));
        assert_eq!(
            proof(&webhook.clone().tampered("{}")).as_deref(),
            Some(signed)
        );
        assert_ne!(
            proof(&webhook.clone().with_guessed_secret()).as_deref(),
            Some(signed)
        );
        assert_eq!(proof(&webhook.without_proof()), None);
    }

    #[test]
    fn a_shared_secret_does_not_depend_on_the_body() {
        let webhook = Webhook::json("/webhook", &Value::Null).proven_by("x-sig", "s3cret");
        assert_eq!(
            proof(&webhook.clone().with_body("{}")).as_deref(),
            Some("s3cret")
        );
        assert_ne!(
            proof(&webhook.with_guessed_secret()).as_deref(),
            Some("s3cret")
        );
    }
}
