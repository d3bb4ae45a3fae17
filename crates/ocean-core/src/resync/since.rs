//! From when on does an incremental sync read, and how is a third-party system told?
//!
//! Start with [`Since`]; [`newer_than`] is for systems that cannot be told.

use std::time::SystemTime;

use futures::{Stream, StreamExt as _, future};
use jiff::Timestamp;

use crate::batch::{Batch, RawItem};

/// The moment from which on an incremental sync reads what changed.
///
/// It lies a little before the last sync that succeeded, so that clocks may differ and what was
/// changed meanwhile is not missed: some items come twice, which does no harm.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ocean_core::Since;
///
/// let since = Since::new(SystemTime::UNIX_EPOCH + Duration::from_millis(1_767_225_600_500));
/// assert_eq!(since.millis(), 1_767_225_600_500);
/// assert_eq!(since.iso8601(), "2026-01-01T00:00:00Z");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Since(SystemTime);

impl Since {
    /// From this moment on.
    #[must_use]
    pub const fn new(moment: SystemTime) -> Self {
        Self(moment)
    }

    /// The moment.
    #[must_use]
    pub const fn time(self) -> SystemTime {
        self.0
    }

    /// In milliseconds since the epoch, for parameters that want it so.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.timestamp().as_millisecond()
    }

    /// As a text in UTC, floored to the second: what most parameters want.
    #[must_use]
    pub fn iso8601(self) -> String {
        self.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// How many minutes ago that was, rounded up: for systems that are asked in whole minutes, or
    /// in times of a zone that nobody knows for sure.
    #[must_use]
    pub fn minutes_ago(self) -> u64 {
        let passed = SystemTime::now().duration_since(self.0).unwrap_or_default();
        passed.as_secs() / 60 + 1
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::try_from(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// Ends a list that comes newest first with the page on which something older appears, and leaves
/// out what is older.
///
/// This is for systems that sort by the time of a change but cannot filter by it. Items without a
/// time are kept. With no moment, as in a full resync, the list is left as it is, so that one
/// function serves both.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use futures::{StreamExt, stream};
/// use ocean_core::{Batch, RawItem, Since, SourceError, newer_than};
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let moment = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
/// let changed = move |item: &RawItem| item.get("changed").map(moment);
/// let pages = [[9, 8], [7, 3], [2, 1]];
/// let pages = stream::iter(pages.map(|page| {
///     Ok::<Batch, SourceError>(page.map(|at| json!({"changed": at})).into_iter().collect())
/// }));
/// let since = Some(Since::new(moment(5)));
/// let read: Vec<_> = newer_than(since, pages, changed).collect().await;
/// let sizes: Vec<_> = read.iter().flatten().map(Batch::len).collect();
/// assert_eq!(sizes, [2, 1]);
/// # }
/// ```
pub fn newer_than<E>(
    since: Option<Since>,
    newest_first: impl Stream<Item = Result<Batch, E>>,
    changed: impl Fn(&RawItem) -> Option<SystemTime>,
) -> impl Stream<Item = Result<Batch, E>> {
    newest_first.scan(false, move |is_over, page| {
        if *is_over {
            return future::ready(None);
        }
        let Some(Since(since)) = since else {
            return future::ready(Some(page));
        };
        future::ready(Some(page.map(|page| {
            let all = page.len();
            let is_newer = |item: &RawItem| changed(item).is_none_or(|at| at >= since);
            let newer: Batch = page.into_iter().filter(is_newer).collect();
            *is_over = newer.len() < all;
            newer
        })))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::stream;
    use serde_json::json;

    use super::*;
    use crate::error::SourceError;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// How many items of each page are left, and how many pages were asked for.
    async fn read(since: Option<u64>, pages: &[&[Option<u64>]]) -> (Vec<usize>, usize) {
        let mut asked = 0;
        let pages = stream::iter(pages.iter().map(|page| {
            let items = page.iter().map(|at| json!({ "at": at }));
            Ok::<Batch, SourceError>(items.collect())
        }));
        let pages = pages.inspect(|_| asked += 1);
        let since = since.map(|seconds| Since::new(at(seconds)));
        let left = newer_than(since, pages, |item| item.get("at").map(at));
        let left: Vec<_> = left.map(|page| page.unwrap().len()).collect().await;
        (left, asked)
    }

    #[tokio::test]
    async fn a_list_ends_with_the_first_page_that_has_something_older() {
        let pages: [&[_]; 3] = [&[Some(9), Some(8)], &[Some(5), Some(4)], &[Some(3)]];
        let (left, asked) = read(Some(5), &pages).await;
        assert_eq!(left, [2, 1]);
        assert!(asked <= 3);
        assert_eq!(read(Some(1), &pages).await, (vec![2, 2, 1], 3));
    }

    #[tokio::test]
    async fn what_has_no_time_is_kept_and_without_a_moment_everything_is() {
        let pages: [&[_]; 2] = [&[None, Some(9)], &[None, Some(1)]];
        assert_eq!(read(Some(5), &pages).await.0, [2, 1]);
        assert_eq!(read(None, &pages).await.0, [2, 2]);
    }

    #[test]
    fn minutes_are_rounded_up() {
        let ago = |seconds| Since::new(SystemTime::now() - Duration::from_secs(seconds));
        assert_eq!(ago(0).minutes_ago(), 1);
        assert_eq!(ago(61).minutes_ago(), 2);
        let ahead = Since::new(SystemTime::now() + Duration::from_secs(500));
        assert_eq!(ahead.minutes_ago(), 1);
    }
}
