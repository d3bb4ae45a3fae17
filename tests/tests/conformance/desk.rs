//! A small integration that breaks the promise that a test tells it to break.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use ocean_core::http::paging::{OffsetPages, TokenPages};
use ocean_core::http::{HttpClient, HttpClientBuilder, HttpError, RetryPolicy};
use ocean_core::prelude::*;
use ocean_core::{ErrorClass, Signature};
use ocean_testkit::{Harness, Paging, Samples, SourceTwin, Tokens, Verdict, Webhook, conformance};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

const TOKEN: &str = "canary-desk-token";
const SECRET: &str = "canary-desk-secret";
/// After this long the other kind has failed, if it does.
const LONG_ENOUGH: Duration = Duration::from_millis(200);
const SIGNATURE: Signature = Signature::hmac_sha256("x-desk-signature", "");

/// What the integration does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    Nothing,
    /// Nothing; but the listings of this desk name their next page by a token.
    NothingWithTokens,
    /// It takes the token to be called something else, and its absence for the end.
    MissesTheToken,
    /// It follows one token only.
    FollowsOneToken,
    /// An error in a later page ends the listing as if it were its end.
    SwallowsErrors,
    /// It pages by hand and takes an empty page for the end.
    TrustsEmptyPages,
    /// It reads the first page only.
    ReadsOnePage,
    /// What is not as expected is nothing.
    DefaultsToNothing,
    /// It tries nothing again.
    NeverRetries,
    /// It retries on top of the client's retries.
    RetriesRetries,
    /// It tries twice more what the client gave up.
    RetriesALittle,
    /// A 401 is an error like any other.
    MissesRefusals,
    /// The token is in the URL.
    TokenInUrl,
    /// The token is logged.
    TokenInLog,
    /// Everybody may send events.
    TrustsEverybody,
    /// Every event is for it.
    AcceptsEverything,
    /// What an event says is gone is gone.
    BelievesDeletions,
    /// An event's own content goes into the catalog.
    BelievesContent,
    /// A source that is away makes a dead letter.
    GivesUpAtOnce,
    /// One kind waits for another one's success.
    CouplesKinds,
    /// What is gone of one kind stays, by its mapping.
    KeepsAgents,
    /// There is no spec.
    HasNoSpec,
    /// There are no samples of the events that it takes.
    HasNoSamples,
    /// A registered kind is not in the spec.
    HidesKind,
    /// The mapping writes what the blueprint does not have.
    MapsTooMuch,
    /// A field of the selector is not described.
    SaysNothing,
}

impl Wrong {
    /// Whether the desk pages by tokens.
    const fn has_tokens(self) -> bool {
        matches!(
            self,
            Self::NothingWithTokens | Self::MissesTheToken | Self::FollowsOneToken
        )
    }
}

kinds! {
    enum Kinds {
        Ticket = "ticket",
        Agent = "agent",
        Queue = "queue",
    }
}

#[derive(Clone)]
struct Desk {
    url: String,
    http: HttpClient,
    wrong: Wrong,
    failures: Arc<AtomicUsize>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
struct TicketSelector {
    /// Only tickets of this label.
    label: Option<String>,
}

impl Selector for TicketSelector {}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
struct SilentSelector {
    label: Option<String>,
}

impl Selector for SilentSelector {}

impl Desk {
    fn connect(wrong: Wrong, settings: &Value, http: HttpClientBuilder) -> Result<Self, HttpError> {
        let text = |key: &str| settings[key].as_str().unwrap_or_default().to_owned();
        let token = text("desk_token");
        if wrong == Wrong::TokenInLog {
            tracing::info!(token, "connecting");
        }
        let http = match wrong {
            Wrong::NeverRetries => http.retry(RetryPolicy::none()),
            _ => http,
        };
        Ok(Self {
            url: text("desk_host"),
            http: http.bearer_token(token).build()?,
            wrong,
            failures: Arc::default(),
        })
    }

    async fn page(&self, path: &str, start: u64) -> Result<ocean_core::http::Response, HttpError> {
        let secret = match self.wrong {
            Wrong::TokenInUrl => format!("&key={TOKEN}"),
            _ => String::new(),
        };
        let url = format!("{}{path}?startAt={start}{secret}", self.url);
        let mut answer = self.http.get(&url).await;
        let more = match self.wrong {
            Wrong::RetriesRetries => 10,
            Wrong::RetriesALittle => 2,
            _ => 0,
        };
        for _ in 0..more {
            if answer.is_ok() {
                break;
            }
            answer = self.http.get(&url).await;
        }
        answer
    }

    fn list(self, path: &'static str) -> BoxStream<'static, Result<Batch, SourceError>> {
        let wrong = self.wrong;
        let by_hand = matches!(
            wrong,
            Wrong::TrustsEmptyPages | Wrong::ReadsOnePage | Wrong::DefaultsToNothing
        );
        if by_hand {
            return self.list_by_hand(path).boxed();
        }
        if wrong.has_tokens() {
            return self.list_by_token(path).boxed();
        }
        let failures = Arc::clone(&self.failures);
        let pages = OffsetPages::of("values").pages(move |window| {
            let desk = self.clone();
            async move { desk.page(path, window.start).await }
        });
        let pages = pages.map_err(move |error: HttpError| {
            failures.fetch_add(1, Ordering::SeqCst);
            match wrong {
                Wrong::MissesRefusals => SourceError::new(ErrorClass::Permanent, error),
                _ => SourceError::from(error),
            }
        });
        if wrong == Wrong::SwallowsErrors {
            let good = pages.take_while(|page| futures::future::ready(page.is_ok()));
            return good.boxed();
        }
        pages.boxed()
    }

    fn list_by_token(
        self,
        path: &'static str,
    ) -> impl Stream<Item = Result<Batch, SourceError>> + Send {
        let wrong = self.wrong;
        let paging = match wrong {
            Wrong::MissesTheToken => TokenPages::named("values", "next").absent_is_end(),
            _ => TokenPages::named("values", "meta.next_cursor"),
        };
        let pages = paging.pages(move |token| {
            let url = format!("{}{path}?cursor={}", self.url, token.unwrap_or_default());
            let http = self.http.clone();
            async move { http.get(&url).await }
        });
        let most = if wrong == Wrong::FollowsOneToken {
            2
        } else {
            usize::MAX
        };
        pages.map_err(SourceError::from).take(most)
    }

    fn list_by_hand(
        self,
        path: &'static str,
    ) -> impl Stream<Item = Result<Batch, SourceError>> + Send {
        try_stream! {
            let mut start = 0;
            loop {
                let answer = self.page(path, start).await?;
                let page: Value = match self.wrong {
                    Wrong::DefaultsToNothing => answer.json().unwrap_or_default(),
                    _ => answer.json()?,
                };
                let items = page["values"].as_array().cloned().unwrap_or_default();
                if items.is_empty() {
                    break;
                }
                start += items.len() as u64;
                yield Batch::from(items);
                if self.wrong == Wrong::ReadsOnePage || page["isLast"] == true {
                    break;
                }
            }
        }
    }

    async fn find(&self, number: u64) -> Result<Option<Value>, HttpError> {
        match self
            .http
            .get(&format!("{}/tickets/{number}", self.url))
            .await
        {
            Ok(answer) => Ok(Some(answer.json()?)),
            Err(error) if error.status().is_some_and(|status| status == 404) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn on_resync_tickets(
    desk: Desk,
    _: ResyncContext<TicketSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    desk.failures.store(0, Ordering::SeqCst);
    desk.list("/tickets")
}

fn on_resync_agents(
    desk: Desk,
    _: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    let failures = Arc::clone(&desk.failures);
    let couples = desk.wrong == Wrong::CouplesKinds;
    let agents = desk.list("/agents");
    try_stream! {
        let mut agents = std::pin::pin!(agents);
        while let Some(batch) = agents.try_next().await? {
            yield batch;
        }
        if couples {
            tokio::time::sleep(LONG_ENOUGH).await;
            if failures.load(Ordering::SeqCst) > 0 {
                Err(SourceError::permanent("something failed somewhere"))?;
            }
        }
    }
}

fn on_resync_queues(
    _: Desk,
    _: ResyncContext<SilentSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    stream::empty()
}

#[derive(Deserialize)]
struct TicketEvent {
    number: u64,
    event: Option<String>,
}

struct TicketWebhookProcessor;

impl WebhookProcessor<Desk> for TicketWebhookProcessor {
    type Kind = Kinds;
    type Payload = TicketEvent;
    type Selector = TicketSelector;

    const KINDS: &'static [Kinds] = &[Kinds::Ticket];

    fn authenticate(&self, desk: &Desk, event: &WebhookEvent) -> Result<(), Unauthenticated> {
        match desk.wrong {
            Wrong::TrustsEverybody => Ok(()),
            _ => SIGNATURE.verify(event, [SECRET]),
        }
    }

    fn accepts(&self, event: &WebhookEvent) -> bool {
        // A processor is not told which integration it belongs to.
        event.header("x-desk-all").is_some() || event.text("event").is_some()
    }

    fn subject(&self, event: &TicketEvent) -> Option<Subject> {
        Some(Subject::new("ticket", event.number))
    }

    async fn handle(
        &self,
        desk: &Desk,
        events: Vec<TicketEvent>,
        _: &ResourceConfig<TicketSelector>,
    ) -> Result<Changes, SourceError> {
        let mut changes = Changes::none();
        for TicketEvent { number, event } in events {
            let is_deletion = event.as_deref() == Some("deleted");
            let gone = Changes::deleted([json!({ "id": number })]);
            let found = desk.find(number).await;
            changes = changes.and(match (desk.wrong, found) {
                (Wrong::BelievesDeletions, _) if is_deletion => gone,
                (Wrong::BelievesContent, _) => {
                    Changes::updated([json!({ "id": number, "title": "as the event says" })])
                }
                (Wrong::GivesUpAtOnce, Err(error)) => Err(SourceError::permanent(error))?,
                (_, found) => found?.map_or(gone, |found| Changes::updated([found])),
            });
        }
        Ok(changes)
    }
}

const SPEC: &str = "
features:
  - type: exporter
    resources:
      - kind: ticket
      - kind: agent
configurations:
  - { name: deskHost, type: url, required: true }
  - { name: deskToken, type: string, sensitive: true, required: true }
";

const MAPPING: &str = r#"
resources:
  - kind: ticket
    selector: { query: "true" }
    port: { entity: { mappings: { identifier: .id | tostring, title: .title, blueprint: '"ticket"' } } }
  - kind: agent
    selector: { query: "true" }
    port: { entity: { mappings: { identifier: .id | tostring, blueprint: '"agent"' } } }
"#;

const KEEPING: &str = r#"
resources:
  - kind: ticket
    selector: { query: "true" }
    port: { entity: { mappings: { identifier: .id | tostring, title: .title, blueprint: '"ticket"' } } }
  - kind: agent
    enableDelete: false
    selector: { query: "true" }
    port: { entity: { mappings: { identifier: .id | tostring, blueprint: '"agent"' } } }
"#;

const TOO_MUCH: &str = r#"
resources:
  - kind: ticket
    selector: { query: "true" }
    port:
      entity:
        mappings:
          identifier: .id | tostring
          title: .title
          blueprint: '"ticket"'
          properties: { colour: .title }
  - kind: agent
    selector: { query: "true" }
    port: { entity: { mappings: { identifier: .id | tostring, blueprint: '"agent"' } } }
"#;

const BLUEPRINTS: &str = r#"[
  { "identifier": "ticket", "schema": { "properties": {} } },
  { "identifier": "agent", "schema": { "properties": {} } }
]"#;

/// The integration that is wrong in this way.
fn integration(wrong: Wrong, ocean: Integration<Desk>) -> Integration<Desk> {
    let ocean = ocean
        .on_resync(Kinds::Ticket, on_resync_tickets)
        .on_resync(Kinds::Agent, on_resync_agents)
        .add_webhook_processor("/webhook", TicketWebhookProcessor);
    match wrong {
        Wrong::HidesKind | Wrong::SaysNothing => ocean.on_resync(Kinds::Queue, on_resync_queues),
        _ => ocean,
    }
}

/// Runs the suite over the integration that is wrong in this way.
pub async fn verdict(wrong: Wrong) -> Verdict {
    let ticket = |id: u64| json!({ "id": id, "title": format!("Ticket {id}") });
    let agent = |id: u64| json!({ "id": id });
    let mut source = SourceTwin::builder()
        .requires("authorization", format!("Bearer {TOKEN}"))
        .page_size(3);
    let mut paging = Paging::Offset("values");
    if wrong.has_tokens() {
        paging = Paging::Token("values");
        source = source
            .parameters("cursor", "limit")
            .tokens(Tokens::named("meta.next_cursor"));
    }
    source = source.list("/tickets", paging, (1..=8).map(ticket)).list(
        "/agents",
        paging,
        (1..=4).map(agent),
    );
    for id in 1..=8 {
        source = source.object(format!("/tickets/{id}"), ticket(id));
    }
    let source = source.start().await.expect("the simulated desk starts");
    let connect =
        move |settings: &Value, http: HttpClientBuilder| Desk::connect(wrong, settings, http);
    let mapping = match wrong {
        Wrong::MapsTooMuch => TOO_MUCH,
        Wrong::KeepsAgents => KEEPING,
        _ => MAPPING,
    };
    let harness = Harness::new("desk", connect, move |ocean| integration(wrong, ocean))
        .default_resources(mapping, BLUEPRINTS)
        .source(
            source.url(),
            |url| json!({ "desk_host": url, "desk_token": TOKEN }),
        );
    let harness = match wrong {
        Wrong::HasNoSpec => harness,
        _ => harness.spec(SPEC),
    };
    if wrong == Wrong::HasNoSamples {
        return conformance(&harness, Samples::none()).await;
    }
    let event = |name: &str, number: u64| {
        let all = (wrong == Wrong::AcceptsEverything).then_some("x-desk-all");
        Webhook::json("/webhook", &json!({ "event": name, "number": number }))
            .header(all.unwrap_or("x-desk"), "1")
            .signed("x-desk-signature", "", SECRET)
    };
    let samples = Samples::none()
        .event(event("updated", 1))
        .late_deletion(event("deleted", 2))
        .deletion(event("deleted", 3), || source.remove("/tickets/3"));
    conformance(&harness, samples).await
}
