//! How is a listing read whose pages name the next one? By [`TokenPages`].

use futures::Stream;

use super::Doubt;
use super::chain::{Next, follow};
use super::marks::{Marks, Names, Token};
use super::page::{Page, Shape};
use crate::batch::Batch;
use crate::http::{HttpError, Response};

/// A listing where each page carries a token, or a cursor, for the next one.
///
/// ```
/// use bytes::Bytes;
/// use futures::TryStreamExt as _;
/// use ocean_core::http::paging::TokenPages;
/// use ocean_core::http::{HttpError, Response};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), HttpError> {
/// let answer = |token: Option<String>| async move {
///     let page = match token.as_deref() {
///         None => r#"{"tickets":[{"id":1},{"id":2}],"meta":{"next_cursor":"b"}}"#,
///         _ => r#"{"tickets":[{"id":3}],"meta":{"next_cursor":null}}"#,
///     };
///     Ok(Response::new(http::Response::new(Bytes::from(page))))
/// };
/// let pages = TokenPages::named("tickets", "meta.next_cursor").pages(answer);
/// let sizes: Vec<usize> = pages.map_ok(|batch| batch.len()).try_collect().await?;
/// assert_eq!(sizes, [2, 1]);
/// # Ok(())
/// # }
/// ```
///
/// # Which page is the last?
///
/// The one that says so: its token is there and is `null` or an empty text, or its flag
/// ([`more`](Self::more), [`last`](Self::last)) says that nothing follows. A page that has neither
/// the token nor the flag is an error ([`Doubt::Unsaid`]): most likely they are called something
/// else, and what stands on the other pages would be deleted.
///
/// | the last page | say |
/// |---|---|
/// | has its token as `null` or `""` | nothing |
/// | has a flag, and no token | [`more`](Self::more) or [`last`](Self::last) |
/// | has a flag, and a token all the same | that, and [`positional`](Self::positional) |
/// | may be empty, without a flag | [`positional`](Self::positional) |
/// | has no token and no flag | [`absent_is_end`](Self::absent_is_end) |
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct TokenPages {
    key: &'static str,
    identity: &'static str,
    names: Names,
    /// What the flag says on a page that is not the last one.
    more_when: bool,
    /// Whether a token is but a position, which the last page may have, too.
    is_position: bool,
    absent_is_end: bool,
    full: Option<usize>,
}

impl TokenPages {
    /// Items under `key`; the next page is named by the field `token`.
    ///
    /// Both may be paths from the outside of the page in, with dots between the names:
    /// `meta.next_cursor`. A token is a text or a whole number, which comes as text.
    pub const fn named(key: &'static str, token: &'static str) -> Self {
        Self {
            key,
            identity: "id",
            names: Names {
                total: None,
                flag: None,
                token: Some(token),
                other_token: None,
            },
            more_when: true,
            is_position: false,
            absent_is_end: false,
            full: None,
        }
    }

    /// Items under `key`; the next page is named by `nextPageToken`, and `isLast` may mark the end.
    pub const fn next_page_token(key: &'static str) -> Self {
        Self::named(key, "nextPageToken").last("isLast")
    }

    /// Items under `key`; the next page is named by `pageInfo.endCursor` unless
    /// `pageInfo.hasNextPage` is false, or without `pageInfo` by `cursor`.
    pub const fn cursor(key: &'static str) -> Self {
        let mut paging = Self::named(key, "pageInfo.endCursor").more("pageInfo.hasNextPage");
        paging.names.other_token = Some("cursor");
        paging.positional()
    }

    /// The field, or the path to it, that is true while more pages follow.
    pub const fn more(self, flag: &'static str) -> Self {
        self.flagged(flag, true)
    }

    /// The field, or the path to it, that is true on the last page.
    pub const fn last(self, flag: &'static str) -> Self {
        self.flagged(flag, false)
    }

    const fn flagged(mut self, flag: &'static str, more_when: bool) -> Self {
        self.names.flag = Some(flag);
        self.more_when = more_when;
        self
    }

    /// A token is the position behind its page: the last page may have one, so that the flag tells
    /// the end, and there may be nothing behind the one before.
    ///
    /// Otherwise a token promises items. An empty page behind it is an error
    /// ([`Doubt::EmptyPage`]), unless the flag says that it is the last, and so is a token beside
    /// such a flag ([`Doubt::Contradiction`]): [`more`](Self::more) and [`last`](Self::last) cannot
    /// be mistaken for each other.
    pub const fn positional(mut self) -> Self {
        self.is_position = true;
        self
    }

    /// The last page has none of the fields: the API leaves them out at the end.
    ///
    /// Say this only when the API's documentation, or an answer of it, does. From then on nobody
    /// can tell a page that is the last from one whose token is called something else; with
    /// [`full_page`](Self::full_page) most of those are still noticed.
    pub const fn absent_is_end(mut self) -> Self {
        self.absent_is_end = true;
        self
    }

    /// How many items a page has when it is full: what the requests ask for.
    ///
    /// Only [`absent_is_end`](Self::absent_is_end) makes use of it: a first page that is full and
    /// without any of the fields is an error then ([`Doubt::FullPage`]). The price is that
    /// a listing of exactly so many items is not believed to be complete either, so its kind
    /// deletes nothing until there is one item more or less. A listing that has named a token
    /// before is believed.
    pub const fn full_page(mut self, items: usize) -> Self {
        self.full = Some(items);
        self
    }

    /// The field by which an item is recognised. `id`, unless told.
    pub const fn identity(mut self, field: &'static str) -> Self {
        self.identity = field;
        self
    }

    /// All pages, in order; `fetch` gets the token of the page, `None` for the first.
    pub fn pages<F, Fut, E>(
        self,
        fetch: F,
    ) -> impl Stream<Item = Result<Batch, E>> + Send + use<F, Fut, E>
    where
        F: Fn(Option<String>) -> Fut + Send + Sync,
        Fut: Future<Output = Result<Response, E>> + Send,
        E: From<HttpError> + Send,
    {
        let listing = (Shape::Under(self.key), self.names);
        let next = move |_: &Response, page: &Page, is_first| self.next(page, is_first);
        follow(listing, self.identity, fetch, next)
    }

    fn next(self, page: &Page, is_first: bool) -> Result<Next, Doubt> {
        let more = page.marks.flag.map(|flag| flag == self.more_when);
        // A token promises items; of a position there may be nothing behind.
        let may_be_empty = is_first || self.is_position;
        match (more, self.token(&page.marks)) {
            (Some(false), Token::Named(_)) if !self.is_position => Err(Doubt::Contradiction {
                flag: self.names.flag.unwrap_or_default(),
            }),
            (Some(false), _) => Ok(Next::None { may_be_empty: true }),
            (_, Token::Named(token)) => Ok(Next::Named(token.clone())),
            (Some(true), _) => Err(Doubt::MissingToken),
            (None, Token::Empty) => Ok(Next::None { may_be_empty }),
            (None, Token::Absent) => self.silence(page, is_first, may_be_empty),
        }
    }

    /// A page that says nothing is the end where the author says so. While no page has shown that
    /// the fields are called so, a full one is not believed.
    fn silence(self, page: &Page, is_first: bool, may_be_empty: bool) -> Result<Next, Doubt> {
        let (names, items) = (self.names.to_string(), page.items.len());
        match self.full {
            _ if !self.absent_is_end => Err(Doubt::Unsaid { names }),
            Some(full) if is_first && items >= full => Err(Doubt::FullPage { items, names }),
            _ => Ok(Next::None { may_be_empty }),
        }
    }

    /// Where the token has a second name, the first one counts if it names a page, or if the flag
    /// beside it is there.
    const fn token<'a>(&self, marks: &'a Marks) -> &'a Token {
        let is_first = matches!(marks.token, Token::Named(_)) || marks.flag.is_some();
        match self.names.other_token {
            Some(_) if !is_first => &marks.other_token,
            _ => &marks.token,
        }
    }
}
