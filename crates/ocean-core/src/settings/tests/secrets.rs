//! Does anything that is printed contain a secret?

use secrecy::ExposeSecret;

use super::{load, sources, try_load};
use crate::settings::Sources;

const CANARY: &str = "canary-9f2c";

/// Everything that can be printed of these sources.
fn printed(sources: &Sources) -> String {
    match try_load(sources) {
        Ok(loaded) => format!(
            "{sources:?} {loaded:?} {:?} {:?}",
            loaded.settings.explain(),
            loaded.settings.secrets(),
        ),
        Err(faults) => format!("{sources:?} {faults} {faults:?}"),
    }
}

fn check(case: &str, sources: &Sources) {
    let printed = printed(sources);
    assert!(!printed.contains(CANARY), "{case}: {printed}");
}

#[test]
fn secrets_of_variables_are_never_printed() {
    for (case, name, value) in [
        ("secret", "OCEAN__PORT__CLIENT_SECRET", "X"),
        ("id", "OCEAN__PORT__CLIENT_ID", "X"),
        ("config", "OCEAN__INTEGRATION__CONFIG__API_TOKEN", "X"),
        ("broken JSON", "OCEAN__PORT", "{\"client_id\":\"X\""),
        ("JSON", "OCEAN__PORT", "{\"client_id\":\"X\"}"),
        ("wrong type", "OCEAN__PORT", "{\"client_id\":[\"X\"]}"),
        ("not an object", "OCEAN__PORT", "\"X\""),
        ("unknown", "OCEAN__PORT__CLIENT_SECRT", "X"),
        ("URL", "OCEAN__BASE_URL", "https://u:X@me.example/?t=X#X"),
        (
            "URL without a scheme",
            "OCEAN__BASE_URL",
            "u:X@me.example/?t=X",
        ),
        ("broken URL", "OCEAN__PORT__BASE_URL", "u:X@me.example"),
        ("query", "OCEAN__PORT__BASE_URL", "me.example?X"),
        (
            "metrics",
            "OCEAN__METRICS__WEBHOOK_URL",
            "https://me.example/X",
        ),
        ("resync", "OCEAN__RESYNC__SECRET", "X"),
        ("redis", "OCEAN__LIVE_EVENTS__REDIS__PASSWORD", "X"),
        (
            "listener",
            "OCEAN__EVENT_LISTENER",
            r#"{"type":"WEBHOOK","app_host":"https://X"}"#,
        ),
        (
            "broken listener",
            "OCEAN__EVENT_LISTENER",
            r#"{"type":"WEBHOOK","app_host":"X"}"#,
        ),
    ] {
        let value = value.replace('X', CANARY);
        check(case, &sources(&[(name, value.as_str())]));
    }
}

#[test]
fn secrets_of_files_are_never_printed() {
    for (case, text) in [
        ("plain", "integration: {config: {apiToken: X}}"),
        ("wrong type", "port: {clientSecret: [X]}"),
        ("broken", "port:\n  clientSecret: X\n bad: ["),
        ("double key", "port: {clientId: X, clientId: X}"),
        ("alias", "port: {clientId: *X}"),
    ] {
        check(case, &sources(&[]).config_yaml(text.replace('X', CANARY)));
    }
    for (case, text) in [
        ("plain", "OCEAN__PORT__CLIENT_ID=X"),
        ("no assignment", "OCEAN__PORT__CLIENT_ID X"),
        ("open quote", "OCEAN__PORT__CLIENT_ID='X"),
    ] {
        check(case, &sources(&[]).dotenv(text.replace('X', CANARY)));
    }
    check(
        "override",
        &sources(&[]).set("port.client_id", CANARY, "--id"),
    );
}

#[test]
fn the_masker_is_given_every_secret() {
    let settings = load(&sources(&[
        (
            "OCEAN__EVENT_LISTENER",
            r#"{"type":"WEBHOOK","app_host":"https://me.example/t"}"#,
        ),
        ("OCEAN__RESYNC__SECRET", "canary-resync"),
    ]))
    .settings;
    let secrets: Vec<_> = settings
        .secrets()
        .iter()
        .map(|secret| secret.expose_secret().to_owned())
        .collect();
    assert_eq!(
        secrets,
        [
            "canary-id",
            "canary-secret",
            "canary-token",
            "canary-resync",
            "https://me.example/t"
        ]
    );
}
