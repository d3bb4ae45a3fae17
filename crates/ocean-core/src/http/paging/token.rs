//! How is a listing read whose pages name the next one? By [`TokenPages`].

use futures::Stream;

use super::page::{Marks, Page, Seen, Shape, identity, read};
use super::{Doubt, MAX_PAGES};
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
///         None => r#"{"issues":[{"id":1},{"id":2}],"nextPageToken":"b"}"#,
///         _ => r#"{"issues":[{"id":3}],"isLast":true}"#,
///     };
///     Ok(Response::new(http::Response::new(Bytes::from(page))))
/// };
/// let pages = TokenPages::next_page_token("issues").pages(answer);
/// let sizes: Vec<usize> = pages.map_ok(|batch| batch.len()).try_collect().await?;
/// assert_eq!(sizes, [2, 1]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct TokenPages {
    key: &'static str,
    identity: &'static str,
    style: Style,
}

#[derive(Debug, Clone, Copy)]
enum Style {
    NextPageToken,
    Cursor,
}

/// What a page says about the next one.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Page(String),
    /// There is none. `said` tells whether the server said so, or merely said nothing.
    End {
        said: bool,
    },
}

impl TokenPages {
    /// Items under `key`; the next page is named by `nextPageToken`, and `isLast` may mark the end.
    pub const fn next_page_token(key: &'static str) -> Self {
        Self {
            key,
            identity: "id",
            style: Style::NextPageToken,
        }
    }

    /// Items under `key`; the next page is named by `pageInfo.endCursor` unless
    /// `pageInfo.hasNextPage` is false, or without `pageInfo` by `cursor`.
    pub const fn cursor(key: &'static str) -> Self {
        Self {
            key,
            identity: "id",
            style: Style::Cursor,
        }
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
        async_stream::try_stream! {
            let mut guard = Guard::new(self);
            let mut token = None;
            loop {
                let shape = Shape::Under(self.key);
                let (response, page) = read(shape, || fetch(token.clone())).await?;
                let next = guard.check(&page).map_err(|doubt| response.doubt(doubt))?;
                yield Batch::new(page.items);
                match next {
                    Next::Page(next) => token = Some(next),
                    Next::End { .. } => break,
                }
            }
        }
    }

    fn next(self, marks: &Marks) -> Result<Next, Doubt> {
        let named = |token: &Option<String>| token.clone().filter(|token| !token.is_empty());
        let (more, token) = match (self.style, &marks.page_info) {
            (Style::NextPageToken, _) => (
                marks.is_last.map(|last| !last),
                named(&marks.next_page_token),
            ),
            (Style::Cursor, Some(info)) if !info.is_empty() => (
                Some(info.has_next_page != Some(false)),
                named(&info.end_cursor),
            ),
            (Style::Cursor, _) => (None, named(&marks.cursor)),
        };
        match (more, token) {
            (Some(false), _) => Ok(Next::End { said: true }),
            (_, Some(token)) => Ok(Next::Page(token)),
            (Some(true), None) => Err(Doubt::MissingToken),
            (None, None) => Ok(Next::End { said: false }),
        }
    }
}

/// What the pages so far forbid the next one to be.
#[derive(Debug)]
struct Guard {
    paging: TokenPages,
    pages: usize,
    tokens: Seen,
    first_items: Seen,
}

impl Guard {
    fn new(paging: TokenPages) -> Self {
        Self {
            paging,
            pages: 0,
            tokens: Seen::default(),
            first_items: Seen::default(),
        }
    }

    fn check(&mut self, page: &Page) -> Result<Next, Doubt> {
        self.pages += 1;
        let next = self.paging.next(&page.marks)?;
        let first = page
            .items
            .first()
            .map(|item| identity(item, self.paging.identity));
        match first {
            Some(first) if self.first_items.again(&first) => return Err(Doubt::RepeatedPage),
            None if !self.may_be_empty(&next) => return Err(Doubt::EmptyPage),
            _ => {}
        }
        if let Next::Page(token) = &next {
            if self.tokens.again(token) {
                return Err(Doubt::RepeatedToken);
            }
            if self.pages >= MAX_PAGES {
                return Err(Doubt::Endless);
            }
        }
        Ok(next)
    }

    /// A `nextPageToken` is given when there are more items, so the page it leads to has some,
    /// unless the server says itself that it is the last. A cursor is only a position: there may be
    /// nothing behind it.
    const fn may_be_empty(&self, next: &Next) -> bool {
        match next {
            Next::Page(_) => false,
            Next::End { said: true } => true,
            Next::End { said: false } => {
                self.pages == 1 || matches!(self.paging.style, Style::Cursor)
            }
        }
    }
}
