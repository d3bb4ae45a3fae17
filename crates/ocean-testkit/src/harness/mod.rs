//! What does an author's test need? An integration, a simulated source and a simulated Port, and
//! then the report and the catalog.
//!
//! Start with [`Harness`].

mod bench;
mod connected;
mod settings;
mod tape;

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use ocean_core::http::HttpClientBuilder;
use ocean_core::{Integration, Registry};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::bench::{Bench, Delivered, Fate};
pub(crate) use self::connected::Connected;
use self::tape::{Reel, Taping};

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
    tape: Option<Taping>,
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
            tape: None,
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

    /// Takes a committed tape (`tests/tapes/first.jsonl`) for the source: what was recorded is
    /// answered again, and nobody is asked.
    ///
    /// The settings are those of the recorded run, with `[REDACTED]` for each secret, so that a
    /// test with a tape needs no [`source`](Self::source). A request that is not on the tape makes
    /// [`Bench::resync`] and [`Bench::deliver`] fail, and the error names it.
    ///
    /// A tape is recorded by the integration's program (`sail --once --record FILE`), or by this
    /// test itself when `OCEAN_TAPES=record` is in its environment: then the source is asked, and
    /// what it says goes to the file, without secrets.
    #[must_use]
    pub fn tape(mut self, file: impl Into<PathBuf>) -> Self {
        self.tape = Some(Taping::wanted(file.into()));
        self
    }

    /// Asks the source, and keeps what it says on a tape, in the place of what was in the file.
    #[must_use]
    pub fn record(mut self, file: impl Into<PathBuf>) -> Self {
        self.tape = Some(Taping::Record(file.into()));
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
    /// The settings, the tape, the mapping or the blueprints cannot be used, or Port did not start.
    pub async fn start(&self) -> Result<Bench, HarnessError> {
        Bench::start(self).await
    }

    /// The same in front of another source.
    pub(crate) fn at(&self, url: String) -> Self {
        Self {
            source: url,
            tape: None,
            ..self.clone()
        }
    }

    fn connect(&self) -> Result<Connection, HarnessError> {
        let (reel, settings) = Reel::of(self)?;
        let http = (self.http)(settings::http(self.name, &settings.secrets));
        Ok(Connection {
            connected: (self.connect)(settings.values, reel.http(http))?,
            reel,
            secrets: settings.secrets,
        })
    }

    /// The values that must not be seen anywhere.
    pub(crate) fn secrets(&self) -> Result<Vec<String>, HarnessError> {
        Ok(settings::given(self)?.secrets)
    }
}

/// An integration and what it is connected to.
struct Connection {
    connected: Connected,
    reel: Reel,
    secrets: Vec<String>,
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
