//! What the kinds that are read parent by parent yield, however Jira hands it out.

use ocean_testkit::jira::SiteConfig;
use serde_json::json;

use crate::site::Site;

const ALL: &str = "created >= -520w";

#[tokio::test]
async fn backlogs_are_paged_by_token_or_in_the_older_interface_by_position() {
    let site = Site::start(|twin| twin.projects(1).issues(600)).await;
    let waiting = site.twin.site().backlogs(ALL).unwrap().len();
    for (newer, page) in [
        (
            true,
            "/rest/software/1.0/board/1/backlog?maxResults=100&nextPageToken=",
        ),
        (
            false,
            "/rest/agile/1.0/board/1/backlog?maxResults=100&startAt=99",
        ),
    ] {
        let selector = json!({"jql": "", "useSoftwareApi": newer});
        let read = site.read("backlog", selector).await.complete();
        assert_eq!(read.len(), waiting, "{page}");
        let asked = site.asked();
        assert!(asked.iter().any(|one| one.contains(page)), "{asked:#?}");
    }
}

#[tokio::test]
async fn worklogs_are_the_same_whether_their_issues_show_them_or_not() {
    let selector = json!({"jql": ALL});
    let site =
        |change: fn(&mut SiteConfig)| Site::start(move |twin| twin.issues(240).config(change));
    let shown = site(|_| {}).await.read("worklog", selector.clone()).await;
    let asked = site(|config| config.worklogs_in_issues = 0).await;
    let asked = asked.read("worklog", selector).await;
    let [shown, asked] = [shown, asked].map(|read| {
        let items = read.complete().into_iter();
        let mut items: Vec<_> = items
            .map(|item| item.to_value().unwrap().to_string())
            .collect();
        items.sort_unstable();
        items
    });
    assert!(!shown.is_empty());
    assert_eq!(shown, asked);
}
