//! Through which proxy does a request go? [`Proxies`], read from a snapshot of the environment.

/// The proxies a client uses; none unless told.
///
/// ```
/// use std::collections::BTreeMap;
/// use ocean_core::http::Proxies;
///
/// let env = BTreeMap::from([("HTTPS_PROXY", "http://proxy.corp:3128")]);
/// let proxies = Proxies::from_env(|name| env.get(name).map(ToString::to_string));
/// assert_eq!(proxies.https.as_deref(), Some("http://proxy.corp:3128"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proxies {
    /// For `http` URLs.
    pub http: Option<String>,
    /// For `https` URLs.
    pub https: Option<String>,
    /// For what the other two leave.
    pub all: Option<String>,
    /// Hosts that are reached directly, in the notation of `NO_PROXY`.
    pub none_for: Option<String>,
}

impl Proxies {
    /// Reads `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in small letters first.
    #[must_use]
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Self {
        let read = |name: &str| {
            variable(&name.to_lowercase())
                .or_else(|| variable(name))
                .filter(|value| !value.trim().is_empty())
        };
        Self {
            http: read("HTTP_PROXY"),
            https: read("HTTPS_PROXY"),
            all: read("ALL_PROXY"),
            none_for: read("NO_PROXY"),
        }
    }
}

/// A proxy's URL may hold a password, so only the presence of each is shown.
impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxies")
            .field("http", &self.http.is_some())
            .field("https", &self.https.is_some())
            .field("all", &self.all.is_some())
            .field("none_for", &self.none_for)
            .finish()
    }
}
