//! When records are sent, and what becomes of those that are not.

use async_trait::async_trait;
use ocean_core::{CatalogError, ErrorClass, SyncMetrics};
use tokio::time::Instant;

use super::*;

/// A Port that takes records as it is told.
#[derive(Debug)]
struct Port {
    answers: Mutex<VecDeque<Answer>>,
    began: Instant,
    /// How many records came, and after how many seconds.
    batches: Mutex<Vec<(usize, u64)>>,
    messages: Mutex<Vec<String>>,
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Taken,
    NotKnownYet,
    Failed,
    Never,
}

impl Port {
    /// Answers so, one after another, and then takes all.
    fn new(answers: &[Answer]) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.iter().copied().collect()),
            began: Instant::now(),
            batches: Mutex::default(),
            messages: Mutex::default(),
        })
    }

    fn batches(&self) -> Vec<(usize, u64)> {
        self.batches.lock().unwrap().clone()
    }
}

#[async_trait]
impl Telemetry for Port {
    async fn tell_sync_metrics(&self, _: &SyncMetrics) -> Result<(), CatalogError> {
        Ok(())
    }

    async fn tell_heartbeat(&self, _: Uuid) -> Result<(), CatalogError> {
        Ok(())
    }

    async fn keep_logs(&self, records: &[Value]) -> Result<bool, CatalogError> {
        let seconds = self.began.elapsed().as_secs();
        self.batches.lock().unwrap().push((records.len(), seconds));
        let answer = self.answers.lock().unwrap().pop_front();
        match answer.unwrap_or(Answer::Taken) {
            Answer::Taken => {
                let texts = records
                    .iter()
                    .filter_map(|record| record["message"].as_str());
                self.messages
                    .lock()
                    .unwrap()
                    .extend(texts.map(str::to_owned));
                Ok(true)
            }
            Answer::NotKnownYet => Ok(false),
            Answer::Failed => Err(CatalogError::new(ErrorClass::Retryable, "down")),
            Answer::Never => std::future::pending().await,
        }
    }
}

fn upload() -> Upload {
    Upload::new("desk", None, Masker::default())
}

fn log(upload: &Upload, records: usize) {
    for number in 0..records {
        upload.push("INFO", &format!("record {number}"), Map::new());
    }
}

#[tokio::test(start_paused = true)]
async fn records_are_sent_after_five_seconds_or_when_there_are_a_hundred() {
    let (upload, port) = (upload(), Port::new(&[]));
    let uploading = upload.start(Arc::clone(&port) as _);
    log(&upload, 3);
    sleep(Duration::from_secs(20)).await;
    log(&upload, 250);
    sleep(Duration::from_secs(1)).await;
    upload.critical("the end");
    sleep(Duration::from_secs(1)).await;
    // Also after a minute in which nothing was logged, nothing is sent.
    sleep(Duration::from_secs(60)).await;
    assert_eq!(
        port.batches(),
        [(3, 5), (100, 20), (100, 20), (50, 20), (1, 21)]
    );
    assert_eq!(upload.counts(), (254, 0));
    uploading.finish().await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_sent_at_the_end() {
    let (upload, port) = (upload(), Port::new(&[]));
    let uploading = upload.start(Arc::clone(&port) as _);
    log(&upload, 150);
    uploading.finish().await;
    assert_eq!(port.batches(), [(100, 0), (50, 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_sent_once_more_and_then_dropped_and_counted() {
    let (upload, port) = (
        upload(),
        Port::new(&[Answer::Failed, Answer::Failed, Answer::Failed]),
    );
    let uploading = upload.start(Arc::clone(&port) as _);
    log(&upload, 2);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(
        (port.batches(), upload.counts()),
        (vec![(2, 5), (2, 6)], (0, 2))
    );
    log(&upload, 3);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(port.batches()[2..], [(3, 15), (3, 16)]);
    assert_eq!(upload.counts(), (3, 2));
    uploading.finish().await;
}

#[tokio::test(start_paused = true)]
async fn records_wait_until_port_has_said_where_they_go() {
    let (upload, port) = (
        upload(),
        Port::new(&[Answer::NotKnownYet, Answer::NotKnownYet]),
    );
    let uploading = upload.start(Arc::clone(&port) as _);
    log(&upload, 2);
    sleep(Duration::from_secs(6)).await;
    log(&upload, 1);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(upload.counts(), (3, 0));
    let order = ["record 0", "record 1", "record 0"];
    assert_eq!(*port.messages.lock().unwrap(), order);
    assert_eq!(
        port.batches().len(),
        3,
        "it is asked every five seconds, and not in between"
    );
    uploading.finish().await;
}

#[tokio::test(start_paused = true)]
async fn f87_a_port_that_hangs_costs_the_oldest_records_and_three_seconds_at_the_end() {
    let (upload, port) = (upload(), Port::new(&[Answer::Never; 100]));
    let uploading = upload.start(Arc::clone(&port) as _);
    for _ in 0..50 {
        log(&upload, 100);
        sleep(Duration::from_millis(10)).await;
    }
    assert!(upload.waiting().len() <= WAITING);
    let (_, dropped) = upload.counts();
    assert_eq!(
        dropped,
        5_000 - 100 - 2_000,
        "but those that are being sent"
    );
    let began = Instant::now();
    uploading.finish().await;
    assert_eq!(began.elapsed(), LAST_WORD);
}

#[test]
fn a_text_is_masked_whole_before_it_is_cut() {
    let upload = Upload::new("desk", None, Masker::new(["hunter22"]));
    let text = format!("{}hunter22 and more", "x".repeat(LONGEST_TEXT - 4));
    let fields = Map::from_iter([("error".to_owned(), Value::from(text.clone()))]);
    upload.push("INFO", &text, fields);
    let record = upload.waiting().remove(0);
    for cut in [&record["message"], &record["extra"]["error"]] {
        let cut = cut.as_str().unwrap();
        assert!(
            cut.len() <= LONGEST_TEXT && cut.ends_with("[RED"),
            "{}",
            cut.len()
        );
    }
}
