//! Which secrets are not on a tape, and how does a run go on without them?

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;
use crate::http::HttpError;
use crate::prelude::*;
use crate::{AppConfig, MapperPool, Outcome, Progress, Rehearsal};

/// A configured secret that is spelled in another way wherever it is encoded.
const SPELLED: &str = "conf igured+Secret/é??>>";

/// The canary in every form it could have, none of which may be on a tape.
fn forms() -> Vec<String> {
    let url: String = url::form_urlencoded::byte_serialize(CANARY.as_bytes()).collect();
    let percent = percent_encoding::utf8_percent_encode(CANARY, percent_encoding::NON_ALPHANUMERIC);
    let json = json!(CANARY).to_string();
    vec![
        CANARY.to_owned(),
        url,
        percent.to_string(),
        STANDARD.encode(CANARY).trim_end_matches('=').to_owned(),
        json.trim_matches('"').to_owned(),
        // The part that every form of escaping leaves as it is.
        "nary".to_owned(),
        "Q0FuYXJ5".to_owned(),
    ]
}

#[tokio::test]
async fn no_form_of_a_secret_is_on_the_tape() {
    let folder = tempfile::tempdir().unwrap();
    let encoded = percent_encoding::utf8_percent_encode(CANARY, percent_encoding::NON_ALPHANUMERIC);
    let base64 = STANDARD.encode(CANARY);
    let escaped = r"ca\/nary+Secret\u00227\u00e9";
    let cookies = Response::builder()
        .header("set-cookie", "session=nary-session")
        .header("x-note", base64.as_str())
        .header("x-api-key", "nary-key");
    let body = json!({ CANARY: [CANARY, {"deep": format!("<{CANARY}>")}], "b": base64 });
    let answers = vec![
        Ok(cookies.body(body.to_string()).unwrap()),
        answer(200, &format!(r#"{{"escaped": "{escaped}"}}"#)),
        answer(200, &format!("plain {CANARY} text {encoded}")),
        answer(200, r#"{"access_token": "nary-token", "expires_in": 3600}"#),
        answer(
            200,
            "a jwt eyJhbGciOiJIUzI1.eyJuYXJ5IjoibmFyeSJ9.nary-signature",
        ),
    ];
    let form = format!("grant_type=x&client_secret=nary-{encoded}&scope=all");
    let requests = vec![
        get(&format!(
            "https://ada:nary@desk.test/a/{encoded}?q={encoded}&api_key=nary"
        )),
        get("https://desk.test/b"),
        get("https://desk.test/c"),
        Request::post("https://desk.test/token")
            .body(Bytes::from(form))
            .unwrap(),
        Request::post("https://desk.test/json")
            .body(Bytes::from(
                json!({"password": "nary", "v": CANARY}).to_string(),
            ))
            .unwrap(),
    ];
    record(&file(&folder), &[CANARY], requests, answers).await;
    let text = fs::read_to_string(file(&folder)).unwrap();
    for form in forms() {
        assert!(!text.contains(&form), "{form}: {text}");
    }
    assert_eq!(text.lines().count(), 6, "{text}");
    assert!(text.contains("expires_in"), "{text}");
}

#[tokio::test]
async fn a_request_with_a_secret_is_found_again_without_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let url = |secret: &str| {
        let secret: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        get(&format!("https://desk.test/items?team={secret}&page=1"))
    };
    let answers = vec![answer(200, "here")];
    record(
        &file(&folder),
        &["s3cret-team"],
        vec![url("s3cret-team")],
        answers,
    )
    .await;
    let tape = Tape::open(file(&folder)).unwrap();
    let replayed = replay(&tape, vec![url("[REDACTED]")]).await;
    assert!(replayed[0].ends_with("here"), "{replayed:?}");
}

#[tokio::test]
async fn page_tokens_are_no_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let page = |token: &str| get(&format!("https://desk.test/i?nextPageToken={token}"));
    let answers = vec![answer(200, "one"), answer(200, "two")];
    record(&file(&folder), &[], vec![page("a"), page("b")], answers).await;
    let tape = Tape::open(file(&folder)).unwrap();
    let replayed = replay(&tape, vec![page("b"), page("a")]).await;
    assert!(
        replayed[0].ends_with("two") && replayed[1].ends_with("one"),
        "{replayed:?}"
    );
}

fn post(body: &'static str) -> Request<Bytes> {
    let request = Request::post("https://desk.test/token");
    request.body(Bytes::from_static(body.as_bytes())).unwrap()
}

/// What a tape holds of these requests and answers, as text.
async fn tape_of(requests: Vec<Request<Bytes>>, answers: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let answers = answers.iter().map(|body| answer(200, body)).collect();
    record(&file(&folder), &[SPELLED], requests, answers).await;
    fs::read_to_string(file(&folder)).unwrap()
}

#[tokio::test]
async fn credentials_that_nobody_configured_are_not_on_the_tape_of_a_request() {
    let queries = [
        "?private_token=LEAK",
        "?code=LEAK",
        "?key=LEAK",
        "?X-Amz-Signature=LEAK&X-Amz-Security-Token=LEAK",
        "?access%5Ftoken=LEAK",
        "?session=LEAK&auth=LEAK",
        "?app_secret=LEAK",
        "?x=1;token=LEAK",
    ];
    let bodies = [
        "grant_type=authorization_code&code=LEAK&code_verifier=LEAK",
        "client%5Fsecret=LEAK&client_secret=x",
        "pwd=LEAK&pass=LEAK",
        "login=conf+igured%2BSecret%2F%C3%A9%3F%3F%3E%3E",
        r#"{"code": "LEAK", "assertion": "LEAK"}"#,
    ];
    let queries = queries.map(|query| get(&format!("https://desk.test/a{query}")));
    let requests: Vec<_> = queries.into_iter().chain(bodies.map(post)).collect();
    let answers = vec!["{}"; requests.len()];
    let text = tape_of(requests, &answers).await;
    for secret in ["LEAK", "igured"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[tokio::test]
async fn credentials_that_nobody_configured_are_not_on_the_tape_of_an_answer() {
    let base64 = URL_SAFE_NO_PAD.encode(SPELLED);
    let (open, close) = ("[".repeat(130), "]".repeat(130));
    let answers = [
        r#"{"sessionId":"LEAK","webhook_secret":"LEAK","signingSecret":"LEAK"}"#,
        r#"{"personalAccessToken":"LEAK","api_access_token":"LEAK"}"#,
        r#"{"token":{"value":"LEAK"},"secret":["LEAK"],"password":123456}"#,
        r#"{"a":{"credentials":"LEAK","aws_secret_access_key":"LEAK","secretAccessKey":"LEAK"}}"#,
        "{\"access_token\":\"LEAK\"}\n{\"access_token\":\"LEAK\"}",
        "... {\"access_token\":\"LEAK\"}",
        "<r><access_token>LEAK</access_token></r>",
        r#"{"access_token":"LEAK","access_token":null}"#,
        "access_token=LEAK&scope=a b",
        r#"{"next":"https://desk.test/a?page=2&access_token=LEAK"}"#,
        r#"{"inner":"{\"access_token\":\"LEAK\"}"}"#,
        &format!(r#"{{"a":"{base64}"}}"#),
        &format!(r#"{open}{{"access_token":"LEAK"}}{close}"#),
    ];
    let requests = answers.map(|_| get("https://desk.test/a")).to_vec();
    let text = tape_of(requests, &answers).await;
    for secret in ["LEAK", "123456", &base64] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert_eq!(text.lines().count(), answers.len() + 1, "{text}");
}

#[tokio::test]
async fn a_link_to_the_next_page_shows_no_credential() {
    let folder = tempfile::tempdir().unwrap();
    let link = "<https://desk.test/a?page=2&access_token=LEAK>; rel=\"next\"";
    let linked = Response::builder().header(header::LINK, link);
    let linked = Ok(linked.body("[]".to_owned()).unwrap());
    let requests = vec![get("https://desk.test/a")];
    record(&file(&folder), &[], requests, vec![linked]).await;
    let text = fs::read_to_string(file(&folder)).unwrap();
    assert!(!text.contains("LEAK") && text.contains("page=2"), "{text}");
}

/// Signs in as two people, and asks with what each was given.
async fn sign_in(http: &HttpClient) -> [Request<Bytes>; 2] {
    let mut asked = Vec::new();
    for login in ["login=ada", "login=bob"] {
        let answer: Value = http.send(post(login)).await.unwrap().json().unwrap();
        let token = answer["access_token"].to_string();
        let token = token.trim_matches('"');
        asked.push(get(&format!("https://desk.test/me?access_token={token}")));
    }
    asked.try_into().unwrap()
}

#[tokio::test]
async fn who_signed_in_is_told_apart_without_a_credential_on_the_tape() {
    for (ada, bob) in [("\"ada-t0\"", "\"bob-t0\""), ("111111", "222222")] {
        let folder = tempfile::tempdir().unwrap();
        let recorder = recorder(&file(&folder), &[]);
        let given = |token| answer(200, &format!(r#"{{"access_token": {token}}}"#));
        let seen = ["I am ada", "I am bob"].map(|text| answer(200, text));
        let answers = [given(ada), given(bob)].into_iter().chain(seen);
        let http = HttpClient::builder("desk").transport(Script::new(answers));
        let http = recorder.record(http).build().unwrap();
        let asked = sign_in(&http).await;
        let mut recorded = send(&http, asked.to_vec()).await;
        recorder.finish().unwrap();
        let text = fs::read_to_string(file(&folder)).unwrap();
        assert!(!text.contains(ada.trim_matches('"')), "{text}");

        let tape = Tape::open(file(&folder)).unwrap();
        let http = tape.replay(HttpClient::builder("desk")).build().unwrap();
        let mut asked = sign_in(&http).await;
        asked.reverse();
        recorded.reverse();
        assert_eq!(send(&http, asked.to_vec()).await, recorded);
    }
}

#[tokio::test]
async fn a_request_is_found_again_though_its_credential_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let signed = |signature: &str| get(&format!("https://desk.test/a?signature={signature}"));
    let answers = vec![answer(200, "first"), answer(200, "second")];
    let requests = vec![signed("one"), signed("two")];
    let recorded = record(&file(&folder), &[], requests, answers).await;
    let tape = Tape::open(file(&folder)).unwrap();
    let replayed = replay(&tape, vec![signed("three"), signed("four")]).await;
    assert_eq!(replayed, recorded);
}

kinds! {
    enum Kinds {
        Thing = "thing",
    }
}

fn things(
    http: HttpClient,
    _: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, HttpError>> {
    try_stream! {
        let items: Vec<Value> = http.get("https://desk.test/things").await?.json()?;
        yield Batch::from(items);
    }
}

async fn plan<C: Catalog + crate::IntegrationStore>(http: HttpClient, catalog: C) -> Value {
    let integration = Integration::new(http).on_resync(Kinds::Thing, things);
    let pool = Arc::new(MapperPool::new().unwrap());
    let rehearsal = Rehearsal::new(integration.registry(), Arc::new(catalog), pool);
    let stop = tokio_util::sync::CancellationToken::new();
    let (plan, report) = rehearsal.run(&Progress::default(), &stop).await.unwrap();
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    serde_json::to_value(plan).unwrap()
}

#[tokio::test]
async fn a_mapping_may_name_its_properties_like_credentials() {
    let mappings = json!({
        "identifier": ".id",
        "blueprint": "\"thing\"",
        "properties": {"signature": ".signed_by", "token": ".kind", "own": ".access_token"},
    });
    let mapping = json!({"resources": [{
        "kind": "thing",
        "selector": {"query": "true"},
        "port": {"entity": {"mappings": mappings}},
    }]});
    let there = json!({
        "identifier": "x",
        "blueprint": "thing",
        "properties": {"signature": "bob", "token": "k", "own": "t0p"},
    });
    let catalog = InMemoryCatalog::new([Blueprint::new("thing")]).with_mapping(mapping);
    let there: Entity = serde_json::from_value(there).unwrap();
    let cx = WriteContext::new(&AppConfig::default(), WriteEvent::IncrementalResync);
    catalog.upsert(&cx, "thing", &[there]).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let recorder = recorder(&file(&folder), &[]);
    let items = r#"[{"id": "x", "signed_by": "ann", "kind": "k", "access_token": "t0p"}]"#;
    let http = HttpClient::builder("desk").transport(Script::new([answer(200, items)]));
    let http = recorder.record(http).build().unwrap();
    let planned = plan(http, NotedCatalog::new(Arc::new(catalog), recorder.clone())).await;
    recorder.finish().unwrap();
    let changes = |plan: &Value| plan["writes"][0]["changes"].clone();
    assert_eq!(
        changes(&planned).as_array().unwrap().len(),
        1,
        "{planned:#}"
    );

    let tape = Tape::open(file(&folder)).unwrap();
    let http = tape.replay(HttpClient::builder("desk")).build().unwrap();
    let replayed = plan(http, tape.catalog()).await;
    assert_eq!(changes(&replayed), changes(&planned), "{replayed:#}");
}
