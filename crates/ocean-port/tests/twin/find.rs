//! Searching and listing: all of it, or an error.

use std::time::{Duration, SystemTime};

use futures::TryStreamExt as _;
use jiff::SignedDuration;
use ocean_core::{Catalog as _, CatalogError, Entity, EntityQuery, EntityRef, error_chain};
use ocean_testkit::Action;
use serde_json::json;

use crate::{OURS, Setup};

const SEARCH: &str = "/entities/search";
const LISTING: &str = "/datasource-entities";

impl Setup {
    fn put(&self, count: usize) {
        for n in 0..count {
            let issue = json!({"identifier": format!("I-{n:05}"), "title": "a } \\\" ] {",
                "properties": {"n": n}});
            self.twin.put_entity("issue", issue, OURS);
        }
    }

    async fn search(&self, query: EntityQuery) -> Result<Vec<Entity>, CatalogError> {
        self.client.search(query).try_collect().await
    }

    async fn owned(&self, before: Option<SystemTime>) -> Result<Vec<EntityRef>, CatalogError> {
        self.client.owned(before).try_collect().await
    }
}

fn all() -> EntityQuery {
    EntityQuery::new("issue")
}

#[tokio::test]
async fn everything_of_a_blueprint_comes_from_one_streamed_request() {
    let setup = Setup::new().await;
    setup.put(3_000);
    setup
        .twin
        .put_entity("issue", json!({"identifier": "theirs"}), "someone/else");
    setup
        .twin
        .put_entity("user", json!({"identifier": "u"}), OURS);
    let include = ["title", "properties.n"].map(str::to_owned).to_vec();
    let found = setup.search(all().include(include)).await.unwrap();
    assert_eq!(found.len(), 3_000);
    assert_eq!(found[7].title, Some(json!("a } \\\" ] {")));
    assert_eq!(found[7].properties.as_ref().unwrap()["n"], 7);
    assert_eq!(setup.calls(SEARCH), 1);
}

#[tokio::test]
async fn identifiers_are_looked_up_fifty_at_a_time() {
    let setup = Setup::new().await;
    setup.put(120);
    let wanted = (0..110).map(|n| format!("I-{n:05}")).collect();
    let found = setup.search(all().identifiers(wanted)).await.unwrap();
    assert_eq!(found.len(), 110);
    assert_eq!(setup.calls(SEARCH), 3);
    assert!(
        setup
            .search(all().identifiers(Vec::new()))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(setup.calls(SEARCH), 3);
}

#[tokio::test]
async fn f37_a_search_that_is_cut_is_asked_for_again() {
    for cut in [
        Action::ResetMidBody,
        Action::CutContentLength,
        Action::CutChunked,
    ] {
        let setup = Setup::new().await;
        setup.put(500);
        setup.fault(SEARCH, 1, cut);
        let mut found: Vec<_> = setup.search(all()).await.unwrap();
        assert!(found.len() >= 500);
        found.sort_by_key(|entity| entity.identifier.to_string());
        found.dedup();
        assert_eq!(found.len(), 500);
    }
}

#[tokio::test]
async fn f37_a_search_that_is_always_cut_or_garbage_is_an_error() {
    let lie = |text: &str| Action::Body {
        content_type: "application/json".to_owned(),
        text: text.to_owned(),
    };
    for fault in [
        Action::CutChunked,
        Action::status(500),
        lie(r#"{"ok":true}"#),
        lie(r#"{"ok":true,"entities":[{"identifier":"#),
        lie("[]"),
    ] {
        let setup = Setup::new().await;
        setup.put(500);
        setup.fault(SEARCH, 100, fault);
        let error = setup.search(all()).await.unwrap_err();
        assert!(error_chain(&error).contains("port"), "{error:?}");
        assert!(setup.calls(SEARCH) <= 4);
    }
}

#[tokio::test]
async fn every_page_of_the_listing_is_read() {
    let setup = Setup::new().await;
    setup.put(5_001);
    setup.twin.put_entity(
        "user",
        json!({"identifier": "theirs"}),
        "port-ocean/jira/1/b/exporter",
    );
    assert_eq!(setup.owned(None).await.unwrap().len(), 5_001);
    assert_eq!(setup.calls(LISTING), 2);
}

#[tokio::test]
async fn f38_a_listing_without_its_list_or_cut_is_an_error() {
    let setup = Setup::new().await;
    setup.put(2);
    let strip = Action::rewrite(|_, _| json!({"ok": true, "next": null}));
    setup.fault(LISTING, 100, strip);
    setup.owned(None).await.unwrap_err();
    setup.twin.faults().clear();
    setup.fault(LISTING, 100, Action::CutContentLength);
    setup.owned(None).await.unwrap_err();
    setup.twin.faults().clear();
    assert_eq!(setup.owned(None).await.unwrap().len(), 2);
}

#[tokio::test]
async fn f17_a_cursor_that_comes_again_is_an_error() {
    let setup = Setup::new().await;
    setup.put(2);
    let repeat = Action::rewrite(|_, mut page| {
        page["next"] = json!("c1");
        page
    });
    setup.fault(LISTING, 100, repeat);
    let error = setup.owned(None).await.unwrap_err();
    assert!(
        error_chain(&error).contains("cursor"),
        "{}",
        error_chain(&error)
    );
}

#[tokio::test]
async fn f43_what_is_old_is_decided_by_ports_clock() {
    let setup = Setup::new().await;
    setup.twin.set_mapping("prod", json!({"resources": []}));
    setup.twin.set_clock_offset(SignedDuration::from_mins(-10));
    let early = setup.client.now().await.unwrap();
    let skew = SystemTime::now().duration_since(early).unwrap();
    assert!((595..=605).contains(&skew.as_secs()), "{skew:?}");
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    setup.put(1);
    assert!(setup.owned(Some(early)).await.unwrap().is_empty());
    assert_eq!(setup.owned(None).await.unwrap().len(), 1);
}
