//! How is the simulated Jira started and steered?

mod belongings;

use std::{io, net::SocketAddr, sync::Arc};

use serde_json::Value;
use tokio::{sync::mpsc, task::JoinSet};

pub use self::belongings::Belonging;
use super::{
    api::JiraService,
    change::{Change, ChangeError, Changed, IssueEdit},
    config::{DeliveryRules, RateLimit, Rules, SiteConfig},
    courier::{Courier, Delivery, DeliveryCounts},
    data::render::{FieldSet, View},
    jql::Search,
    json::Json,
    state::{Shared, WAITING_EVENTS},
};
use crate::{Controls, Faults, Journal, Server};

/// Room for a whole issue.
const ISSUE_BYTES: usize = 10_000;

/// A running simulated Jira. Dropping it ends it.
///
/// ```
/// use ocean_testkit::jira::{IssueEdit, JiraTwin};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let jira = JiraTwin::builder().seed(7).issues(1_000).start().await?;
/// assert_eq!(jira.site().issue_count(), 1_000);
/// jira.site().update_issue("PAY-1", IssueEdit::new().status("Done"))?;
/// assert!(jira.url().starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct JiraTwin {
    server: Server,
    site: SiteHandle,
    courier: JoinSet<()>,
}

impl JiraTwin {
    /// Starts with the defaults of [`SiteConfig`] and [`Rules`].
    #[must_use]
    pub fn builder() -> JiraTwinBuilder {
        JiraTwinBuilder {
            addr: ([127, 0, 0, 1], 0).into(),
            config: SiteConfig::default(),
            rules: Rules::default(),
            controls: Controls::default(),
        }
    }

    /// The base URL, to be given to an integration as Jira's host.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The site and its rules, to look at and to change.
    #[must_use]
    pub fn site(&self) -> &SiteHandle {
        &self.site
    }

    /// What was asked so far.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        self.server.journal()
    }

    /// What goes wrong; [`lies`](super::lies) has rules for it.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.server.faults()
    }

    /// Stops listening and ends all tasks.
    pub async fn stop(mut self) {
        self.courier.shutdown().await;
        self.server.stop().await;
    }
}

/// What a [`JiraTwin`] is to be like.
#[derive(Clone, Debug)]
pub struct JiraTwinBuilder {
    addr: SocketAddr,
    config: SiteConfig,
    rules: Rules,
    controls: Controls,
}

impl JiraTwinBuilder {
    /// Where to listen; a free port of the loopback interface by default.
    #[must_use]
    pub fn addr(mut self, addr: impl Into<SocketAddr>) -> Self {
        self.addr = addr.into();
        self
    }

    /// Sets [`SiteConfig::seed`].
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// Sets [`SiteConfig::projects`].
    #[must_use]
    pub fn projects(mut self, count: usize) -> Self {
        self.config.projects = count;
        self
    }

    /// Sets [`SiteConfig::issues`].
    #[must_use]
    pub fn issues(mut self, count: u64) -> Self {
        self.config.issues = count;
        self
    }

    /// Sets [`SiteConfig::users`].
    #[must_use]
    pub fn users(mut self, count: usize) -> Self {
        self.config.users = count;
        self
    }

    /// Sets [`SiteConfig::teams`].
    #[must_use]
    pub fn teams(mut self, count: usize) -> Self {
        self.config.teams = count;
        self
    }

    /// Sets anything else about the data.
    #[must_use]
    pub fn config(mut self, change: impl FnOnce(&mut SiteConfig)) -> Self {
        change(&mut self.config);
        self
    }

    /// Sets anything about the rules.
    #[must_use]
    pub fn rules(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(&mut self.rules);
        self
    }

    /// Announces, and on request enforces, a rate limit.
    #[must_use]
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rules.rate_limit = Some(limit);
        self
    }

    /// Sets how changes are sent to the webhooks that are registered.
    #[must_use]
    pub fn delivery(mut self, change: impl FnOnce(&mut DeliveryRules)) -> Self {
        change(&mut self.rules.delivery);
        self
    }

    /// Uses a journal, faults and a clock that were made before.
    #[must_use]
    pub fn controls(mut self, controls: Controls) -> Self {
        self.controls = controls;
        self
    }

    /// Builds the site and serves it.
    ///
    /// # Errors
    ///
    /// The address cannot be listened at.
    pub async fn start(self) -> io::Result<JiraTwin> {
        let (outbox, parcels) = mpsc::channel(WAITING_EVENTS);
        let shared = Arc::new(Shared::new(self.config, self.rules, outbox));
        let service = JiraService {
            shared: Arc::clone(&shared),
        };
        let server = Server::start_with(self.addr, service, self.controls).await?;
        let mut courier = JoinSet::new();
        courier.spawn(Courier::new(Arc::clone(&shared)).run(parcels));
        Ok(JiraTwin {
            server,
            site: SiteHandle { shared },
            courier,
        })
    }
}

/// The site of a running twin. Clones share it.
///
/// Everything it tells comes from the data itself and not over HTTP, so a test can hold it against
/// what an integration has read.
#[derive(Clone, Debug)]
pub struct SiteHandle {
    shared: Arc<Shared>,
}

impl SiteHandle {
    /// Makes any change and tells which items it touched.
    ///
    /// # Errors
    ///
    /// An item does not exist, or a value cannot be set.
    pub fn apply(&self, change: &Change) -> Result<Vec<Changed>, ChangeError> {
        self.shared.apply(change)
    }

    /// Sets fields of an issue.
    ///
    /// # Errors
    ///
    /// The issue does not exist, or a value cannot be set.
    pub fn update_issue(&self, key: impl Into<String>, edit: IssueEdit) -> Result<(), ChangeError> {
        let key = key.into();
        self.apply(&Change::UpdateIssue { key, edit }).map(drop)
    }

    /// Adds an issue and returns its key.
    ///
    /// # Errors
    ///
    /// The project does not exist, or a value cannot be set.
    pub fn create_issue(
        &self,
        project: impl Into<String>,
        edit: IssueEdit,
    ) -> Result<String, ChangeError> {
        let project = project.into();
        self.apply(&Change::CreateIssue { project, edit })
            .map(last_key)
    }

    /// Deletes an issue with its subtasks and returns all keys that are gone.
    ///
    /// # Errors
    ///
    /// The issue does not exist.
    pub fn delete_issue(&self, key: impl Into<String>) -> Result<Vec<String>, ChangeError> {
        let changed = self.apply(&Change::DeleteIssue { key: key.into() })?;
        Ok(changed.into_iter().filter_map(|one| one.key).collect())
    }

    /// Moves an issue to another project and returns its new key.
    ///
    /// # Errors
    ///
    /// The issue or the project does not exist, or the issue is there already.
    pub fn move_issue(
        &self,
        key: impl Into<String>,
        project: impl Into<String>,
    ) -> Result<String, ChangeError> {
        let (key, project) = (key.into(), project.into());
        self.apply(&Change::MoveIssue { key, project })
            .map(last_key)
    }

    /// Deletes a project with everything in it.
    ///
    /// # Errors
    ///
    /// The project does not exist.
    pub fn delete_project(&self, key: impl Into<String>) -> Result<(), ChangeError> {
        self.apply(&Change::DeleteProject { key: key.into() })
            .map(drop)
    }

    /// Changes the rules while the twin runs, for example to let a bearer token expire.
    pub fn change_rules(&self, change: impl FnOnce(&mut Rules)) {
        self.shared.change_rules(change);
    }

    /// The site's time in milliseconds since the epoch; every change moves it on by a second.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.shared.with_site(|site| site.now())
    }

    /// Sets the site's time, from which relative JQL dates count.
    pub fn set_now(&self, millis: i64) {
        self.shared.with_site_mut(|site| site.now = millis);
    }

    /// How many issues there are.
    #[must_use]
    pub fn issue_count(&self) -> u64 {
        let count = |site: &super::site::Site| site.projects().map(|one| one.issues).sum();
        self.shared.with_site(count)
    }

    /// The keys of all issues that a query selects, by id; `None` for a query that is refused.
    #[must_use]
    pub fn matching_issue_keys(&self, jql: &str) -> Option<Vec<String>> {
        self.shared.with_site(|site| {
            let search = Search::compile(jql, site, false).ok()?;
            let issues = site.issues_from(0).filter(|issue| search.matches(issue));
            Some(issues.map(|issue| site.issue_key(&issue)).collect())
        })
    }

    /// An issue as a search for all fields shows it; `None` if nobody has this key or id.
    #[must_use]
    pub fn issue(&self, key: &str) -> Option<Value> {
        let written = self.shared.with_site(|site| {
            let issue = site.find_issue(key)?;
            let mut out = Json::with_capacity(ISSUE_BYTES);
            let view = View {
                issue: &issue,
                site,
            };
            view.render(&mut out, FieldSet::ALL, "");
            Some(out.into_bytes())
        });
        serde_json::from_slice(&written?).ok()
    }

    /// The keys of all projects.
    #[must_use]
    pub fn project_keys(&self) -> Vec<String> {
        let keys = |site: &super::site::Site| site.projects().map(|one| one.key.clone()).collect();
        self.shared.with_site(keys)
    }

    /// The account ids of all users.
    #[must_use]
    pub fn user_ids(&self) -> Vec<String> {
        self.shared.with_site(|site| {
            site.living_users()
                .map(|one| one.account_id.clone())
                .collect()
        })
    }

    /// The ids of all teams.
    #[must_use]
    pub fn team_ids(&self) -> Vec<String> {
        self.shared
            .with_site(|site| site.teams().map(|one| one.id.clone()).collect())
    }

    /// The account ids of a team's members; `None` if there is no such team.
    #[must_use]
    pub fn team_members(&self, team_id: &str) -> Option<Vec<String>> {
        self.shared.with_site(|site| {
            let team = site.teams().find(|team| team.id == team_id)?;
            Some(team.members.clone())
        })
    }

    /// Whether a webhook is registered.
    #[must_use]
    pub fn is_listened_to(&self) -> bool {
        !self.shared.webhooks().is_empty()
    }

    /// The last attempts to deliver webhook events, oldest first.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.deliveries().attempts().cloned().collect()
    }

    /// How many webhook events there were so far.
    #[must_use]
    pub fn delivery_counts(&self) -> DeliveryCounts {
        self.shared.deliveries().counts()
    }

    /// Waits until every webhook event so far was delivered or given up.
    ///
    /// # Cancel safety
    ///
    /// It only watches, so dropping it changes nothing.
    pub async fn delivered(&self) -> DeliveryCounts {
        let idle = self.shared.deliveries().idle();
        loop {
            let became_idle = idle.notified();
            let counts = self.delivery_counts();
            if counts.waiting == 0 {
                return counts;
            }
            became_idle.await;
        }
    }
}

fn last_key(changed: Vec<Changed>) -> String {
    changed
        .into_iter()
        .filter_map(|one| one.key)
        .next_back()
        .unwrap_or_default()
}
