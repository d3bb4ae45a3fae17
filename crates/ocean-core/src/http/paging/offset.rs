//! How is a listing read whose pages are numbered by position? By [`OffsetPages`].

use std::collections::HashSet;

use futures::Stream;

use super::marks::Names;
use super::page::{Page, Seen, Shape, identity, read};
use super::{Doubt, MAX_PAGES};
use crate::batch::{Batch, RawItem};
use crate::http::{HttpError, Response};

/// A listing where a request says at which position its page begins.
///
/// The end is where the server says so (`isLast`, or the `total` is reached); if it says neither,
/// or calls it differently, where an empty page is, or one with nothing new on it.
///
/// What is called `total` may count the page, or stop counting at some number. So a total that is
/// reached with a full page is believed after one more request only, unless there is `isLast`.
///
/// ```
/// use bytes::Bytes;
/// use futures::TryStreamExt as _;
/// use ocean_core::http::paging::{OffsetPages, Window};
/// use ocean_core::http::{HttpError, Response};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), HttpError> {
/// let answer = |window: Window| async move {
///     let page = match window.start {
///         0 => r#"{"values":[{"id":1},{"id":2}],"total":3}"#,
///         _ => r#"{"values":[{"id":3}],"total":3}"#,
///     };
///     Ok(Response::new(http::Response::new(Bytes::from(page))))
/// };
/// let pages = OffsetPages::of("values").page_size(2).pages(answer);
/// let sizes: Vec<usize> = pages.map_ok(|batch| batch.len()).try_collect().await?;
/// assert_eq!(sizes, [2, 1]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct OffsetPages {
    shape: Shape,
    size: usize,
    identity: &'static str,
    overlap: Overlap,
}

/// What is understood beside the items.
const NAMES: Names = Names {
    total: Some("total"),
    flag: Some("isLast"),
    token: None,
    other_token: None,
};

/// Whether a page begins with the last item of the page before, which proves that nothing moved
/// over the edge between the two requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overlap {
    /// While the server gives no `total`, by which a removal could be noticed.
    #[default]
    WithoutTotal,
    /// Between all pages.
    Always,
    /// Never: removals go unnoticed where there is no `total`. For servers whose positions count
    /// items that they do not show.
    Never,
}

/// Which page to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    /// The position of its first item.
    pub start: u64,
    /// How many items to ask for; the server may give fewer.
    pub size: usize,
    /// Its number, from 1 on, for systems that count pages. They cannot overlap, so this goes with
    /// [`Overlap::Never`].
    pub number: usize,
}

impl OffsetPages {
    /// Pages are objects with their items under `key`; `total` and `isLast` are understood.
    pub const fn of(key: &'static str) -> Self {
        Self::shaped(Shape::Under(key))
    }

    /// Pages are the bare lists of their items, so only an empty page proves the end.
    pub const fn bare_list() -> Self {
        Self::shaped(Shape::Bare)
    }

    const fn shaped(shape: Shape) -> Self {
        Self {
            shape,
            size: 50,
            identity: "id",
            overlap: Overlap::WithoutTotal,
        }
    }

    /// How many items to ask for. 50, unless told.
    pub const fn page_size(mut self, size: usize) -> Self {
        self.size = size;
        self
    }

    /// The field by which an item is recognised. `id`, unless told; an item without it is
    /// recognised by its bytes.
    pub const fn identity(mut self, field: &'static str) -> Self {
        self.identity = field;
        self
    }

    /// Whether pages overlap by one item.
    pub const fn overlap(mut self, overlap: Overlap) -> Self {
        self.overlap = overlap;
        self
    }

    /// All pages, in order; `fetch` gets the window of each.
    pub fn pages<F, Fut, E>(
        self,
        fetch: F,
    ) -> impl Stream<Item = Result<Batch, E>> + Send + use<F, Fut, E>
    where
        F: Fn(Window) -> Fut + Send + Sync,
        Fut: Future<Output = Result<Response, E>> + Send,
        E: From<HttpError> + Send,
    {
        async_stream::try_stream! {
            let mut guard = Guard::new(self);
            loop {
                let window = guard.window();
                let (response, page) = read(self.shape, NAMES, || fetch(window)).await?;
                let news = guard.check(page).map_err(|doubt| response.doubt(doubt))?;
                if !news.items.is_empty() {
                    yield Batch::new(news.items);
                }
                if news.is_end {
                    break;
                }
            }
        }
    }
}

/// What a page adds to those before it.
#[derive(Debug)]
struct News {
    items: Vec<RawItem>,
    is_end: bool,
}

/// What the pages so far say about the next one.
#[derive(Debug)]
struct Guard {
    paging: OffsetPages,
    start: u64,
    pages: usize,
    total: Option<u64>,
    /// The first item of each page, and the first one that was new on it.
    first_items: Seen,
    first_news: Seen,
    /// The page before.
    before: Option<Vec<RawItem>>,
    /// Whether there was anything new on it.
    brought_news: bool,
    /// Whether the total was reached with a full page, which the next one has to confirm.
    at_total: bool,
    /// Whether the next page begins with the last item of the one before.
    overlaps: bool,
}

impl Guard {
    fn new(paging: OffsetPages) -> Self {
        Self {
            paging,
            start: 0,
            pages: 0,
            total: None,
            first_items: Seen::default(),
            first_news: Seen::default(),
            before: None,
            brought_news: false,
            at_total: false,
            overlaps: false,
        }
    }

    /// An overlapping page has room for at least one item more than the known one.
    fn window(&self) -> Window {
        let least = if self.overlaps { 2 } else { 1 };
        Window {
            start: self.start,
            size: self.paging.size.max(least),
            number: self.pages + 1,
        }
    }

    fn check(&mut self, page: Page) -> Result<News, Doubt> {
        self.pages += 1;
        let Page { items, marks } = page;
        let received = items.len();
        let is_short = received < self.window().size;
        let overlapped = std::mem::take(&mut self.overlaps);
        let before = self.before.take();
        let known = match &before {
            Some(before) if received > 0 => self.known(before, &items, overlapped)?,
            _ => 0,
        };
        let unasked = known.saturating_sub(usize::from(overlapped));
        let end = self.start.saturating_add(received as u64);
        self.note_total(marks.total)?;
        let said = self.says_end(marks.flag, end)?;
        if received == 0 {
            return self.empty(said, overlapped);
        }
        // Only the overlapping item: the next page, without it, shows whether there is an end.
        let is_alone = overlapped && received == 1;
        if is_alone && said == Some(false) {
            return Err(Doubt::EmptyPage);
        }
        let news: Vec<_> = items.iter().skip(known).cloned().collect();
        self.must_not_pass_total(&before.unwrap_or_default(), &news, end)?;
        // Where nothing is said, an end that an addition moved on may look like the page before.
        // As nothing is said, it is not taken for the end either.
        let is_tail = said.is_none() && is_short && self.brought_news;
        self.must_not_repeat(&items, &news, is_alone || is_tail)?;
        // What came before and was not asked for again has either moved on, because something was
        // added, or it takes no position of its own. The smaller position skips nothing in both
        // cases, but makes the count of what was read an unsure one: then a page without anything
        // new has to show that this is the end.
        let repeats = if news.is_empty() { 0 } else { unasked };
        let is_sure = marks.flag.is_some() || is_short || news.is_empty();
        self.at_total = said == Some(true) && !is_sure;
        let is_end = said == Some(true) && repeats == 0 && is_sure;
        if !is_end && self.pages >= MAX_PAGES {
            return Err(Doubt::Endless);
        }
        self.overlaps = !is_end && !is_alone && self.wants_overlap();
        let next = end.saturating_sub(repeats as u64);
        self.start = next.saturating_sub(u64::from(self.overlaps));
        self.before = Some(items);
        self.brought_news = !news.is_empty();
        Ok(News {
            items: news,
            is_end,
        })
    }

    /// A total that was announced once counts until there is another one.
    fn note_total(&mut self, now: Option<u64>) -> Result<(), Doubt> {
        if let (Some(before), Some(now)) = (self.total, now)
            && now < before
        {
            return Err(Doubt::Shrank { before, now });
        }
        self.total = now.or(self.total);
        Ok(())
    }

    /// Behind a total that was reached nothing new may stand, or it does not tell where the end is.
    fn must_not_pass_total(
        &self,
        before: &[RawItem],
        news: &[RawItem],
        end: u64,
    ) -> Result<(), Doubt> {
        let reached = self.total.filter(|total| self.at_total && end > *total);
        let Some(total) = reached else {
            return Ok(());
        };
        let field = self.paging.identity;
        let before: HashSet<_> = before.iter().map(|item| identity(item, field)).collect();
        if news
            .iter()
            .all(|item| before.contains(&identity(item, field)))
        {
            return Ok(());
        }
        Err(Doubt::BeyondTotal { read: end, total })
    }

    /// Whether the server says that the listing ends at position `end`; `None` if it says nothing.
    const fn says_end(&self, is_last: Option<bool>, end: u64) -> Result<Option<bool>, Doubt> {
        match (is_last, self.total) {
            (Some(true), Some(total)) if end < total => Err(Doubt::EndsEarly { read: end, total }),
            (Some(is_last), _) => Ok(Some(is_last)),
            (None, Some(total)) => Ok(Some(end >= total)),
            (None, None) => Ok(None),
        }
    }

    /// A page without items is the end, unless the server says otherwise or an item that was there
    /// a moment ago should be on it.
    const fn empty(&self, said: Option<bool>, overlapping: bool) -> Result<News, Doubt> {
        match said {
            Some(false) => Err(Doubt::EmptyPage),
            _ if overlapping => Err(Doubt::Moved),
            _ => Ok(News {
                items: Vec::new(),
                is_end: true,
            }),
        }
    }

    /// How many items at the start of a page were on the page before it.
    ///
    /// Of overlapping pages the first one has to be: were it a new one, something before it was
    /// removed, and an unseen item may have moved over the edge. More are there when something was
    /// added, up to the last one before anything new begins.
    fn known(
        &self,
        before: &[RawItem],
        items: &[RawItem],
        overlapped: bool,
    ) -> Result<usize, Doubt> {
        let field = self.paging.identity;
        let of = |item: Option<&RawItem>| item.map(|item| identity(item, field));
        let last = of(before.last());
        let mut known = usize::from(last == of(items.first()));
        if known == 0 {
            let before: HashSet<_> = before.iter().map(|item| identity(item, field)).collect();
            known = items
                .iter()
                .take_while(|item| before.contains(&identity(item, field)))
                .count();
        }
        let (old, new) = items.split_at_checked(known).unwrap_or((items, &[]));
        let continues = new.is_empty() || of(old.last()) == last;
        if overlapped && (known == 0 || !continues) {
            Err(Doubt::Moved)
        } else {
            Ok(known)
        }
    }

    /// Nothing new begins where something new began before, and a page of only known items is not
    /// an earlier one, unless it may be the end of the listing.
    fn must_not_repeat(
        &mut self,
        items: &[RawItem],
        news: &[RawItem],
        may_be_end: bool,
    ) -> Result<(), Doubt> {
        let of = |item: &RawItem| identity(item, self.paging.identity);
        let first = items.first().filter(|_| !may_be_end || !news.is_empty());
        let seen = first.is_some_and(|item| self.first_items.again(&of(item)));
        let repeated = match news.first() {
            Some(item) => self.first_news.again(&of(item)),
            None => seen,
        };
        if repeated {
            return Err(Doubt::RepeatedPage);
        }
        Ok(())
    }

    fn wants_overlap(&self) -> bool {
        match self.paging.overlap {
            Overlap::WithoutTotal => self.total.is_none(),
            Overlap::Always => true,
            Overlap::Never => false,
        }
    }
}
