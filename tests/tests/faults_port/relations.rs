//! Blueprints and relation targets that are not there.

use ocean_core::Outcome;
use ocean_testkit::{Action, Rule};
use ocean_tests::drift::until;
use ocean_tests::{Drift, World};
use serde_json::{Value, json};

const BULK: &str = "/entities/bulk";
const ISSUES: &str = "/blueprints/jiraIssue/entities/bulk";
/// Every issue, so that no relation leads out of what is read.
const ALL_ISSUES: &str = "statusCategory is not EMPTY";

#[tokio::test]
async fn f35_a_missing_blueprint_is_one_error_and_the_others_go_on() {
    let mut drift = Drift::new().await;
    drift.lost_blueprint = Some("jiraTeam");
    drift.world.port.remove_blueprint("jiraTeam");
    let report = drift.world.resync().await;
    let found = drift.check(&report);
    assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
    let teams = &report.resources[2];
    assert_eq!(teams.errors.len(), 1, "{teams:#?}");
    assert!(
        teams.errors[0]
            .message
            .contains("blueprint `jiraTeam` does not exist"),
        "{teams:#?}"
    );
    assert_eq!(teams.counts.rejected, teams.counts.fetched);
    drift.assert_deleted_except(&found, &["jiraTeam"]);
}

#[tokio::test]
async fn f35_a_blueprint_that_goes_in_the_middle_of_a_run_stops_no_other_kind() {
    let mut drift = Drift::new().await;
    drift.lost_blueprint = Some("jiraTeam");
    let late = Rule::new(Action::Delay { ms: 100 }).path("/teams");
    drift.world.jira.faults().add(late);
    let port = &drift.world.port;
    let remove = async {
        until("the run has begun to write", || {
            port.journal().count("POST", BULK) > 0
        })
        .await;
        port.remove_blueprint("jiraTeam");
    };
    let (report, ()) = tokio::join!(drift.world.resync(), remove);
    drift.check(&report);
    assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
    let others: Vec<_> = report
        .resources
        .iter()
        .filter(|one| one.kind != "team")
        .collect();
    assert!(
        others.iter().all(|one| one.incomplete.is_empty()),
        "{others:#?}"
    );
}

/// A world that relates entities only to entities that exist.
async fn strict(issue_mapping: &[(&str, Value)]) -> World {
    let mut world = World::start().await;
    world.mapping["createMissingRelatedEntities"] = json!(false);
    world.mapping["resources"][3]["selector"]["jql"] = json!(ALL_ISSUES);
    let relations = &mut world.mapping["resources"][3]["port"]["entity"]["mappings"]["relations"];
    for (name, expression) in issue_mapping {
        relations[*name] = expression.clone();
    }
    world
}

/// All relations of the catalog to issues: from, name, to.
fn related(world: &World, name: &str) -> Vec<(Value, Value)> {
    let issues = world.port.catalog().into_iter();
    let issues = issues.filter(|entity| entity["blueprint"] == "jiraIssue");
    issues
        .map(|entity| {
            (
                entity["identifier"].clone(),
                entity["relations"][name].clone(),
            )
        })
        .filter(|(_, target)| {
            target
                .as_array()
                .map_or(!target.is_null(), |all| !all.is_empty())
        })
        .collect()
}

#[tokio::test]
async fn f36_parents_and_subtasks_that_relate_to_each_other_all_arrive() {
    let world = strict(&[]).await;
    world.provision().await;
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    world.assert_catalog_is_the_site();
    let (parents, subtasks) = (related(&world, "parentIssue"), related(&world, "subtasks"));
    assert!(
        !parents.is_empty() && !subtasks.is_empty(),
        "the site has no cycle"
    );
    assert_eq!(world.port.writes().stubs, 0);

    let mut lenient = World::start().await;
    lenient.mapping["resources"][3]["selector"]["jql"] = json!(ALL_ISSUES);
    lenient.provision().await;
    lenient.resync().await;
    assert_eq!(parents, related(&lenient, "parentIssue"));
    assert_eq!(subtasks, related(&lenient, "subtasks"));
}

#[tokio::test]
async fn f36_an_entity_that_relates_to_itself_arrives_whole() {
    let world = strict(&[("parentIssue", json!(".key")), ("subtasks", json!("[]"))]).await;
    world.provision().await;
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    let parents = related(&world, "parentIssue");
    assert_eq!(parents.len(), world.ids("jiraIssue").len());
    assert!(parents.iter().all(|(from, to)| from == to), "{parents:?}");
}

#[tokio::test]
async fn f36_a_target_that_never_comes_is_named_and_the_run_ends() {
    let world = strict(&[("parentIssue", json!(".fields.parent.key"))]).await;
    let drift = Drift::of(world).await;
    let mut drift = drift;
    let id = drift.to_write("jiraIssue").remove(0);
    let relations =
        &mut drift.world.mapping["resources"][3]["port"]["entity"]["mappings"]["relations"];
    relations["parentIssue"] = json!(format!(
        "if .key == \"{id}\" then \"NOPE-1\" else .fields.parent.key end"
    ));
    drift.world.port.journal().clear();
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
    let issues = &report.resources[3];
    assert_eq!(issues.counts.rejected, 1, "{issues:#?}");
    assert_eq!(issues.errors[0].examples, [id]);
    assert!(issues.errors[0].message.contains("NOPE-1"), "{issues:#?}");
    let bulks = drift.world.port.journal().count("POST", ISSUES);
    assert!(bulks < 12, "{bulks} bulks for a handful of changes");
    drift.assert_deleted_except(&found, &[]);
}
