//! F64: the same delivery comes twice.

use futures::future::join_all;

use super::{assert_equation, event, open, waiting};
use crate::live::queue::{EventQueue as _, NewEvent, Pushed};

fn delivery(id: u64) -> NewEvent {
    let mut event = event(id);
    event.delivery_id = Some(format!("delivery-{id}"));
    event
}

#[tokio::test]
async fn f64_of_many_repetitions_at_once_one_is_accepted() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let queue = open(folder.path()).await;
    let pushed = join_all((0..50).map(|_| queue.push(delivery(1)))).await;
    let accepted = pushed
        .iter()
        .filter(|pushed| matches!(pushed, Ok(Pushed::Accepted(_))));
    let repeated = pushed
        .iter()
        .filter(|pushed| **pushed == Ok(Pushed::Duplicate));
    assert_eq!((accepted.count(), repeated.count()), (1, 49));
    let counts = queue.counts();
    assert_eq!(
        (counts.accepted, counts.duplicates, counts.pending),
        (1, 49, 1)
    );
    assert_equation(counts);
}

#[tokio::test]
async fn f64_a_delivery_is_known_after_a_restart_and_after_its_event_ended() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let queue = open(folder.path()).await;
    let first = queue.push(delivery(1)).await;
    let Ok(Pushed::Accepted(seq)) = first else {
        panic!("{first:?}");
    };
    let applied = crate::live::queue::Ending::Applied;
    queue.end(vec![(seq, applied)]).await.expect("it ends");
    queue.close().await;
    let queue = open(folder.path()).await;
    assert_eq!(queue.push(delivery(1)).await, Ok(Pushed::Duplicate));
    assert_eq!(waiting(&queue).await, [].into());
}

#[tokio::test]
async fn f64_a_damaged_identifier_refuses_no_new_event() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let queue = open(folder.path()).await;
    queue.push(delivery(1)).await.expect("it is new");
    let damage = "UPDATE deliveries SET delivery_id = 'delivery-2' RETURNING 1";
    super::sql(&queue, damage.to_owned()).await;
    assert!(matches!(
        queue.push(delivery(2)).await,
        Ok(Pushed::Accepted(_))
    ));
    assert_eq!(queue.push(delivery(2)).await, Ok(Pushed::Duplicate));
}
