//! A plan is what a resync would write, and applying it writes exactly that.

use std::collections::{BTreeMap, BTreeSet};

use ocean_core::{Applied, ApplyError, Outcome, ResyncPlan, ResyncReport};
use ocean_port::PortClient;
use ocean_testkit::{Action, Rule};
use ocean_tests::World;
use ocean_tests::drift::OURS;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Worlds that are drawn; each differs in site, changes and what else happened at Port.
const WORLDS: u64 = 12;

/// A world that was synced once and moved on since. The same number gives the same world.
async fn drawn(seed: u64) -> World {
    let mut world = World::with(|jira| jira.seed(seed).issues(20 + seed * 3), |port| port).await;
    // Both flags of the mapping that change how entities are written.
    world.mapping["createMissingRelatedEntities"] = json!(!seed.is_multiple_of(3));
    if seed.is_multiple_of(3) {
        // All issues, so that every relation has a target: Port refuses one without.
        let resources = world.mapping["resources"].as_array_mut().unwrap();
        let issues = resources.iter_mut().find(|one| one["kind"] == "issue");
        issues.unwrap()["selector"]["jql"] = json!("statusCategory is not EMPTY");
    }
    world.mapping["enableMergeEntity"] = json!(seed % 4 != 1);
    world.provision().await;
    let first = world.resync().await;
    assert_eq!(first.outcome, Outcome::Completed, "{first:#?}");
    let change = json!({
        "op": "random", "updates": seed % 5, "creates": seed % 4, "deletes": seed % 3, "seed": seed,
    });
    let change = serde_json::from_value(change).unwrap();
    world.jira.site().apply(&change).unwrap();
    for number in 0..seed % 3 {
        let stale = json!({"identifier": format!("stale-{number}"), "title": "Gone"});
        world.port.put_entity("jiraIssue", stale, OURS);
    }
    if seed % 2 == 1 {
        let key = &world.ids("jiraProject")[0];
        let spoiled = json!({"identifier": key, "title": "Renamed by hand"});
        world.port.put_entity("jiraProject", spoiled, OURS);
    }
    world.port.journal().clear();
    world
}

/// Entities by key, without what only Port decides.
fn contents(world: &World) -> BTreeMap<(String, String), Value> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let catalog = world.port.catalog().into_iter();
    catalog
        .map(|mut entity| {
            let key = (text(&entity["blueprint"]), text(&entity["identifier"]));
            let fields = entity.as_object_mut().unwrap();
            let decided = ["title", "icon", "team", "properties", "relations"];
            fields.retain(|name, _| decided.contains(&name.as_str()));
            (key, entity)
        })
        .collect()
}

fn keys(contents: &BTreeMap<(String, String), Value>) -> BTreeSet<(String, String)> {
    contents.keys().cloned().collect()
}

/// What Port was asked for beside a token, reading, searching and listing.
fn writes(world: &World) -> Vec<String> {
    let requests = world.port.journal().requests().into_iter();
    let told = requests.map(|request| format!("{} {}", request.method, request.path()));
    told.filter(|request| {
        let reads = request.starts_with("GET ")
            || [
                "/v1/auth/access_token",
                "/entities/search",
                "/datasource-entities",
            ]
            .iter()
            .any(|path| request.ends_with(path));
        !reads
    })
    .collect()
}

async fn plan(world: &World) -> (ResyncPlan, ResyncReport) {
    world.rehearse().await
}

fn port(world: &World) -> PortClient {
    world.port_client()
}

async fn apply(plan: &ResyncPlan, world: &World) -> Result<Applied, ApplyError> {
    let stop = CancellationToken::new();
    plan.apply(&port(world), &stop).await
}

#[tokio::test]
async fn applying_a_plan_gives_what_a_resync_gives_and_planning_writes_nothing() {
    let (mut created, mut changed, mut deleted) = (0, 0, 0);
    for seed in 0..WORLDS {
        let (planned, resynced) = (drawn(seed).await, drawn(seed).await);
        let before = contents(&planned);
        assert_eq!(before, contents(&resynced), "world {seed}");

        let (plan, report) = plan(&planned).await;
        assert_eq!(writes(&planned), Vec::<String>::new(), "world {seed}");
        assert_eq!(contents(&planned), before, "world {seed}");

        // A plan that went through a file is the same plan.
        let text = serde_json::to_string(&plan).unwrap();
        let plan: ResyncPlan = serde_json::from_str(&text).unwrap();
        let applied = apply(&plan, &planned).await.unwrap();
        assert_eq!(applied.unwritten, [], "world {seed}: {report:#?}");
        let done = resynced.resync().await;
        assert_eq!(done.outcome, report.outcome, "world {seed}");
        let after = contents(&planned);
        assert_eq!(after, contents(&resynced), "world {seed}");

        assert_is_the_difference(&plan, &before, &after, seed);
        created += applied.created;
        changed += applied.changed;
        deleted += applied.deleted;
    }
    assert!(
        created > 10 && changed > 10 && deleted > 5,
        "{created} {changed} {deleted}"
    );
}

/// What the plan says and what happened are the same, entity by entity.
fn assert_is_the_difference(
    plan: &ResyncPlan,
    before: &BTreeMap<(String, String), Value>,
    after: &BTreeMap<(String, String), Value>,
    seed: u64,
) {
    let (had, has) = (keys(before), keys(after));
    let mut created = BTreeSet::new();
    let mut changed = BTreeSet::new();
    for write in &plan.writes {
        let key = write.entity.key().unwrap();
        let key = (key.blueprint, key.identifier);
        assert_eq!(write.exists, had.contains(&key), "world {seed}: {key:?}");
        assert_eq!(
            write.exists,
            !write.changes.is_empty(),
            "world {seed}: {key:?}"
        );
        if write.exists {
            &mut changed
        } else {
            &mut created
        }
        .insert(key);
    }
    let pair = |key: &ocean_core::EntityRef| (key.blueprint.clone(), key.identifier.clone());
    created.extend(plan.related.iter().map(pair));
    let deleted: BTreeSet<_> = plan.deletions.iter().map(pair).collect();
    let differs = |key: &&(String, String)| after.get(*key) != before.get(*key);
    let really_changed: BTreeSet<_> = had.intersection(&has).filter(differs).cloned().collect();
    assert_eq!(
        created,
        has.difference(&had).cloned().collect(),
        "world {seed}"
    );
    assert_eq!(
        deleted,
        had.difference(&has).cloned().collect(),
        "world {seed}"
    );
    assert_eq!(changed, really_changed, "world {seed}");
}

#[tokio::test]
async fn a_second_plan_after_the_first_was_applied_is_empty() {
    let world = drawn(5).await;
    let (first, _) = plan(&world).await;
    assert!(!first.is_empty());
    apply(&first, &world).await.unwrap();
    let (second, report) = plan(&world).await;
    assert!(second.is_empty(), "{second:#?}");
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
}

#[tokio::test]
async fn a_plan_for_a_catalog_that_moved_is_refused_before_anything_is_written() {
    let updated = json!({"identifier": "PAY", "title": "Renamed since"});
    let created = json!({"identifier": "NEW", "title": "Created since"});
    for (moved, entity) in [("updated", updated), ("created", created)] {
        let world = drawn(7).await;
        let (plan, _) = plan(&world).await;
        let entity = if moved == "updated" {
            json!({"identifier": world.ids("jiraProject")[1], "title": entity["title"]})
        } else {
            entity
        };
        world.port.put_entity("jiraProject", entity, OURS);
        let before = world.port.catalog();
        let refused = apply(&plan, &world).await.unwrap_err();
        assert!(matches!(refused, ApplyError::Moved(_)), "{refused:?}");
        assert!(refused.to_string().contains(moved), "{refused}");
        assert_eq!(world.port.catalog(), before);
        assert_eq!(writes(&world), Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_forbids_a_deletion_in_a_resync_forbids_it_in_a_plan() {
    let mut world = drawn(2).await;
    let resources = world.mapping["resources"].as_array_mut().unwrap();
    let issues = resources
        .iter_mut()
        .find(|one| one["kind"] == "issue")
        .unwrap();
    issues["selector"]["query"] = json!(".fields.summary");
    let (plan, report) = plan(&world).await;
    assert_eq!(plan.deletions, []);
    let kept = report.reconciliation.blueprints.iter();
    let kept: Vec<_> = kept
        .filter(|found| !found.kept_because.is_empty())
        .collect();
    assert_eq!(kept.len(), 1, "{report:#?}");
    assert_eq!(kept[0].blueprint, "jiraIssue");
}

#[tokio::test]
async fn nothing_is_deleted_unless_everything_that_was_planned_is_written() {
    let world = drawn(5).await;
    let (plan, _) = plan(&world).await;
    assert!(!plan.writes.is_empty() && !plan.deletions.is_empty());
    let refusal = Action::Status {
        code: 400,
        headers: BTreeMap::new(),
        body: json!({"ok": false, "error": "invalid_request", "message": "no"}),
    };
    world
        .port
        .faults()
        .add(Rule::new(refusal).path("/entities/bulk"));
    let applied = apply(&plan, &world).await.unwrap();
    assert_eq!(
        applied.unwritten.len(),
        plan.writes.len() + 1,
        "{applied:?}"
    );
    assert_eq!(
        (applied.created, applied.changed, applied.deleted),
        (0, 0, 0)
    );
    assert_eq!(world.deletions(), 0);
}
