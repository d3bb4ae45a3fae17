//! What do both engines have to do? A site, a mapping, and what happens between the resyncs.

use ocean_testkit::jira::{Change, JiraTwinBuilder};
use ocean_tests::{World, all_kinds};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::all_kinds::changes as changes_of_all_kinds;

/// Which mapping is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// The one that the integration brings along, which the engine itself brings to Port.
    Default,
    /// The same with `createMissingRelatedEntities: false`, which is at Port already.
    NothingMissing,
    /// That of `everything.yaml`, which is at Port already.
    Everything,
    /// That of `all_kinds.yaml`, which is at Port already.
    AllKinds,
    /// The same with `createMissingRelatedEntities: false`.
    AllKindsNothingMissing,
}

/// A resync after something happened, each by a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Step {
    /// Into an empty catalog.
    First,
    /// After nothing happened.
    Again,
    /// After [`Scenario::changes`].
    Changed,
}

/// What a step took and left.
#[derive(Debug, Deserialize)]
pub(crate) struct Run {
    pub(crate) requests: Requests,
    pub(crate) catalog: Vec<Value>,
}

/// How many requests a step took.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Requests {
    pub(crate) jira: usize,
    port: usize,
    /// Those to Port that read, search, write or delete entities.
    pub(crate) entities: usize,
}

impl Scenario {
    pub(crate) const ALL: [Self; 5] = [
        Self::Default,
        Self::NothingMissing,
        Self::Everything,
        Self::AllKinds,
        Self::AllKindsNothingMissing,
    ];

    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Default => "default.json",
            Self::NothingMissing => "nothing-missing.json",
            Self::Everything => "everything.json",
            Self::AllKinds => "all-kinds.json",
            Self::AllKindsNothingMissing => "all-kinds-nothing-missing.json",
        }
    }

    fn has_all_kinds(self) -> bool {
        matches!(self, Self::AllKinds | Self::AllKindsNothingMissing)
    }

    /// Starts the site and a Port without entities.
    pub(crate) async fn start(self) -> World {
        let size = |jira: JiraTwinBuilder| {
            // Nine boards, one of which shows two projects.
            if self.has_all_kinds() {
                jira.projects(9).issues(180).users(20).teams(3)
            } else {
                jira.projects(5).issues(120).users(30).teams(4)
            }
        };
        let mut world = World::with(|jira| size(jira.seed(7)), |port| port).await;
        match self {
            Self::Default | Self::NothingMissing => {}
            Self::Everything => {
                world.mapping = serde_saphyr::from_str(include_str!("everything.yaml")).unwrap();
                put_blueprints(&world, more_blueprints());
            }
            Self::AllKinds | Self::AllKindsNothingMissing => {
                world.mapping = all_kinds::mapping();
                put_blueprints(&world, all_kinds::blueprints());
            }
        }
        if matches!(self, Self::NothingMissing | Self::AllKindsNothingMissing) {
            world.mapping["createMissingRelatedEntities"] = false.into();
        }
        world
    }

    /// What happens at Jira before the last resync.
    fn changes(self) -> Vec<Change> {
        if self.has_all_kinds() {
            changes_of_all_kinds()
        } else {
            changes()
        }
    }
}

fn put_blueprints(world: &World, blueprints: impl IntoIterator<Item = Value>) {
    for blueprint in blueprints {
        world.port.put_blueprint(blueprint);
    }
}

impl Step {
    pub(crate) const ALL: [Self; 3] = [Self::First, Self::Again, Self::Changed];

    /// Lets happen what belongs to the step; requests count from here on.
    pub(crate) fn happen(self, scenario: Scenario, world: &World) {
        if self == Self::Changed {
            for change in scenario.changes() {
                world.jira.site().apply(&change).unwrap();
            }
        }
        world.jira.journal().clear();
        world.port.journal().clear();
    }
}

impl Run {
    /// What there is after a run.
    pub(crate) fn of(world: &World) -> Self {
        let asked = world.port.journal().requests();
        let of_entities = asked.iter().filter(|one| one.path().contains("/entities"));
        Self {
            requests: Requests {
                jira: world.jira.journal().len(),
                port: asked.len(),
                entities: of_entities.count(),
            },
            catalog: world.port.catalog(),
        }
    }
}

/// What the mapping with everything writes to beside the blueprints of the integration.
fn more_blueprints() -> [Value; 3] {
    let number = json!({ "type": "number" });
    let of_issue = |identifier: &str| {
        json!({
            "identifier": identifier,
            "title": identifier,
            "schema": { "properties": { "order": number, "progress": { "type": "object" } } },
            "relations": { "issue": { "target": "jiraIssue", "many": false, "required": false } },
        })
    };
    let label = json!({
        "identifier": "label",
        "title": "label",
        "schema": { "properties": { "letters": number, "share": number } },
    });
    [label, of_issue("epic"), of_issue("task")]
}

/// What happens where not all kinds are mapped.
fn changes() -> Vec<Change> {
    let changes = json!([
        { "op": "update_issue", "key": "PAY-2", "summary": "Pay twice, refund once", "status": "Done",
          "priority": "High", "labels": ["refund", "customer"] },
        { "op": "update_issue", "key": "IDN-1", "assignee": null },
        { "op": "update_issue", "key": "PAY-10", "assignee": "user0@example.com" },
        { "op": "create_issue", "project": "SRCH", "summary": "Find what is not there",
          "issuetype": "Story", "assignee": "user1@example.com" },
        // A parent with its subtasks, and an epic whose stories remain.
        { "op": "delete_issue", "key": "SRCH-7" },
        { "op": "delete_issue", "key": "BIL-21" },
        // Its subtasks stay and follow it by their relation.
        { "op": "move_issue", "key": "IDN-17", "project": "PAY" },
        { "op": "move_issue", "key": "BIL-2", "project": "PAY" },
        { "op": "delete_user", "account_id": "user20@example.com" },
        { "op": "update_user", "account_id": "user1@example.com", "name": "Grace Hopper", "active": false },
        { "op": "update_project", "key": "PAY", "name": "Payments and Refunds" },
        { "op": "delete_project", "key": "HRB" },
        { "op": "create_project", "key": "OPS", "name": "Operations" },
        { "op": "create_issue", "project": "OPS", "summary": "Keep the lights on" },
        { "op": "update_team", "team_id": "60f5ff7e-f06b-4d1f-ad15-1c0d165b6369", "name": "Orcas",
          "members": ["5dfa7427eeba6dd9c1497752", "5d4358f40fc034d2f65e9988"] },
        { "op": "delete_team", "team_id": "78251db1-3f30-487c-a4e4-ae53bb9b5995" },
        { "op": "random", "updates": 12, "creates": 4, "deletes": 3, "seed": 7 },
    ]);
    serde_json::from_value(changes).unwrap()
}
