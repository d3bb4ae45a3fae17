//! A small integration that reads what belongs to each of many parents, and what the source lists
//! at once: here a refusal is easily taken for "there is nothing".

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use ocean_core::http::paging::LinkPages;
use ocean_core::http::{HttpClient, HttpClientBuilder, HttpError, Response};
use ocean_core::prelude::*;
use ocean_testkit::{Harness, Paging, Samples, SourceTwin, Verdict, conformance};
use serde_json::{Value, json};

/// Goes on whenever somebody looks.
static CLOCK: AtomicUsize = AtomicUsize::new(0);

/// What is peculiar to the integration, above all with what it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Nothing: what is refused is an error.
    None,
    /// It asks for what there is until now, so that no URL is the same twice.
    AsksUntilNow,
    /// It says that it is not complete when something is refused, and goes on with the others.
    TellsRefusals,
    /// A 403 for what belongs to one parent is taken for nothing.
    Skips403,
    /// A 404 for what belongs to one parent is taken for nothing.
    Skips404,
    /// An incremental sync gives announcements without their titles.
    ChangesHalf,
    /// An incremental sync takes a refusal for "nothing changed".
    MissesChanges,
    /// Whatever goes wrong with the announcements is taken for nothing, but for a 401.
    SwallowsAll,
}

kinds! {
    enum Kinds {
        Note = "note",
        Announcement = "announcement",
    }
}

#[derive(Clone)]
struct Notes {
    url: Arc<str>,
    http: HttpClient,
    habit: Habit,
}

impl Notes {
    fn connect(habit: Habit, settings: &Value, http: HttpClientBuilder) -> Result<Self, HttpError> {
        Ok(Self {
            url: settings["notes_host"].as_str().unwrap_or_default().into(),
            http: http.build()?,
            habit,
        })
    }

    async fn get(&self, target: &str) -> Result<Response, HttpError> {
        self.http.get(&format!("{}{target}", self.url)).await
    }

    fn list(self, path: String) -> impl Stream<Item = Result<Batch, HttpError>> + Send {
        let now = CLOCK.fetch_add(1, Ordering::Relaxed);
        let first = match self.habit {
            Habit::AsksUntilNow => format!("{path}?until={now}"),
            _ => path,
        };
        LinkPages::bare_list().pages(move |next| {
            let (notes, first) = (self.clone(), first.clone());
            async move { notes.get(&next.unwrap_or(first)).await }
        })
    }

    /// The notes of one queue.
    fn of_queue(
        self,
        queue: &str,
        cx: ResyncContext<NoSelector>,
    ) -> BoxStream<'static, Result<Batch, HttpError>> {
        let habit = self.habit;
        let pages = self.list(format!("/queues/{queue}/notes"));
        let pages = pages.take_while(move |page| {
            let status = page.as_ref().err().and_then(HttpError::status);
            let status = status.map_or(0, |status| status.as_u16());
            let is_skipped = match habit {
                Habit::Skips403 => status == 403,
                Habit::Skips404 => status == 404,
                Habit::TellsRefusals => status > 401,
                _ => false,
            };
            if is_skipped && habit == Habit::TellsRefusals {
                cx.incomplete("the notes of a queue are refused");
            }
            std::future::ready(!is_skipped)
        });
        pages.boxed()
    }
}

fn on_resync_notes(
    notes: Notes,
    cx: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    let queues = notes
        .clone()
        .list("/queues".to_owned())
        .map_err(SourceError::from);
    let queues = queues.map_ok(|batch| {
        let names = batch.into_iter().map(|queue| {
            let name = queue.get::<String>("name");
            name.ok_or_else(|| SourceError::permanent("a queue without a name"))
        });
        stream::iter(names.collect::<Vec<_>>())
    });
    queues
        .try_flatten()
        .map_ok(move |queue| {
            notes
                .clone()
                .of_queue(&queue, cx.clone())
                .map_err(SourceError::from)
        })
        .try_flatten()
}

fn on_resync_announcements(
    notes: Notes,
    _: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, HttpError>> {
    try_stream! {
        match notes.get("/announcements").await {
            Ok(answer) if notes.habit == Habit::SwallowsAll => {
                yield Batch::from(answer.json::<Vec<Value>>().unwrap_or_default());
            }
            Ok(answer) => yield Batch::from(answer.json::<Vec<Value>>()?),
            Err(error) if notes.habit != Habit::SwallowsAll => Err(error)?,
            Err(error) if error.status().is_some_and(|status| status == 401) => Err(error)?,
            Err(_) => {}
        }
    }
}

/// All announcements again, as nobody says when they changed.
fn on_incremental_resync_announcements(
    notes: Notes,
    cx: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, HttpError>> {
    let habit = notes.habit;
    let announcements = on_resync_announcements(notes, cx);
    let announcements = announcements.take_while(move |page| {
        let is_missed = habit == Habit::MissesChanges && page.is_err();
        std::future::ready(!is_missed)
    });
    announcements.map_ok(move |batch| match habit {
        Habit::ChangesHalf => batch.with("title", &Value::Null),
        _ => batch,
    })
}

const SPEC: &str = "
features:
  - type: exporter
    resources:
      - kind: note
      - kind: announcement
configurations:
  - { name: notesHost, type: url, required: true }
";

const MAPPING: &str = r#"
resources:
  - kind: note
    selector: { query: "true" }
    port: { entity: { mappings: { identifier: .id | tostring, blueprint: '"note"' } } }
  - kind: announcement
    selector: { query: "true" }
    port: { entity: { mappings: { identifier: .id | tostring, title: .title, blueprint: '"announcement"' } } }
"#;

const BLUEPRINTS: &str = r#"[
  { "identifier": "note", "schema": { "properties": {} } },
  { "identifier": "announcement", "schema": { "properties": {} } }
]"#;

/// Runs the suite over the integration that has this habit.
pub async fn verdict(habit: Habit) -> Verdict {
    let items =
        |ids: std::ops::Range<u32>| ids.map(|id| json!({ "id": id, "title": format!("No. {id}") }));
    let queues = ["mail", "phone", "chat"].map(|name| json!({ "name": name }));
    let source = SourceTwin::builder()
        .page_size(2)
        .list("/queues", Paging::Link, queues)
        .list("/queues/mail/notes", Paging::Link, items(1..6))
        .list("/queues/phone/notes", Paging::Link, items(6..10))
        .list("/queues/chat/notes", Paging::Link, items(10..13))
        .list("/announcements", Paging::Whole, items(1..4));
    let source = source.start().await.expect("the simulated source starts");
    let connect =
        move |settings: &Value, http: HttpClientBuilder| Notes::connect(habit, settings, http);
    let integration = |ocean: Integration<Notes>| {
        ocean
            .on_resync(Kinds::Note, on_resync_notes)
            .on_resync(Kinds::Announcement, on_resync_announcements)
            .on_incremental_resync(Kinds::Announcement, on_incremental_resync_announcements)
    };
    let harness = Harness::new("notes", connect, integration)
        .spec(SPEC)
        .default_resources(MAPPING, BLUEPRINTS)
        .source(source.url(), |url| json!({ "notes_host": url }));
    conformance(&harness, Samples::none().whole("/announcements")).await
}
