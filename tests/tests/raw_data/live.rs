//! Live events.

use ocean_testkit::jira::Change;
use ocean_tests::{LiveWorld, World};
use serde_json::{Value, json};

use crate::{FLAGS, entity_calls};

async fn live() -> LiveWorld {
    let mut world = World::start().await;
    world.has_lake = true;
    let live = LiveWorld::start(world).await;
    live.world.port.set_feature_flags(FLAGS);
    live
}

fn change(change: Value) -> Change {
    serde_json::from_value(change).unwrap()
}

/// Kind, operation and items of every request with raw items of live events.
fn arrived(live: &LiveWorld) -> Vec<(String, String, usize)> {
    let mut arrived = Vec::new();
    for write in live.world.port.lake_writes() {
        if write.body["eventType"] != "live-event" {
            continue;
        }
        assert_eq!(write.body["eventId"], write.sync.as_str());
        for operation in ["upsert", "delete"] {
            let count = write.items(operation).count();
            if count > 0 {
                arrived.push((write.kind.clone(), operation.to_owned(), count));
            }
        }
    }
    arrived
}

#[tokio::test]
async fn events_are_forwarded_once_and_port_gets_no_entity() {
    let live = live().await;
    live.world.port.journal().clear();
    let key = live.world.ids("jiraIssue")[0].clone();
    let update = change(json!({"op": "update_issue", "key": key, "summary": "new"}));
    live.happens(&update).await;
    let delete = change(json!({"op": "delete_issue", "key": key}));
    live.happens(&delete).await;
    let arrived = arrived(&live);
    let issue = |operation: &str| ("issue".to_owned(), operation.to_owned(), 1);
    assert_eq!(arrived.first(), Some(&issue("upsert")));
    assert!(arrived.contains(&issue("delete")), "{arrived:?}");
    assert_eq!(entity_calls(&live.world), 0);
    assert!(
        live.world.ids("jiraIssue").contains(&key),
        "that is left to port"
    );
    assert_eq!(live.counts().dead, 0);
}
