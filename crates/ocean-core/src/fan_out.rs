//! Reading the children of many parents (the sprints of all boards) without letting one parent
//! spoil the others: [`fan_out`].

use std::pin::pin;

use async_stream::{stream, try_stream};
use futures::{Stream, StreamExt as _};

use crate::batch::Batch;
use crate::error::{ErrorClass, SourceError};

/// After how many failures that may pass, with no answer between them, the rest is not asked for.
/// Each of them was already retried by the HTTP client, so the source is down and not one parent.
const FAILURES_IN_A_ROW: usize = 10;

/// Reads what belongs to each parent, for up to `limit` parents side by side, and yields the
/// batches as they arrive.
///
/// What fails, fails alone: the other parents are read to their end, and only then comes an error,
/// so that the kind counts as incomplete. An error among `parents` stands for a parent that cannot
/// be asked about. Refused credentials, and many failures in a row, end everything at once.
///
/// ```
/// use futures::{StreamExt as _, TryStreamExt as _, stream};
/// use ocean_core::{Batch, SourceError, fan_out};
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let sprints = |board: u32| match board {
///     2 => stream::iter([Err(SourceError::permanent("board 2 is private"))]),
///     board => stream::iter([Ok(Batch::from(vec![json!({ "board": board })]))]),
/// };
/// let boards = stream::iter([1, 2, 3].map(Ok::<_, SourceError>));
/// let read: Vec<_> = fan_out(boards, 10, sprints).collect().await;
/// let batches = read.iter().filter(|batch| batch.is_ok()).count();
/// let error = read.into_iter().last().and_then(Result::err);
/// assert_eq!(batches, 2);
/// assert_eq!(error.map(|error| error.to_string()).as_deref(), Some("board 2 is private"));
/// # }
/// ```
///
/// At most one batch per parent in flight is held, so `limit` bounds the memory too.
pub fn fan_out<P, N, PE, C, S, E>(
    parents: P,
    limit: usize,
    mut children: C,
) -> impl Stream<Item = Result<Batch, SourceError>> + Send
where
    P: Stream<Item = Result<N, PE>> + Send,
    N: Send,
    PE: Into<SourceError> + Send,
    C: FnMut(N) -> S + Send,
    S: Stream<Item = Result<Batch, E>> + Send,
    E: Into<SourceError> + Send,
{
    let parts = parents
        .map(move |parent| Box::pin(to_its_end(parent.map(&mut children))))
        .flatten_unordered(limit);
    try_stream! {
        let mut parts = pin!(parts);
        let mut failures = Failures::default();
        while let Some(part) = parts.next().await {
            match part {
                Ok(batch) => {
                    failures.in_a_row = 0;
                    if let Some(batch) = batch {
                        yield batch;
                    }
                }
                Err(error) => {
                    if failures.are_enough_with(error) {
                        break;
                    }
                }
            }
        }
        failures.into_result()?;
    }
}

/// The batches of one parent; then `None` as a sign of life, or its first error.
fn to_its_end<S, E, PE>(
    children: Result<S, PE>,
) -> impl Stream<Item = Result<Option<Batch>, SourceError>> + Send
where
    S: Stream<Item = Result<Batch, E>> + Send,
    E: Into<SourceError> + Send,
    PE: Into<SourceError> + Send,
{
    stream! {
        let children = match children {
            Ok(children) => children,
            Err(error) => {
                yield Err(error.into());
                return;
            }
        };
        let mut children = pin!(children);
        while let Some(batch) = children.next().await {
            let is_error = batch.is_err();
            yield batch.map(Some).map_err(Into::into);
            if is_error {
                return;
            }
        }
        yield Ok(None);
    }
}

/// What failed so far.
#[derive(Debug, Default)]
struct Failures {
    first: Option<SourceError>,
    count: usize,
    in_a_row: usize,
}

/// The error of several parents.
#[derive(Debug, thiserror::Error)]
#[error("{count} listings could not be read; the first")]
struct Several {
    count: usize,
    #[source]
    first: SourceError,
}

impl Failures {
    /// Notes an error; whether asking for more has no use.
    fn are_enough_with(&mut self, error: SourceError) -> bool {
        let class = error.class();
        self.count += 1;
        self.in_a_row = match class {
            ErrorClass::Retryable => self.in_a_row + 1,
            ErrorClass::Permanent | ErrorClass::Unauthorized => 0,
        };
        // Refused credentials decide the exit code of the process, so they must not be hidden.
        if self.first.is_none() || class == ErrorClass::Unauthorized {
            self.first = Some(error);
        }
        class == ErrorClass::Unauthorized || self.in_a_row >= FAILURES_IN_A_ROW
    }

    fn into_result(self) -> Result<(), SourceError> {
        match (self.first, self.count) {
            (None, _) => Ok(()),
            (Some(only), 1) => Err(only),
            (Some(first), count) => Err(SourceError::new(first.class(), Several { count, first })),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::stream::{self, BoxStream};
    use serde_json::json;

    use super::*;
    use crate::error::error_chain;

    type Children = BoxStream<'static, Result<Batch, SourceError>>;

    fn batch(parent: usize) -> Result<Batch, SourceError> {
        Ok(Batch::from(vec![json!({ "parent": parent })]))
    }

    /// The parents of all batches, sorted, and the error at the end.
    async fn read(
        parents: usize,
        children: impl FnMut(usize) -> Children + Send,
    ) -> (Vec<usize>, Option<SourceError>) {
        let parents = stream::iter((0..parents).map(Ok::<_, SourceError>));
        let mut read = pin!(fan_out(parents, 3, children));
        let mut seen = Vec::new();
        let mut error = None;
        while let Some(part) = read.next().await {
            assert!(error.is_none(), "an error is the last thing");
            match part {
                Ok(batch) => {
                    seen.extend(batch.iter().filter_map(|item| item.get::<usize>("parent")));
                }
                Err(failed) => error = Some(failed),
            }
        }
        seen.sort_unstable();
        (seen, error)
    }

    #[tokio::test]
    async fn a_failing_parent_is_reported_after_the_others_are_read() {
        let (seen, error) = read(5, |parent| match parent {
            1 => stream::iter([batch(1), Err(SourceError::permanent("no")), batch(1)]).boxed(),
            parent => stream::iter([batch(parent), batch(parent)]).boxed(),
        })
        .await;
        assert_eq!(seen, [0, 0, 1, 2, 2, 3, 3, 4, 4]);
        assert_eq!(error.unwrap().to_string(), "no");
    }

    #[tokio::test]
    async fn several_failures_are_counted_and_the_first_is_told() {
        let failing = |parent| stream::iter([Err(SourceError::permanent(format!("no {parent}")))]);
        let (seen, error) = read(40, |parent| failing(parent).boxed()).await;
        assert!(seen.is_empty());
        let said = error_chain(&error.unwrap());
        assert_eq!(said, "40 listings could not be read; the first: no 0");
    }

    #[tokio::test]
    async fn a_parent_that_is_an_error_does_not_stop_the_others() {
        let parents = [Ok(1), Err(SourceError::permanent("no id")), Ok(2)];
        let read: Vec<_> = fan_out(stream::iter(parents), 1, |parent| {
            stream::iter([batch(parent)])
        })
        .collect()
        .await;
        let ok: Vec<_> = read.iter().map(Result::is_ok).collect();
        assert_eq!(ok, [true, true, false]);
    }

    #[tokio::test]
    async fn refused_credentials_end_everything_and_keep_their_class() {
        let asked = AtomicUsize::new(0);
        let (_, error) = read(40, |parent| {
            asked.fetch_add(1, Ordering::SeqCst);
            stream::iter([Err(match parent {
                0 => SourceError::permanent("no"),
                _ => SourceError::unauthorized("401"),
            })])
            .boxed()
        })
        .await;
        assert_eq!(error.unwrap().class(), ErrorClass::Unauthorized);
        assert!(asked.into_inner() <= 6);
    }

    #[tokio::test]
    async fn a_source_that_is_down_is_not_asked_for_every_parent() {
        let asked = AtomicUsize::new(0);
        let (_, error) = read(100, |_| {
            asked.fetch_add(1, Ordering::SeqCst);
            stream::iter([Err(SourceError::retryable("503"))]).boxed()
        })
        .await;
        assert_eq!(error.unwrap().class(), ErrorClass::Retryable);
        assert!(asked.into_inner() <= FAILURES_IN_A_ROW + 3);
    }

    #[tokio::test]
    async fn an_answer_without_items_also_shows_that_the_source_is_there() {
        let (seen, _) = read(100, |parent| match parent {
            99 => stream::iter([batch(99)]).boxed(),
            even if even % 2 == 0 => stream::empty().boxed(),
            _ => stream::iter([Err(SourceError::retryable("503"))]).boxed(),
        })
        .await;
        assert_eq!(seen, [99]);
    }

    #[tokio::test]
    async fn no_more_parents_than_the_limit_are_read_at_a_time() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (now, most) = (&now, &most);
        let parents = stream::iter((0..20).map(Ok::<_, SourceError>));
        let read = fan_out(parents, 3, |parent| {
            stream::once(async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                now.fetch_sub(1, Ordering::SeqCst);
                batch(parent)
            })
        });
        assert_eq!(read.count().await, 20);
        assert_eq!(most.load(Ordering::SeqCst), 3);
    }
}
