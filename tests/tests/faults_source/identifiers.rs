//! Identifiers that mean something in a URL, or look like another one.

use std::collections::BTreeSet;

use ocean_core::Outcome;
use ocean_testkit::{Action, Request};
use ocean_tests::Expected;
use ocean_tests::check::{PROJECTS, Scene, at};
use serde_json::{Value, json};

/// Each has to stay an entity of its own.
fn strange() -> Vec<String> {
    let mut all: Vec<String> = [
        "A/B",
        "A%2FB",
        "A?x=1",
        "A#part",
        "A%20B",
        "A B",
        "A+B",
        "A\"B",
        "A'B",
        "A\\B",
        "../A",
        ".",
        "📦",
        "case",
        "CASE",
        "Case",
        // "é" in one character, and in two.
        "caf\u{e9}",
        "cafe\u{301}",
        "ﬁ",
        "fi",
        "$ref",
        "{{x}}",
        "a,b",
    ]
    .map(str::to_owned)
    .to_vec();
    all.push("x".repeat(512));
    all
}

/// Adds projects with these keys to the last page.
fn with_projects(keys: Vec<String>) -> Action {
    Action::rewrite(move |_: &Request, mut answer: Value| {
        let added = keys.iter().map(|key| {
            json!({"id": format!("id of {key}"), "key": key, "name": key, "self": "https://a.test/rest/1"})
        });
        if let Some(total) = answer["total"].as_u64() {
            answer["total"] = (total + keys.len() as u64).into();
        }
        let is_last = answer["isLast"] == true;
        if let (true, Some(values)) = (is_last, answer["values"].as_array_mut()) {
            values.extend(added);
        }
        answer
    })
}

fn projects(scene: &Scene) -> BTreeSet<String> {
    scene.world.ids("jiraProject").into_iter().collect()
}

#[tokio::test]
async fn f25_strange_identifiers_are_never_merged_or_crossed() {
    let scene = Scene::start().await;
    let usual = projects(&scene);
    let strange: BTreeSet<String> = strange().into_iter().collect();
    let all: BTreeSet<String> = usual.union(&strange).cloned().collect();

    scene.fault(at(
        PROJECTS,
        with_projects(strange.iter().cloned().collect()),
    ));
    let changing = || Expected::completed().while_the_site_changes();
    scene.run(changing()).await;
    assert_eq!(projects(&scene), all);
    for key in &strange {
        let entity = scene
            .world
            .port
            .entity("jiraProject", key)
            .expect("it is there");
        assert_eq!(entity["title"], **key, "{entity}");
    }

    // The same again finds every one of them unchanged.
    scene.fault(at(
        PROJECTS,
        with_projects(strange.iter().cloned().collect()),
    ));
    let report = scene.run(changing()).await;
    assert_eq!((report.totals().created, report.totals().updated), (0, 0));

    // Of each pair of twins, one goes: the other stays.
    let (gone, kept): (Vec<_>, Vec<_>) = strange
        .into_iter()
        .partition(|key| ["A%2FB", "A+B", "CASE", "cafe\u{301}", "ﬁ"].contains(&key.as_str()));
    scene.fault(at(PROJECTS, with_projects(kept)));
    let report = scene.run(changing()).await;
    assert_eq!(
        report.reconciliation.deleted(),
        gone.len() + 4 * 2,
        "{report:#?}"
    );
    let left: BTreeSet<String> = all.into_iter().filter(|key| !gone.contains(key)).collect();
    assert_eq!(projects(&scene), left);
}

#[tokio::test]
async fn f25_a_refused_identifier_is_reported_with_the_rule_it_breaks() {
    let scene = Scene::start().await;
    let keys = vec!["fine".to_owned(), "nul\0".to_owned(), "x".repeat(2_000)];
    scene.fault(at(PROJECTS, with_projects(keys)));
    let expected = Expected::completed().outcome(Outcome::Incomplete);
    let report = scene.run(expected.while_the_site_changes()).await;
    assert!(projects(&scene).contains("fine"));
    let said = format!("{:#?}", report.resources);
    assert_eq!(report.totals().rejected, 2, "{said}");
    assert!(said.contains("identifier must"), "{said}");
}
