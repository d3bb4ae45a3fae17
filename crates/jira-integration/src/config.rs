//! Where Jira is and how we sign in.
//!
//! Start with [`JiraSettings`], what an operator writes; [`JiraConfig`] is the checked form that
//! the client works with.

use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::error::JiraError;

/// Where Atlassian's gateway is.
const ATLASSIAN: &str = "https://api.atlassian.com";

/// The settings under `integration.config`, as an operator writes them.
///
/// Unknown keys are ignored, so that settings of the Python integration that have no meaning here
/// do no harm.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct JiraSettings {
    /// Address of the Jira site, for example `https://example.atlassian.net`. With OAuth it may
    /// also be that of the gateway, `https://api.atlassian.com/ex/jira/` and the cloud id.
    #[schemars(url)]
    pub jira_host: String,
    /// E-mail address of the Atlassian account that reads Jira.
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "String")]
    pub atlassian_user_email: SecretString,
    /// API token of that account. With OAuth it is the access token that is sent while the token
    /// file cannot be read.
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "String")]
    pub atlassian_user_token: SecretString,
    /// Identifier of the Atlassian organization; needed to read teams.
    #[serde(default)]
    pub atlassian_organization_id: Option<String>,
    /// Shared secret that Jira signs its webhook calls with; without it every call is accepted.
    #[serde(default, deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub webhook_secret: Option<SecretString>,
    /// The shared secret of before, which counts as well while it is set: Jira may still sign with
    /// it what it sends again.
    #[serde(default, deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub webhook_secret_previous: Option<SecretString>,
    /// Whether issues are asked for with only the fields that the mapping reads, where that
    /// provably gives the same entities.
    #[serde(default = "enabled")]
    pub narrow_fields: bool,
    /// Deprecated public address of this process. The runtime reads it as base URL when no other
    /// is set.
    #[serde(default)]
    pub app_host: Option<String>,
}

/// Checked settings: a base URL that can be extended with a path, and credentials.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JiraConfig {
    /// Address of the site without a trailing slash.
    pub host: String,
    /// Address of Atlassian's gateway, which OAuth clients reach some of Jira's interfaces through.
    pub gateway: String,
    /// How requests prove who we are.
    pub credentials: Credentials,
    /// The Atlassian organization whose teams are read.
    pub organization_id: Option<String>,
    /// Whether fields of issues that the mapping does not read are left out.
    pub narrow_fields: bool,
    /// What Jira signs its webhook calls with.
    pub webhook_secret: Option<SecretString>,
    /// What it signed them with before.
    pub webhook_secret_previous: Option<SecretString>,
}

/// How requests prove who we are.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// An account's e-mail address and API token.
    Basic {
        /// The account.
        email: SecretString,
        /// Its API token, not its password.
        token: SecretString,
    },
    /// An OAuth access token that another process keeps fresh in a file.
    OAuth {
        /// Where the token lies.
        token_file: PathBuf,
        /// What is sent as long as the file cannot be read.
        token: SecretString,
    },
}

impl JiraConfig {
    /// A configuration with basic authentication and nothing optional.
    ///
    /// # Errors
    ///
    /// [`JiraError::InvalidHost`] when the host is not an `http` or `https` address.
    pub fn new(
        host: &str,
        email: impl Into<SecretString>,
        token: impl Into<SecretString>,
    ) -> Result<Self, JiraError> {
        Ok(Self {
            host: checked_host(host)?,
            gateway: ATLASSIAN.to_owned(),
            credentials: Credentials::Basic {
                email: email.into(),
                token: token.into(),
            },
            organization_id: None,
            narrow_fields: true,
            webhook_secret: None,
            webhook_secret_previous: None,
        })
    }

    /// The same with OAuth: the token of this file, and the configured one while it cannot be read.
    #[must_use]
    pub fn access_token_file(mut self, path: impl Into<PathBuf>) -> Self {
        let (Credentials::Basic { token, .. } | Credentials::OAuth { token, .. }) =
            self.credentials;
        self.credentials = Credentials::OAuth {
            token_file: path.into(),
            token,
        };
        self
    }

    /// The same with another gateway than `https://api.atlassian.com`, for example a simulated one.
    ///
    /// # Errors
    ///
    /// [`JiraError::InvalidHost`] when it is not an `http` or `https` address.
    pub fn gateway(mut self, url: &str) -> Result<Self, JiraError> {
        self.gateway = checked_host(url)?;
        Ok(self)
    }

    /// The same, reading the teams of this organization.
    #[must_use]
    pub fn organization_id(mut self, id: impl Into<String>) -> Self {
        self.organization_id = Some(id.into());
        self
    }

    /// The same, leaving out fields of issues that the mapping does not read, or not.
    #[must_use]
    pub const fn narrow_fields(mut self, narrow: bool) -> Self {
        self.narrow_fields = narrow;
        self
    }

    /// The same, accepting only webhook calls that are signed with this secret.
    #[must_use]
    pub fn webhook_secret(mut self, secret: impl Into<SecretString>) -> Self {
        self.webhook_secret = Some(secret.into());
        self
    }

    /// The same, accepting also webhook calls that are signed with the secret of before.
    #[must_use]
    pub fn webhook_secret_previous(mut self, secret: impl Into<SecretString>) -> Self {
        self.webhook_secret_previous = Some(secret.into());
        self
    }
}

impl TryFrom<&JiraSettings> for JiraConfig {
    type Error = JiraError;

    /// An empty optional text counts as not set: that is how environment variables say so.
    fn try_from(settings: &JiraSettings) -> Result<Self, JiraError> {
        let mut config = Self::new(
            &settings.jira_host,
            settings.atlassian_user_email.clone(),
            settings.atlassian_user_token.clone(),
        )?;
        config.organization_id = settings
            .atlassian_organization_id
            .clone()
            .filter(|id| !id.trim().is_empty());
        let is_set = |secret: &SecretString| !secret.expose_secret().is_empty();
        config.webhook_secret = settings.webhook_secret.clone().filter(is_set);
        config.webhook_secret_previous = settings.webhook_secret_previous.clone().filter(is_set);
        config.narrow_fields = settings.narrow_fields;
        Ok(config)
    }
}

fn checked_host(host: &str) -> Result<String, JiraError> {
    let host = host.trim().trim_end_matches('/');
    let invalid = |reason: String| JiraError::InvalidHost { reason };
    let url = Url::parse(host).map_err(|error| invalid(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid(format!("unsupported scheme `{}`", url.scheme())));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it must not contain credentials".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it must not have a query or fragment".to_owned()));
    }
    Ok(host.to_owned())
}

const fn enabled() -> bool {
    true
}

fn secret<'de, D: Deserializer<'de>>(text: D) -> Result<SecretString, D::Error> {
    String::deserialize(text).map(SecretString::from)
}

fn optional_secret<'de, D: Deserializer<'de>>(text: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(text)?.map(SecretString::from))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn config(extra: &[(&str, &str)]) -> Result<JiraConfig, JiraError> {
        let mut settings = json!({
            "jira_host": "https://acme.atlassian.net",
            "atlassian_user_email": "ada@acme.test",
            "atlassian_user_token": "t0ken",
        });
        for (key, value) in extra {
            settings[*key] = Value::from(*value);
        }
        let settings: JiraSettings = serde_json::from_value(settings).unwrap();
        JiraConfig::try_from(&settings)
    }

    #[test]
    fn trailing_slashes_of_the_host_are_cut() {
        let config = config(&[("jira_host", "https://acme.atlassian.net//")]).unwrap();
        assert_eq!(config.host, "https://acme.atlassian.net");
    }

    #[test]
    fn a_host_that_is_no_address_is_refused_with_the_reason() {
        for (host, reason) in [
            ("acme.atlassian.net", "relative URL without a base"),
            ("ftp://acme.test", "unsupported scheme `ftp`"),
            ("https://ada:pw@acme.test", "must not contain credentials"),
            ("https://acme.test?x=1", "must not have a query"),
            ("", "relative URL without a base"),
        ] {
            let error = config(&[("jira_host", host)]).unwrap_err().to_string();
            assert!(error.contains(reason), "{host}: {error}");
            assert!(!error.contains("pw"), "{error}");
        }
    }

    #[test]
    fn an_empty_optional_setting_is_not_set() {
        let empty = [
            ("atlassian_organization_id", ""),
            ("webhook_secret", ""),
            ("webhook_secret_previous", ""),
        ];
        let config = config(&empty).unwrap();
        assert!(config.organization_id.is_none());
        assert!(config.webhook_secret.is_none());
        assert!(config.webhook_secret_previous.is_none());
    }

    #[test]
    fn debug_output_hides_who_we_are() {
        let secrets = [
            ("webhook_secret", "s3cret"),
            ("webhook_secret_previous", "0lder"),
        ];
        let text = format!("{:?}", config(&secrets).unwrap());
        for secret in ["t0ken", "ada@acme.test", "s3cret", "0lder"] {
            assert!(!text.contains(secret), "{text}");
        }
    }

    #[test]
    fn a_missing_required_setting_is_named() {
        let settings = json!({"jira_host": "https://acme.test"});
        let error = serde_json::from_value::<JiraSettings>(settings).unwrap_err();
        assert!(error.to_string().contains("atlassian_user_email"));
    }
}
