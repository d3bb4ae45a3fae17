//! What goes on a tape, what must not, and what comes back.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderMap, Request, Response, header};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{NotedCatalog, Tape, TapeError, TapeHeader, TapeRecorder};
use crate::http::{
    AuthError, Authenticator, BodyStream, HttpClient, Masker, Refresh, RetryPolicy, Transport,
    TransportError, TransportErrorKind,
};
use crate::{
    Blueprint, Catalog, Entity, EntityQuery, EntityRef, InMemoryCatalog, IntegrationStore as _,
    WriteContext, WriteEvent,
};

mod secrets;

const CANARY: &str = "ca/nary+Secret\"7é";

/// Answers with what it was given, in order, whatever is asked.
#[derive(Debug, Clone, Default)]
struct Script(Arc<Mutex<VecDeque<Scripted>>>);

type Scripted = Result<Response<String>, TransportErrorKind>;

impl Script {
    fn new(answers: impl IntoIterator<Item = Scripted>) -> Self {
        Self(Arc::new(Mutex::new(answers.into_iter().collect())))
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<BodyStream>, TransportError> {
        let next = self.0.lock().unwrap().pop_front();
        match next.expect("a request that the script does not know") {
            Ok(answer) => Ok(answer.map(|text| {
                // In two pieces, as sockets give them.
                let (one, two) = text.split_at(text.len() / 3);
                let pieces = [one.to_owned(), two.to_owned()];
                stream::iter(pieces.map(|piece| Ok(Bytes::from(piece)))).boxed()
            })),
            Err(kind) => Err(TransportError::new(kind, "scripted")),
        }
    }
}

fn answer(status: u16, body: &str) -> Scripted {
    let response = Response::builder().status(status);
    Ok(response.body(body.to_owned()).unwrap())
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("tape.jsonl")
}

fn recorder(path: &Path, secrets: &[&str]) -> TapeRecorder {
    TapeRecorder::create(path, &TapeHeader::new("desk"), Masker::new(secrets)).unwrap()
}

fn quick() -> RetryPolicy {
    RetryPolicy::default().delays(std::time::Duration::ZERO, std::time::Duration::ZERO)
}

/// Records these requests against these answers; gives the tape's text and what each call gave.
async fn record(
    path: &Path,
    secrets: &[&str],
    requests: Vec<Request<Bytes>>,
    answers: Vec<Scripted>,
) -> Vec<String> {
    let recorder = recorder(path, secrets);
    let http = HttpClient::builder("desk").retry(quick());
    let http = recorder.record(http.transport(Script::new(answers)));
    let results = send(&http.build().unwrap(), requests).await;
    recorder.finish().unwrap();
    results
}

async fn replay(tape: &Tape, requests: Vec<Request<Bytes>>) -> Vec<String> {
    let http = HttpClient::builder("desk").retry(quick());
    send(&tape.replay(http).build().unwrap(), requests).await
}

/// What a caller sees of each call, in one line.
async fn send(http: &HttpClient, requests: Vec<Request<Bytes>>) -> Vec<String> {
    let mut results = Vec::new();
    for request in requests {
        results.push(match http.send(request).await {
            Ok(response) => {
                let (status, link) = (response.status(), response.headers().get(header::LINK));
                let seen = format!("{status} {link:?}");
                format!("{seen} {}", String::from_utf8_lossy(&response.into_body()))
            }
            Err(error) => crate::error_chain(&error),
        });
    }
    results
}

#[tokio::test(start_paused = true)]
async fn what_was_recorded_is_answered_again_without_a_socket() {
    let folder = tempfile::tempdir().unwrap();
    let linked = Response::builder().header("link", "<?page=2>; rel=next");
    let answers = vec![
        Ok(linked.body(r#"[{"id": 1.50}]"#.to_owned()).unwrap()),
        answer(200, "first"),
        answer(200, "second\nline"),
        answer(404, r#"{"message": "no such thing"}"#),
        answer(503, "busy"),
        Err(TransportErrorKind::Connect),
        answer(200, "{}"),
    ];
    let requests = || {
        vec![
            get("https://desk.test/items"),
            get("https://desk.test/again"),
            get("https://desk.test/again"),
            get("https://desk.test/gone"),
            get("https://desk.test/shaky"),
        ]
    };
    let recorded = record(&file(&folder), &[], requests(), answers).await;
    assert!(recorded[3].contains("404"), "{recorded:?}");
    assert!(recorded[4].starts_with("200"), "{recorded:?}");
    let tape = Tape::open(file(&folder)).unwrap();
    assert_eq!(replay(&tape, requests()).await, recorded);
}

#[tokio::test]
async fn the_same_url_with_another_body_is_another_request() {
    let folder = tempfile::tempdir().unwrap();
    let search = |page: u8| {
        let body = json!({ "page": page }).to_string();
        let request = Request::post("https://desk.test/search");
        request.body(Bytes::from(body)).unwrap()
    };
    let answers = vec![answer(200, "one"), answer(200, "two")];
    record(&file(&folder), &[], vec![search(1), search(2)], answers).await;
    let tape = Tape::open(file(&folder)).unwrap();
    let replayed = replay(&tape, vec![search(2), search(1), search(3)]).await;
    assert!(replayed[0].ends_with("two"), "{replayed:?}");
    assert!(replayed[1].ends_with("one"), "{replayed:?}");
    let named = replayed[2].contains("POST https://desk.test/search: ");
    assert!(named, "{replayed:?}");
    assert!(
        replayed[2].ends_with("it is not on the tape with this body"),
        "{replayed:?}"
    );
}

#[tokio::test]
async fn a_request_that_was_not_recorded_is_named() {
    let folder = tempfile::tempdir().unwrap();
    record(&file(&folder), &[], Vec::new(), Vec::new()).await;
    let tape = Tape::open(file(&folder)).unwrap();
    let replayed = replay(&tape, vec![get("https://desk.test/items?page=2")]).await;
    let named = replayed[0].contains("GET https://desk.test/items?page=2: ");
    assert!(named, "{replayed:?}");
    assert!(
        replayed[0].ends_with("it is not on the tape"),
        "{replayed:?}"
    );
}

/// Credentials that the recorded server refused once.
#[derive(Debug)]
struct Renewing;

#[async_trait]
impl Authenticator for Renewing {
    async fn authorize(&self, headers: &mut HeaderMap) -> Result<(), AuthError> {
        let header = format!("Bearer {CANARY}").into_bytes();
        headers.insert(header::AUTHORIZATION, header.try_into().unwrap());
        Ok(())
    }

    async fn refresh(&self, _: &HeaderMap) -> Result<Refresh, AuthError> {
        Ok(Refresh::Renewed)
    }
}

#[tokio::test]
async fn credentials_that_were_renewed_are_not_needed_on_replay() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = recorder(&file(&folder), &[]);
    let script = Script::new([answer(401, "who?"), answer(200, "welcome")]);
    let http = HttpClient::builder("desk").transport(script);
    let http = recorder.record(http).authenticator(Renewing);
    let recorded = send(&http.build().unwrap(), vec![get("https://desk.test/me")]).await;
    recorder.finish().unwrap();
    let text = fs::read_to_string(file(&folder)).unwrap();
    assert!(!text.contains("Bearer"), "{text}");
    let tape = Tape::open(file(&folder)).unwrap();
    assert_eq!(
        replay(&tape, vec![get("https://desk.test/me")]).await,
        recorded
    );
}

#[tokio::test]
async fn a_zipped_tape_is_the_same_tape() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tape.jsonl.gz");
    let requests = || vec![get("https://desk.test/items")];
    let recorded = record(&path, &[], requests(), vec![answer(200, "[1, 2]")]).await;
    assert_eq!(fs::read(&path).unwrap()[..2], [0x1f, 0x8b]);
    let tape = Tape::open(&path).unwrap();
    assert_eq!(replay(&tape, requests()).await, recorded);
}

#[test]
fn what_is_no_whole_tape_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        fs::write(file(&folder), text).unwrap();
        Tape::open(file(&folder)).unwrap_err()
    };
    let header = r#"{"tape":{"version":1,"integration":"desk"}}"#;
    assert!(matches!(check(""), TapeError::NoTape { .. }));
    assert!(matches!(check("{\"clock\":7}\n"), TapeError::NoTape { .. }));
    let cut = format!("{header}\n{{\"clock\":");
    assert!(matches!(check(&cut), TapeError::Line { line: 2, .. }));
    let newer = header.replace(":1,", ":99,") + "\n{\"smell\":[]}\n";
    assert!(matches!(
        check(&newer),
        TapeError::Version { version: 99, .. }
    ));
    let missing = Tape::open(folder.path().join("nothing")).unwrap_err();
    assert!(matches!(missing, TapeError::Read { .. }));
}

fn entity(identifier: &str, title: &str) -> Entity {
    let entity = json!({"identifier": identifier, "blueprint": "ticket", "title": title});
    serde_json::from_value(entity).unwrap()
}

async fn search(catalog: &dyn Catalog, query: EntityQuery) -> Result<Vec<Value>, String> {
    let found: Result<Vec<Entity>, _> = catalog.search(query).try_collect().await;
    let found = found.map_err(|error| error.to_string())?;
    let shown = found
        .into_iter()
        .map(|entity| json!([entity.identifier, entity.title]));
    Ok(shown.collect())
}

async fn keys(catalog: &dyn Catalog) -> Vec<EntityRef> {
    catalog.owned(None).try_collect().await.unwrap()
}

#[tokio::test]
async fn a_replayed_catalog_is_what_was_there_before_the_run_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = recorder(&file(&folder), &[]);
    let catalog = InMemoryCatalog::new([Blueprint::new("ticket")]).with_mapping(json!({"a": 1}));
    let cx = WriteContext::new(
        &crate::AppConfig::default(),
        WriteEvent::Resync {
            id: uuid::Uuid::nil(),
        },
    );
    catalog
        .upsert(&cx, "ticket", &[entity("T-1", "old"), entity("T-2", "two")])
        .await
        .unwrap();
    let noted = NotedCatalog::new(Arc::new(catalog), recorder.clone());
    let with_title = || EntityQuery::new("ticket").include(vec!["title".to_owned()]);
    noted.mapping().await.unwrap();
    let now = noted.now().await.unwrap();
    let owned = keys(&noted).await;
    let before = search(&noted, with_title()).await.unwrap();
    noted
        .upsert(
            &cx,
            "ticket",
            &[entity("T-1", "new"), entity("T-3", "three")],
        )
        .await
        .unwrap();
    assert_ne!(search(&noted, with_title()).await.unwrap(), before);
    recorder.finish().unwrap();

    let replayed = Tape::open(file(&folder)).unwrap().catalog();
    assert_eq!(replayed.mapping().await.unwrap(), Some(json!({"a": 1})));
    assert_eq!(
        super::noted::seconds(replayed.now().await.unwrap()),
        super::noted::seconds(now)
    );
    assert_eq!(keys(&replayed).await, owned);
    assert_eq!(search(&replayed, with_title()).await.unwrap(), before);
    let some = with_title().identifiers(vec!["T-2".to_owned(), "T-3".to_owned()]);
    assert_eq!(
        search(&replayed, some).await.unwrap(),
        [json!(["T-2", "two"])]
    );
    assert!(
        replayed
            .upsert(&cx, "ticket", &[entity("T-1", "x")])
            .await
            .is_err()
    );
}

#[tokio::test]
async fn what_the_run_did_not_read_of_the_catalog_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = recorder(&file(&folder), &[]);
    recorder.finish().unwrap();
    let replayed = Tape::open(file(&folder)).unwrap().catalog();
    let told = search(&replayed, EntityQuery::new("ticket"))
        .await
        .unwrap_err();
    assert!(
        told.contains("the entities of ticket: not on the tape"),
        "{told}"
    );
    let one = EntityQuery::new("ticket").identifiers(vec!["T-1".to_owned()]);
    let told = search(&replayed, one).await.unwrap_err();
    assert!(told.contains("ticket/T-1: not on the tape"), "{told}");
    let told = replayed.blueprint("ticket").await.unwrap_err().to_string();
    assert!(
        told.contains("the blueprint ticket: not on the tape"),
        "{told}"
    );
}
