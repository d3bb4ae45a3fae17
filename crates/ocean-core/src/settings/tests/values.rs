//! What does a value become?

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{REQUIRED, environment, load, shown, sources, spec, warnings};
use crate::settings::{
    CachingStorage, CreateResourcesOrigin, EventListener, RuntimeKind, Settings, Sources, Spec,
};

#[test]
fn defaults_are_those_of_the_original() {
    let nothing = Sources::new(environment(&REQUIRED[..2]));
    let loaded = Settings::load(&nothing, &Spec::empty("Desk")).expect("valid");
    let shown: Vec<String> = loaded
        .settings
        .explain()
        .into_iter()
        .map(|known| format!("{}={}", known.path, known.value_shown))
        .collect();
    assert_eq!(shown.join("\n"), include_str!("defaults.txt").trim_end());
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

#[test]
fn texts_stay_texts() {
    for (name, sources) in [
        (
            "variable",
            sources(&[("OCEAN__INTEGRATION__IDENTIFIER", "007")]),
        ),
        (
            "YAML",
            sources(&[]).config_yaml("integration: {identifier: 007}"),
        ),
        (
            "quoted YAML",
            sources(&[]).config_yaml("integration: {identifier: '007'}"),
        ),
        (
            ".env",
            sources(&[]).dotenv("OCEAN__INTEGRATION__IDENTIFIER=007"),
        ),
    ] {
        assert_eq!(shown(&sources, "integration.identifier"), "007", "{name}");
    }
    let long =
        sources(&[]).config_yaml("integration: {config: {accountNumber: 1234567890123456789012}}");
    let settings = load(&long).settings;
    assert_eq!(
        settings.integration.config.get("account_number"),
        Some(&json!("1234567890123456789012"))
    );
}

#[test]
fn an_empty_text_is_unset_for_all_but_texts_of_the_integration() {
    let empty = sources(&[
        ("OCEAN__SCHEDULED_RESYNC_INTERVAL", ""),
        ("OCEAN__EVENT_WORKERS_COUNT", ""),
        ("OCEAN__RUNTIME", ""),
        ("OCEAN__BASE_URL", ""),
        ("OCEAN__OAUTH_ACCESS_TOKEN_FILE_PATH", ""),
        ("OCEAN__INTEGRATION__CONFIG__APP_HOST", ""),
        ("OCEAN__INTEGRATION__CONFIG__PAGE_SIZE", ""),
        ("OCEAN__INTEGRATION__CONFIG__ACCOUNT_NUMBER", ""),
    ])
    .config_yaml("eventWorkersCount: 4");
    let settings = load(&empty).settings;
    assert_eq!(settings.process.scheduled_resync_interval, None);
    assert_eq!(settings.server.event_workers_count, 4);
    assert_eq!(settings.process.runtime, RuntimeKind::OnPrem);
    assert_eq!(settings.public_url(), None);
    assert_eq!(settings.outbound.oauth_access_token_file_path, None);
    let config = settings.integration.config;
    assert_eq!(config.get("app_host"), Some(&Value::Null));
    assert_eq!(config.get("page_size"), Some(&json!(50)));
    assert_eq!(config.get("account_number"), Some(&json!("")));
}

#[test]
fn null_in_yaml_is_a_value_where_it_means_something() {
    let settings = load(&sources(&[]).config_yaml(
        "cachingStorageMode: null\nactionsProcessor: {maxRunsBufferUtilPctPerAction: null}\n",
    ))
    .settings;
    assert_eq!(settings.outbound.caching_storage, CachingStorage::Memory);
    assert_eq!(
        settings
            .actions_processor
            .max_runs_buffer_util_pct_per_action,
        None
    );
    let settings = load(&sources(&[])).settings;
    assert_eq!(settings.outbound.caching_storage, CachingStorage::Disk);
    assert_eq!(
        settings
            .actions_processor
            .max_runs_buffer_util_pct_per_action,
        Some(30)
    );
}

#[test]
fn the_identity_is_derived_from_the_type() {
    for (variables, kind, identifier) in [
        (&[][..], "jira", "my-jira-integration"),
        (
            &[("OCEAN__INTEGRATION__TYPE", "MyDesk")],
            "mydesk",
            "my-mydesk-integration",
        ),
        (
            &[("OCEAN__INTEGRATION__IDENTIFIER", "MyJira")],
            "jira",
            "MyJira",
        ),
    ] {
        let settings = load(&sources(variables)).settings;
        assert_eq!(settings.integration.integration_type, kind);
        assert_eq!(settings.integration.identifier, identifier);
    }
}

#[test]
fn the_public_url_is_composed_of_base_and_prefix() {
    let base = ("OCEAN__BASE_URL", "https://me.example/x/");
    let prefix = |value| ("OCEAN__PATH_PREFIX", value);
    let host = (
        "OCEAN__INTEGRATION__CONFIG__APP_HOST",
        "https://old.example/",
    );
    for (variables, expected) in [
        (&[][..], None),
        (&[base], Some("https://me.example/x/")),
        (&[base, prefix("/p/")], Some("https://me.example/x/p")),
        (&[base, prefix("///")], Some("https://me.example/x/")),
        (&[host], Some("https://old.example")),
        (&[host, prefix("p")], Some("https://old.example/p")),
        (&[host, base], Some("https://me.example/x/")),
    ] {
        let settings = load(&sources(variables)).settings;
        assert_eq!(settings.public_url().as_deref(), expected, "{variables:?}");
    }
    let deprecated =
        "OCEAN__INTEGRATION__CONFIG__APP_HOST: deprecated; set `OCEAN__BASE_URL` instead";
    assert_eq!(warnings(&sources(&[host])), [deprecated]);
    let old_name =
        "OCEAN__CREATE_PORT_RESOURCES_ORIGIN: `Ocean` is deprecated; say `Default` instead";
    let ocean = ("OCEAN__CREATE_PORT_RESOURCES_ORIGIN", "Ocean");
    assert_eq!(warnings(&sources(&[ocean])), [old_name]);
}

#[test]
fn urls_lose_their_last_slashes() {
    let settings = load(
        &sources(&[
            ("OCEAN__PORT__BASE_URL", "https://api.example/"),
            (
                "OCEAN__EVENT_LISTENER",
                r#"{"type":"WEBHOOK","app_host":"https://me.example/"}"#,
            ),
        ])
        .set(
            "integration.config.jira_host",
            "https://jira.example//",
            "test",
        ),
    )
    .settings;
    assert_eq!(settings.port.base_url, "https://api.example");
    let host = settings.integration.config.text("jira_host");
    assert_eq!(host, Some("https://jira.example"));
    let EventListener::Webhook { app_host } = settings.event_listener.listener else {
        panic!("{:?}", settings.event_listener);
    };
    assert_eq!(
        secrecy::ExposeSecret::expose_secret(&app_host),
        "https://me.example"
    );
}

#[test]
fn each_listener_has_its_own_defaults() {
    for (kind, expected) in [
        ("POLLING", [true, true, true]),
        ("KAFKA", [true, true, true]),
        ("ONCE", [true, false, false]),
        ("WEBHOOKS_ONLY", [false, true, false]),
        ("ACTIONS_ONLY", [false, false, true]),
    ] {
        let listener = load(&sources(&[("OCEAN__EVENT_LISTENER__TYPE", kind)]))
            .settings
            .event_listener;
        let found = [
            listener.should_resync,
            listener.should_process_webhooks,
            listener.should_run_actions,
        ];
        assert_eq!(found, expected, "{kind}");
    }
}

#[test]
fn root_settings_have_their_types() {
    let settings = load(&sources(&[
        ("OCEAN__SCHEDULED_RESYNC_INTERVAL", "60"),
        ("OCEAN__CREATE_PORT_RESOURCES_ORIGIN", "Ocean"),
        ("OCEAN__MAX_EVENT_PROCESSING_SECONDS", "0.5"),
        ("OCEAN__UPSERT_ENTITIES_BATCH_MAX_LENGTH", "1_0"),
        ("OCEAN__INITIALIZE_PORT_RESOURCES", "Off"),
        ("OCEAN__STATE_DIR", "/var/lib/ocean"),
        ("OCEAN__DELETION__ALLOW_EMPTY", "issue, project"),
        ("OCEAN__WEBHOOK__LEGACY_STATUS", "true"),
        ("OCEAN__INTEGRATION__INCREMENTAL_SYNC_INTERVAL", "1h"),
    ]))
    .settings;
    let hour = Duration::from_secs(3600);
    assert_eq!(settings.process.scheduled_resync_interval, Some(hour));
    assert_eq!(settings.integration.incremental_sync_interval, hour);
    let origin = settings.provisioning.create_port_resources_origin;
    assert_eq!(origin, Some(CreateResourcesOrigin::Default));
    assert_eq!(
        settings.server.max_event_processing,
        Duration::from_millis(500)
    );
    assert_eq!(settings.batches.upsert_entities_batch_max_length, 10);
    assert!(!settings.provisioning.initialize_port_resources);
    assert_eq!(settings.process.state_dir, Path::new("/var/lib/ocean"));
    assert!(settings.deletion.may_empty("project"));
    assert!(!settings.deletion.may_empty("team"));
    assert!(settings.webhook.legacy_status);
}

#[test]
fn an_integration_reads_its_config_into_its_own_type() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Config {
        jira_host: String,
        page_size: u32,
        fast: Option<bool>,
        projects: Vec<String>,
    }
    let settings = load(&sources(&[(
        "OCEAN__INTEGRATION__CONFIG__PROJECTS",
        r#"["B","C"]"#,
    )]))
    .settings;
    assert_eq!(
        settings.integration.config.parse::<Config>(),
        Ok(Config {
            jira_host: "https://jira.example".to_owned(),
            page_size: 50,
            fast: None,
            projects: vec!["B".to_owned(), "C".to_owned()],
        })
    );
}

#[test]
fn the_outbound_blocker_follows_the_runtime_unless_given() {
    let spec = Spec::parse("Jira", "saas: {enabled: true}").expect("valid");
    let disabled = |variables: &[(&str, &str)]| {
        let all = [&REQUIRED[..2], variables].concat();
        let loaded = Settings::load(&Sources::new(environment(&all)), &spec);
        loaded
            .expect("valid")
            .settings
            .outbound
            .disable_ip_outbound_blocker
    };
    let saas = ("OCEAN__RUNTIME", "Saas");
    assert!(disabled(&[]));
    assert!(!disabled(&[saas]));
    assert!(disabled(&[
        saas,
        ("OCEAN__DISABLE_IP_OUTBOUND_BLOCKER", "1")
    ]));
}

#[test]
fn the_schema_describes_config_yaml_with_its_defaults() {
    let schema = Settings::json_schema(&spec());
    let at = |pointer: &str| schema.pointer(pointer).cloned();
    for (pointer, expected) in [
        ("/properties/clientTimeout/default", json!(60)),
        (
            "/properties/statusHeartbeatIntervalSeconds/default",
            json!(10),
        ),
        ("/properties/baseUrl/default", json!(null)),
        (
            "/properties/webhook/properties/legacyStatus/default",
            json!(false),
        ),
        (
            "/properties/deletion/properties/allowEmpty/default",
            json!([]),
        ),
        (
            "/properties/integration/properties/config/properties/pageSize/default",
            json!(50),
        ),
        (
            "/properties/ssl/properties/thirdParty/properties/x509/properties/strict/default",
            json!(true),
        ),
    ] {
        assert_eq!(at(pointer), Some(expected), "{pointer}");
    }
    assert_eq!(at("/required"), None);
    assert_eq!(at("/properties/integration/required"), None);
    assert_eq!(at("/properties/application"), None);
    let listeners = at("/properties/eventListener/oneOf").expect("listeners");
    assert_eq!(listeners[0]["required"], json!(["type"]));
    assert_eq!(
        listeners[0]["properties"]["type"]["const"],
        json!("POLLING")
    );
}
