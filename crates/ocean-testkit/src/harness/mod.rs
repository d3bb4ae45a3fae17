//! What does an author's test need? An integration, a simulated source and a simulated Port, and
//! then the report and the catalog.
//!
//! Start with [`Harness`].

mod bench;
mod connected;
mod settings;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use ocean_core::http::HttpClientBuilder;
use ocean_core::{Integration, Registry};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::bench::{Bench, Delivered, Fate};
pub(crate) use self::connected::Connected;

/// Why a test could not begin, or not go on.
pub type HarnessError = Box<dyn StdError + Send + Sync>;

/// An integration as its program hands it to the command line, and what to test it against.
///
/// The whole test of a kind:
///
/// ```
/// use futures::TryStreamExt as _;
/// use ocean_core::http::paging::LinkPages;
/// use ocean_core::http::{HttpClient, HttpClientBuilder, HttpError};
/// use ocean_core::prelude::*;
/// use ocean_testkit::{Harness, Paging, SourceTwin};
/// use serde_json::{Value, json};
///
/// kinds! { enum Kinds { Ticket = "ticket" } }
///
/// #[derive(Clone)]
/// struct Desk { url: String, http: HttpClient }
///
/// fn create_desk_client(settings: &Value, http: HttpClientBuilder) -> Result<Desk, HttpError> {
///     let url = settings["desk_host"].as_str().unwrap_or_default().to_owned();
///     Ok(Desk { url, http: http.build()? })
/// }
///
/// fn on_resync_tickets(
///     desk: Desk,
///     _: ResyncContext<NoSelector>,
/// ) -> impl Stream<Item = Result<Batch, HttpError>> {
///     LinkPages::bare_list().pages(move |next| {
///         let desk = desk.clone();
///         let target = next.unwrap_or_else(|| "/tickets".to_owned());
///         async move { desk.http.get(&format!("{}{target}", desk.url)).await }
///     })
/// }
///
/// fn integration(ocean: Integration<Desk>) -> Integration<Desk> {
///     ocean.on_resync(Kinds::Ticket, on_resync_tickets)
/// }
///
/// # const MAPPING: &str = "
/// # resources:
/// #   - kind: ticket
/// #     selector: { query: 'true' }
/// #     port: { entity: { mappings: { identifier: .id | tostring, blueprint: '\"ticket\"' } } }
/// # ";
/// # const BLUEPRINTS: &str = r#"[{ "identifier": "ticket", "schema": { "properties": {} } }]"#;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ocean_testkit::HarnessError> {
/// let tickets = (1..=3).map(|id| json!({ "id": id }));
/// let source = SourceTwin::builder().page_size(2).list("/tickets", Paging::Link, tickets);
/// let source = source.start().await?;
/// let bench = Harness::new("desk", create_desk_client, integration)
///     .default_resources(MAPPING, BLUEPRINTS)
///     .source(source.url(), |url| json!({ "desk_host": url }))
///     .start()
///     .await?;
/// let report = bench.resync().await?;
/// assert_eq!(report.totals().created, 3);
/// assert_eq!(bench.ids("ticket"), ["1", "2", "3"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Harness {
    pub(crate) name: &'static str,
    pub(crate) spec: Option<&'static str>,
    pub(crate) mapping: &'static str,
    pub(crate) blueprints: &'static str,
    pub(crate) source: String,
    pub(crate) settings: Arc<dyn Fn(&str) -> Value + Send + Sync>,
    http: fn(HttpClientBuilder) -> HttpClientBuilder,
    connect: Arc<Connect>,
    kinds: Arc<dyn Fn() -> Registry + Send + Sync>,
}

type Connect = dyn Fn(Value, HttpClientBuilder) -> Result<Connected, HarnessError> + Send + Sync;

impl Harness {
    /// An integration of this type (`jira`), as the two functions that its `main` names: one makes
    /// the client from the settings, one adds kinds, hooks and processors.
    #[must_use]
    pub fn new<S, A, E>(
        name: &'static str,
        connect: impl Fn(&S, HttpClientBuilder) -> Result<A, E> + Send + Sync + 'static,
        integration: impl Fn(Integration<A>) -> Integration<A> + Send + Sync + 'static,
    ) -> Self
    where
        S: DeserializeOwned,
        A: Clone + Send + Sync + 'static,
        E: StdError + Send + Sync + 'static,
    {
        let integration = Arc::new(integration);
        let unconnected = Arc::clone(&integration);
        Self {
            name,
            spec: None,
            mapping: "resources: []",
            blueprints: "[]",
            source: String::new(),
            settings: Arc::new(|_| Value::Object(serde_json::Map::new())),
            http: |http| http,
            connect: Arc::new(move |settings, http| {
                let settings: S = serde_json::from_value(settings)?;
                let app = connect(&settings, http)?;
                Ok(Connected::new(integration(Integration::new(app))))
            }),
            kinds: Arc::new(move || unconnected(Integration::unconnected()).registry().clone()),
        }
    }

    /// The text of its `spec.yaml`: settings are then checked and given their defaults as in
    /// production, and the sensitive ones are known to the conformance suite.
    #[must_use]
    pub const fn spec(mut self, yaml: &'static str) -> Self {
        self.spec = Some(yaml);
        self
    }

    /// The mapping and the blueprints that Port begins with.
    #[must_use]
    pub const fn default_resources(
        mut self,
        mapping: &'static str,
        blueprints: &'static str,
    ) -> Self {
        self.mapping = mapping;
        self.blueprints = blueprints;
        self
    }

    /// Where the simulated source is, and the settings (keys in snake_case) that lead there.
    ///
    /// They are a function of the URL so that a suite can put a proxy before the source.
    #[must_use]
    pub fn source(
        mut self,
        url: impl Into<String>,
        settings: impl Fn(&str) -> Value + Send + Sync + 'static,
    ) -> Self {
        self.source = url.into();
        self.settings = Arc::new(settings);
        self
    }

    /// Changes the HTTP client before the integration gets it. It retries after milliseconds and
    /// has deadlines of seconds, so that tests end soon.
    #[must_use]
    pub fn http(mut self, change: fn(HttpClientBuilder) -> HttpClientBuilder) -> Self {
        self.http = change;
        self
    }

    /// The kinds that the integration registers.
    #[must_use]
    pub fn registry(&self) -> Registry {
        (self.kinds)()
    }

    /// Starts a simulated Port, provisions it, and connects the integration.
    ///
    /// # Errors
    ///
    /// The settings, the mapping or the blueprints cannot be used, or Port did not start.
    pub async fn start(&self) -> Result<Bench, HarnessError> {
        Bench::start(self).await
    }

    /// The same in front of another source.
    pub(crate) fn at(&self, url: String) -> Self {
        Self {
            source: url,
            ..self.clone()
        }
    }

    pub(crate) fn connect(&self) -> Result<Connected, HarnessError> {
        let settings = settings::effective(self)?;
        let http = (self.http)(settings::http(self.name, &settings.secrets));
        (self.connect)(settings.values, http)
    }

    /// The values that must not be seen anywhere.
    pub(crate) fn secrets(&self) -> Result<Vec<String>, HarnessError> {
        Ok(settings::effective(self)?.secrets)
    }
}

/// The settings hold secrets, so they are not shown.
impl fmt::Debug for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness")
            .field("name", &self.name)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
