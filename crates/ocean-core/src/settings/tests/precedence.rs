//! Which source counts?

use std::time::Duration;

use serde_json::json;

use super::{load, shown, sources, warnings};
use crate::settings::{EventListener, LogLevel, Origin, Sources};

fn check(cases: &[(&str, Sources, &str, &str)]) {
    for (name, sources, path, value) in cases {
        assert_eq!(shown(sources, path), *value, "{name}");
    }
}

#[test]
fn each_source_counts_over_the_ones_below_it() {
    const PATH: &str = "client_timeout";
    const YAML: &str = "clientTimeout: 4";
    const DOTENV: &str = "OCEAN__CLIENT_TIMEOUT=3";
    let variable = sources(&[("OCEAN__CLIENT_TIMEOUT", "2")]);
    let set = variable.clone().set(PATH, 1, "--client-timeout");
    check(&[
        ("default", sources(&[]), PATH, "60"),
        ("yaml", sources(&[]).config_yaml(YAML), PATH, "4"),
        (
            ".env",
            sources(&[]).config_yaml(YAML).dotenv(DOTENV),
            PATH,
            "3",
        ),
        (
            "environment",
            variable.config_yaml(YAML).dotenv(DOTENV),
            PATH,
            "2",
        ),
        ("override", set.config_yaml(YAML).dotenv(DOTENV), PATH, "1"),
    ]);
}

#[test]
fn nested_settings_are_merged_key_by_key() {
    const PATH: &str = "event_listener.interval";
    let object = |text| sources(&[("OCEAN__EVENT_LISTENER", text)]);
    let polling = r#"{"type":"POLLING","interval":5}"#;
    let with_deeper = [
        ("OCEAN__EVENT_LISTENER", polling),
        ("OCEAN__EVENT_LISTENER__INTERVAL", "7"),
    ];
    check(&[
        ("JSON", object(polling), PATH, "5"),
        ("deeper variable", sources(&with_deeper), PATH, "7"),
        (
            "type from YAML, interval from a variable",
            sources(&[("OCEAN__EVENT_LISTENER__INTERVAL", "7")])
                .config_yaml("eventListener: {type: POLLING, interval: 3}"),
            PATH,
            "7",
        ),
        (
            "JSON counts over YAML, YAML fills what it lacks",
            object(r#"{"type":"POLLING"}"#).config_yaml("eventListener: {type: ONCE, interval: 3}"),
            PATH,
            "3",
        ),
        (
            "camelCase in JSON",
            object(r#"{"type":"POLLING","resyncOnStart":false}"#),
            "event_listener.resync_on_start",
            "false",
        ),
        (
            "snake_case counts over camelCase",
            object(r#"{"type":"POLLING","resyncOnStart":false,"resync_on_start":true}"#),
            "event_listener.resync_on_start",
            "true",
        ),
    ]);
}

#[test]
fn once_counts_over_every_other_listener() {
    for (name, sources) in [
        (
            "variable",
            sources(&[("OCEAN__EVENT_LISTENER__INTERVAL", "3")]),
        ),
        (
            "JSON",
            sources(&[("OCEAN__EVENT_LISTENER", r#"{"type":"WEBHOOK"}"#)]),
        ),
        (
            "YAML",
            sources(&[]).config_yaml("eventListener: {type: POLLING, interval: 3}"),
        ),
    ] {
        let loaded = load(&sources.once());
        assert!(loaded.settings.event_listener.is_once(), "{name}");
        assert!(
            !loaded.settings.event_listener.should_process_webhooks,
            "{name}"
        );
        assert!(loaded.warnings.is_empty(), "{name}: {:?}", loaded.warnings);
    }
}

#[test]
fn json_of_the_integration_config_merges_with_deeper_variables() {
    let config = r#"{"jiraHost":"https://json.example","pageSize":5,"fast":"yes"}"#;
    let settings = load(&sources(&[
        ("OCEAN__INTEGRATION__CONFIG", config),
        ("OCEAN__INTEGRATION__CONFIG__PAGE_SIZE", "7"),
    ]))
    .settings;
    let config = settings.integration.config;
    assert_eq!(
        config.get("jira_host"),
        Some(&json!("https://jira.example"))
    );
    assert_eq!(config.get("page_size"), Some(&json!(7)));
    assert_eq!(config.get("fast"), Some(&json!(true)));
}

#[test]
fn json_of_the_whole_integration_merges_at_every_depth() {
    let integration = r#"{"identifier":"x","config":"{\"filters\":{\"a\":1,\"Key\":2}}"}"#;
    let settings = load(&sources(&[
        ("OCEAN__INTEGRATION", integration),
        ("OCEAN__INTEGRATION__CONFIG__FILTERS__B", "3"),
    ]))
    .settings;
    assert_eq!(settings.integration.identifier, "x");
    assert_eq!(
        settings.integration.config.get("filters"),
        Some(&json!({"a": 1, "Key": 2, "b": "3"}))
    );
}

#[test]
fn objects_of_the_integration_merge_over_sources_and_keep_their_keys() {
    let yaml = "integration: {config: {filters: {byTeam: {US: 1, us: 2}, other: 3}}}";
    let filters = |variable: &str| {
        let variables = [("OCEAN__INTEGRATION__CONFIG__FILTERS", variable)];
        let loaded = load(&sources(&variables).config_yaml(yaml));
        loaded.settings.integration.config.get("filters").cloned()
    };
    assert_eq!(
        filters(r#"{"other":4}"#),
        Some(json!({"byTeam": {"US": 1, "us": 2}, "other": 4}))
    );
    assert_eq!(
        filters(""),
        Some(json!({"byTeam": {"US": 1, "us": 2}, "other": 3}))
    );
}

#[test]
fn the_usual_spelling_of_a_variable_counts_over_another_case() {
    let both = sources(&[
        ("OCEAN__CLIENT_TIMEOUT", "2"),
        ("ocean__client_timeout", "3"),
    ]);
    assert_eq!(shown(&both, "client_timeout"), "2");
    assert_eq!(
        warnings(&both),
        ["ocean__client_timeout: given twice, in another case; this one is ignored"]
    );
    let lower = sources(&[("ocean__client_timeout", "3")]);
    assert_eq!(shown(&lower, "client_timeout"), "3");
}

#[test]
fn environment_and_dotenv_count_over_the_command_line_for_application_settings() {
    let level = |sources: &Sources| load(sources).settings.application.log_level;
    let line = || sources(&[]).set("application.log_level", "ERROR", "--log-level");
    assert_eq!(level(&sources(&[])), LogLevel::Info);
    assert_eq!(level(&line()), LogLevel::Error);
    assert_eq!(
        level(&line().dotenv("APPLICATION__LOG_LEVEL=DEBUG")),
        LogLevel::Debug
    );
    let variable = sources(&[("APPLICATION__LOG_LEVEL", "WARNING")])
        .set("application.log_level", "ERROR", "--log-level")
        .dotenv("APPLICATION__LOG_LEVEL=DEBUG");
    assert_eq!(level(&variable), LogLevel::Warning);
    let yaml = sources(&[]).config_yaml("application: {logLevel: DEBUG}");
    assert_eq!(level(&yaml), LogLevel::Info);
    assert_eq!(warnings(&yaml).len(), 1);
}

#[test]
fn the_origin_of_every_setting_is_known() {
    let sources = sources(&[
        ("OCEAN__EVENT_LISTENER", r#"{"type":"POLLING"}"#),
        ("HOST", "https://b.example"),
    ])
    .dotenv("\nOCEAN__RUNTIME=OnPrem")
    .config_yaml("port:\n  baseUrl: '{{ from env HOST }}'\nresourcesPath: x\n")
    .set("state_dir", "/tmp/x", "--state-dir");
    let settings = load(&sources).settings;
    let origins = settings.explain();
    for (path, shown, origin) in [
        ("event_listener.type", "POLLING", "OCEAN__EVENT_LISTENER"),
        ("event_listener.interval", "60", "default"),
        ("runtime", "OnPrem", ".env:2: OCEAN__RUNTIME"),
        (
            "port.base_url",
            "https://b.example",
            "config.yaml:2 (from env HOST)",
        ),
        ("resources_path", "x", "config.yaml:3"),
        ("state_dir", "/tmp/x", "--state-dir"),
        (
            "port.client_secret",
            "********",
            "OCEAN__PORT__CLIENT_SECRET",
        ),
        ("integration.config.page_size", "50", "default"),
        ("integration.config.account_number", "null", "default"),
    ] {
        let found = origins.iter().find(|known| known.path == path).expect(path);
        assert_eq!(
            (found.value_shown.as_str(), found.origin.to_string()),
            (shown, origin.to_owned())
        );
    }
    let missing = origins.iter().find(|known| known.origin == Origin::Default);
    assert!(missing.is_some());
}

#[test]
fn a_text_null_for_the_listener_is_the_default() {
    let settings = load(&sources(&[("OCEAN__EVENT_LISTENER", "null")])).settings;
    let EventListener::Polling { interval, .. } = settings.event_listener.listener else {
        panic!("{:?}", settings.event_listener);
    };
    assert_eq!(interval, Duration::from_secs(60));
}
