//! Deleted is what Port says, or what is nowhere to be found.

use ocean_core::{Catalog as _, DeleteReport, EntityRef, ErrorClass};
use ocean_testkit::{Action, Rule};
use serde_json::json;

use crate::{OURS, Setup, cx};

const DELETE: &str = "/bulk/entities/delete";

impl Setup {
    fn put_deletable(&self, count: usize) -> Vec<EntityRef> {
        let keys = (0..count).map(|n| EntityRef::new("issue", format!("D-{n}")));
        keys.inspect(|key| {
            let entity = json!({"identifier": key.identifier});
            self.twin.put_entity("issue", entity, OURS);
        })
        .collect()
    }

    async fn delete(&self, keys: Vec<EntityRef>) -> DeleteReport {
        self.client.delete(&cx(), keys).await.unwrap()
    }
}

#[tokio::test]
async fn a_hundred_are_deleted_at_a_time() {
    let setup = Setup::new().await;
    let mut keys = setup.put_deletable(250);
    setup
        .twin
        .put_entity("user", json!({"identifier": "u"}), OURS);
    keys.insert(3, EntityRef::new("user", "u"));
    let report = setup.delete(keys).await;
    assert_eq!((report.deleted.len(), report.failed.len()), (251, 0));
    assert!(setup.twin.catalog().is_empty());
    assert_eq!(setup.calls(DELETE), 4);
}

#[tokio::test]
async fn what_is_gone_already_counts_as_deleted() {
    let setup = Setup::new().await;
    let mut keys = setup.put_deletable(1);
    keys.push(EntityRef::new("issue", "never"));
    keys.push(EntityRef::new("no such blueprint", "x"));
    let report = setup.delete(keys).await;
    assert_eq!((report.deleted.len(), report.failed.len()), (3, 0));
}

#[tokio::test]
async fn f39_what_port_does_not_delete_is_asked_for_again_and_then_reported() {
    let setup = Setup::new().await;
    let keys = setup.put_deletable(2);
    let nothing = Action::Body {
        content_type: "application/json".to_owned(),
        text: r#"{"ok":true,"deletedEntities":[]}"#.to_owned(),
    };
    setup.fault(DELETE, 1, nothing.clone());
    assert_eq!(setup.delete(keys).await.deleted.len(), 2);
    setup.twin.faults().clear();

    let keys = setup.put_deletable(2);
    setup.fault(DELETE, 100, nothing);
    let report = setup.delete(keys).await;
    assert_eq!((report.deleted.len(), report.failed.len()), (0, 2));
    assert_eq!(setup.twin.entity_count("issue"), 2);
}

#[tokio::test]
async fn f39_a_refused_request_deletes_nothing_and_says_so() {
    let setup = Setup::new().await;
    let keys = setup.put_deletable(1);
    setup.fault(DELETE, 100, Action::status(503));
    let report = setup.delete(keys).await;
    assert!(report.deleted.is_empty());
    assert_eq!(report.failed[0].1.status, Some(503));
}

#[tokio::test]
async fn f42_a_deletion_whose_answer_is_lost_is_a_deletion() {
    let setup = Setup::new().await;
    let keys = setup.put_deletable(2);
    setup.fault(DELETE, 1, Action::ApplyThenReset);
    let report = setup.delete(keys).await;
    assert_eq!((report.deleted.len(), report.failed.len()), (2, 0));
}

#[tokio::test]
async fn f39_deletions_that_port_named_count_although_the_rest_cannot_be_checked() {
    let setup = Setup::new().await;
    let keys = setup.put_deletable(2);
    let half = Action::Body {
        content_type: "application/json".to_owned(),
        text: r#"{"ok":true,"deletedEntities":["D-0"]}"#.to_owned(),
    };
    setup.fault(DELETE, 100, half);
    setup.fault("/entities/search", 100, Action::status(503));
    let report = setup.delete(keys).await;
    assert_eq!(report.deleted, [EntityRef::new("issue", "D-0")]);
    assert_eq!(report.failed[0].0, EntityRef::new("issue", "D-1"));
}

#[tokio::test]
async fn an_entity_that_must_stay_does_not_keep_the_others() {
    let setup = Setup::new().await;
    setup
        .twin
        .put_blueprint(json!({"identifier": "child", "schema": {"properties": {}},
        "relations": {"of": {"target": "issue", "many": false, "required": true}}}));
    let keys = setup.put_deletable(20);
    let child = json!({"identifier": "c", "relations": {"of": "D-13"}});
    setup.twin.put_entity("child", child, OURS);
    let mut cx = cx();
    cx.delete_dependents = false;
    let report = setup.client.delete(&cx, keys).await.unwrap();
    assert_eq!(report.deleted.len(), 19);
    assert_eq!(report.failed[0].0, EntityRef::new("issue", "D-13"));
    assert_eq!(report.failed[0].1.status, Some(409));
}

#[tokio::test]
async fn a_refusal_in_the_middle_does_not_hide_what_was_deleted_before() {
    let setup = Setup::new().await;
    let keys = setup.put_deletable(1_000);
    let refused = Rule::new(Action::status(401)).path(DELETE).skip(2);
    setup.twin.faults().add(refused);
    let report = setup.delete(keys).await;
    let left = setup.twin.entity_count("issue");
    assert_eq!(
        (report.deleted.len(), report.failed.len()),
        (1_000 - left, left)
    );
    assert_eq!(left, 800);
    assert!(
        report
            .failed
            .iter()
            .all(|(_, error)| error.status == Some(401))
    );
    let most = 2 + 5 * 2;
    assert!(
        setup.calls(DELETE) <= most,
        "those not begun are not asked for"
    );
}

#[tokio::test]
async fn a_refusal_before_anything_was_deleted_is_an_error() {
    let setup = Setup::new().await;
    let keys = setup.put_deletable(2);
    setup.fault(DELETE, 100, Action::status(401));
    let error = setup.client.delete(&cx(), keys).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unauthorized);
}
