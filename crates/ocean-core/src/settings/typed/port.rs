//! How is Port reached?

use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;

use crate::settings::format;
use crate::settings::reader::Section;

/// `port`: address and credentials of Port, and how long its answers are kept.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PortSettings {
    /// The client id of the Port organisation; required.
    #[schemars(with = "String")]
    pub client_id: SecretString,
    /// The client secret that belongs to it; required.
    #[schemars(with = "String")]
    pub client_secret: SecretString,
    /// The address of Port's API, without `/v1` and without a slash at its end.
    pub base_url: String,
    /// How long the mapping is kept before it is read again.
    #[schemars(with = "u32", rename = "portAppConfigCacheTtl")]
    pub mapping_cache_ttl: Duration,
    /// How long the organisation's feature flags are kept (`feature_flags_cache_ttl_seconds`).
    #[schemars(with = "f64", rename = "featureFlagsCacheTtlSeconds")]
    pub feature_flags_cache_ttl: Duration,
    /// How long a blueprint is kept (`blueprint_cache_ttl_seconds`).
    #[schemars(with = "f64", rename = "blueprintCacheTtlSeconds")]
    pub blueprint_cache_ttl: Duration,
}

impl PortSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        // The addresses of Port's user interface and of its MCP server serve features that are
        // not built.
        section.ignore(&["app_url", "mcp_url"]);
        let secret = || format::text().secret(true);
        let credential = |text: Option<String>| SecretString::from(text.unwrap_or_default());
        Self {
            client_id: credential(section.required("client_id", &secret())),
            client_secret: credential(section.required("client_secret", &secret())),
            base_url: section.or(
                "base_url",
                &format::http_url(),
                "https://api.getport.io".to_owned(),
            ),
            mapping_cache_ttl: section.or(
                "port_app_config_cache_ttl",
                &format::whole_seconds(0),
                Duration::from_secs(60),
            ),
            feature_flags_cache_ttl: section.or(
                "feature_flags_cache_ttl_seconds",
                &format::seconds(true),
                Duration::from_secs(300),
            ),
            blueprint_cache_ttl: section.or(
                "blueprint_cache_ttl_seconds",
                &format::seconds(true),
                Duration::from_secs(120),
            ),
        }
    }
}
