//! How are other systems reached?

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;

use super::process::RuntimeKind;
use crate::settings::format;
use crate::settings::reader::Section;

/// Root settings of requests to the third-party system.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OutboundSettings {
    /// How long one request may take.
    #[schemars(with = "u32")]
    pub client_timeout: Duration,
    /// The file of an OAuth access token; its presence switches an integration to OAuth.
    pub oauth_access_token_file_path: Option<PathBuf>,
    /// Where answers are kept for the length of a run (`caching_storage_mode`).
    #[schemars(rename = "cachingStorageMode")]
    pub caching_storage: CachingStorage,
    /// Whether requests to private networks are let through; by default not in `Saas`.
    pub disable_ip_outbound_blocker: bool,
}

/// Where answers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CachingStorage {
    /// In files.
    Disk,
    /// In memory.
    Memory,
}

impl OutboundSettings {
    pub(super) fn read(root: &mut Section<'_>, runtime: RuntimeKind) -> Self {
        const STORAGES: &[(&str, CachingStorage)] = &[
            ("disk", CachingStorage::Disk),
            ("memory", CachingStorage::Memory),
        ];
        let open = runtime != RuntimeKind::Saas;
        Self {
            client_timeout: root.or(
                "client_timeout",
                &format::whole_seconds(1),
                Duration::from_secs(60),
            ),
            oauth_access_token_file_path: root
                .optional("oauth_access_token_file_path", &format::text())
                .map(PathBuf::from),
            caching_storage: root
                .nullable(
                    "caching_storage_mode",
                    &format::choice(STORAGES),
                    Some(CachingStorage::Disk),
                )
                .unwrap_or(CachingStorage::Memory),
            disable_ip_outbound_blocker: root
                .nullable(
                    "disable_ip_outbound_blocker",
                    &format::boolean(),
                    Some(open),
                )
                .unwrap_or(open),
        }
    }
}

/// `ssl`: how certificates are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SslSettings {
    /// Port's certificate.
    pub port: SslVerification,
    /// Those of every other system.
    pub third_party: SslVerification,
}

/// How the certificates of one side are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SslVerification {
    /// False accepts any certificate of any host.
    pub verify: bool,
    /// How much more than its signature and its host name is asked of a certificate.
    pub x509: X509Verification,
}

/// How much more than its signature and its host name is asked of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct X509Verification {
    /// Has no effect: what is checked of a certificate does not include the strict X.509 profile.
    pub strict: bool,
}

impl SslSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            port: section.section("port", SslVerification::read),
            third_party: section.section("third_party", SslVerification::read),
        }
    }
}

impl SslVerification {
    fn read(section: &mut Section<'_>) -> Self {
        let verify = section.or("verify", &format::boolean(), true);
        if !verify && let Some(origin) = section.origin_of("verify") {
            let problem = "certificates are not checked: anyone on the way can read and change \
                           what is sent";
            section.warn("verify", &origin, problem);
        }
        Self {
            verify,
            x509: section.section("x509", |section| X509Verification::read(section, verify)),
        }
    }
}

impl X509Verification {
    /// Without verification there is nothing that could be strict, and its warning says enough.
    fn read(section: &mut Section<'_>, verify: bool) -> Self {
        let strict = section.or("strict", &format::boolean(), true);
        if verify
            && !strict
            && let Some(origin) = section.origin_of("strict")
        {
            let problem = "has no effect: certificates are never held against the strict X.509 \
                           profile";
            section.warn("strict", &origin, problem);
        }
        Self { strict }
    }
}
