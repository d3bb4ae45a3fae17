//! Events that concern several processors, and processors that misbehave before they are asked.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::world::{Kinds, Source, World, item_resource};
use crate::live::EventQueue as _;
use crate::{
    Changes, Integration, NoSelector, ResourceConfig, SourceError, Subject, Unauthenticated,
    WebhookEvent, WebhookProcessor,
};

/// Writes notes to items, as another kind.
struct Notes;

#[derive(Deserialize)]
struct Note {
    note_on: String,
}

impl WebhookProcessor<Source> for Notes {
    type Kind = Kinds;
    type Payload = Note;
    type Selector = NoSelector;
    const KINDS: &'static [Kinds] = &[Kinds::Other];

    fn authenticate(&self, _: &Source, _: &WebhookEvent) -> Result<(), Unauthenticated> {
        Ok(())
    }

    fn accepts(&self, event: &WebhookEvent) -> bool {
        event.payload().get("note_on").is_some()
    }

    fn subject(&self, note: &Note) -> Option<Subject> {
        Some(Subject::new("note", &note.note_on))
    }

    async fn handle(
        &self,
        _: &Source,
        notes: Vec<Note>,
        _: &ResourceConfig<NoSelector>,
    ) -> Result<Changes, SourceError> {
        let items = notes.into_iter().map(|note| json!({"id": note.note_on}));
        Ok(Changes::updated(items))
    }
}

/// A world whose items get notes, too.
fn with_notes() -> World {
    let notes = json!({
        "kind": "other",
        "selector": {"query": "true"},
        "port": {"entity": {"mappings": {
            "identifier": ".id", "blueprint": "\"item\"", "properties": {"note": "\"noted\""},
        }}},
    });
    let mut world = World::with_mapping(&[item_resource(), notes]);
    let guest = Integration::new(world.source.clone()).add_webhook_processor("/webhook", Notes);
    let live = Arc::get_mut(&mut world.live).expect("nobody else has it yet");
    live.processors.extend(guest.processors().iter().cloned());
    world
}

fn note_on(world: &World, id: &str) -> Option<serde_json::Value> {
    let entities = world.catalog.inner.entities().into_iter();
    let mut of_id = entities.filter(|entity| entity.key().is_some_and(|key| key.identifier == id));
    of_id.next()?.properties?.get("note").cloned()
}

#[tokio::test(start_paused = true)]
async fn an_event_of_another_kind_that_writes_the_same_entity_meanwhile_takes_nothing_away() {
    let mut world = with_notes();
    world.source.put(1, 1);
    *world.source.latency.lock().unwrap() = Duration::from_secs(4);
    world.start();
    world.tell(1).await;
    tokio::time::sleep(Duration::from_micros(1)).await;
    *world.source.latency.lock().unwrap() = Duration::ZERO;
    // It is told later and written first.
    world.tell_more(json!({"note_on": "1"})).await;
    let counts = world.settled().await;
    assert_eq!((counts.applied, counts.dead), (2, 0));
    assert_eq!(note_on(&world, "1"), Some(json!("noted")));
    assert_eq!(world.titles()["1"], "version 1");
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_one_of_its_processors_does_not_understand_becomes_a_dead_letter() {
    let mut world = with_notes();
    world.source.put(1, 1);
    world.start();
    world.tell_more(json!({"id": 1, "note_on": 5})).await;
    let counts = world.settled().await;
    assert_eq!((counts.applied, counts.dead), (0, 1));
    let letters = world.queue.dead_letters().await.unwrap();
    assert!(
        letters[0].reason.contains("kind other"),
        "{}",
        letters[0].reason
    );
    assert!(
        letters[0].reason.contains("note_on"),
        "{}",
        letters[0].reason
    );
    // What the other one said is in the catalog nevertheless.
    assert_eq!(world.titles(), world.wanted());
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn f62_f82_a_processor_that_panics_over_a_subject_makes_a_dead_letter_and_blocks_nobody() {
    let mut world = World::new();
    world.source.put(1, 1);
    world.start();
    world
        .tell_more(json!({"id": 1, "has_no_subject": true}))
        .await;
    world.tell(1).await;
    let counts = world.settled().await;
    assert_eq!((counts.applied, counts.dead), (1, 1));
    let letters = world.queue.dead_letters().await.unwrap();
    assert!(
        letters[0].reason.contains("panicked"),
        "{}",
        letters[0].reason
    );
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn f62_a_processor_that_panics_when_it_compares_events_merges_nothing() {
    let mut world = World::new();
    world.source.put(1, 1);
    world
        .tell_more(json!({"id": 1, "is_incomparable": true}))
        .await;
    world.tell(1).await;
    world.start();
    assert_eq!(world.settled().await.applied, 2);
    assert_eq!(world.source.calls(), 2);
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_is_not_given_up_before_what_another_processor_says_is_in_the_catalog() {
    let mut world = with_notes();
    world.source.put(1, 1);
    *world.source.is_down.lock().unwrap() = true;
    world.start();
    world.tell_more(json!({"id": 1, "note_on": 5})).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(world.queue.counts().pending, 1);
    *world.source.is_down.lock().unwrap() = false;
    assert_eq!(world.settled().await.dead, 1);
    assert_eq!(world.titles(), world.wanted());
    let letters = world.queue.dead_letters().await.unwrap();
    assert!(
        letters[0].reason.contains("kind other"),
        "{}",
        letters[0].reason
    );
    world.stop().await;
}
