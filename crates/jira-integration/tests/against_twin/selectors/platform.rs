//! Projects and what belongs to them, users, teams and issues.

use ocean_testkit::jira::Belonging;
use serde_json::{Value, json};

use super::{ALL, check, named, refused_by_jira, row, site};

const DEFAULT_JQL: &str = "(statusCategory != Done) OR (created >= -1w) OR (updated >= -1w)";
const PROJECTS: &str = "GET /rest/api/3/project/search?maxResults=50&startAt=0";
const TEAMS: &str = "GET /gateway/api/public/teams/v1/org/twin-org/teams";

#[tokio::test]
async fn selectors_of_projects_and_what_belongs_to_them() {
    let site = site().await;
    let model = site.twin.site();
    let keys = model.project_keys();
    let expanded = |expand: &str| format!("{PROJECTS}&expand={expand}");
    let listed = |selector, expand| row("project", selector, [&expanded(expand)], &keys);
    let versions = "GET /rest/api/3/project/*/version?maxResults=100&startAt=0";
    let components = |selector, parameters: &str, kept: Vec<Belonging>| {
        let of_project = "GET /rest/api/3/project/*/component?maxResults=100&startAt=0";
        let of_project = format!("{of_project}&componentSource={parameters}");
        let kept = kept.into_iter().map(|(key, id)| format!("{key}/{id}"));
        row("component", selector, [PROJECTS, &of_project], kept)
    };
    let all = || model.components("");
    let name = site.read("component", json!({})).await.complete()[0]
        .get::<String>("name")
        .unwrap();
    site.asked();
    let of_name = model.components(&name);
    assert!(!of_name.is_empty() && of_name.len() < all().len());
    let rows = vec![
        listed(json!({}), "insight"),
        listed(json!({"expand": ""}), ""),
        listed(json!({"expand": "lead,insight"}), "lead%2Cinsight"),
        row(
            "release",
            json!({}),
            [PROJECTS, versions],
            named(model.versions()),
        ),
        components(json!({}), "jira", all()),
        components(json!({"componentSource": "jira"}), "jira", all()),
        components(json!({"componentSource": "auto"}), "auto", all()),
        components(json!({"componentSource": "compass"}), "compass", vec![]),
        components(json!({"component_source": "auto"}), "jira", all()),
        components(json!({"nameFilter": null}), "jira", all()),
        components(json!({"nameFilter": ""}), "jira&query=", all()),
        components(
            json!({"nameFilter": name}),
            &format!("jira&query={name}"),
            of_name,
        ),
        components(json!({"name_filter": name}), "jira", all()),
    ];
    check(&site, rows).await;
}

#[tokio::test]
async fn selectors_of_users_and_teams() {
    let site = site().await;
    let (users, teams) = (site.twin.site().user_ids(), site.twin.site().team_ids());
    let users_page = "GET /rest/api/3/users/search?maxResults=1000&startAt=0";
    let members =
        r#"POST /gateway/api/public/teams/v1/org/twin-org/teams/*/members?first=50 {"first":50}"#;
    let alone = |selector| row("team", selector, [TEAMS], &teams);
    let with_members = |said| {
        let selector = json!({"includeMembers": said});
        row("team", selector, [TEAMS, members], &teams)
    };
    let rows = vec![
        row("user", json!({}), [users_page], &users),
        alone(json!({})),
        alone(json!({"includeMembers": false})),
        alone(json!({"includeMembers": "no"})),
        alone(json!({"includeMembers": "f"})),
        alone(json!({"includeMembers": 0})),
        alone(json!({"include_members": true})),
        with_members(json!(true)),
        with_members(json!("Yes")),
        with_members(json!("On")),
        with_members(json!("1")),
        with_members(json!(1)),
    ];
    check(&site, rows).await;
}

#[tokio::test]
async fn selectors_of_issues() {
    let site = site().await;
    let search = |rest: &str| format!("POST /rest/api/3/search/jql {{{rest}}}");
    let all_fields = r#""fields":["*all"]"#;
    let found = |selector, jql: &str, rest: &str| {
        let asked = search(&format!(r#""jql":"{jql}","maxResults":100{rest}"#));
        let kept = site.twin.site().matching_issue_keys(jql).unwrap();
        assert!(!kept.is_empty(), "nothing would be proven");
        let id = |key: &String| site.twin.site().issue(key).unwrap()["id"].clone();
        let kept = kept.iter().map(|key| id(key).as_str().unwrap().to_owned());
        row("issue", selector, [&asked], kept)
    };
    let whole = |selector, jql| found(selector, jql, &format!(",{all_fields}"));
    let of = |field: &str, value: Value, rest| found(json!({"jql": ALL, field: value}), ALL, rest);
    let unbounded = search(&format!(r#""jql":"","maxResults":100,{all_fields}"#));
    let rows = vec![
        whole(json!({}), DEFAULT_JQL),
        whole(
            json!({"jql": "  statusCategory = Done\n"}),
            "statusCategory = Done",
        ),
        refused_by_jira("issue", json!({"jql": ""}), &unbounded, "400"),
        of("fields", json!("*all"), r#","fields":["*all"]"#),
        of(
            "fields",
            json!(" summary ,,status"),
            r#","fields":["summary","status"]"#,
        ),
        of("fields", json!(""), ""),
        of("fields", Value::Null, ""),
        of("expand", Value::Null, r#","fields":["*all"]"#),
        of("expand", json!(""), r#","fields":["*all"]"#),
        of(
            "expand",
            json!("names,changelog"),
            r#","fields":["*all"],"expand":"names,changelog""#,
        ),
    ];
    check(&site, rows).await;
}
