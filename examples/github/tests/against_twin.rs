//! The integration against a simulated GitHub: resync, live events, and the conformance suite.

#![cfg(test)]

use ocean_core::{Answer, Outcome};
use ocean_github::{BLUEPRINTS, MAPPING, SPEC, create_github_client, integration};
use ocean_testkit::{
    Action, Bench, Fate, Harness, HarnessError, Paging, Rule, Samples, SourceTwin, Webhook,
    conformance,
};
use serde_json::{Value, json};

const TOKEN: &str = "canary-github-token";
const SECRET: &str = "canary-webhook-secret";

fn repository(id: u64, name: &str) -> Value {
    json!({
        "id": id, "name": name, "full_name": format!("acme/{name}"), "archived": id == 4,
        "html_url": format!("https://github.com/acme/{name}"), "description": null,
        "language": "Rust", "visibility": "private",
    })
}

fn numbered(id: u64, number: u64, title: &str) -> Value {
    json!({
        "id": id, "number": number, "title": title, "state": "open", "draft": false,
        "html_url": format!("https://github.com/acme/api/pull/{number}"),
        "user": { "login": "ada" }, "labels": [{ "name": "bug" }],
        "created_at": "2026-01-05T10:00:00Z", "merged_at": null,
    })
}

/// An organization of four repositories, the last of them archived; `api` has six pull requests
/// and five issues, `web` one of each, the others none.
async fn github() -> SourceTwin {
    let repositories = ["api", "web", "cli", "old"];
    let listed = repositories
        .iter()
        .zip(1..)
        .map(|(name, id)| repository(id, name));
    let mut builder = SourceTwin::builder()
        .requires("authorization", format!("Bearer {TOKEN}"))
        .page_size(2)
        .list("/orgs/acme/repos", Paging::Link, listed);
    for (name, id) in repositories.into_iter().zip(1..) {
        let base = format!("/repos/acme/{name}");
        let pulls = match name {
            "api" => 1..7,
            "web" => 11..12,
            _ => 0..0,
        };
        let issues = match name {
            "api" => 21..26,
            "web" => 31..32,
            _ => 0..0,
        };
        let pulls: Vec<_> = pulls.map(|n| numbered(100 + n, n, "Speed up")).collect();
        let mut issues: Vec<_> = issues.map(|n| numbered(200 + n, n, "It is slow")).collect();
        for pull in &pulls {
            builder = builder.object(format!("{base}/pulls/{}", pull["number"]), pull.clone());
        }
        for issue in &issues {
            builder = builder.object(format!("{base}/issues/{}", issue["number"]), issue.clone());
        }
        // As at GitHub, every pull request is also listed as an issue.
        for pull in &pulls {
            let mut pull = pull.clone();
            pull["pull_request"] = json!({});
            issues.push(pull);
        }
        builder = builder
            .object(&base, repository(id, name))
            .list(format!("{base}/pulls"), Paging::Link, pulls)
            .list(format!("{base}/issues"), Paging::Link, issues);
    }
    builder.start().await.unwrap()
}

fn harness(github: &SourceTwin) -> Harness {
    Harness::new("github", create_github_client, integration)
        .spec(SPEC)
        .default_resources(MAPPING, BLUEPRINTS)
        .source(github.url(), |url| {
            json!({
                "github_host": url, "github_organization": "acme", "github_token": TOKEN,
                "webhook_secret": SECRET,
            })
        })
}

fn webhook(event: &str, body: Value) -> Webhook {
    Webhook::json("/webhook", &body)
        .header("x-github-event", event)
        .header("x-github-delivery", "72d3162e")
        .signed("x-hub-signature-256", "sha256=", SECRET)
}

fn issue_event(action: &str, number: u64) -> Webhook {
    let issue = numbered(200 + number, number, "as the event says");
    let body = json!({ "action": action, "issue": issue, "repository": repository(1, "api") });
    webhook("issues", body)
}

async fn settled(github: &SourceTwin) -> Result<Bench, HarnessError> {
    let bench = harness(github).start().await?;
    let report = bench.resync().await?;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    Ok(bench)
}

#[tokio::test]
async fn a_resync_reads_repositories_and_what_is_below_them() -> Result<(), HarnessError> {
    let github = github().await;
    let bench = settled(&github).await?;
    // The archived one is there because something relates to it only if it has something.
    assert_eq!(
        bench.ids("githubRepository"),
        ["acme/api", "acme/cli", "acme/web"]
    );
    assert_eq!(bench.ids("githubPullRequest").len(), 7);
    assert_eq!(bench.ids("githubIssue").len(), 6);
    let issue = bench
        .entity("githubIssue", "acme/api#21")
        .unwrap_or_default();
    assert_eq!(issue["properties"]["labels"], json!(["bug"]));
    assert_eq!(issue["relations"]["repository"], "acme/api");

    github.change("/repos/acme/api/issues", |issues| {
        issues.retain(|issue| issue["number"] != 21);
    });
    let report = bench.resync().await?;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert_eq!(bench.entity("githubIssue", "acme/api#21"), None);
    assert_eq!(bench.ids("githubIssue").len(), 5);
    Ok(())
}

#[tokio::test]
async fn a_repository_that_cannot_be_read_costs_nothing_but_its_own_news()
-> Result<(), HarnessError> {
    let github = github().await;
    let bench = settled(&github).await?;
    github
        .faults()
        .add(Rule::new(Action::status(502)).path("/acme/api/issues"));
    github.change("/repos/acme/web/issues", |issues| {
        issues.push(numbered(299, 99, "New"));
    });
    let report = bench.resync().await?;
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert_eq!(bench.ids("githubIssue").len(), 7);
    Ok(())
}

#[tokio::test]
async fn an_event_brings_the_issue_as_it_is_now() -> Result<(), HarnessError> {
    let github = github().await;
    let bench = settled(&github).await?;
    github.put("/repos/acme/api/issues/22", numbered(222, 22, "It is fast"));
    let delivered = bench.deliver(&issue_event("edited", 22)).await?;
    assert_eq!(delivered.fate, Fate::Applied, "{delivered:?}");
    let issue = bench
        .entity("githubIssue", "acme/api#22")
        .unwrap_or_default();
    assert_eq!(issue["title"], "It is fast");

    github.remove("/repos/acme/api/issues/22");
    bench.deliver(&issue_event("deleted", 22)).await?;
    assert_eq!(bench.entity("githubIssue", "acme/api#22"), None);
    Ok(())
}

#[tokio::test]
async fn a_closed_issue_leaves_a_mapping_of_open_ones() -> Result<(), HarnessError> {
    let github = github().await;
    let bench = settled(&github).await?;
    let mut closed = numbered(222, 22, "It is slow");
    closed["state"] = json!("closed");
    github.put("/repos/acme/api/issues/22", closed);
    bench.deliver(&issue_event("closed", 22)).await?;
    assert_eq!(bench.entity("githubIssue", "acme/api#22"), None);
    Ok(())
}

#[tokio::test]
async fn a_renamed_repository_changes_its_name_in_the_catalog() -> Result<(), HarnessError> {
    let github = github().await;
    let bench = settled(&github).await?;
    github.put("/repos/acme/tool", repository(3, "tool"));
    github.put("/repos/acme/cli", repository(3, "tool"));
    let event = json!({
        "action": "renamed", "repository": repository(3, "tool"),
        "changes": { "repository": { "name": { "from": "cli" } } },
    });
    bench.deliver(&webhook("repository", event)).await?;
    assert_eq!(
        bench.ids("githubRepository"),
        ["acme/api", "acme/tool", "acme/web"]
    );
    Ok(())
}

#[tokio::test]
async fn an_event_that_github_did_not_sign_is_refused() -> Result<(), HarnessError> {
    let github = github().await;
    let bench = settled(&github).await?;
    let forged = issue_event("deleted", 22).with_guessed_secret();
    assert_eq!(
        bench.deliver(&forged).await?.answer,
        Answer::Unauthenticated
    );
    Ok(())
}

/// `OCEAN_TAPES=record` records the tape again, from the simulated GitHub.
#[tokio::test]
async fn a_recorded_organization_still_makes_the_same_catalog() -> Result<(), HarnessError> {
    let github = github().await;
    let bench = harness(&github)
        .tape("tests/tapes/organization.jsonl")
        .start()
        .await?;
    let report = bench.resync().await?;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert_eq!(bench.ids("githubPullRequest").len(), 7);
    assert_eq!(
        bench.ids("githubRepository"),
        ["acme/api", "acme/cli", "acme/web"]
    );
    Ok(())
}

#[tokio::test]
async fn it_conforms() {
    let github = github().await;
    let samples = Samples::none()
        .event(issue_event("edited", 22))
        .event(webhook(
            "repository",
            json!({
                "action": "edited", "repository": repository(1, "api"),
            }),
        ))
        .event(webhook(
            "pull_request",
            json!({
                "action": "edited", "pull_request": numbered(102, 2, "x"),
                "repository": repository(1, "api"),
            }),
        ))
        .late_deletion(issue_event("deleted", 23))
        .deletion(issue_event("deleted", 24), || {
            github.remove("/repos/acme/api/issues/24");
        });
    let verdict = conformance(&harness(&github), samples).await;
    verdict.assert();
}
