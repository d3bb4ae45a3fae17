//! What is built, compared with what the original sent.
//!
//! The expectations are facts recorded from core 0.48.12 with its Jira integration 0.7.99, whose
//! identifier `my jira/1` shows the encoding. Paths differ on purpose where the original pastes
//! the identifier unencoded (it sent `/integration/my%20jira/1`) or encodes it like a form
//! (`my+jira%2F1`): here every segment is percent-encoded, which is the same for ordinary names.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use ocean_core::{
    AppConfig, KindMetrics, MetricsForm, ResyncState, ResyncStatus, SyncMetrics, SyncState,
    WriteContext, WriteEvent,
};
use serde_json::{Value, json};

use super::{IntegrationChange, NewIntegration, Requests};
use crate::config::PortConfig;
use crate::error::{Error, Result};

const AGENT: &str = "port-ocean/jira/0.7.99/my jira/1";
const EXPORTER: &str = "port-ocean/jira/0.7.99/my jira/1/exporter";

fn config() -> PortConfig {
    PortConfig::new("cid", "csecret", "my jira/1", "jira", "0.7.99").base_url("http://port.test/")
}

fn requests() -> Requests {
    Requests::new(&config()).unwrap()
}

fn at(microseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(1_795_434_796_000_000 + microseconds)
}

fn resync() -> WriteContext {
    let id = EVENT.parse().unwrap();
    WriteContext::new(&AppConfig::default(), WriteEvent::Resync { id })
}

#[track_caller]
fn check(request: Result<Request<Bytes>>, line: &str, agent: &str, body: &str) {
    let request = request.unwrap();
    let path = request.uri().path_and_query().unwrap();
    let header = |name| request.headers().get(name).map(http::HeaderValue::as_bytes);
    assert_eq!(request.uri().authority().unwrap(), "port.test");
    assert_eq!(format!("{} {path}", request.method()), line);
    assert_eq!(header("user-agent"), Some(agent.as_bytes()));
    assert_eq!(std::str::from_utf8(request.body()).unwrap(), body);
    let json = (!body.is_empty()).then_some("application/json".as_bytes());
    assert_eq!(header("content-type"), json);
    assert_eq!(header("authorization"), None);
}

#[test]
fn the_token_is_asked_for_without_a_feature() {
    check(
        requests().access_token("cid", &"csecret".into()),
        "POST /v1/auth/access_token",
        AGENT,
        r#"{"clientId":"cid","clientSecret":"csecret"}"#,
    );
}

#[test]
fn reads_have_no_body_and_no_feature() {
    let requests = requests();
    for (request, line) in [
        (
            requests.integration(),
            "GET /v1/integration/my%20jira%2F1?oceanCoreVersion=0.48.12&isPolling=false",
        ),
        (
            requests.resync_request(),
            "GET /v1/integration/my%20jira%2F1/resync-request",
        ),
        (
            requests.provision_enabled(),
            "GET /v1/integration/provision-enabled",
        ),
        (requests.organization(), "GET /v1/organization"),
        (
            requests.blueprint("jiraIssue"),
            "GET /v1/blueprints/jiraIssue",
        ),
    ] {
        check(request, line, AGENT, "");
    }
}

#[test]
fn an_integration_is_created_with_its_keys_in_order() {
    let new = NewIntegration {
        installation_id: "my jira/1",
        installation_app_type: "jira",
        version: "0.7.99",
        changelog_destination: &json!({}),
        config: &json!({"resources": []}),
        actions_processing_enabled: false,
        incremental_sync_enabled: false,
        create_port_resources_origin: "Default",
    };
    let by_port = requests().create_integration(&new, true).unwrap();
    assert_eq!(
        by_port.uri().query(),
        Some("integration_modes=create_resources")
    );
    check(
        requests().create_integration(&new, false),
        "POST /v1/integration",
        AGENT,
        concat!(
            r#"{"installationId":"my jira/1","installationAppType":"jira","version":"0.7.99","#,
            r#""changelogDestination":{},"config":{"resources":[]},"#,
            r#""actionsProcessingEnabled":false,"incrementalSyncEnabled":false,"#,
            r#""createPortResourcesOrigin":"Default"}"#
        ),
    );
}

#[test]
fn a_change_sends_what_is_set_and_the_version() {
    let settings = IntegrationChange {
        installation_app_type: Some("jira"),
        actions_processing_enabled: Some(false),
        incremental_sync_enabled: Some(false),
        changelog_destination: Some(&json!({})),
        processing_mode: Some("dsp"),
        ..IntegrationChange::default()
    };
    let line = "PATCH /v1/integration/my%20jira%2F1";
    check(
        requests().patch_integration(&settings),
        line,
        AGENT,
        concat!(
            r#"{"installationAppType":"jira","actionsProcessingEnabled":false,"#,
            r#""incrementalSyncEnabled":false,"changelogDestination":{},"#,
            r#""processingMode":"dsp","version":"0.7.99"}"#
        ),
    );
    let initialized = IntegrationChange {
        are_port_resources_initialized: Some(true),
        ..IntegrationChange::default()
    };
    check(
        requests().patch_integration(&initialized),
        line,
        AGENT,
        r#"{"arePortResourcesInitialized":true,"version":"0.7.99"}"#,
    );
}

#[test]
fn a_new_mapping_may_ask_port_not_to_resync() {
    let mapping = json!({"resources": []});
    let request = requests().patch_mapping(&mapping, true);
    let header = request.as_ref().unwrap().headers().get("x-skip-resync");
    assert_eq!(header.unwrap(), "true");
    check(
        request,
        "PATCH /v1/integration/my%20jira%2F1/config",
        AGENT,
        r#"{"config":{"resources":[]}}"#,
    );
    let request = requests().patch_mapping(&mapping, false).unwrap();
    assert!(!request.headers().contains_key("x-skip-resync"));
}

#[test]
fn a_running_resync_tells_its_start_and_the_others_their_end() {
    let line = "PATCH /v1/integration/my%20jira%2F1/resync-state";
    let mut state = ResyncState::new(ResyncStatus::Running, at(832_052));
    check(
        requests().patch_resync_state(&state),
        line,
        AGENT,
        concat!(
            r#"{"status":"running","lastResyncEnd":null,"#,
            r#""lastResyncStart":"2026-11-23T11:53:16.832052+00:00","#,
            r#""nextResync":null,"intervalInMinuets":null}"#
        ),
    );
    state.status = ResyncStatus::Completed;
    state.next = Some(at(60_000_000));
    state.interval_minutes = Some(1440);
    check(
        requests().patch_resync_state(&state),
        line,
        AGENT,
        concat!(
            r#"{"status":"completed","lastResyncEnd":"2026-11-23T11:53:16.832052+00:00","#,
            r#""nextResync":"2026-11-23T11:54:16.000000+00:00","intervalInMinuets":1440}"#
        ),
    );
}

#[test]
fn examples_are_sent_for_a_kind() {
    check(
        requests().kind_examples("issue", &[json!({"key": "é"})]),
        "POST /v1/integration/my%20jira%2F1/kinds/issue/examples",
        AGENT,
        r#"{"examples":[{"key":"é"}]}"#,
    );
}

#[test]
fn an_upsert_names_its_event_last() {
    check(
        requests().bulk_upsert(&resync(), "jiraIssue", Bytes::from_static(b"{}")),
        &format!(
            "POST /v1/blueprints/jiraIssue/entities/bulk?upsert=true&merge=true\
             &create_missing_related_entities=true&validation_only=false\
             &ocean_info_event_type=resync&ocean_info_resync_id={EVENT}"
        ),
        EXPORTER,
        "{}",
    );
}

#[test]
fn only_a_full_resync_tells_its_id() {
    for (event, name) in [
        (WriteEvent::IncrementalResync, "incremental_resync"),
        (WriteEvent::LiveEvent, "http_request"),
        (WriteEvent::Start, "start"),
    ] {
        let cx = WriteContext::new(&AppConfig::default(), event);
        check(
            requests().bulk_delete(&cx, "jira Issue", &["OLD"]),
            &format!(
                "POST /v1/blueprints/jira%20Issue/bulk/entities/delete?delete_dependents=true\
                 &ocean_info_event_type={name}"
            ),
            EXPORTER,
            r#"{"entities":["OLD"]}"#,
        );
    }
}

#[test]
fn a_search_is_limited_to_what_the_integration_owns() {
    let identifiers = ["PORT-0".to_owned()];
    let include = ["title", "properties.url", "relations.project"].map(str::to_owned);
    check(
        requests().search("jiraIssue", Some(&identifiers), &include),
        "POST /v1/entities/search?exclude_calculated_properties=true&include=blueprint\
         &include=identifier&include=title&include=properties.url&include=relations.project",
        EXPORTER,
        concat!(
            r#"{"combinator":"and","rules":["#,
            r#"{"property":"$identifier","operator":"in","value":["PORT-0"]},"#,
            r#"{"property":"$blueprint","operator":"=","value":"jiraIssue"},"#,
            r#"{"property":"$datasource","operator":"contains","value":"port-ocean/jira/"},"#,
            r#"{"property":"$datasource","operator":"contains","value":"/my jira/1/exporter"}]}"#
        ),
    );
    let request = requests().search("jiraIssue", None, &[]).unwrap();
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(body["rules"][0]["property"], "$blueprint");
}

#[test]
fn the_listing_names_its_datasource_and_goes_on_from_a_cursor() {
    let line = "POST /v1/blueprints/entities/datasource-entities";
    let datasource =
        r#"{"datasource_prefix":"port-ocean/jira/","datasource_suffix":"/my jira/1/exporter""#;
    check(
        requests().owned_entities(Some(at(887_175)), None),
        line,
        EXPORTER,
        &format!(r#"{datasource},"limit":5000,"before":"2026-11-23T11:53:16.887175+00:00"}}"#),
    );
    check(
        requests().owned_entities(None, Some("c2")),
        line,
        EXPORTER,
        &format!(r#"{datasource},"limit":5000,"from":"c2"}}"#),
    );
}

#[test]
fn blueprints_are_made_and_changed_as_a_feature() {
    let requests = requests();
    let blueprint = json!({"identifier": "b"});
    let body = r#"{"identifier":"b"}"#;
    check(
        requests.create_blueprint(&blueprint),
        "POST /v1/blueprints",
        EXPORTER,
        body,
    );
    check(
        requests.patch_blueprint("b", &blueprint),
        "PATCH /v1/blueprints/b",
        EXPORTER,
        body,
    );
    check(
        requests.delete_blueprint("b"),
        "DELETE /v1/blueprints/b",
        EXPORTER,
        "",
    );
}

#[test]
fn f25_an_identifier_can_never_change_the_path() {
    for (identifier, path) in [
        ("a/../b?c#d", "/v1/blueprints/a%2F..%2Fb%3Fc%23d"),
        ("100% \"é\"+", "/v1/blueprints/100%25%20%22%C3%A9%22%2B"),
        ("A-b_c.d~e", "/v1/blueprints/A-b_c.d~e"),
    ] {
        let request = requests().blueprint(identifier).unwrap();
        assert_eq!(request.uri().path(), path);
    }
    for identifier in ["", ".", ".."] {
        let refused = requests().blueprint(identifier);
        assert!(matches!(refused, Err(Error::InvalidRequest { .. })));
    }
}

#[test]
fn an_unusable_setting_is_named() {
    for (config, setting) in [
        (config().base_url("port.test"), "port.base_url"),
        (config().base_url("file:///etc"), "port.base_url"),
        (
            PortConfig::new("c", "s", "", "jira", "1"),
            "integration.identifier",
        ),
        (
            PortConfig::new("c", "s", "a\nb", "jira", "1"),
            "integration",
        ),
    ] {
        let error = Requests::new(&config).unwrap_err();
        assert!(error.to_string().contains(setting), "{error}");
    }
}

fn told(identifier: &str, kind: &str, index: usize, state: SyncState) -> SyncMetrics {
    let found = KindMetrics {
        identifier: identifier.to_owned(),
        kind: kind.to_owned(),
        index,
        state,
        blueprint: "\"jiraIssue\"".to_owned(),
        metrics: json!({"phase": {"resync": {"success": 1.0}}}),
    };
    SyncMetrics {
        event: EVENT.parse().unwrap(),
        form: MetricsForm::List,
        kinds: vec![found],
        to_port: true,
        to_user: true,
    }
}

const EVENT: &str = "9a8d593b-3b84-4b6e-adcb-3d7ea51abae1";

/// What the original sends of a kind; `port-api.md` 9.
const KIND: &str = concat!(
    r#"{"integrationType":"jira","installationType":"OnPrem","executionMode":"single_process","#,
    r#""integrationIdentifier":"my jira/1","integrationVersion":"0.7.99","#,
    r#""oceanVersion":"0.48.12","kindIdentifier":"issue-3","kind":"issue","kindIndex":3,"#,
    r#""eventId":"9a8d593b-3b84-4b6e-adcb-3d7ea51abae1","syncState":"completed","#,
    r#""blueprint":"\"jiraIssue\"","metrics":{"phase":{"resync":{"success":1.0}}}}"#
);

#[test]
fn metrics_heartbeats_and_logs_go_where_port_says() {
    let (requests, base) = (requests(), "http://port.test/metrics/x");
    let completed = told("issue-3", "issue", 3, SyncState::Completed);
    check(
        requests.sync_metrics(base, "OnPrem", &completed),
        "POST /metrics/x/syncMetrics",
        AGENT,
        &format!(r#"{{"syncKindsMetrics":[{KIND}]}}"#),
    );
    let (event, kind) = (completed.event, &completed.kinds[0]);
    check(
        requests.kind_metrics(base, "OnPrem", event, kind),
        &format!("PUT /metrics/x/syncMetrics/resync/{EVENT}/kind/issue-3"),
        AGENT,
        &format!(r#"{{"syncKindMetrics":{KIND}}}"#),
    );
    check(
        requests.heartbeat(base, event),
        "POST /metrics/x/heartbeat",
        AGENT,
        &format!(r#"{{"eventId":"{EVENT}"}}"#),
    );
    check(
        requests.logs("http://port.test/logs/x", &[json!({"message": "m"})]),
        "POST /logs/x",
        AGENT,
        r#"{"logs":[{"message":"m"}]}"#,
    );
    let bare = requests.user_metrics("http://user.test/hook", "OnPrem", event, kind);
    let bare = bare.unwrap();
    assert!(bare.headers().get("user-agent").is_none());
    let without_blueprint = KIND.replace(r#""\"jiraIssue\"""#, r#""""#);
    assert_eq!(std::str::from_utf8(bare.body()).unwrap(), without_blueprint);
}

#[test]
fn nothing_is_sent_to_an_address_that_is_not_of_the_web() {
    for address in ["", "/logs", "file:///etc/passwd", "port.test/logs"] {
        let refused = requests().logs(address, &[]);
        assert!(
            matches!(refused, Err(Error::InvalidRequest { .. })),
            "{address}"
        );
    }
}
