//! Syncs whose raw items are processed at Port, as far as Port decides about them.

use std::sync::Arc;
use std::time::SystemTime;

use ocean_core::{AppConfig, Lake as _, SyncStage};
use ocean_port::PortLake;
use ocean_testkit::port::LifecycleCall;
use uuid::Uuid;

use crate::Setup;

async fn started() -> (Setup, PortLake, Uuid) {
    let setup = Setup::new().await;
    let client = ocean_port::PortClient::new(crate::config(&setup.twin)).unwrap();
    let lake = PortLake::new(Arc::new(client), true);
    let sync = Uuid::new_v4();
    let config = AppConfig::default();
    let started = SyncStage::ResyncStarted {
        at: SystemTime::now(),
        config: &config,
    };
    lake.tell(sync, &started).await.unwrap();
    (setup, lake, sync)
}

#[tokio::test]
async fn port_says_whether_a_sync_is_to_end_in_whatever_case() {
    let (setup, lake, sync) = started().await;
    assert!(!lake.is_aborted(sync).await.unwrap());
    setup.twin.abort_syncs(true);
    assert!(lake.is_aborted(sync).await.unwrap());
}

#[tokio::test]
async fn a_token_that_has_expired_is_renewed_for_calls_about_syncs() {
    let (setup, lake, sync) = started().await;
    setup.twin.expire_tokens();
    lake.tell(sync, &SyncStage::Finished).await.unwrap();
    let calls = setup.twin.lifecycle();
    let statuses: Vec<_> = calls
        .iter()
        .map(|call: &LifecycleCall| &call.body["status"])
        .collect();
    assert_eq!(statuses, ["started", "finished"]);
}
