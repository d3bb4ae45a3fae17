//! From when on incremental syncs read, as Port keeps it.

use std::time::{Duration, SystemTime};

use ocean_core::IntegrationStore as _;
use ocean_testkit::Action;
use serde_json::json;

use crate::Setup;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_cursor_is_none_then_made_then_moved_for_each_kind_and_index() {
    let setup = Setup::new().await;
    setup.twin.set_mapping("prod", json!({}));
    let cursor = || setup.client.cursor("issue", 3);
    assert_eq!(cursor().await.unwrap(), None);
    setup
        .client
        .set_cursor("issue", 3, at(1_000))
        .await
        .unwrap();
    assert_eq!(cursor().await.unwrap(), Some(at(1_000)));
    setup
        .client
        .set_cursor("issue", 3, at(2_000))
        .await
        .unwrap();
    assert_eq!(cursor().await.unwrap(), Some(at(2_000)));
    assert_eq!(setup.client.cursor("issue", 4).await.unwrap(), None);
    let journal = setup.twin.journal();
    let calls = ["PUT", "POST"].map(|method| journal.count(method, "/cursor?kind=issue&index=3"));
    assert_eq!(calls, [2, 1]);
    let sent = journal.requests();
    let sent = sent
        .iter()
        .find(|entry| entry.method == "POST" && entry.path().ends_with("/cursor"));
    assert_eq!(
        sent.unwrap().json(),
        json!({"primary": "1970-01-01T00:16:40.000000+00:00"})
    );
}

#[tokio::test]
async fn a_cursor_that_port_has_not_is_none_and_one_that_it_cannot_tell_is_an_error() {
    let setup = Setup::new().await;
    setup.fault("/cursor", 1, Action::status(404));
    // The 404 of a proxy says nothing of what Port has.
    setup.client.cursor("issue", 0).await.unwrap_err();
    // Port's own does, here because it does not know the integration.
    assert_eq!(setup.client.cursor("issue", 0).await.unwrap(), None);
    setup.fault("/cursor", 4, Action::status(503));
    setup.client.cursor("issue", 0).await.unwrap_err();
}
