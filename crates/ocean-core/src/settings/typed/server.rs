//! Under which address do live events come in, and how many at once are handled?

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;

use crate::settings::format::{self, Format};
use crate::settings::node::Given;
use crate::settings::reader::Section;

/// Root settings of the server that takes live events.
#[derive(Clone, JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServerSettings {
    /// The public URL of this process, as given.
    pub base_url: Option<String>,
    /// What the paths of the server start with.
    #[schemars(with = "Option<String>")]
    pub path_prefix: PathPrefix,
    /// How many events of one path are handled at a time.
    pub event_workers_count: u32,
    /// Whether each event is logged.
    pub events_debug_logging: bool,
    /// How long handling one event may take (`max_event_processing_seconds`).
    #[schemars(with = "f64", rename = "maxEventProcessingSeconds")]
    pub max_event_processing: Duration,
}

impl ServerSettings {
    pub(super) fn read(root: &mut Section<'_>) -> Self {
        let base_url = root.optional("base_url", &format::url_text());
        if base_url.as_deref().is_some_and(|url| !format::is_http(url))
            && let Some(origin) = root.origin_of("base_url")
        {
            let problem = "not an http or https URL; no other system will be able to call it";
            root.warn("base_url", &origin, problem);
        }
        Self {
            base_url,
            path_prefix: root
                .nullable(
                    "path_prefix",
                    &PathPrefix::format(),
                    Some(PathPrefix::default()),
                )
                .unwrap_or_default(),
            event_workers_count: root.or("event_workers_count", &format::at_least(1), 1),
            events_debug_logging: root.or("events_debug_logging", &format::boolean(), false),
            max_event_processing: root.or(
                "max_event_processing_seconds",
                &format::seconds(false),
                Duration::from_secs(90),
            ),
        }
    }

    /// The URL that other systems reach this process at, `fallback` being the deprecated
    /// `app_host` of the integration. Without a prefix the configured URL is used unchanged.
    pub(in crate::settings) fn public_url(&self, fallback: Option<&str>) -> Option<String> {
        let base = self.base_url.as_deref().or(fallback)?;
        Some(if self.path_prefix.is_empty() {
            base.to_owned()
        } else {
            format!("{}{}", base.trim_end_matches('/'), self.path_prefix)
        })
    }
}

impl fmt::Debug for ServerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base_url = self.base_url.as_deref().map(format::show_url);
        f.debug_struct("ServerSettings")
            .field("base_url", &base_url)
            .field("path_prefix", &self.path_prefix)
            .field("event_workers_count", &self.event_workers_count)
            .field("events_debug_logging", &self.events_debug_logging)
            .field("max_event_processing", &self.max_event_processing)
            .finish()
    }
}

/// What the paths of the server start with: empty, or `/` and a text that does not end in one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathPrefix(String);

impl PathPrefix {
    /// The prefix as it stands in front of a path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether paths are served as they are.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Slashes at both ends do not count; a text of nothing else is no prefix.
    fn new(text: &str) -> Self {
        let inner = text.trim().trim_matches('/');
        if inner.is_empty() {
            Self::default()
        } else {
            Self(format!("/{inner}"))
        }
    }

    fn format() -> Format<Self> {
        let parse = |given: &Given| {
            let text = given.text()?;
            let is_path = !text.contains(['?', '#']) && !text.trim().contains(char::is_whitespace);
            is_path.then(|| Self::new(&text))
        };
        Format::new("a path like `/ocean`", parse, |prefix: &Self| {
            prefix.to_string()
        })
    }
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_prefix_has_one_slash_in_front_and_none_behind() {
        for (text, prefix) in [
            ("ocean", "/ocean"),
            ("/ocean/", "/ocean"),
            ("//a/b//", "/a/b"),
            ("", ""),
            ("/", ""),
            ("///", ""),
        ] {
            assert_eq!(PathPrefix::new(text).as_str(), prefix, "{text:?}");
        }
    }
}
