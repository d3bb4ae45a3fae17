//! What a plan holds.

use serde_json::json;

use super::world::{World, resource};

#[tokio::test]
async fn an_entity_of_two_resources_is_compared_in_the_fields_of_both() {
    for merge in [true, false] {
        let resources = [
            resource("thing", &json!({"p": ".p"}), &json!({})),
            resource("other", &json!({"q": ".q"}), &json!({})),
        ];
        let world = World::with(json!({"enableMergeEntity": merge}), &resources);
        let held = json!({"p": 1, "q": 1});
        world
            .put(json!({"identifier": "x", "blueprint": "thing", "properties": held}))
            .await;
        world.source(&[json!({"id": "x", "p": 2, "q": 2})]);

        let plan = world.plan().await;
        let [write] = &*plan.writes else {
            panic!("{plan:?}");
        };
        let changes = write.changes.iter().map(|change| {
            let from = change.from.as_u64();
            (change.field.as_str(), from, change.to.as_u64())
        });
        let expected = [
            ("properties.p", Some(1), Some(2)),
            ("properties.q", Some(1), Some(2)),
        ];
        let expected = if merge { &expected[..] } else { &expected[1..] };
        assert_eq!(changes.collect::<Vec<_>>(), expected);
        let applied = world.apply(&plan).await;
        assert_eq!((applied.changed, applied.unwritten.len()), (1, 0));
    }
}
