//! What does the operator read when something is wrong?

use serde::Deserialize;

use super::{environment, faults, load, sources, spec, try_load, warnings};
use crate::settings::{Settings, Sources};

#[test]
fn every_fault_is_reported_at_once() {
    let sources = Sources::new(environment(&[
        ("OCEAN__PORT__CLIENT_ID", "canary-id"),
        ("OCEAN__PORT__BASE_URL", "api.getport.io"),
        ("OCEAN__EVENT_LISTENER__TYPE", "polling"),
        ("OCEAN__EVENT_WORKERS_COUNT", "many"),
        ("OCEAN__INITIALIZE_PORT_RESOURCES", "perhaps"),
        ("APPLICATION__LOG_LEVEL", "info"),
    ]))
    .dotenv("# local\nOCEAN__CLIENT_TIMEOUT=soon\n")
    .config_yaml(concat!(
        "integration:\n",
        "  incrementalSyncInterval: 20\n",
        "  config:\n",
        "    jiraHost: jira.example\n",
        "    apiToken: '{{ from env TOKEN }}'\n",
        "    fast: [1]\n",
    ));
    assert_eq!(
        faults(&sources),
        [
            "APPLICATION__LOG_LEVEL: expected one of `DEBUG`, `INFO`, `WARNING`, `ERROR`, \
             `CRITICAL` (case matters), got `info`",
            "OCEAN__PORT__CLIENT_SECRET: required and not set; give text in this variable or as \
             `port.clientSecret` in config.yaml",
            "OCEAN__PORT__BASE_URL: expected an http or https URL, like `https://example.com`, \
             got `api.getport.io`",
            "config.yaml:4: integration.config.jira_host: expected a URL with its scheme, like \
             `https://example.com`, got `jira.example`",
            "OCEAN__INTEGRATION__CONFIG__API_TOKEN: required and not set; config.yaml:5 takes it \
             from TOKEN, which is not set",
            "config.yaml:6: integration.config.fast: expected true or false, got a list",
            "config.yaml:2: integration.incremental_sync_interval: expected 15, 30 or 60 minutes, \
             like `15`, `30m` or `1h`, got `20`",
            "OCEAN__EVENT_LISTENER__TYPE: expected one of `POLLING`, `KAFKA`, `WEBHOOK`, `ONCE`, \
             `WEBHOOKS_ONLY`, `ACTIONS_ONLY` (case matters), got `polling`",
            "OCEAN__INITIALIZE_PORT_RESOURCES: expected true or false, got `perhaps`",
            ".env:2: OCEAN__CLIENT_TIMEOUT: expected a whole number of seconds from 1, got `soon`",
            "OCEAN__EVENT_WORKERS_COUNT: expected a whole number from 1, got `many`",
        ]
    );
}

fn check(variables: &[(&str, &str)], yaml: &str, expected: &str) {
    let sources = sources(variables);
    let sources = match yaml {
        "" => sources,
        yaml => sources.config_yaml(yaml),
    };
    assert_eq!(faults(&sources), [expected]);
}

#[test]
fn a_fault_inside_json_names_the_variable_and_the_setting() {
    check(
        &[(
            "OCEAN__EVENT_LISTENER",
            r#"{"type":"POLLING","interval":0}"#,
        )],
        "",
        "OCEAN__EVENT_LISTENER: event_listener.interval: expected a whole number of seconds from \
         1, got `0`",
    );
    check(
        &[("OCEAN__EVENT_LISTENER", r#"{"interval":5}"#)],
        "",
        "OCEAN__EVENT_LISTENER__TYPE: required and not set; give one of `POLLING`, `KAFKA`, \
         `WEBHOOK`, `ONCE`, `WEBHOOKS_ONLY`, `ACTIONS_ONLY` (case matters) in this variable or as \
         `eventListener.type` in config.yaml",
    );
}

#[test]
fn an_object_that_is_none_is_refused() {
    check(
        &[("OCEAN__EVENT_LISTENER", "{\"type\":POLLING}")],
        "",
        "OCEAN__EVENT_LISTENER: expected a JSON object; it stops being JSON at column 9",
    );
    check(
        &[("OCEAN__EVENT_LISTENER", "POLLING")],
        "",
        "OCEAN__EVENT_LISTENER: expected a JSON object; it stops being JSON at column 1",
    );
    check(
        &[],
        "eventListener:\n",
        "config.yaml:1: event_listener: expected an object, got null; give it keys or remove it",
    );
    check(
        &[],
        "metrics: 5\n",
        "config.yaml:1: metrics: expected an object, got a number",
    );
}

#[test]
fn a_single_value_given_as_an_object_is_refused() {
    check(
        &[],
        "runtime: {a: 1}\n",
        "config.yaml:1: runtime: expected one of `Saas`, `OnPrem` (case matters), got an object",
    );
    check(
        &[],
        "clientTimeout: null\n",
        "config.yaml:1: client_timeout: expected a whole number of seconds from 1, got null",
    );
    check(
        &[],
        "integration: {identifier: true}\n",
        "config.yaml:1: integration.identifier: expected text, got `true`",
    );
}

#[test]
fn a_file_that_is_no_mapping_is_refused() {
    check(
        &[],
        "# nothing\n",
        "config.yaml: expected a mapping of settings; give it keys or remove the file",
    );
}

#[test]
fn saas_and_actions_need_the_integration_to_support_them() {
    check(
        &[("OCEAN__RUNTIME", "Saas")],
        "",
        "OCEAN__RUNTIME: this integration does not run in `Saas`; use `OnPrem`",
    );
    check(
        &[("OCEAN__ACTIONS_PROCESSOR__ENABLED", "true")],
        "",
        "OCEAN__ACTIONS_PROCESSOR__ENABLED: this integration has no actions; remove the setting",
    );
}

#[test]
fn what_is_not_built_is_refused_by_name() {
    let variables = [
        ("OCEAN__EVENT_LISTENER__TYPE", "KAFKA"),
        ("OCEAN__EVENT_LISTENER__BROKERS", "[\"a:9092\"]"),
        ("OCEAN__LIVE_EVENTS__REDIS__URL", "redis://localhost"),
    ];
    let redis = "liveEvents: {isRedisStreamConsumerEnabled: true}";
    let settings = load(&sources(&variables).config_yaml(redis)).settings;
    let refused = settings.refuse_unbuilt().expect_err("not built");
    assert_eq!(
        refused.to_string(),
        "OCEAN__EVENT_LISTENER__TYPE: `KAFKA` is not supported yet; use `POLLING`, `WEBHOOK`, \
         `ONCE` or `WEBHOOKS_ONLY`\n\
         config.yaml:1: live_events.is_redis_stream_consumer_enabled: reading live events from \
         Redis is not supported yet; set it to false to receive them as webhooks"
    );
    let actions = load(&sources(&[("OCEAN__EVENT_LISTENER__TYPE", "ACTIONS_ONLY")])).settings;
    assert!(actions.refuse_unbuilt().is_err());
    assert_eq!(load(&sources(&[])).settings.refuse_unbuilt(), Ok(()));
}

#[test]
fn an_unknown_setting_is_a_warning_with_a_suggestion() {
    let mistyped = sources(&[
        ("OCEAN__PORT__CLIENTID", "x"),
        ("OCEAN__CLIENT_SECRET", "x"),
        ("OCEAN__INTEGRATION__CONFIG__JIRA__HOST", "x"),
        ("OCEAN__BASE_URL__X", "x"),
        ("OCEAN__SOMETHING", "x"),
        ("OCEAN____X", "x"),
    ])
    .config_yaml("resourcePath: x\nextra: {a: 1}\n");
    assert_eq!(
        warnings(&mistyped),
        [
            "OCEAN____X: not the name of a setting, ignored",
            "OCEAN__PORT__CLIENTID: unknown setting, ignored; did you mean \
             `OCEAN__PORT__CLIENT_ID`?",
            "OCEAN__INTEGRATION__CONFIG__JIRA__HOST: unknown setting, ignored; did you mean \
             `OCEAN__INTEGRATION__CONFIG__JIRA_HOST`?",
            "OCEAN__BASE_URL__X: unknown setting, ignored; did you mean `OCEAN__BASE_URL`?",
            "OCEAN__CLIENT_SECRET: unknown setting, ignored; did you mean \
             `OCEAN__PORT__CLIENT_SECRET`?",
            "OCEAN__SOMETHING: unknown setting, ignored",
            "config.yaml:1: resource_path: unknown setting, ignored; did you mean \
             `resourcesPath`?",
            "config.yaml:2: extra: unknown setting, ignored",
        ]
    );
}

#[test]
fn a_removed_setting_and_weak_tls_are_warned_of_once() {
    let old = sources(&[
        ("OCEAN__PROCESS_EXECUTION_MODE", "multi_process"),
        ("OCEAN__STREAMING__ENABLED", "true"),
        ("OCEAN__SSL__PORT__VERIFY", "false"),
        ("OCEAN__BASE_URL", "localhost:8000"),
    ])
    .dotenv("what is this\n");
    assert_eq!(
        warnings(&old),
        [
            ".env:1: not a NAME=value line, ignored",
            "OCEAN__PROCESS_EXECUTION_MODE: no longer a setting, ignored; there is one process \
             for everything",
            "OCEAN__BASE_URL: not an http or https URL; no other system will be able to call it",
            "OCEAN__SSL__PORT__VERIFY: certificates are not checked: anyone on the way can read \
             and change what is sent",
        ]
    );
}

#[test]
fn warnings_stand_beside_faults_because_they_often_explain_them() {
    let faults = Settings::load(
        &Sources::new(environment(&[("OCEAN__PORT__CLIENTID", "x")])),
        &spec(),
    )
    .expect_err("nothing is set");
    assert_eq!(faults.warnings.len(), 1);
    assert!(!faults.origins.is_empty());
}

#[test]
fn a_config_that_the_integration_cannot_use_names_its_variable() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Config {
        api_token: u32,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Missing {
        other: String,
    }
    let config = load(&sources(&[])).settings.integration.config;
    assert_eq!(
        config.parse::<Config>().map_err(|fault| fault.to_string()),
        Err("OCEAN__INTEGRATION__CONFIG__API_TOKEN: not what the integration expects".to_owned())
    );
    assert_eq!(
        config.parse::<Missing>().map_err(|fault| fault.to_string()),
        Err("OCEAN__INTEGRATION__CONFIG: missing field `other`".to_owned())
    );
}

#[test]
fn a_name_with_absurd_nesting_is_only_a_warning() {
    let name = format!("OCEAN__{}", ["A"; 50_000].join("__"));
    let loaded = try_load(&sources(&[(name.as_str(), "x")])).expect("valid");
    assert_eq!(loaded.warnings.len(), 1);
}
