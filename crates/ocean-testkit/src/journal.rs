//! What was a simulator asked, in which order, and what did it answer? [`Journal`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::{Method, StatusCode, Uri};
use serde_json::{Value, json};

use crate::message::Request;

/// Bodies are kept up to this many bytes unless [`Journal::keep_bodies`] says otherwise.
const BODY_CAP: usize = 64 * 1024;

/// In [`JournalMode::Counts`] at most this many different paths are told apart; a run over a
/// million items would otherwise turn the counters into the largest thing in memory.
const MAX_COUNTED_PATHS: usize = 10_000;

/// Where requests beyond [`MAX_COUNTED_PATHS`] are counted.
const OTHER_PATHS: &str = "(other)";

/// The headers that are kept unless [`Journal::keep_headers`] says otherwise.
const HEADERS: [&str; 5] = [
    "authorization",
    "user-agent",
    "content-type",
    "x-skip-resync",
    "x-port-reserved-usage",
];

/// How much a [`Journal`] remembers of each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JournalMode {
    /// One [`Entry`] for each request.
    #[default]
    Entries,
    /// Only how often each method and path was called.
    Counts,
}

/// One request and what became of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Entry {
    /// Counts requests from 0 since the server started.
    pub sequence: u64,
    /// The method.
    pub method: Method,
    /// Path and query as sent.
    pub uri: Uri,
    /// The kept headers that the request had.
    pub headers: Vec<(String, String)>,
    /// The body, cut at the cap; empty when bodies are not kept.
    pub body: Bytes,
    /// The length of the whole body.
    pub body_length: usize,
    /// The answer; none while there is none, and for faults that never answer.
    pub status: Option<StatusCode>,
    /// The name of the fault that was applied.
    pub fault: Option<&'static str>,
    /// When the whole request had arrived.
    pub started: Instant,
    /// When its answer was ready to be sent.
    pub ended: Option<Instant>,
}

impl Entry {
    /// The path as sent, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The query as sent, empty when there was none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    /// The kept header `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is empty, cut or not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The history of a server's requests. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    shared: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    mode: JournalMode,
    body_cap: usize,
    headers: Vec<String>,
    next: u64,
    entries: Vec<Entry>,
    counts: HashMap<(Method, String), usize>,
    epoch: Instant,
}

impl Default for State {
    fn default() -> Self {
        Self {
            mode: JournalMode::default(),
            body_cap: BODY_CAP,
            headers: HEADERS.map(str::to_owned).to_vec(),
            next: 0,
            entries: Vec::new(),
            counts: HashMap::new(),
            epoch: Instant::now(),
        }
    }
}

impl Journal {
    /// Sets how much is remembered of requests from now on.
    pub fn set_mode(&self, mode: JournalMode) {
        self.state().mode = mode;
    }

    /// Keeps the first `cap` bytes of each body; 0 keeps none.
    pub fn keep_bodies(&self, cap: usize) {
        self.state().body_cap = cap;
    }

    /// Keeps these headers (lower case) instead of the usual ones.
    pub fn keep_headers<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        self.state().headers = names.into_iter().map(str::to_owned).collect();
    }

    /// All entries so far, in the order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Entry> {
        self.state().entries.clone()
    }

    /// How many requests had this method and a path and query that contain `part`.
    ///
    /// In [`JournalMode::Counts`] only the path is searched.
    #[must_use]
    pub fn count(&self, method: &str, part: &str) -> usize {
        let state = self.state();
        let counted = state
            .counts
            .iter()
            .filter(|((m, path), _)| m.as_str() == method && path.contains(part))
            .map(|(_, count)| count)
            .sum::<usize>();
        let listed = state
            .entries
            .iter()
            .filter(|entry| entry.method.as_str() == method && contains(&entry.uri, part))
            .count();
        counted + listed
    }

    /// How many requests there were in all.
    #[must_use]
    pub fn len(&self) -> usize {
        let state = self.state();
        state.entries.len() + state.counts.values().sum::<usize>()
    }

    /// Whether there was no request yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets everything; sequence numbers go on.
    pub fn clear(&self) {
        let mut state = self.state();
        state.entries.clear();
        state.counts.clear();
    }

    /// The journal as the control API shows it.
    pub(crate) fn to_json(&self) -> Value {
        let state = self.state();
        let millis =
            |at: Instant| at.saturating_duration_since(state.epoch).as_micros() as f64 / 1e3;
        let requests = state.entries.iter().map(|entry| {
            json!({
                "sequence": entry.sequence,
                "method": entry.method.as_str(),
                "path": entry.path(),
                "query": entry.query(),
                "headers": entry.headers.iter().cloned().collect::<HashMap<_, _>>(),
                "body": body_to_json(entry),
                "bodyLength": entry.body_length,
                "status": entry.status.map(|status| status.as_u16()),
                "fault": entry.fault,
                "startedMs": millis(entry.started),
                "endedMs": entry.ended.map(millis),
            })
        });
        let counts = state.counts.iter().map(|((method, path), count)| {
            json!({ "method": method.as_str(), "path": path, "count": count })
        });
        json!({
            "requests": requests.collect::<Vec<_>>(),
            "counts": counts.collect::<Vec<_>>(),
        })
    }

    /// Notes the arrival of a request. The number is given back to [`Journal::finish`].
    pub(crate) fn begin(&self, request: &Request) -> u64 {
        let mut state = self.state();
        let sequence = state.next;
        state.next += 1;
        match state.mode {
            JournalMode::Counts => state.count_one(request),
            JournalMode::Entries => {
                let entry = state.entry(sequence, request);
                state.entries.push(entry);
            }
        }
        sequence
    }

    /// Notes how the request ended, unless it was cleared away meanwhile.
    pub(crate) fn finish(
        &self,
        sequence: u64,
        status: Option<StatusCode>,
        fault: Option<&'static str>,
    ) {
        let mut state = self.state();
        if let Ok(at) = state
            .entries
            .binary_search_by_key(&sequence, |entry| entry.sequence)
            && let Some(entry) = state.entries.get_mut(at)
        {
            entry.status = status;
            entry.fault = fault;
            entry.ended = Some(Instant::now());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count_one(&mut self, request: &Request) {
        let mut key = (request.method().clone(), request.path().to_owned());
        if self.counts.len() >= MAX_COUNTED_PATHS && !self.counts.contains_key(&key) {
            OTHER_PATHS.clone_into(&mut key.1);
        }
        *self.counts.entry(key).or_default() += 1;
    }

    fn entry(&self, sequence: u64, request: &Request) -> Entry {
        let headers = self
            .headers
            .iter()
            .filter_map(|name| Some((name.clone(), request.header(name)?.to_owned())))
            .collect();
        let body = request.body();
        let kept = match body.get(..self.body_cap) {
            // A slice would keep the whole body alive.
            Some(start) if start.len() < body.len() => Bytes::copy_from_slice(start),
            _ => body.clone(),
        };
        Entry {
            sequence,
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers,
            body: kept,
            body_length: body.len(),
            status: None,
            fault: None,
            started: Instant::now(),
            ended: None,
        }
    }
}

fn contains(uri: &Uri, part: &str) -> bool {
    uri.path_and_query()
        .is_some_and(|text| text.as_str().contains(part))
}

/// JSON bodies are shown as JSON, others as text.
fn body_to_json(entry: &Entry) -> Value {
    match entry.json() {
        Value::Null => Value::from(String::from_utf8_lossy(&entry.body).as_ref()),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(uri: &'static str, body: &'static str) -> Request {
        Request::local(Method::POST, Uri::from_static(uri), body)
    }

    #[test]
    fn counts_by_method_and_part_of_path_or_query() {
        let journal = Journal::default();
        journal.begin(&post("/a/b?startAt=50", ""));
        journal.begin(&post("/a/c", ""));
        assert_eq!(journal.count("POST", "/a/"), 2);
        assert_eq!(journal.count("POST", "startAt=50"), 1);
        assert_eq!(journal.count("GET", "/a/"), 0);
    }

    #[test]
    fn bodies_are_cut_at_the_cap_and_their_length_is_kept() {
        let journal = Journal::default();
        journal.keep_bodies(3);
        journal.begin(&post("/", "abcdef"));
        let entry = &journal.requests()[0];
        assert_eq!((&entry.body[..], entry.body_length), (&b"abc"[..], 6));
    }

    #[test]
    fn finishing_a_cleared_request_touches_no_other() {
        let journal = Journal::default();
        let old = journal.begin(&post("/old", ""));
        journal.clear();
        journal.begin(&post("/new", ""));
        journal.finish(old, Some(StatusCode::OK), None);
        assert_eq!(journal.requests()[0].status, None);
    }

    #[test]
    fn counting_keeps_no_entries_and_bounds_its_paths() {
        let journal = Journal::default();
        journal.set_mode(JournalMode::Counts);
        for n in 0..MAX_COUNTED_PATHS + 5 {
            let uri = format!("/item/{n}").parse().unwrap();
            journal.begin(&Request::local(Method::GET, uri, ""));
        }
        assert!(journal.requests().is_empty());
        assert_eq!(journal.count("GET", OTHER_PATHS), 5);
        assert_eq!(journal.len(), MAX_COUNTED_PATHS + 5);
    }
}
