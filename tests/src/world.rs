//! Both simulators and our engine between them: [`World`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use jira_integration::{BLUEPRINTS, JiraClient, JiraSettings, MAPPING};
use ocean_core::http::{Deadlines, HttpClient, HttpClientBuilder, RetryPolicy};
use ocean_core::{
    AllowEmpty, AppConfig, Environment, Integration, Lake, MapperPool, Progress, Rehearsal,
    ResyncError, ResyncPlan, ResyncReport, SyncEngine, SyncOptions, error_chain,
};
use ocean_port::{Defaults, PortClient, PortConfig, PortLake};
use ocean_testkit::jira::{JiraTwin, JiraTwinBuilder};
use ocean_testkit::port::{PortTwin, PortTwinBuilder};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::canary::{JIRA_EMAIL, JIRA_TOKEN};

/// The integration's identifier at Port.
pub const IDENTIFIER: &str = "test-jira";
/// Credentials of Port; the secret is a canary that no output may show.
pub const CLIENT_ID: &str = "client-id";
/// The canary among the credentials of Port.
pub const CLIENT_SECRET: &str = "canary-port-secret-4711";

/// Both simulators and the settings of the integration between them.
#[derive(Debug)]
pub struct World {
    /// The simulated Jira.
    pub jira: JiraTwin,
    /// The simulated Port.
    pub port: PortTwin,
    /// The mapping document that Port holds; the default one at first.
    pub mapping: Value,
    /// Blueprints that may lose all their entities.
    pub allow_empty: AllowEmpty,
    /// Changes the client of Jira before it is built.
    pub jira_http: fn(HttpClientBuilder) -> HttpClientBuilder,
    /// Changes the client of Port before it is built.
    pub port_config: fn(PortConfig) -> PortConfig,
    /// The integration's settings.
    pub settings: Value,
    /// What `env` shows to mapping expressions.
    pub environment: Environment,
    /// Whether raw items go to Port when its organization wants them; no request asks for that
    /// otherwise.
    pub has_lake: bool,
    /// How far Port's clock is ahead of ours, beside the minute that each run adds.
    pub port_clock: SignedDuration,
    minutes: AtomicI64,
}

impl World {
    /// A small site: 120 issues (two pages), 3 projects, 10 users, 3 teams.
    pub async fn start() -> Self {
        Self::with(|jira| jira, |port| port).await
    }

    /// A site and a Port of the test's making.
    pub async fn with(
        jira: impl FnOnce(JiraTwinBuilder) -> JiraTwinBuilder,
        port: impl FnOnce(PortTwinBuilder) -> PortTwinBuilder,
    ) -> Self {
        let builder = JiraTwin::builder()
            .seed(7)
            .projects(3)
            .issues(120)
            .users(10)
            .teams(3)
            .rules(|rules| rules.basic = Some((JIRA_EMAIL.to_owned(), JIRA_TOKEN.to_owned())));
        let jira = jira(builder)
            .start()
            .await
            .expect("the simulated Jira starts");
        let builder = PortTwin::builder().client(CLIENT_ID, CLIENT_SECRET);
        let port = port(builder)
            .start()
            .await
            .expect("the simulated Port starts");
        let settings = json!({
            "jira_host": jira.url(),
            "atlassian_user_email": JIRA_EMAIL,
            "atlassian_user_token": JIRA_TOKEN,
            "atlassian_organization_id": "twin-org",
        });
        let mapping = AppConfig::from_yaml("the default mapping", MAPPING)
            .expect("the default mapping is valid")
            .config
            .to_value();
        Self {
            jira,
            port,
            mapping,
            allow_empty: AllowEmpty::None,
            jira_http: fast,
            port_config: |config| config.retry(fast_retries()),
            settings,
            environment: Environment::default(),
            has_lake: false,
            port_clock: SignedDuration::ZERO,
            minutes: AtomicI64::new(0),
        }
    }

    /// Our client of the simulated Port.
    pub fn port_client(&self) -> PortClient {
        let config = PortConfig::new(CLIENT_ID, CLIENT_SECRET, IDENTIFIER, "jira", "0.1.0")
            .base_url(self.port.url());
        PortClient::new((self.port_config)(config)).expect("the settings of Port are valid")
    }

    /// Makes sure that the integration, its mapping and its blueprints exist at Port.
    pub async fn provision(&self) {
        let blueprints: Vec<Value> = serde_json::from_str(BLUEPRINTS).expect("valid JSON");
        let defaults = blueprints
            .into_iter()
            .fold(Defaults::new(self.mapping.clone()), Defaults::blueprint);
        self.port_client()
            .provision(&defaults)
            .await
            .expect("Port provisions");
        self.port.set_mapping(IDENTIFIER, self.mapping.clone());
    }

    /// The integration, over a new client of the simulated Jira.
    pub fn integration(&self) -> Integration<JiraClient> {
        let settings: JiraSettings =
            serde_json::from_value(self.settings.clone()).expect("valid settings");
        let http = (self.jira_http)(HttpClient::builder("jira"));
        jira_integration::connect(&settings, http).expect("valid settings")
    }

    /// The engine, over new clients.
    pub fn engine(&self) -> SyncEngine {
        let integration = self.integration();
        let port = Arc::new(self.port_client());
        let mut options = SyncOptions::default();
        options.allow_empty = self.allow_empty.clone();
        options.send_examples = true;
        options.environment = self.environment.clone();
        let pool = Arc::new(MapperPool::new().expect("threads start"));
        let engine = SyncEngine::new(&integration, Arc::clone(&port), pool).options(options);
        match self.lake(&port) {
            Some(lake) => engine.lake(lake),
            None => engine,
        }
    }

    /// Where raw items go, over this client.
    pub(crate) fn lake(&self, port: &Arc<PortClient>) -> Option<Arc<dyn Lake>> {
        let lake = || Arc::new(PortLake::new(Arc::clone(port), true)) as _;
        self.has_lake.then(lake)
    }

    /// One incremental sync.
    pub async fn sync_incrementally(&self) -> ResyncReport {
        let (progress, cancellation) = (Progress::default(), CancellationToken::new());
        let interval = Duration::from_secs(15 * 60);
        let engine = self.engine();
        let sync = engine.sync_incrementally(interval, &progress, &cancellation);
        let sync = tokio::time::timeout(Duration::from_secs(60), sync);
        match sync.await.expect("an incremental sync ends by itself") {
            Ok(report) => report,
            Err(error) => panic!("the sync did not begin: {}", error_chain(&error)),
        }
    }

    /// What a resync would write, and its report. Port's clock goes on as for a resync.
    pub async fn rehearse(&self) -> (ResyncPlan, ResyncReport) {
        let minutes = self.minutes.fetch_add(1, Ordering::Relaxed) + 1;
        self.port
            .set_clock_offset(self.port_clock + SignedDuration::from_mins(minutes));
        self.port.set_mapping(IDENTIFIER, self.mapping.clone());
        let settings: JiraSettings =
            serde_json::from_value(self.settings.clone()).expect("valid settings");
        let http = (self.jira_http)(HttpClient::builder("jira"));
        let integration = jira_integration::connect(&settings, http).expect("valid settings");
        let mut options = SyncOptions::default();
        options.allow_empty = self.allow_empty.clone();
        options.environment = self.environment.clone();
        let pool = Arc::new(MapperPool::new().expect("threads start"));
        let port = Arc::new(self.port_client());
        let rehearsal = Rehearsal::new(integration.registry(), port, pool).options(options);
        let (progress, cancellation) = (Progress::default(), CancellationToken::new());
        match rehearsal.run(&progress, &cancellation).await {
            Ok(planned) => planned,
            Err(error) => panic!("the rehearsal did not begin: {}", error_chain(&error)),
        }
    }

    /// One resync, or why it could not begin.
    ///
    /// Port's clock goes on a minute first: what was written in the second in which a run begins
    /// is never deleted by it, and tests do not wait for seconds to pass.
    pub async fn try_resync(&self) -> Result<ResyncReport, ResyncError> {
        let minutes = self.minutes.fetch_add(1, Ordering::Relaxed) + 1;
        self.port
            .set_clock_offset(self.port_clock + SignedDuration::from_mins(minutes));
        self.port.set_mapping(IDENTIFIER, self.mapping.clone());
        let run = self.engine();
        let (progress, cancellation) = (Progress::default(), CancellationToken::new());
        let run = run.resync(&progress, &cancellation);
        tokio::time::timeout(Duration::from_secs(60), run)
            .await
            .expect("a resync ends by itself")
    }

    /// One resync.
    pub async fn resync(&self) -> ResyncReport {
        match self.try_resync().await {
            Ok(report) => report,
            Err(error) => panic!("the resync did not begin: {}", error_chain(&error)),
        }
    }

    /// A world that was provisioned and synced once, with the journals cleared.
    pub async fn settled() -> Self {
        let world = Self::start().await;
        world.settle().await;
        world
    }

    /// Provisions and syncs once, then forgets what was asked.
    pub async fn settle(&self) {
        self.provision().await;
        let report = self.resync().await;
        assert_eq!(
            report.outcome,
            ocean_core::Outcome::Completed,
            "{report:#?}"
        );
        self.assert_catalog_is_the_site();
        self.jira.journal().clear();
        self.port.journal().clear();
    }

    /// The identifiers of a blueprint in the catalog.
    pub fn ids(&self, blueprint: &str) -> Vec<String> {
        let of_blueprint = |entity: &&Value| entity["blueprint"] == blueprint;
        let mut ids: Vec<String> = self
            .port
            .catalog()
            .iter()
            .filter(of_blueprint)
            .filter_map(|entity| entity["identifier"].as_str().map(str::to_owned))
            .collect();
        ids.sort();
        ids
    }

    /// What the site has, per blueprint of the default mapping.
    pub fn expected(&self) -> BTreeMap<&'static str, Vec<String>> {
        let site = self.jira.site();
        let jql = self.mapping["resources"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|resource| resource["kind"] == "issue")
            .and_then(|resource| resource["selector"]["jql"].as_str())
            .unwrap_or_default();
        let mut expected = BTreeMap::from([
            ("jiraProject", site.project_keys()),
            ("jiraUser", site.user_ids()),
            ("jiraTeam", site.team_ids()),
            (
                "jiraIssue",
                site.matching_issue_keys(jql).expect("the JQL is valid"),
            ),
        ]);
        expected.values_mut().for_each(|ids| ids.sort());
        expected
    }

    /// Nothing that the site has is missing; `extra` says what else may be there.
    #[track_caller]
    pub fn assert_nothing_is_missing(&self) {
        for (blueprint, expected) in self.expected() {
            let found = self.ids(blueprint);
            let missing: Vec<_> = expected.iter().filter(|id| !found.contains(id)).collect();
            assert!(missing.is_empty(), "{blueprint} lacks {missing:?}");
        }
    }

    /// The catalog holds what the site has. Issues that the selector leaves out may be there as
    /// stubs, because selected ones relate to them.
    #[track_caller]
    pub fn assert_catalog_is_the_site(&self) {
        self.assert_nothing_is_missing();
        let site = self.jira.site();
        let all = site
            .matching_issue_keys("statusCategory is not EMPTY")
            .unwrap_or_default();
        for (blueprint, expected) in self.expected() {
            let allowed = |id: &String| {
                expected.contains(id) || (blueprint == "jiraIssue" && all.contains(id))
            };
            let extra: Vec<String> = self
                .ids(blueprint)
                .into_iter()
                .filter(|id| !allowed(id))
                .collect();
            assert!(extra.is_empty(), "{blueprint} has {extra:?} too");
        }
    }

    /// How many requests to delete Port got.
    pub fn deletions(&self) -> usize {
        self.port.journal().count("POST", "/bulk/entities/delete")
    }
}

/// Retries after milliseconds instead of seconds, and deadlines that end a test soon.
pub fn fast(http: HttpClientBuilder) -> HttpClientBuilder {
    let deadlines = Deadlines::default()
        .connect(Duration::from_secs(1))
        .first_byte(Duration::from_millis(700))
        .idle(Duration::from_millis(700))
        .total(Duration::from_secs(3));
    http.retry(fast_retries()).deadlines(deadlines)
}

/// As many retries as usual, after milliseconds.
pub fn fast_retries() -> RetryPolicy {
    RetryPolicy::default().delays(Duration::from_millis(1), Duration::from_millis(20))
}
