//! Bytes that are no JSON, or JSON that not every reader agrees about.

use ocean_testkit::Action;
use ocean_tests::check::{PROJECTS, at, mapped, resource};
use ocean_tests::{Expected, Scene};
use serde_json::Value;

/// A scene whose projects get title and number from a field that the real answers do not have.
async fn scene() -> Scene {
    let mut world = Scene::small_pages().await;
    let mappings = &mut mapped(&mut world, "project")["port"]["entity"]["mappings"];
    mappings["title"] = ".text // .name".into();
    mappings["properties"]["totalIssues"] = ".number // .insight.totalIssueCount".into();
    Scene::of(world).await
}

/// Writes this into the first project of the first page.
fn first_project(fields: &[u8]) -> Action {
    const VALUES: &[u8] = b"\"values\":[{";
    let fields = [fields, b","].concat();
    Action::rewrite_bytes(move |_, body| {
        let at = body.windows(VALUES.len()).position(|part| part == VALUES);
        let (before, after) = body.split_at(at.expect("there are projects") + VALUES.len());
        [before, &fields, after].concat()
    })
}

/// What became of the first project: its title and its number.
fn written(scene: &Scene) -> (Value, String) {
    let key = scene.world.jira.site().project_keys().remove(0);
    let entity = scene
        .world
        .port
        .entity("jiraProject", &key)
        .expect("it is there");
    (
        entity["title"].clone(),
        entity["properties"]["totalIssues"].to_string(),
    )
}

#[tokio::test]
async fn f24_what_is_no_json_is_no_page() {
    let scene = scene().await;
    for (what, fields) in [
        ("invalid UTF-8", &b"\"text\":\"\xff\xfe\""[..]),
        ("NaN", b"\"number\":NaN"),
        ("a raw NUL", b"\"text\":\"a\0b\""),
        ("a lone quote", b"\"text\":\"a\"b\""),
    ] {
        scene.fault(at(PROJECTS, first_project(fields)));
        let says = ["unexpected answer", PROJECTS];
        scene.run(Expected::incomplete("project", &says)).await;
        assert_eq!(scene.requests(PROJECTS), 3, "{what}");
    }
}

#[tokio::test]
async fn f24_a_byte_order_mark_is_no_reason_to_refuse_a_page() {
    let scene = scene().await;
    let mark = Action::rewrite_bytes(|_, body| [b"\xef\xbb\xbf", body].concat());
    scene.fault(at(PROJECTS, mark));
    scene
        .run(Expected::incomplete("project", &["unexpected answer"]))
        .await;
}

#[tokio::test]
async fn f24_digits_and_escapes_arrive_as_they_were_sent() {
    let scene = scene().await;
    for (fields, title, number) in [
        (
            "\"number\":9223372036854775809",
            None,
            "9223372036854775809",
        ),
        ("\"number\":9007199254740993", None, "9007199254740993"),
        ("\"text\":\"a\\u0000b\",\"number\":1", Some("a\0b"), "1"),
        ("\"text\":\"\\ud83d\\udce6\",\"number\":2", Some("📦"), "2"),
        (
            "\"text\":\"one\",\"text\":\"two\",\"number\":3",
            Some("two"),
            "3",
        ),
    ] {
        scene.fault(at(PROJECTS, first_project(fields.as_bytes())).times(1));
        scene
            .run(Expected::completed().while_the_site_changes())
            .await;
        let (found, digits) = written(&scene);
        assert_eq!(digits, number, "{fields}");
        if let Some(title) = title {
            assert_eq!(found, title, "{fields}");
        }
    }
}

#[tokio::test]
async fn f24_a_value_that_cannot_be_represented_is_an_error_of_its_item() {
    let scene = scene().await;
    let key = scene.world.jira.site().project_keys().remove(0);
    for fields in ["\"text\":\"\\ud800\"", "\"number\":1e400"] {
        scene.fault(at(PROJECTS, first_project(fields.as_bytes())).times(1));
        let expected = Expected::incomplete("project", &[]);
        let report = scene.run(expected.while_the_site_changes()).await;
        let said = format!("{:#?}", resource(&report, "project"));
        assert!(said.contains(&key), "{fields}: {said}");
    }
}
