//! A server in memory that changes while it is read, and lies: what was there from the first
//! request to the last is yielded, or there is an error.

use std::collections::BTreeSet;
use std::sync::Mutex;

use bytes::Bytes;
use futures::TryStreamExt as _;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::batch::Batch;
use crate::http::paging::{OffsetPages, Overlap, TokenPages, Window};
use crate::http::{HttpError, Response};

/// Which marks the server puts on its pages.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Marks {
    Total,
    IsLast,
    Both,
    Neither,
}

/// What happens before one of the requests is answered.
#[derive(Debug, Clone)]
enum Mischief {
    /// The item at this position is gone.
    Remove(prop::sample::Index),
    /// A new item stands at this position.
    Add(prop::sample::Index),
    /// The page has no items, whatever its marks say.
    Empty,
    /// The page has no items key.
    NoKey,
    /// The page is the first one, whatever was asked.
    FirstPage,
    /// The page has fewer items than asked for, but two at least: of a page that brings nothing
    /// but the overlapping item, nobody can tell that there are more.
    Short(prop::sample::Index),
}

fn mischief() -> impl Strategy<Value = Mischief> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        3 => index().prop_map(Mischief::Remove),
        3 => index().prop_map(Mischief::Add),
        1 => Just(Mischief::Empty),
        1 => Just(Mischief::NoKey),
        1 => Just(Mischief::FirstPage),
        2 => index().prop_map(Mischief::Short),
    ]
}

/// At which request (0 to 11) what happens.
fn plan() -> impl Strategy<Value = Vec<(usize, Mischief)>> {
    prop::collection::vec((0_usize..12, mischief()), 0..4)
}

struct Server {
    marks: Marks,
    plan: Vec<(usize, Mischief)>,
    state: Mutex<State>,
}

struct State {
    items: Vec<u32>,
    next_id: u32,
    stable: BTreeSet<u32>,
    requests: usize,
}

impl Server {
    fn new(count: u32, marks: Marks, plan: Vec<(usize, Mischief)>) -> Self {
        Self {
            marks,
            plan,
            state: Mutex::new(State {
                items: (0..count).collect(),
                next_id: count,
                stable: (0..count).collect(),
                requests: 0,
            }),
        }
    }

    /// A page of an object listing, and how many items follow it.
    fn page(&self, mut start: usize, mut size: usize) -> (Option<Vec<u32>>, usize, usize) {
        let mut state = self.state.lock().unwrap();
        let request = state.requests;
        state.requests += 1;
        assert!(request < 1000, "the pager does not end");
        let (mut empty, mut key) = (false, true);
        for (_, mischief) in self.plan.iter().filter(|(at, _)| *at == request) {
            match mischief {
                Mischief::Remove(at) if !state.items.is_empty() => {
                    let at = at.index(state.items.len());
                    let gone = state.items.remove(at);
                    state.stable.remove(&gone);
                }
                Mischief::Add(at) => {
                    let at = at.index(state.items.len() + 1);
                    let id = state.next_id;
                    state.next_id += 1;
                    state.items.insert(at, id);
                }
                Mischief::Empty => empty = true,
                Mischief::NoKey => key = false,
                Mischief::FirstPage => start = 0,
                Mischief::Short(by) => size = size.min(by.index(size) + 2),
                Mischief::Remove(_) => {}
            }
        }
        let from = start.min(state.items.len());
        let to = (from + size).min(state.items.len());
        let left = state.items.len() - to;
        let page = if empty {
            Vec::new()
        } else {
            state.items[from..to].to_vec()
        };
        (key.then_some(page), left, state.items.len())
    }

    async fn by_offset(&self, window: Window) -> Result<Response, HttpError> {
        let start = usize::try_from(window.start).unwrap();
        let (page, left, total) = self.page(start, window.size);
        let mut answer = json!({});
        if let Some(page) = page {
            answer["values"] = items(&page);
        }
        if matches!(self.marks, Marks::Total | Marks::Both) {
            answer["total"] = json!(total);
        }
        if matches!(self.marks, Marks::IsLast | Marks::Both) {
            answer["isLast"] = json!(left == 0);
        }
        Ok(response(&answer))
    }

    async fn bare(&self, window: Window) -> Result<Response, HttpError> {
        let start = usize::try_from(window.start).unwrap();
        let (page, ..) = self.page(start, window.size);
        Ok(response(
            &page.map_or_else(|| json!({}), |page| items(&page)),
        ))
    }

    /// The token is the last item of the page before, as in a listing that is sorted by it.
    async fn by_token(&self, token: Option<String>, cursor: bool) -> Result<Response, HttpError> {
        let start = {
            let state = self.state.lock().unwrap();
            let after = token.map(|token| token.parse::<u32>().unwrap());
            after.map_or(0, |after| {
                let position = state.items.iter().position(|id| *id == after);
                position.map_or(state.items.len(), |position| position + 1)
            })
        };
        let (page, left, _) = self.page(start, 3);
        let last = {
            let state = self.state.lock().unwrap();
            let end = state.items.len() - left;
            end.checked_sub(1).map(|last| state.items[last].to_string())
        };
        let mut answer = json!({});
        if let Some(page) = page {
            answer["values"] = items(&page);
        }
        match (cursor, last.filter(|_| left > 0)) {
            (true, next) => {
                answer["pageInfo"] = json!({"hasNextPage": left > 0, "endCursor": next});
            }
            (false, None) if self.marks == Marks::Neither => {}
            (false, next) => answer["nextPageToken"] = json!(next),
        }
        Ok(response(&answer))
    }

    fn check(&self, outcome: Result<Vec<Batch>, HttpError>) -> Result<(), TestCaseError> {
        let Ok(batches) = outcome else {
            prop_assert!(!self.plan.is_empty(), "an honest server is believed");
            return Ok(());
        };
        let read: Vec<u32> = batches
            .iter()
            .flatten()
            .map(|item| item.get("id").unwrap())
            .collect();
        let distinct: BTreeSet<u32> = read.iter().copied().collect();
        let state = self.state.lock().unwrap();
        prop_assert!(
            distinct.is_superset(&state.stable),
            "lost {:?}",
            state.stable.difference(&distinct).collect::<Vec<_>>()
        );
        if self.plan.is_empty() {
            prop_assert_eq!(read.len(), distinct.len(), "each item once");
        }
        Ok(())
    }
}

fn items(ids: &[u32]) -> Value {
    ids.iter().map(|id| json!({ "id": id })).collect()
}

fn response(page: &Value) -> Response {
    Response::new(http::Response::new(Bytes::from(page.to_string())))
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

/// An emptied page cannot be told from a true end when nothing on it, and nothing before it,
/// says otherwise. These are the pages that no client can doubt.
fn no_emptied_first_page(plan: &mut Vec<(usize, Mischief)>) {
    plan.retain(|(at, mischief)| *at > 0 || !matches!(mischief, Mischief::Empty));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn offset_pages_lose_nothing_silently(
        count in 0_u32..30,
        size in 1_usize..8,
        marks in prop::sample::select(vec![Marks::Total, Marks::IsLast, Marks::Both, Marks::Neither]),
        mut plan in plan(),
    ) {
        if matches!(marks, Marks::IsLast | Marks::Neither) {
            no_emptied_first_page(&mut plan);
        }
        let server = Server::new(count, marks, plan);
        let paging = OffsetPages::of("values").page_size(size).overlap(Overlap::Always);
        let outcome = run(paging.pages(|window| server.by_offset(window)).try_collect());
        server.check(outcome)?;
    }

    #[test]
    fn a_total_notices_removals_without_any_overlap(
        count in 0_u32..30,
        size in 1_usize..8,
        mut plan in plan(),
    ) {
        plan.retain(|(_, mischief)| !matches!(mischief, Mischief::Add(_)));
        let server = Server::new(count, Marks::Total, plan);
        let paging = OffsetPages::of("values").page_size(size);
        let outcome = run(paging.pages(|window| server.by_offset(window)).try_collect());
        server.check(outcome)?;
    }

    #[test]
    fn bare_lists_lose_nothing_silently(
        count in 0_u32..30,
        size in 1_usize..8,
        mut plan in plan(),
    ) {
        no_emptied_first_page(&mut plan);
        let server = Server::new(count, Marks::Neither, plan);
        let paging = OffsetPages::bare_list().page_size(size);
        let outcome = run(paging.pages(|window| server.bare(window)).try_collect());
        server.check(outcome)?;
    }

    #[test]
    fn token_pages_lose_nothing_silently(
        count in 0_u32..30,
        marks in prop::sample::select(vec![Marks::IsLast, Marks::Neither]),
        mut plan in plan(),
    ) {
        // A token leads to what follows an item, so removing that item is the server's problem.
        plan.retain(|(_, mischief)| !matches!(mischief, Mischief::Remove(_)));
        if count <= 3 {
            no_emptied_first_page(&mut plan);
        }
        let server = Server::new(count, marks, plan);
        let mut paging = TokenPages::next_page_token("values");
        if marks == Marks::Neither {
            paging = paging.absent_is_end();
        }
        let pages = paging.pages(|token| server.by_token(token, false));
        server.check(run(pages.try_collect()))?;
    }

    #[test]
    fn cursor_pages_lose_nothing_silently(count in 0_u32..30, mut plan in plan()) {
        plan.retain(|(at, mischief)| match mischief {
            Mischief::Remove(_) => false,
            // The last page says that it is the last, which is believed even if it is empty.
            Mischief::Empty => (at + 1) * 3 < count as usize,
            _ => true,
        });
        plan.retain(|(_, mischief)| !matches!(mischief, Mischief::Short(_)));
        let server = Server::new(count, Marks::Neither, plan);
        let pages = TokenPages::cursor("values").pages(|token| server.by_token(token, true));
        server.check(run(pages.try_collect()))?;
    }
}
