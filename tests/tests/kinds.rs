//! The kinds that the default mapping does not use, from the simulated Jira to the simulated Port.

use std::collections::BTreeMap;

use ocean_core::Outcome;
use ocean_testkit::jira::{Belonging, Change};
use ocean_testkit::{Action, Rule};
use ocean_tests::World;
use serde_json::{Value, json};

/// Each kind by what an entity of it is named after, and its selector.
const KINDS: [(&str, &str, &str); 7] = [
    ("release", ".__projectKey", "{}"),
    ("component", ".__project.key", "{}"),
    ("board", "(.__projectKeys | join(\",\"))", "{}"),
    ("sprint", ".originBoardId", r#"{"sprintState": null}"#),
    ("backlog", ".__boardId", r#"{"jql": null}"#),
    ("epic", ".__boardId", r#"{"status": null}"#),
    ("worklog", ".__issueKey", r#"{"jql": "created >= -520w"}"#),
];

/// A world whose mapping has these kinds and no others, synced once.
async fn settled() -> World {
    let mut world = World::start().await;
    let resource = |(kind, parent, selector): (&str, &str, &str)| {
        let mut selector: Value = serde_json::from_str(selector).unwrap();
        selector["query"] = json!("true");
        let identifier = format!("({parent} | tostring) + \"/\" + (.id | tostring)");
        let entity = json!({"identifier": identifier, "blueprint": format!("\"{kind}\"")});
        json!({"kind": kind, "selector": selector, "port": {"entity": {"mappings": entity}}})
    };
    world.mapping["resources"] = KINDS.map(resource).as_slice().into();
    for (kind, ..) in KINDS {
        let blueprint = json!({"identifier": kind, "title": kind, "schema": {"properties": {}}});
        world.port.put_blueprint(blueprint);
    }
    world.provision().await;
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    world
}

/// What the site has of each kind, named as the mapping does.
fn expected(world: &World) -> BTreeMap<&'static str, Vec<String>> {
    let site = world.jira.site();
    let every = i64::MIN..i64::MAX;
    let all = [
        ("release", site.versions()),
        ("component", site.components("")),
        ("board", site.boards(None)),
        ("sprint", site.sprints(&["active", "closed", "future"])),
        ("backlog", site.backlogs("created >= -520w").unwrap()),
        ("epic", site.epics(None)),
        ("worklog", site.worklogs("created >= -520w", every).unwrap()),
    ];
    let name = |(parent, id): Belonging| format!("{parent}/{id}");
    let named = all.map(|(kind, all)| {
        let mut ids: Vec<_> = all.into_iter().map(name).collect();
        ids.sort();
        (kind, ids)
    });
    named.into()
}

#[track_caller]
fn assert_catalog_is_the_site(world: &World) {
    for (kind, ids) in expected(world) {
        assert!(!ids.is_empty(), "{kind}");
        assert_eq!(world.ids(kind), ids, "{kind}");
    }
}

#[tokio::test]
async fn every_kind_arrives_in_the_catalog() {
    let world = settled().await;
    assert_catalog_is_the_site(&world);
    let asked = world.jira.journal();
    assert_eq!(asked.count("GET", "/project/search"), 1);
    // The kind board lists boards by its own selector.
    let boards = asked.requests();
    let boards = boards
        .iter()
        .filter(|one| one.path() == "/rest/agile/1.0/board");
    assert_eq!(boards.count(), 2);
}

#[tokio::test]
async fn f15_a_board_that_cannot_be_read_bars_deletions_of_its_kind_alone() {
    let world = settled().await;
    let refused = Rule::new(Action::status(403)).path("/board/1/sprint");
    world.jira.faults().add(refused);
    world
        .jira
        .site()
        .apply(&Change::DeleteBoard { id: 3 })
        .unwrap();
    let before = world.ids("sprint");
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
    assert_eq!(world.ids("sprint"), before);
    assert_eq!(world.ids("board"), expected(&world)["board"]);
    assert_eq!(world.ids("epic"), expected(&world)["epic"]);

    world.jira.faults().clear();
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert_catalog_is_the_site(&world);
    assert!(world.ids("sprint").len() < before.len());
}
