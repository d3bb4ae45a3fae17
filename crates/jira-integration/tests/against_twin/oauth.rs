//! Signing in with an access token: which addresses are asked, and what happens when the token
//! expires.

use std::path::PathBuf;
use std::time::Duration;

use futures::TryStreamExt as _;
use futures::future::{join, join_all};
use http::StatusCode;
use jira_integration::{JiraConfig, create_jira_client};
use ocean_core::http::HttpClient;
use ocean_testkit::jira::JiraTwinBuilder;
use ocean_testkit::{Action, Rule};
use serde_json::json;

use crate::site::{Site, texts};

const ALL: &str = "created >= -520w";

/// A folder with a token file, which is removed with it.
pub(crate) struct TokenFolder(PathBuf);

impl TokenFolder {
    pub(crate) fn new(test: &str) -> Self {
        let name = format!("jira-oauth-{test}-{}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&folder.0).unwrap();
        folder.write("first\n");
        folder
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.join("token")
    }

    /// As a sidecar does: the new file takes the old one's place at once.
    fn write(&self, token: &str) {
        let fresh = self.0.join("fresh");
        std::fs::write(&fresh, token).unwrap();
        std::fs::rename(fresh, self.path()).unwrap();
    }
}

impl Drop for TokenFolder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn accepts_first(twin: JiraTwinBuilder) -> JiraTwinBuilder {
    twin.rules(|rules| {
        rules.basic = None;
        rules.bearer = vec!["first".to_owned()];
    })
}

/// A site that is configured by the gateway's address, as a hosted installation is.
pub(crate) async fn through_the_gateway(folder: &TokenFolder) -> Site {
    let configure = |mut config: JiraConfig| {
        config.host = format!("{}/ex/jira/twin-cloud", config.host);
        config
            .organization_id("twin-org")
            .access_token_file(folder.path())
    };
    Site::configured(|twin| accepts_first(twin.projects(10)), configure).await
}

/// A site that is configured by its own address.
async fn by_its_address(folder: &TokenFolder) -> Site {
    let configure = |config: JiraConfig| {
        let gateway = config.host.clone();
        let config = config.gateway(&gateway).unwrap();
        config.access_token_file(folder.path())
    };
    Site::configured(accepts_first, configure).await
}

/// All kinds at once, as a resync reads them.
async fn read_all(site: &Site) -> Vec<usize> {
    let kinds: Vec<_> = site.integration().registry().kinds().collect();
    let reads = kinds.into_iter().map(|kind| async move {
        let selector = match kind {
            "issue" | "worklog" => json!({"jql": ALL}),
            _ => json!({}),
        };
        site.read(kind, selector).await.complete().len()
    });
    join_all(reads).await
}

#[tokio::test]
async fn each_interface_is_asked_where_it_takes_access_tokens() {
    let folder = TokenFolder::new("addresses");
    let site = through_the_gateway(&folder).await;
    let calm = Site::start(|twin| twin.projects(10)).await;
    assert_eq!(read_all(&site).await, read_all(&calm).await);
    let asked = site.asked();
    let count = |part: &str| asked.iter().filter(|ask| ask.contains(part)).count();
    assert_eq!(
        count(" /ex/jira/twin-cloud/") + count(" /public/teams/v1/org/"),
        asked.len()
    );
    assert!(count("/ex/jira/twin-cloud/rest/agile/latest/board") > 0);
    assert!(count("/ex/jira/twin-cloud/rest/software/1.0/board/") > 0);
}

#[tokio::test]
async fn the_cloud_id_of_a_site_is_asked_for_once() {
    let folder = TokenFolder::new("cloud-id");
    let site = by_its_address(&folder).await;
    let reads = ["board", "sprint", "backlog", "epic"].map(|kind| site.read(kind, json!({})));
    for read in join_all(reads).await {
        assert!(!read.complete().is_empty());
    }
    let asked = site.asked();
    let resources = asked
        .iter()
        .filter(|ask| *ask == "GET /oauth/token/accessible-resources");
    assert_eq!(resources.count(), 1);
    let mut others = asked.iter().filter(|ask| !ask.contains("/oauth/token/"));
    assert!(others.all(|ask| ask.starts_with("GET /ex/jira/twin-cloud/rest/")));
}

#[tokio::test]
async fn a_token_for_other_sites_is_named_as_the_reason() {
    let folder = TokenFolder::new("other-site");
    let configure = |mut config: JiraConfig| {
        let config_gateway = config.host.clone();
        config.host = config.host.replace("127.0.0.1", "localhost");
        let config = config.gateway(&config_gateway).unwrap();
        config.access_token_file(folder.path())
    };
    let site = Site::configured(accepts_first, configure).await;
    let error = site.read("board", json!({})).await.error.unwrap();
    assert!(
        error.starts_with("the access token gives no access to http://localhost:"),
        "{error}"
    );
}

#[tokio::test]
async fn f13_a_token_that_expires_in_the_middle_is_replaced_without_losing_a_call() {
    let folder = TokenFolder::new("expiry");
    let calm = Site::start(|twin| twin.projects(10)).await;
    let expected = read_all(&calm).await;
    let site = through_the_gateway(&folder).await;
    let expiry = async {
        while site.twin.journal().len() < 40 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let second = |rules: &mut ocean_testkit::jira::Rules| {
            rules.bearer = vec!["second".to_owned()];
        };
        site.twin.site().change_rules(second);
        // Whoever writes the file is a little late.
        tokio::time::sleep(Duration::from_millis(100)).await;
        folder.write("second\n");
    };
    let (read, ()) = join(read_all(&site), expiry).await;
    assert_eq!(read, expected);
    let entries = site.twin.journal().requests();
    let refused: Vec<_> = entries
        .iter()
        .filter(|one| one.status == Some(StatusCode::UNAUTHORIZED))
        .collect();
    assert!(!refused.is_empty(), "the token expired too late");
    // Each call that was refused is sent once more and succeeds.
    assert_eq!(entries.len() - refused.len(), calm.twin.journal().len());
    assert!(
        refused
            .iter()
            .all(|one| one.header("authorization") != Some("Bearer second")),
        "a fresh token is not refused"
    );
}

#[tokio::test]
async fn a_rotated_token_is_used_before_the_old_one_is_refused() {
    let folder = TokenFolder::new("rotation");
    let site = through_the_gateway(&folder).await;
    site.twin
        .site()
        .change_rules(|rules| rules.bearer.push("fresher".to_owned()));
    site.read("project", json!({})).await.complete();
    folder.write("fresher");
    site.twin
        .site()
        .change_rules(|rules| rules.bearer.retain(|token| token == "fresher"));
    site.read("project", json!({})).await.complete();
    let mut statuses = site
        .twin
        .journal()
        .requests()
        .into_iter()
        .map(|one| one.status);
    assert!(statuses.all(|status| status == Some(StatusCode::OK)));
}

#[tokio::test]
async fn without_the_file_the_configured_token_is_sent() {
    let folder = TokenFolder::new("absent");
    let site = through_the_gateway(&folder).await;
    std::fs::remove_file(folder.path()).unwrap();
    site.twin
        .site()
        .change_rules(|rules| rules.bearer = vec!["twin-token".to_owned()]);
    assert_eq!(site.read("project", json!({})).await.complete().len(), 10);
}

#[tokio::test]
async fn the_operators_token_file_switches_from_the_account_to_oauth() {
    let folder = TokenFolder::new("settings");
    let site = through_the_gateway(&folder).await;
    let settings = serde_json::from_value(json!({
        "jira_host": format!("{}/ex/jira/twin-cloud", site.twin.url()),
        "atlassian_user_email": "",
        "atlassian_user_token": "",
    }));
    let http = HttpClient::builder("jira").access_token_file(folder.path());
    let jira = create_jira_client(&settings.unwrap(), http).unwrap();
    let pages: Vec<_> = jira.users().try_collect().await.unwrap();
    assert_eq!(pages.iter().map(ocean_core::Batch::len).sum::<usize>(), 7);
}

/// What `self` links of a site lead to is not what people open.
#[tokio::test]
async fn a_mapping_that_names_the_address_of_the_site_gets_it() {
    let folder = TokenFolder::new("links");
    let gateway = through_the_gateway(&folder).await;
    let basic = Site::start(|twin| twin).await;
    for (site, url) in [
        (&gateway, "https://twin.atlassian.net".to_owned()),
        (&basic, basic.twin.url()),
    ] {
        for (kind, selector) in [("project", json!({})), ("issue", json!({"jql": ALL}))] {
            let read = site
                .read_for(kind, selector.clone(), &["key", "__siteUrl"])
                .await;
            let urls = texts(&read.complete(), "__siteUrl");
            assert!(
                !urls.is_empty() && urls.iter().all(|one| *one == url),
                "{kind}: {urls:?}"
            );
            let read = site.read_for(kind, selector, &["key"]).await.complete();
            assert!(read.iter().all(|item| item.added().count() == 0), "{kind}");
        }
    }
    let asked = gateway.asked();
    let resources = asked
        .iter()
        .filter(|ask| ask.contains("accessible-resources"));
    assert_eq!(resources.count(), 1);
    assert!(
        !basic
            .asked()
            .iter()
            .any(|ask| ask.contains("accessible-resources"))
    );
}

#[tokio::test]
async fn an_address_that_is_not_told_leaves_its_field_out() {
    let folder = TokenFolder::new("no-links");
    let site = through_the_gateway(&folder).await;
    let refused = Rule::new(Action::status(403)).path("accessible-resources");
    site.twin.faults().add(refused);
    let read = site
        .read_for("project", json!({}), &["key", "__siteUrl"])
        .await;
    assert!(read.complete().iter().all(|item| item.added().count() == 0));
}
