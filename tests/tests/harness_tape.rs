//! A tape in the place of the source: what an author's test then sees, and is told.

use std::fs;
use std::path::{Path, PathBuf};

use ocean_core::http::paging::LinkPages;
use ocean_core::http::{HttpClient, HttpClientBuilder, HttpError};
use ocean_core::prelude::*;
use ocean_core::{ExposeSecret as _, Outcome, SecretString, Signature, Tape};
use ocean_testkit::{Fate, Harness, HarnessError, Paging, SourceTwin, Webhook};
use serde::Deserialize;
use serde_json::{Value, json};

const TOKEN: &str = "canary-tape-token";
const SECRET: &str = "canary-tape-secret";
const SIGNATURE: Signature = Signature::hmac_sha256("x-desk-signature", "");

const SPEC: &str = "
title: Desk
configurations:
  - { name: deskHost, type: url, required: true }
  - { name: deskToken, type: string, required: true, sensitive: true }
  - { name: webhookSecret, type: string, sensitive: true }
";
const MAPPING: &str = "
resources:
  - kind: ticket
    selector: { query: 'true' }
    port:
      entity:
        mappings: { identifier: .id | tostring, title: .title, blueprint: '\"ticket\"' }
";
const BLUEPRINTS: &str = r#"[{ "identifier": "ticket", "schema": { "properties": {} } }]"#;

kinds! { enum Kinds { Ticket = "ticket" } }

#[derive(Deserialize)]
struct DeskSettings {
    desk_host: String,
    desk_token: SecretString,
    webhook_secret: Option<SecretString>,
}

#[derive(Clone)]
struct Desk {
    host: String,
    secret: Option<SecretString>,
    http: HttpClient,
}

fn create_desk_client(settings: &DeskSettings, http: HttpClientBuilder) -> Result<Desk, HttpError> {
    Ok(Desk {
        host: settings.desk_host.trim_end_matches('/').to_owned(),
        secret: settings.webhook_secret.clone(),
        http: http
            .bearer_token(settings.desk_token.expose_secret())
            .build()?,
    })
}

fn on_resync_tickets(
    desk: Desk,
    _: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, HttpError>> {
    LinkPages::bare_list().pages(move |next| {
        let desk = desk.clone();
        let target = next.unwrap_or_else(|| "/tickets".to_owned());
        async move { desk.http.get(&format!("{}{target}", desk.host)).await }
    })
}

#[derive(Deserialize)]
struct TicketEvent {
    id: u64,
}

#[derive(Debug)]
struct TicketProcessor;

impl WebhookProcessor<Desk> for TicketProcessor {
    type Kind = Kinds;
    type Payload = TicketEvent;
    type Selector = NoSelector;

    const KINDS: &'static [Kinds] = &[Kinds::Ticket];

    fn authenticate(&self, desk: &Desk, event: &WebhookEvent) -> Result<(), Unauthenticated> {
        let secret = desk.secret.as_ref();
        SIGNATURE.verify(event, secret.map(|secret| secret.expose_secret()))
    }

    fn accepts(&self, _: &WebhookEvent) -> bool {
        true
    }

    fn subject(&self, event: &TicketEvent) -> Option<Subject> {
        Some(Subject::new("ticket", event.id))
    }

    async fn handle(
        &self,
        desk: &Desk,
        events: Vec<TicketEvent>,
        _: &ResourceConfig<NoSelector>,
    ) -> Result<Changes, SourceError> {
        let mut changes = Changes::none();
        for TicketEvent { id } in events {
            let url = format!("{}/tickets/{id}", desk.host);
            let ticket: RawItem = desk.http.get(&url).await?.json()?;
            changes = changes.and(Changes::updated([ticket]));
        }
        Ok(changes)
    }
}

fn integration(ocean: Integration<Desk>) -> Integration<Desk> {
    ocean
        .on_resync(Kinds::Ticket, on_resync_tickets)
        .add_webhook_processor("/webhook", TicketProcessor)
}

fn harness() -> Harness {
    Harness::new("desk", create_desk_client, integration)
        .spec(SPEC)
        .default_resources(MAPPING, BLUEPRINTS)
}

/// Five tickets, the last of which somebody named after the token.
async fn tickets() -> Result<SourceTwin, HarnessError> {
    let titles = ["one", "two", "three", "four", TOKEN];
    let tickets = titles.iter().zip(1..);
    let tickets = tickets.map(|(title, id)| json!({ "id": id, "title": title }));
    let source = SourceTwin::builder()
        .requires("authorization", format!("Bearer {TOKEN}"))
        .page_size(2)
        .list("/tickets", Paging::Link, tickets)
        .object("/tickets/3", json!({ "id": 3, "title": "solved" }));
    Ok(source.start().await?)
}

fn event(secret: &str) -> Webhook {
    Webhook::json("/webhook", &json!({ "id": 3 })).signed("x-desk-signature", "", secret)
}

fn titles(catalog: &[Value]) -> Vec<&str> {
    let titles = catalog.iter().map(|entity| entity["title"].as_str());
    titles.map(Option::unwrap_or_default).collect()
}

/// Records a resync, and an event if one is asked for, from a source that is gone afterwards.
async fn recorded(folder: &Path, with_event: bool) -> Result<PathBuf, HarnessError> {
    let source = tickets().await?;
    let file = folder.join("tapes/first.jsonl");
    let bench = harness()
        .source(
            source.url(),
            |url| json!({ "desk_host": url, "desk_token": TOKEN, "webhook_secret": SECRET }),
        )
        .record(&file)
        .start()
        .await?;
    let report = bench.resync().await?;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert_eq!(
        titles(&bench.catalog()),
        ["one", "two", "three", "four", TOKEN]
    );
    if with_event {
        let delivered = bench.deliver(&event(SECRET)).await?;
        assert_eq!(delivered.fate, Fate::Applied);
    }
    Ok(file)
}

#[tokio::test]
async fn a_tape_gives_the_catalog_of_its_source_again_and_again() -> Result<(), HarnessError> {
    let folder = tempfile::tempdir()?;
    let file = recorded(folder.path(), true).await?;
    // The source is gone; its settings are on the tape.
    let bench = harness().tape(&file).start().await?;
    for _ in 0..2 {
        let report = bench.resync().await?;
        assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    }
    let expected = ["one", "two", "three", "four", "[REDACTED]"];
    assert_eq!(titles(&bench.catalog()), expected);
    let delivered = bench.deliver(&event("[REDACTED]")).await?;
    assert_eq!(delivered.fate, Fate::Applied);
    let entity = bench.entity("ticket", "3").unwrap_or_default();
    assert_eq!(entity["title"], "solved");
    Ok(())
}

#[tokio::test]
async fn no_secret_is_on_the_tape_of_a_test() -> Result<(), HarnessError> {
    let folder = tempfile::tempdir()?;
    let text = fs::read_to_string(recorded(folder.path(), true).await?)?;
    assert!(text.lines().count() >= 5, "{text}");
    assert!(!text.contains(TOKEN) && !text.contains(SECRET), "{text}");
    Ok(())
}

#[tokio::test]
async fn a_request_that_is_not_on_the_tape_fails_the_test_by_name() -> Result<(), HarnessError> {
    let folder = tempfile::tempdir()?;
    let file = recorded(folder.path(), false).await?;
    // The last page was never recorded, as if the integration now read further.
    let text = fs::read_to_string(&file)?;
    let kept = text.lines().filter(|line| !line.contains("[REDACTED]\"}]"));
    fs::write(
        &file,
        kept.map(|line| format!("{line}\n")).collect::<String>(),
    )?;
    let host = Tape::open(&file)?.header().settings["integration.config.desk_host"].clone();
    let host = host.as_str().unwrap_or_default().trim_end_matches('/');
    let bench = harness().tape(&file).start().await?;
    let told = bench.resync().await.map(|report| report.outcome);
    let told = told.unwrap_err().to_string();
    let shown = file.display();
    let named = format!("GET {host}/tickets?page=3 is not on the tape `{shown}`; record it with ");
    assert!(told.starts_with(&named), "{told}");
    assert!(told.contains("`OCEAN_TAPES=record cargo test`"), "{told}");
    assert!(
        told.ends_with(&format!("`sail --once --record {shown}`")),
        "{told}"
    );

    let told = bench.deliver(&event("[REDACTED]")).await.unwrap_err();
    let named = format!("GET {host}/tickets/3 is not on the tape");
    assert!(told.to_string().starts_with(&named), "{told}");
    Ok(())
}

#[tokio::test]
async fn a_tape_that_cannot_be_played_is_told_before_anything_runs() -> Result<(), HarnessError> {
    let folder = tempfile::tempdir()?;
    let told = async |harness: Harness| harness.start().await.unwrap_err().to_string();
    let missing = told(harness().tape(folder.path().join("none.jsonl"))).await;
    assert!(
        missing.contains("none.jsonl` cannot be read: "),
        "{missing}"
    );
    assert!(missing.contains("OCEAN_TAPES=record"), "{missing}");

    let file = recorded(folder.path(), false).await?;
    let other = Harness::new("shop", create_desk_client, integration).spec(SPEC);
    let other = told(other.tape(&file)).await;
    assert!(
        other.ends_with("is of the integration desk, and this is shop"),
        "{other}"
    );

    let bare = Harness::new("desk", create_desk_client, integration);
    let bare = told(bare.tape(&file)).await;
    assert!(bare.contains("call `.spec(SPEC)`"), "{bare}");
    Ok(())
}
