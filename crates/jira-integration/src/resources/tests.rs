//! The embedded files against the tables of what existing catalogs rely on.

use ocean_core::Kind as _;
use ocean_core::settings::{Settings, Sources, Spec};
use serde_json::{Map, Value, json};

use super::{BLUEPRINTS, MAPPING, SPEC};
use crate::{JiraSettings, Kinds};

fn blueprints() -> Vec<Value> {
    serde_json::from_str(BLUEPRINTS).unwrap()
}

fn blueprint(identifier: &str) -> Value {
    let mut all = blueprints().into_iter();
    all.find(|blueprint| blueprint["identifier"] == identifier)
        .unwrap()
}

fn mapping() -> Value {
    serde_saphyr::from_str(MAPPING).unwrap()
}

fn keys(object: &Value) -> Vec<&str> {
    object
        .as_object()
        .map(Map::keys)
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect()
}

fn sorted_keys(object: &Value) -> Vec<&str> {
    let mut keys = keys(object);
    keys.sort_unstable();
    keys
}

#[test]
fn blueprints_come_in_order_of_creation_with_title_and_icon() {
    let heads: Vec<_> = blueprints()
        .iter()
        .map(|b| {
            json!([
                b["identifier"],
                b["title"],
                b["icon"],
                b.get("description").is_some()
            ])
        })
        .collect();
    let expected = [
        json!(["jiraProject", "Jira Project", "Jira", true]),
        json!(["jiraTeam", "Jira Team", "Users", true]),
        json!(["jiraUser", "Jira User", "User", true]),
        json!(["jiraIssue", "Jira Issue", "Jira", false]),
    ];
    assert_eq!(heads, expected);
}

#[test]
fn each_blueprint_has_exactly_these_parts() {
    let common = ["icon", "identifier", "schema", "title"];
    let parts: &[(&str, &[&str])] = &[
        ("jiraProject", &["calculationProperties", "description"]),
        (
            "jiraTeam",
            &[
                "aggregationProperties",
                "calculationProperties",
                "description",
                "mirrorProperties",
                "relations",
            ],
        ),
        (
            "jiraUser",
            &[
                "aggregationProperties",
                "calculationProperties",
                "description",
                "mirrorProperties",
                "relations",
            ],
        ),
        (
            "jiraIssue",
            &[
                "aggregationProperties",
                "calculationProperties",
                "mirrorProperties",
                "relations",
            ],
        ),
    ];
    for (identifier, extra) in parts {
        let mut expected = [&common[..], extra].concat();
        expected.sort_unstable();
        let blueprint = blueprint(identifier);
        assert_eq!(sorted_keys(&blueprint), expected, "{identifier}");
        assert_eq!(keys(&blueprint["schema"]), ["properties"], "{identifier}");
    }
}

/// Each property as `name: title, type, format`, in the order of the form that Port shows.
fn check_properties(identifier: &str, expected: &[(&str, &str, &str, Option<&str>)]) {
    let blueprint = blueprint(identifier);
    let properties = &blueprint["schema"]["properties"];
    let names: Vec<_> = expected.iter().map(|(name, ..)| *name).collect();
    assert_eq!(keys(properties), names);
    for (name, title, type_, format) in expected {
        let property = &properties[name];
        assert_eq!(property["title"], *title, "{name}");
        assert_eq!(property["type"], *type_, "{name}");
        assert_eq!(property["format"].as_str(), *format, "{name}");
        let described = property["description"].is_string();
        assert_eq!(
            described,
            (identifier, *name) != ("jiraIssue", "labels"),
            "{name}"
        );
        if *type_ == "array" {
            assert_eq!(property["items"], json!({"type": "string"}), "{name}");
        }
    }
}

#[test]
fn properties_of_projects_and_teams() {
    check_properties(
        "jiraProject",
        &[
            ("url", "Project URL", "string", Some("url")),
            ("totalIssues", "Total Issues", "number", None),
        ],
    );
    check_properties(
        "jiraTeam",
        &[
            ("organizationId", "Organization ID", "string", None),
            ("teamType", "Team Type", "string", None),
            ("description", "Description", "string", None),
        ],
    );
    let team = blueprint("jiraTeam");
    let kinds_of_team = &team["schema"]["properties"]["teamType"]["enum"];
    assert_eq!(*kinds_of_team, json!(["MEMBER_INVITE", "OPEN"]));
}

#[test]
fn properties_of_users() {
    check_properties(
        "jiraUser",
        &[
            ("emailAddress", "Email", "string", Some("email")),
            ("active", "Active Status", "boolean", None),
            ("accountType", "Account Type", "string", None),
            ("timeZone", "Time Zone", "string", None),
            ("locale", "Locale", "string", None),
            ("avatarUrl", "Avatar URL", "string", Some("url")),
        ],
    );
}

#[test]
fn properties_of_issues() {
    check_properties(
        "jiraIssue",
        &[
            ("url", "Issue URL", "string", Some("url")),
            ("status", "Status", "string", None),
            ("issueType", "Type", "string", None),
            ("components", "Components", "array", None),
            ("creator", "Creator", "string", Some("user")),
            ("priority", "Priority", "string", None),
            ("labels", "Labels", "array", None),
            ("created", "Created At", "string", Some("date-time")),
            ("updated", "Updated At", "string", Some("date-time")),
            ("resolutionDate", "Resolved At", "string", Some("date-time")),
        ],
    );
    let issue = blueprint("jiraIssue");
    let duration = &issue["calculationProperties"]["handlingDuration"];
    assert_eq!(
        sorted_keys(duration),
        ["calculation", "description", "icon", "title", "type"]
    );
    assert_eq!(duration["title"], "Handling Duration (Days)");
    assert_eq!(duration["icon"], "Clock");
    assert_eq!(duration["type"], "number");
    let calculation = duration["calculation"].as_str().unwrap();
    assert!(
        calculation.ends_with("/ 86400 else null end"),
        "{calculation}"
    );
}

#[test]
fn relations_have_exactly_these_targets() {
    let expected = [
        ("jiraTeam", "members", "jiraUser", true, "Users", true),
        (
            "jiraIssue",
            "project",
            "jiraProject",
            false,
            "Project",
            true,
        ),
        (
            "jiraIssue",
            "parentIssue",
            "jiraIssue",
            false,
            "Parent Issue",
            false,
        ),
        (
            "jiraIssue",
            "subtasks",
            "jiraIssue",
            true,
            "Subtasks",
            false,
        ),
        (
            "jiraIssue",
            "assignee",
            "jiraUser",
            false,
            "Assignee",
            false,
        ),
        (
            "jiraIssue",
            "reporter",
            "jiraUser",
            false,
            "Reporter",
            false,
        ),
    ];
    let count: usize = blueprints()
        .iter()
        .map(|b| keys(&b["relations"]).len())
        .sum();
    assert_eq!(count, expected.len());
    for (identifier, name, target, many, title, described) in expected {
        let mut relation = blueprint(identifier)["relations"][name].clone();
        let description = relation.as_object_mut().unwrap().remove("description");
        assert_eq!(description.is_some(), described, "{name}");
        let exact = json!({"title": title, "target": target, "required": false, "many": many});
        assert_eq!(relation, exact, "{name}");
    }
}

#[test]
fn the_mapping_has_these_resources_in_order() {
    let mapping = mapping();
    assert_eq!(
        keys(&mapping),
        [
            "createMissingRelatedEntities",
            "deleteDependentEntities",
            "resources"
        ]
    );
    assert_eq!(mapping["createMissingRelatedEntities"], true);
    assert_eq!(mapping["deleteDependentEntities"], true);
    let heads: Vec<_> = mapping["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| {
            let entity = &resource["port"]["entity"]["mappings"];
            assert_eq!(keys(resource), ["kind", "selector", "port"]);
            assert_eq!(resource["selector"]["query"], "true");
            json!([
                resource["kind"],
                entity["identifier"],
                entity["title"],
                entity["blueprint"]
            ])
        })
        .collect();
    let expected = [
        json!(["project", ".key", ".name", "\"jiraProject\""]),
        json!(["user", ".accountId", ".displayName", "\"jiraUser\""]),
        json!(["team", ".teamId", ".displayName", "\"jiraTeam\""]),
        json!(["issue", ".key", ".fields.summary", "\"jiraIssue\""]),
    ];
    assert_eq!(heads, expected);
}

#[test]
fn the_mapping_sets_every_property_and_relation_of_its_blueprint() {
    let with_relations = [
        "identifier",
        "title",
        "blueprint",
        "properties",
        "relations",
    ];
    for resource in mapping()["resources"].as_array().unwrap() {
        let entity = &resource["port"]["entity"]["mappings"];
        let blueprint = blueprint(entity["blueprint"].as_str().unwrap().trim_matches('"'));
        assert_eq!(
            sorted_keys(&entity["properties"]),
            sorted_keys(&blueprint["schema"]["properties"])
        );
        assert_eq!(
            sorted_keys(&entity["relations"]),
            sorted_keys(&blueprint["relations"])
        );
        let has_relations = !keys(&blueprint["relations"]).is_empty();
        let expected = &with_relations[..if has_relations { 5 } else { 4 }];
        assert_eq!(keys(entity), expected, "{}", resource["kind"]);
    }
}

#[test]
fn selectors_of_the_mapping_say_what_the_defaults_are() {
    let mapping = mapping();
    let selector = |index: usize| &mapping["resources"][index]["selector"];
    assert_eq!(*selector(0), json!({"query": "true"}));
    assert_eq!(
        *selector(2),
        json!({"query": "true", "includeMembers": true})
    );
    let jql = crate::IssueSelector::default().jql;
    assert_eq!(*selector(3), json!({"query": "true", "jql": jql}));
}

#[test]
fn the_spec_lists_the_settings_that_the_settings_type_reads() {
    let spec: Value = serde_saphyr::from_str(SPEC).unwrap();
    let settings: Vec<_> = spec["configurations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| json!([c["name"], c["type"], c["required"], c["sensitive"] == true]))
        .collect();
    let expected = [
        json!(["appHost", "url", false, false]),
        json!(["jiraHost", "url", true, false]),
        json!(["atlassianUserEmail", "string", true, true]),
        json!(["atlassianUserToken", "string", true, true]),
        json!(["atlassianOrganizationId", "string", false, false]),
        json!(["narrowFields", "boolean", false, false]),
        json!(["webhookSecret", "string", false, true]),
        json!(["webhookSecretPrevious", "string", false, true]),
    ];
    assert_eq!(settings, expected);
    let schema = schemars::schema_for!(JiraSettings).to_value();
    assert_eq!(
        sorted_keys(&schema["properties"]),
        [
            "app_host",
            "atlassian_organization_id",
            "atlassian_user_email",
            "atlassian_user_token",
            "jira_host",
            "narrow_fields",
            "webhook_secret",
            "webhook_secret_previous"
        ]
    );
}

#[test]
fn the_spec_lists_every_kind_and_first_those_of_the_original_in_its_order() {
    let spec: Value = serde_saphyr::from_str(SPEC).unwrap();
    let listed = spec["features"][0]["resources"].as_array().unwrap();
    let listed: Vec<_> = listed.iter().filter_map(|r| r["kind"].as_str()).collect();
    let in_order = [
        "project", "issue", "team", "user", "release", "board", "backlog", "worklog",
    ];
    let mut kinds = [&in_order[..], &["sprint", "epic", "component"]].concat();
    assert_eq!(listed, kinds);
    kinds.sort_unstable();
    let mut all: Vec<_> = Kinds::ALL.iter().map(|kind| kind.as_str()).collect();
    all.sort_unstable();
    assert_eq!(all, kinds);
}

#[test]
fn settings_of_the_environment_become_the_settings_type() {
    let environment = [
        ("OCEAN__PORT__CLIENT_ID", "id"),
        ("OCEAN__PORT__CLIENT_SECRET", "secret"),
        ("OCEAN__EVENT_LISTENER__TYPE", "ONCE"),
        (
            "OCEAN__INTEGRATION__CONFIG__JIRA_HOST",
            "https://acme.test/",
        ),
        (
            "OCEAN__INTEGRATION__CONFIG__ATLASSIAN_USER_EMAIL",
            "ada@acme.test",
        ),
        ("OCEAN__INTEGRATION__CONFIG__ATLASSIAN_USER_TOKEN", "t0ken"),
        ("OCEAN__INTEGRATION__CONFIG__NARROW_FIELDS", "no"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let spec = Spec::parse("jira", SPEC).unwrap();
    let loaded = Settings::load(&Sources::new(environment.into()), &spec).unwrap();
    let settings: JiraSettings = loaded.settings.integration.config.parse().unwrap();
    assert_eq!(settings.jira_host, "https://acme.test");
    assert_eq!(settings.atlassian_organization_id, None);
    assert!(settings.webhook_secret.is_none());
    assert!(!settings.narrow_fields);
}
