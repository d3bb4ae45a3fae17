//! How to reach Port, and as whom.
//!
//! Start with [`PortConfig::new`].

use std::sync::Arc;
use std::time::Duration;

use ocean_core::http::{HttpMeter, Masker, Proxies, RetryPolicy};
use secrecy::{ExposeSecret as _, SecretString};

/// The Port that most organisations use.
const DEFAULT_BASE_URL: &str = "https://api.getport.io";

/// Port refuses larger deletions, whatever the setting says.
const MAX_DELETE_BATCH: usize = 100;

/// Everything a [`PortClient`](crate::PortClient) needs to know.
///
/// ```
/// use ocean_port::PortConfig;
///
/// let config = PortConfig::new("client-id", "client-secret", "prod-jira", "jira", "0.1.0")
///     .base_url("https://api.us.getport.io/");
/// assert!(!format!("{config:?}").contains("client-secret"));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PortConfig {
    /// Where Port is, without the `/v1`.
    pub base_url: String,
    /// The id of the credentials.
    pub client_id: String,
    /// The secret of the credentials.
    pub client_secret: SecretString,
    /// The integration's own identifier; part of what it owns at Port.
    pub integration_identifier: String,
    /// The integration's type, in lower case; part of what it owns at Port.
    pub integration_type: String,
    /// The version of the integration package.
    pub integration_version: String,
    /// How many entities one bulk request carries at most (20).
    pub upsert_batch_length: usize,
    /// How many bytes the body of one bulk request has at most (1 MiB); a single larger entity
    /// is sent alone.
    pub upsert_batch_bytes: usize,
    /// How many entities one deletion names at most (100, which is also the most Port allows).
    pub delete_batch_length: usize,
    /// How long to wait for a connection (60 s).
    pub connect_timeout: Duration,
    /// How long to wait for the next bytes of an answer (60 s).
    pub read_timeout: Duration,
    /// How requests that failed are sent again (patiently: there is no run without Port).
    pub retry: RetryPolicy,
    /// The proxies to send through.
    pub proxies: Proxies,
    /// Certificates to trust beside those of the system, as PEM files.
    pub ca_pems: Vec<Vec<u8>>,
    /// Certificates to trust in place of those of the system, as a PEM file.
    pub only_ca_pem: Option<Vec<u8>>,
    /// False accepts any certificate (true).
    pub verify_tls: bool,
    /// Whether Port must not be in a private network (false).
    pub public_hosts_only: bool,
    /// What must not be read in errors and examples, beside the secret of the credentials: those
    /// of the third-party system, which may well repeat them in its data.
    pub secrets: Vec<SecretString>,
    /// The webhook of the user's own that is told how kinds do; its address often is a secret.
    pub metrics_webhook: Option<SecretString>,
    /// What counts the requests.
    pub meter: Arc<HttpMeter>,
    /// How long a blueprint that was read, or was missing, is taken for granted (120 s).
    pub blueprint_cache_ttl: Duration,
    /// How long the organisation's feature flags are taken for granted (300 s).
    pub feature_flags_cache_ttl: Duration,
}

impl PortConfig {
    /// A configuration with the defaults of the original.
    pub fn new(
        client_id: impl Into<String>,
        client_secret: impl Into<SecretString>,
        integration_identifier: impl Into<String>,
        integration_type: impl Into<String>,
        integration_version: impl Into<String>,
    ) -> Self {
        Self {
            base_url: DEFAULT_BASE_URL.to_owned(),
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            integration_identifier: integration_identifier.into(),
            integration_type: integration_type.into().to_lowercase(),
            integration_version: integration_version.into(),
            upsert_batch_length: 20,
            upsert_batch_bytes: 1_048_576,
            delete_batch_length: MAX_DELETE_BATCH,
            connect_timeout: Duration::from_secs(60),
            read_timeout: Duration::from_secs(60),
            retry: RetryPolicy::patient(),
            proxies: Proxies::default(),
            ca_pems: Vec::new(),
            only_ca_pem: None,
            verify_tls: true,
            public_hosts_only: false,
            secrets: Vec::new(),
            metrics_webhook: None,
            meter: Arc::default(),
            blueprint_cache_ttl: Duration::from_secs(120),
            feature_flags_cache_ttl: Duration::from_secs(300),
        }
    }

    /// Another Port; slashes at the end do not matter.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        let url: String = url.into();
        url.trim_end_matches('/').clone_into(&mut self.base_url);
        self
    }

    /// How many entities one bulk request carries; at least one.
    #[must_use]
    pub const fn upsert_batch_length(mut self, entities: usize) -> Self {
        self.upsert_batch_length = if entities == 0 { 1 } else { entities };
        self
    }

    /// How many bytes the body of one bulk request has.
    #[must_use]
    pub const fn upsert_batch_bytes(mut self, bytes: usize) -> Self {
        self.upsert_batch_bytes = bytes;
        self
    }

    /// How many entities one deletion names; between one and the 100 that Port allows.
    #[must_use]
    pub fn delete_batch_length(mut self, entities: usize) -> Self {
        self.delete_batch_length = entities.clamp(1, MAX_DELETE_BATCH);
        self
    }

    /// How long to wait for a connection, and for the next bytes of an answer.
    #[must_use]
    pub const fn timeouts(mut self, connect: Duration, read: Duration) -> Self {
        self.connect_timeout = connect;
        self.read_timeout = read;
        self
    }

    /// How requests that failed are sent again.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sends through these proxies.
    #[must_use]
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Trusts the certificates of one more PEM file.
    #[must_use]
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_pems.push(pem.into());
        self
    }

    /// Trusts the certificates of this PEM file in place of those of the system.
    #[must_use]
    pub fn only_ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.only_ca_pem = Some(pem.into());
        self
    }

    /// Whether a Port in a private network is refused, but for those below Port's own domains.
    #[must_use]
    pub const fn public_hosts_only(mut self, only: bool) -> Self {
        self.public_hosts_only = only;
        self
    }

    /// Whether certificates are checked.
    #[must_use]
    pub const fn verify_tls(mut self, verify: bool) -> Self {
        self.verify_tls = verify;
        self
    }

    /// Hides these too in errors and in the examples of kinds.
    #[must_use]
    pub fn secrets(mut self, secrets: impl IntoIterator<Item = SecretString>) -> Self {
        self.secrets.extend(secrets);
        self
    }

    /// Tells this webhook, too, how kinds do.
    #[must_use]
    pub fn metrics_webhook(mut self, url: impl Into<SecretString>) -> Self {
        self.metrics_webhook = Some(url.into());
        self
    }

    /// Counts the requests here.
    #[must_use]
    pub fn meter(mut self, meter: Arc<HttpMeter>) -> Self {
        self.meter = meter;
        self
    }

    /// How long blueprints are taken for granted.
    #[must_use]
    pub const fn blueprint_cache_ttl(mut self, ttl: Duration) -> Self {
        self.blueprint_cache_ttl = ttl;
        self
    }

    /// How long feature flags are taken for granted.
    #[must_use]
    pub const fn feature_flags_cache_ttl(mut self, ttl: Duration) -> Self {
        self.feature_flags_cache_ttl = ttl;
        self
    }

    /// Hides all secrets that the configuration holds.
    pub(crate) fn masker(&self) -> Masker {
        Masker::new(self.all_secrets())
    }

    pub(crate) fn all_secrets(&self) -> impl Iterator<Item = &str> {
        let all = [&self.client_secret].into_iter().chain(&self.secrets);
        all.map(|secret| secret.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> PortConfig {
        PortConfig::new("id", "s3cret", "prod", "Jira", "1.0.0")
    }

    #[test]
    fn slashes_at_the_end_of_the_address_are_dropped() {
        assert_eq!(config().base_url("https://x//").base_url, "https://x");
    }

    #[test]
    fn the_type_is_lower_case() {
        assert_eq!(config().integration_type, "jira");
    }

    #[test]
    fn ports_limit_of_a_deletion_cannot_be_exceeded() {
        assert_eq!(config().delete_batch_length(1000).delete_batch_length, 100);
        assert_eq!(config().delete_batch_length(0).delete_batch_length, 1);
    }

    #[test]
    fn debug_output_hides_the_secret() {
        assert!(!format!("{:?}", config()).contains("s3cret"));
    }
}
