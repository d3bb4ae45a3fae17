use tokio::time::Instant;

use super::*;
use crate::config::PortConfig;
use crate::script::Script;

/// Provisions an integration whose resources Port makes; returns the seconds it took.
async fn wait_for_port(
    looks: impl IntoIterator<Item = (u16, Value)>,
) -> (Result<Provisioned>, u64) {
    let token = json!({"accessToken": "t", "expiresIn": 10_800, "tokenType": "Bearer"});
    let registered = json!({"integration": {"createPortResourcesOrigin": "Port"}});
    let first = [(200, token), (200, registered.clone()), (200, registered)];
    let script = Script::new(first.into_iter().chain(looks));
    let client = PortClient::scripted(PortConfig::new("c", "s", "prod", "jira", "1"), script);
    let started = Instant::now();
    let done = client.unwrap().provision(&Defaults::new(json!({}))).await;
    (done, started.elapsed().as_secs())
}

fn config(config: Value) -> (u16, Value) {
    (200, json!({"integration": {"config": config}}))
}

#[tokio::test(start_paused = true)]
async fn port_is_asked_until_it_has_made_the_mapping() {
    let looks = [
        config(json!({})),
        config(Value::Null),
        config(json!({"resources": []})),
    ];
    let (done, seconds) = wait_for_port(looks).await;
    assert!(done.unwrap().blueprints.is_empty());
    assert_eq!(seconds, 3 + 4 + 6);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_port_ends_when_it_refuses_or_takes_too_long() {
    let gone = (404, json!({"ok": false, "error": "not_found"}));
    let (done, seconds) = wait_for_port([gone]).await;
    assert!(matches!(done, Err(Error::NotRegistered { .. })), "{done:?}");
    assert_eq!(seconds, 3);

    let forbidden = (403, json!({"ok": false}));
    let (done, _) = wait_for_port([forbidden]).await;
    assert!(matches!(done, Err(Error::Http(_))), "{done:?}");

    let (done, seconds) = wait_for_port([config(json!({}))]).await;
    assert!(matches!(done, Err(Error::NoMapping)), "{done:?}");
    assert_eq!(seconds, pauses().map(|pause| pause.as_secs()).sum::<u64>());
}

#[test]
fn pauses_grow_to_a_minute_and_end() {
    let seconds: Vec<u64> = pauses().map(|pause| pause.as_secs()).collect();
    assert_eq!(seconds[..8], [3, 4, 6, 9, 13, 20, 31, 48]);
    assert!(seconds[8..].iter().all(|seconds| *seconds == 60));
    assert_eq!(seconds.len(), LOOKS);
}

#[test]
fn an_origin_that_is_not_known_is_the_default() {
    for (noted, origin) in [
        ("Empty", Origin::Empty),
        ("Port", Origin::Port),
        ("Ocean", Origin::Default),
        ("Moon", Origin::Default),
    ] {
        assert_eq!(parse_origin(noted), origin, "{noted}");
    }
}

#[test]
fn hosted_and_own_installations_are_kept_apart() {
    for (runtime, registered, fits) in [
        (Runtime::OnPrem, "OnPrem", true),
        (Runtime::OnPrem, "Saas", false),
        (Runtime::Saas, "SaasOauth2", true),
        (Runtime::Saas, "OnPrem", false),
    ] {
        assert_eq!(runtime.fits(registered), fits, "{runtime:?} {registered}");
    }
}
