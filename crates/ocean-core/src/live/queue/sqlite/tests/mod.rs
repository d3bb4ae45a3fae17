//! The queue in a file, held to the laws of a queue and to what may happen to a file.

use std::path::PathBuf;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::live::queue::suite::{Opener, block_on, check, histories, queue_suite};
use crate::live::queue::{EventQueue, QueueOptions, SqliteQueue};

/// A queue that is opened again and again in one folder.
struct InFolder {
    folder: TempDir,
    options: QueueOptions,
}

impl InFolder {
    fn new(options: QueueOptions) -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
            options: options.reserve_bytes(4_096),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("state")
    }
}

impl Opener for InFolder {
    const KEEPS: bool = true;

    fn open(&mut self) -> BoxFuture<'_, Box<dyn EventQueue>> {
        async {
            let queue = SqliteQueue::open(self.path(), self.options.clone()).await;
            let queue: Box<dyn EventQueue> = Box::new(queue.expect("the folder is free"));
            queue
        }
        .boxed()
    }
}

#[tokio::test]
async fn obeys_the_laws_of_a_queue() {
    queue_suite(InFolder::new).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_history_is_as_the_model_says(ops in histories(true)) {
        let options = QueueOptions::new()
            .max_events(12)
            .max_bytes(900)
            .window(Duration::from_secs(60))
            .window_ids(4);
        block_on(check("random", InFolder::new(options.clone()), options, &ops));
    }
}
