//! An honest server to which one item is added while it is read: the listing is still complete.

use std::collections::BTreeSet;
use std::sync::Mutex;

use bytes::Bytes;
use futures::TryStreamExt as _;
use serde_json::json;

use crate::batch::Batch;
use crate::http::paging::{OffsetPages, Overlap, Window};
use crate::http::{HttpError, Response};

const SIZE: usize = 50;

/// Which marks the server puts on its pages: a `total`, an `isLast`.
type Marks = (bool, bool);

struct Server {
    marks: Marks,
    /// Before which request the item is added, as the first of all.
    addition: usize,
    /// What is there, and how many requests there were.
    state: Mutex<(Vec<u32>, usize)>,
}

impl Server {
    async fn answer(&self, window: Window) -> Result<Response, HttpError> {
        let mut state = self.state.lock().unwrap();
        let (items, requests) = &mut *state;
        if *requests == self.addition {
            items.insert(0, u32::MAX);
        }
        *requests += 1;
        assert!(*requests < 20, "the pager does not end");
        let from = usize::try_from(window.start).unwrap().min(items.len());
        let to = (from + window.size.min(SIZE)).min(items.len());
        let page: Vec<_> = items[from..to].iter().map(|id| json!({"id": id})).collect();
        let mut answer = json!({"values": page});
        let (has_total, has_is_last) = self.marks;
        if has_total {
            answer["total"] = json!(items.len());
        }
        if has_is_last {
            answer["isLast"] = json!(to == items.len());
        }
        let answer = Bytes::from(answer.to_string());
        Ok(Response::new(http::Response::new(answer)))
    }
}

/// Reads `count` items from a server to which one is added before a request, and says how many
/// requests there were.
async fn check(count: u32, marks: Marks, overlap: Overlap, addition: usize) -> usize {
    let server = Server {
        marks,
        addition,
        state: Mutex::new(((0..count).collect(), 0)),
    };
    let paging = OffsetPages::of("values").page_size(SIZE).overlap(overlap);
    let pages = paging.pages(|window| server.answer(window));
    let case = format!("{count} items, {marks:?}, {overlap:?}, added before {addition}");
    let batches: Vec<Batch> = pages
        .try_collect()
        .await
        .unwrap_or_else(|error| panic!("{case}: {error}"));
    let ids = batches.iter().flatten().map(|item| item.get("id").unwrap());
    let read: BTreeSet<u32> = ids.collect();
    let lost: Vec<_> = (0..count).filter(|id| !read.contains(id)).collect();
    assert!(lost.is_empty(), "{case}: lost {lost:?}");
    server.state.into_inner().unwrap().1
}

#[tokio::test]
async fn an_addition_to_what_was_read_leaves_a_listing_complete() {
    for count in [50, 51, 60, 99, 100, 101, 120, 148, 149, 150, 151] {
        for marks in [(true, false), (true, true), (false, false), (false, true)] {
            for overlap in [Overlap::WithoutTotal, Overlap::Always] {
                let usual = check(count, marks, overlap, usize::MAX).await;
                for addition in 1..=usual {
                    let requests = check(count, marks, overlap, addition).await;
                    assert!(requests <= usual + 2, "{requests} and not {usual} requests");
                }
            }
        }
    }
}
