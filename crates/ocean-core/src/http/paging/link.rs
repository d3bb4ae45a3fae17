//! How is a listing read whose headers name the next page? By [`LinkPages`].

use futures::Stream;
use http::HeaderMap;
use http::header::LINK;
use url::Url;

use super::Doubt;
use super::chain::{Next, follow};
use super::marks::Names;
use super::page::{Page, Shape};
use crate::batch::Batch;
use crate::http::{HttpError, Response};

/// A listing where the `Link` header of a page says where the next one is (`rel="next"`).
///
/// Only path and query of that address are taken: the next page is asked for where the first one
/// was, so that a link cannot lead credentials to another host.
///
/// ```
/// use bytes::Bytes;
/// use futures::TryStreamExt as _;
/// use ocean_core::http::paging::LinkPages;
/// use ocean_core::http::{HttpError, Response};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), HttpError> {
/// let answer = |target: Option<String>| async move {
///     let answer = match target.as_deref() {
///         None => http::Response::builder()
///             .header("link", r#"<https://forge.example/repos?page=2>; rel="next""#)
///             .body(Bytes::from(r#"[{"id":1},{"id":2}]"#)),
///         Some("/repos?page=2") => http::Response::builder().body(Bytes::from(r#"[{"id":3}]"#)),
///         Some(other) => unreachable!("{other}"),
///     };
///     Ok(Response::new(answer.unwrap_or_default()))
/// };
/// let pages = LinkPages::bare_list().pages(answer);
/// let sizes: Vec<usize> = pages.map_ok(|batch| batch.len()).try_collect().await?;
/// assert_eq!(sizes, [2, 1]);
/// # Ok(())
/// # }
/// ```
///
/// # Caveats
///
/// A page without a `Link` header is the last one: systems send none when there is but one page.
/// So a system that does not page by links, and a proxy that strips the header, look like short
/// listings. Where the requests say how large a page is, [`full_page`](Self::full_page) notices
/// most of them.
///
/// When the links count pages, an item that is removed while the listing is read moves another one
/// over the edge of a page, and nothing tells of it. Ask for an order in which removals are rare at
/// the front, usually the oldest first.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct LinkPages {
    shape: Shape,
    identity: &'static str,
    full: Option<usize>,
}

impl LinkPages {
    /// Pages are the bare lists of their items.
    pub const fn bare_list() -> Self {
        Self::shaped(Shape::Bare)
    }

    /// Pages are objects with their items under `key`.
    pub const fn of(key: &'static str) -> Self {
        Self::shaped(Shape::Under(key))
    }

    const fn shaped(shape: Shape) -> Self {
        Self {
            shape,
            identity: "id",
            full: None,
        }
    }

    /// How many items a page has when it is full: what the requests ask for.
    ///
    /// A first page that is full and has no `Link` header is an error then ([`Doubt::FullPage`]).
    /// The price is that a listing of exactly so many items is not believed to be complete either,
    /// unless the system sends links on a single page, too: its kind deletes nothing until there is
    /// one item more or less.
    pub const fn full_page(mut self, items: usize) -> Self {
        self.full = Some(items);
        self
    }

    /// The field by which an item is recognised. `id`, unless told.
    pub const fn identity(mut self, field: &'static str) -> Self {
        self.identity = field;
        self
    }

    /// All pages, in order; `fetch` gets path and query of the page, `None` for the first.
    pub fn pages<F, Fut, E>(
        self,
        fetch: F,
    ) -> impl Stream<Item = Result<Batch, E>> + Send + use<F, Fut, E>
    where
        F: Fn(Option<String>) -> Fut + Send + Sync,
        Fut: Future<Output = Result<Response, E>> + Send,
        E: From<HttpError> + Send,
    {
        let listing = (self.shape, Names::default());
        let next = move |response: &Response, page: &Page, is_first| {
            self.next(links_of(response.headers())?, page.items.len(), is_first)
        };
        follow(listing, self.identity, fetch, next)
    }

    /// Only the first page may be empty, and only when it is the last.
    fn next(self, links: Links, items: usize, is_first: bool) -> Result<Next, Doubt> {
        let may_be_empty = is_first;
        match (links, self.full) {
            (Links::Next(target), _) => Ok(Next::Named(target)),
            (Links::None, Some(full)) if is_first && items >= full => Err(Doubt::FullPage {
                items,
                names: "`Link` header".to_owned(),
            }),
            (Links::NoNext | Links::None, _) => Ok(Next::None { may_be_empty }),
        }
    }
}

/// What the headers of a page say about the next one.
enum Links {
    /// Its path and query.
    Next(String),
    /// There are links, but none to it.
    NoNext,
    /// There are no links at all.
    None,
}

fn links_of(headers: &HeaderMap) -> Result<Links, Doubt> {
    let mut found = Links::None;
    for value in headers.get_all(LINK) {
        let text = value.to_str().map_err(|_unreadable| Doubt::MissingToken)?;
        if text.trim().is_empty() {
            continue;
        }
        // What is no link could have been the one to the next page.
        let mut links = links(text).peekable();
        links.peek().ok_or(Doubt::MissingToken)?;
        if let Some((address, _)) = links.find(|(_, parameters)| is_next(parameters)) {
            return Ok(Links::Next(target(address)?));
        }
        found = Links::NoNext;
    }
    Ok(found)
}

/// Addresses and parameters of a `Link` header (RFC 8288). An address may hold commas, so it is
/// taken from its brackets first.
fn links(header: &str) -> impl Iterator<Item = (&str, &str)> {
    header
        .split('<')
        .skip(1)
        .filter_map(|link| link.split_once('>'))
}

fn is_next(parameters: &str) -> bool {
    let mut parameters = parameters.split([';', ',']).map(str::trim);
    parameters.any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or_default();
        let mut relations = value
            .trim()
            .trim_matches(['"', '\''])
            .split_ascii_whitespace();
        name.trim().eq_ignore_ascii_case("rel")
            && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
    })
}

fn target(address: &str) -> Result<String, Doubt> {
    if address.starts_with('/') && !address.starts_with("//") {
        return Ok(address.to_owned());
    }
    let url = Url::parse(address).map_err(|_unusable| Doubt::MissingToken)?;
    let query = url.query().map(|query| format!("?{query}"));
    Ok(format!("{}{}", url.path(), query.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use bytes::Bytes;
    use futures::TryStreamExt as _;

    use super::*;

    /// Reads these pages, each a `Link` header and a body; gives their sizes and what was asked.
    async fn read_all(pages: &[(&str, &str)]) -> (Result<Vec<usize>, Doubt>, Vec<String>) {
        read_by(LinkPages::bare_list(), pages).await
    }

    async fn read_by(
        paging: LinkPages,
        pages: &[(&str, &str)],
    ) -> (Result<Vec<usize>, Doubt>, Vec<String>) {
        let answers: Mutex<VecDeque<_>> = Mutex::new(pages.iter().copied().collect());
        let asked = Mutex::new(Vec::new());
        let fetch = |target: Option<String>| {
            let (link, body) = answers.lock().unwrap().pop_front().expect("no more pages");
            asked.lock().unwrap().extend(target);
            let answer = http::Response::builder().header(LINK, link);
            let answer = answer.body(Bytes::from(body.to_owned())).unwrap();
            async { Ok::<_, HttpError>(Response::new(answer)) }
        };
        let pages = paging.pages(fetch);
        let sizes: Result<Vec<_>, _> = pages.map_ok(|batch| batch.len()).try_collect().await;
        let sizes = sizes.map_err(|error| match error {
            HttpError::Listing { doubt, .. } => doubt,
            other => panic!("{other}"),
        });
        (sizes, asked.into_inner().unwrap())
    }

    #[tokio::test]
    async fn the_header_is_read_in_the_forms_that_servers_write_it() {
        for link in [
            r#"<https://a.example/x?page=2&q=a,b>; rel="next", <https://a.example/x?page=9>; rel="last""#,
            r#"<https://a.example/x?page=1>; rel="prev", </x?page=2&q=a,b>; rel=next"#,
            r#"<https://other.example/x?page=2&q=a,b>; title="n"; REL="last NEXT""#,
            r"<https://a.example/x?page=2&q=a,b>; rel='next'",
        ] {
            let (sizes, asked) = read_all(&[(link, r#"[{"id":1}]"#), ("", r#"[{"id":2}]"#)]).await;
            assert_eq!(sizes, Ok(vec![1, 1]), "{link}");
            assert_eq!(asked, ["/x?page=2&q=a,b"], "{link}");
        }
    }

    #[tokio::test]
    async fn an_empty_listing_is_one_empty_page() {
        assert_eq!(read_all(&[("", "[]")]).await.0, Ok(vec![0]));
    }

    #[tokio::test]
    async fn doubt_is_an_error() {
        let (two, three) = (r#"</x?page=2>; rel="next""#, r#"</x?page=3>; rel="next""#);
        let (one, other) = (r#"[{"id":1}]"#, r#"[{"id":2}]"#);
        for (pages, doubt) in [
            (&[(two, "[]")][..], Doubt::EmptyPage),
            (&[(two, one), ("", "[]")], Doubt::EmptyPage),
            (&[(two, one), (three, one)], Doubt::RepeatedPage),
            (&[(two, one), (two, other)], Doubt::RepeatedToken),
            (&[(r#"<nowhere>; rel="next""#, one)], Doubt::MissingToken),
            (&[(r#"/x?page=2; rel="next""#, one)], Doubt::MissingToken),
        ] {
            assert_eq!(read_all(pages).await.0, Err(doubt), "{pages:?}");
        }
    }
    #[tokio::test]
    async fn a_full_first_page_without_links_is_a_doubt_where_the_size_is_known() {
        let paging = LinkPages::bare_list().full_page(2);
        let (one, two) = (r#"[{"id":1}]"#, r#"[{"id":1},{"id":2}]"#);
        let doubt = Doubt::FullPage {
            items: 2,
            names: "`Link` header".to_owned(),
        };
        assert_eq!(read_by(paging, &[("", two)]).await.0, Err(doubt));
        assert_eq!(read_by(paging, &[("", one)]).await.0, Ok(vec![1]));
        let only = r#"</x?page=1>; rel="first""#;
        assert_eq!(read_by(paging, &[(only, two)]).await.0, Ok(vec![2]));
        let next = r#"</x?page=2>; rel="next""#;
        let last = r#"[{"id":3},{"id":4}]"#;
        let pages = [(next, two), ("", last)];
        assert_eq!(read_by(paging, &pages).await.0, Ok(vec![2, 2]));
    }
}
