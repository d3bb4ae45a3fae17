//! Items that are larger, wider or deeper than anybody expects.

use ocean_core::Outcome;
use ocean_testkit::{Action, Request};
use ocean_tests::check::{ISSUES, at, mapped, resource};
use ocean_tests::{Expected, Scene};
use serde_json::{Value, json};

const MIB: usize = 1 << 20;

/// Changes the first issue of the first page.
fn first_issue(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Action {
    Action::rewrite(move |_: &Request, mut answer| {
        change(&mut answer["issues"][0]);
        answer
    })
}

/// The key of the first issue that Jira lists.
fn first_key(scene: &Scene) -> String {
    let jql = scene.world.mapping["resources"][3]["selector"]["jql"].clone();
    let site = scene.world.jira.site();
    let keys = site.matching_issue_keys(jql.as_str().unwrap_or_default());
    keys.into_iter().flatten().next().expect("there are issues")
}

#[tokio::test]
async fn f21_what_the_mapping_does_not_read_may_have_any_size() {
    let scene = Scene::start().await;
    let large = first_issue(|issue| {
        issue["fields"]["attachment"] = "x".repeat(5 * MIB).into();
        for field in 0..10_000 {
            issue["fields"][format!("customfield_{field}")] = json!({"value": field});
        }
    });
    scene.fault(at(ISSUES, large).times(1));
    scene.run(Expected::completed()).await;
    let sent = scene.world.port.journal().requests();
    let writes = sent
        .iter()
        .filter(|entry| entry.path().contains("/entities/bulk"));
    assert_eq!(writes.count(), 0, "nothing that is mapped has changed");
}

#[tokio::test]
async fn f21_a_long_value_is_written_whole() {
    let scene = Scene::start().await;
    let text = "é".repeat(64 << 10);
    let status = text.clone();
    let long = first_issue(move |issue| {
        issue["fields"]["status"]["name"] = status.clone().into();
        issue["fields"]["labels"] = (0..10_000).map(|label| format!("label-{label}")).collect();
    });
    scene.fault(at(ISSUES, long).times(1));
    let changing = Expected::completed().while_the_site_changes();
    scene.run(changing).await;
    let catalog = scene.catalog();
    let issue = catalog
        .values()
        .find(|entity| entity["properties"]["status"] == *text);
    let labels = issue.and_then(|issue| issue["properties"]["labels"].as_array());
    assert_eq!(labels.map(Vec::len), Some(10_000));
}

#[tokio::test]
async fn f21_an_entity_that_is_too_large_for_port_is_reported_and_the_others_are_written() {
    let scene = Scene::start().await;
    let key = first_key(&scene);
    let before = scene.catalog();
    let huge = Action::rewrite(|_: &Request, mut answer: Value| {
        for issue in answer["issues"].as_array_mut().into_iter().flatten() {
            issue["fields"]["priority"] = json!({"name": "written"});
        }
        answer["issues"][0]["fields"]["labels"] = json!(["x".repeat(5 * MIB)]);
        answer
    });
    scene.fault(at(ISSUES, huge).times(1));
    let expected = Expected::completed().outcome(Outcome::Incomplete);
    let report = scene.run(expected.while_the_site_changes()).await;
    let issues = resource(&report, "issue");
    let said = format!("{:#?}", issues.errors);
    assert_eq!(issues.counts.rejected + issues.counts.failed, 1, "{said}");
    assert!(said.contains(&key) && said.contains("413"), "{key}: {said}");
    let written = scene.catalog().into_values();
    let written = written.filter(|entity| entity["properties"]["priority"] == "written");
    assert_eq!(written.count(), 4, "the others of its page");
    let key = ("jiraIssue".to_owned(), key);
    assert_eq!(scene.catalog().get(&key), before.get(&key));
}

/// Writes something as the first field of the first issue.
fn first_field(field: String) -> Action {
    const FIELDS: &[u8] = b"\"fields\":{";
    Action::rewrite_bytes(move |_, body| {
        let at = body.windows(FIELDS.len()).position(|part| part == FIELDS);
        let (before, after) = body.split_at(at.expect("an issue has fields") + FIELDS.len());
        [before, field.as_bytes(), b",", after].concat()
    })
}

fn nested(depth: usize) -> String {
    format!("\"deep\":{}1{}", "[".repeat(depth), "]".repeat(depth))
}

#[tokio::test]
async fn f23_deep_nesting_that_nobody_reads_does_no_harm() {
    let scene = Scene::start().await;
    for depth in [200, 100_000] {
        scene.fault(at(ISSUES, first_field(nested(depth))).times(1));
        scene.run(Expected::completed()).await;
    }
}

#[tokio::test]
async fn f23_deep_nesting_in_a_mapped_field_is_an_error_of_its_item() {
    let mut world = Scene::small_pages().await;
    let issues = mapped(&mut world, "issue");
    let properties = &mut issues["port"]["entity"]["mappings"]["properties"];
    properties["components"] = ".fields.deep // .fields.components".into();
    let scene = Scene::of(world).await;
    let key = first_key(&scene);
    for depth in [10_000, 100_000] {
        scene.fault(at(ISSUES, first_field(nested(depth))).times(1));
        let report = scene
            .run(Expected::incomplete("issue", &[]).while_the_site_changes())
            .await;
        let said = format!("{:#?}", resource(&report, "issue"));
        assert!(said.contains(&key), "{said}");
        assert!(said.contains("recursion limit exceeded"), "{said}");
    }
    scene
        .run(Expected::completed().while_the_site_changes())
        .await;
}
