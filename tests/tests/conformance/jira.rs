//! Jira, with the mapping it ships.

use jira_integration::{BLUEPRINTS, MAPPING, SPEC, create_jira_client, integration};
use ocean_testkit::jira::JiraTwin;
use ocean_testkit::{Harness, Samples, Webhook, conformance};
use serde_json::json;

const EMAIL: &str = "canary+reader@example.com";
const TOKEN: &str = "canary/jira+token=4711";
const SECRET: &str = "canary-webhook-secret-4711";

fn event(name: &str, issue: &serde_json::Value) -> Webhook {
    let issue = json!({ "id": issue["id"], "key": issue["key"], "fields": {} });
    Webhook::json("/webhook", &json!({ "webhookEvent": name, "issue": issue }))
        .header("x-atlassian-webhook-identifier", "conformance")
        .signed("x-hub-signature", "sha256=", SECRET)
}

#[tokio::test]
async fn jira_keeps_every_promise() {
    // With this seed one of the first issues has a parent, for the linter to see.
    let twin = JiraTwin::builder()
        .seed(29)
        .projects(9)
        .issues(30)
        .users(12)
        .teams(6)
        .rules(|rules| {
            // Two pages of everything: of projects, issues, users, teams, and the members of one.
            rules.max_page = 8;
            rules.max_people_page = 5;
            rules.basic = Some((EMAIL.to_owned(), TOKEN.to_owned()));
        });
    let twin = twin.start().await.expect("the simulated Jira starts");
    let harness = Harness::new("jira", create_jira_client, integration)
        .spec(SPEC)
        .default_resources(MAPPING, BLUEPRINTS)
        .source(twin.url(), |url| {
            json!({
                "jira_host": url,
                "atlassian_user_email": EMAIL,
                "atlassian_user_token": TOKEN,
                "atlassian_organization_id": "twin-org",
                "webhook_secret": SECRET,
            })
        });
    let site = twin.site();
    let open = "statusCategory != Done";
    let keys = site.matching_issue_keys(open).expect("the JQL is valid");
    let issue = |index: usize| {
        site.issue(&keys[index])
            .expect("the key is one of the site")
    };
    let doomed = keys[2].clone();
    let samples = Samples::none()
        .event(event("jira:issue_updated", &issue(0)))
        .late_deletion(event("jira:issue_deleted", &issue(1)))
        .deletion(event("jira:issue_deleted", &issue(2)), || {
            site.delete_issue(&doomed).expect("the issue is there");
        });
    let verdict = conformance(&harness, samples).await;
    verdict.assert();
}
