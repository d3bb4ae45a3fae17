//! Raw-data mode: raw items go to Port, and no entity does; without its flags the reverse.

mod failures;
mod live;
mod resync;
mod wire;

use std::collections::BTreeMap;

use ocean_tests::World;

/// What an organization has switched on that has raw items processed at Port.
const FLAGS: [&str; 2] = ["LAKEHOUSE_ELIGIBLE", "DATA_SOURCE_PROCESSOR_ENABLED"];

/// A small site whose integration is made at Port, and an organization with these flags.
async fn world(flags: &[&str]) -> World {
    let mut world = World::start().await;
    world.has_lake = true;
    world.provision().await;
    world.port.set_feature_flags(flags.iter().copied());
    world.port.journal().clear();
    world.port.journal().keep_bodies(8 << 20);
    world
}

/// The key of each item that arrived, by kind and in order.
fn arrived(world: &World) -> BTreeMap<String, Vec<String>> {
    let mut arrived: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for write in world.port.lake_writes() {
        let names = ["key", "accountId", "teamId"];
        let keys = write.items("upsert").map(|item| {
            let key = names.into_iter().find_map(|name| item[name].as_str());
            key.expect("a key").to_owned()
        });
        let known = arrived.entry(write.kind.clone()).or_default();
        known.extend(keys);
    }
    arrived.values_mut().for_each(|keys| keys.sort());
    arrived
}

/// What arrived once each is all that the site has.
#[track_caller]
fn assert_everything_arrived_once(world: &World) {
    let arrived = arrived(world);
    let blueprints = [
        ("project", "jiraProject"),
        ("user", "jiraUser"),
        ("team", "jiraTeam"),
        ("issue", "jiraIssue"),
    ];
    let expected = world.expected();
    for (kind, blueprint) in blueprints {
        assert_eq!(arrived[kind], expected[blueprint], "{kind}");
    }
    assert_eq!(arrived.len(), blueprints.len());
}

/// How many requests Port got that read or change entities.
fn entity_calls(world: &World) -> usize {
    let journal = world.port.journal();
    journal.count("POST", "/entities") + journal.count("DELETE", "/entities")
}

/// What was told of syncs: `started`, `issue-3 finished` and so on.
fn told(world: &World) -> Vec<String> {
    let calls = world.port.lifecycle();
    let words = calls.iter().map(|call| {
        let status = call.body["status"].as_str().unwrap_or("?");
        match call.body["kind_identifier"].as_str() {
            Some(kind) => format!("{kind} {status}"),
            None => status.to_owned(),
        }
    });
    words.collect()
}
