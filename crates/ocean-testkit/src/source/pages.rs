//! What does a page of a simulated listing look like? As its [`Paging`] says, and [`Tokens`].

use serde_json::{Value, json};

use crate::message::{Request, Response};

/// How many items a page has, unless set or asked otherwise.
const PAGE_SIZE: usize = 100;

/// How a listing comes in pages. A key may be a path with dots, such as `data.items`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Paging {
    /// `page` and `per_page`; the page is the bare list, a `Link` header names the next one.
    Link,
    /// `startAt` and `maxResults`; the items are under this key, beside `total` and `isLast`.
    Offset(&'static str),
    /// `pageToken` and `pageSize`; the items are under this key, beside what [`Tokens`] says.
    Token(&'static str),
    /// The whole list at once.
    Whole,
}

/// How a page of [`Paging::Token`] names the next one, as the real system does it.
///
/// ```
/// use ocean_testkit::Tokens;
///
/// // {"items": [], "meta": {"next_cursor": "20", "has_more": true}}, and on the last page
/// // {"items": [], "meta": {"next_cursor": null, "has_more": false}}
/// let tokens = Tokens::named("meta.next_cursor").more("meta.has_more");
/// # let _ = tokens;
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Tokens {
    field: &'static str,
    /// A field, and what it says on a page that is not the last.
    flag: Option<(&'static str, bool)>,
    is_absent_at_end: bool,
}

impl Tokens {
    /// The field, or a path with dots to it, that names the next page; on the last one it is `null`.
    pub const fn named(field: &'static str) -> Self {
        Self {
            field,
            flag: None,
            is_absent_at_end: false,
        }
    }

    /// A field, or a path with dots to it, that is true while more pages follow.
    pub const fn more(mut self, flag: &'static str) -> Self {
        self.flag = Some((flag, true));
        self
    }

    /// A field, or a path with dots to it, that is true on the last page.
    pub const fn last(mut self, flag: &'static str) -> Self {
        self.flag = Some((flag, false));
        self
    }

    /// The last page does not have the field of the token.
    pub const fn absent_at_end(mut self) -> Self {
        self.is_absent_at_end = true;
        self
    }

    /// Says on a page what follows it.
    fn mark(self, page: &mut Value, next: Option<usize>) {
        if let Some((flag, more_when)) = self.flag {
            set(page, flag, (next.is_some() == more_when).into());
        }
        if next.is_some() || !self.is_absent_at_end {
            set(page, self.field, json!(next.map(|next| next.to_string())));
        }
    }
}

/// `nextPageToken`, absent on the last page, and `isLast`.
impl Default for Tokens {
    fn default() -> Self {
        Self::named("nextPageToken").last("isLast").absent_at_end()
    }
}

/// How listings are cut into pages, whichever of them it is.
#[derive(Debug)]
pub(super) struct Pages {
    pub(super) size: usize,
    pub(super) parameters: Option<(String, String)>,
    pub(super) tokens: Tokens,
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            size: PAGE_SIZE,
            parameters: None,
            tokens: Tokens::default(),
        }
    }
}

impl Pages {
    /// What the parameters of a listing are called: where a page begins, and how large it is.
    fn parameters(&self, paging: Paging) -> (&str, &str) {
        match (&self.parameters, paging) {
            (Some((page, size)), _) => (page, size),
            (None, Paging::Link | Paging::Whole) => ("page", "per_page"),
            (None, Paging::Offset(_)) => ("startAt", "maxResults"),
            (None, Paging::Token(_)) => ("pageToken", "pageSize"),
        }
    }

    /// The page that a request asks for.
    pub(super) fn page(&self, request: &Request, paging: Paging, items: &[Value]) -> Response {
        let (page_name, size_name) = self.parameters(paging);
        let number = |name: &str| request.query_value(name)?.parse::<usize>().ok();
        let size = number(size_name).unwrap_or(self.size).clamp(1, self.size);
        let (start, number) = match (paging, number(page_name)) {
            (Paging::Link, number) => {
                let number = number.unwrap_or(1).max(1);
                ((number - 1) * size, number)
            }
            (_, position) => (position.unwrap_or(0), 0),
        };
        let end = start.saturating_add(size);
        let shown: Vec<&Value> = items.iter().skip(start).take(size).collect();
        let is_last = end >= items.len();
        match paging {
            Paging::Whole => Response::json(&items),
            Paging::Link if is_last => Response::json(&shown),
            Paging::Link => {
                let next = next_link(request, page_name, number + 1);
                Response::json(&shown).with_header("link", &next)
            }
            Paging::Offset(key) => {
                let mut page = json!({ "startAt": start, "maxResults": size, "isLast": is_last });
                set(&mut page, "total", items.len().into());
                set(&mut page, key, json!(shown));
                Response::json(&page)
            }
            Paging::Token(key) => {
                let mut page = json!({});
                self.tokens.mark(&mut page, (!is_last).then_some(end));
                set(&mut page, key, json!(shown));
                Response::json(&page)
            }
        }
    }
}

/// Sets the field that a path with dots leads to.
fn set(page: &mut Value, path: &str, value: Value) {
    let Some(members) = page.as_object_mut() else {
        return;
    };
    match path.split_once('.') {
        None => {
            members.insert(path.to_owned(), value);
        }
        Some((outer, inner)) => {
            let outer = members.entry(outer).or_insert_with(|| json!({}));
            set(outer, inner, value);
        }
    }
}

/// The request's own address with another page, as the caller sees it.
fn next_link(request: &Request, name: &str, page: usize) -> String {
    let host = request.header("host").unwrap_or("localhost");
    let others = request.query().into_iter();
    let others = others.filter(|(other, _)| other != name);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(others)
        .append_pair(name, &page.to_string())
        .finish();
    format!("<http://{host}{}?{query}>; rel=\"next\"", request.path())
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    /// The body of a page of five items, and its link.
    fn page(pages: &Pages, paging: Paging, target: &str) -> (Value, String) {
        let items: Vec<Value> = (1..=5).map(|id| json!({ "id": id })).collect();
        let request = Request::local(Method::GET, target.parse().unwrap(), "");
        let answer = pages.page(&request.with_header("host", "h"), paging, &items);
        let link = answer.headers().get("link");
        let link = link.map_or("", |link| link.to_str().unwrap()).to_owned();
        (serde_json::from_slice(answer.body()).unwrap(), link)
    }

    fn pairs() -> Pages {
        Pages {
            size: 2,
            ..Pages::default()
        }
    }

    #[test]
    fn each_style_says_where_the_listing_goes_on_and_where_it_ends() {
        let (shown, link) = page(&pairs(), Paging::Link, "/x?q=a&per_page=9");
        assert_eq!(shown, json!([{"id": 1}, {"id": 2}]));
        assert_eq!(link, r#"<http://h/x?q=a&per_page=9&page=2>; rel="next""#);
        let (shown, link) = page(&pairs(), Paging::Link, "/x?page=3");
        assert_eq!((shown, link.as_str()), (json!([{"id": 5}]), ""));

        let (shown, _) = page(&pairs(), Paging::Offset("values"), "/x?startAt=4");
        assert_eq!(shown["values"], json!([{"id": 5}]));
        assert_eq!(
            (&shown["total"], &shown["isLast"]),
            (&json!(5), &json!(true))
        );

        let (shown, _) = page(&pairs(), Paging::Token("items"), "/x");
        assert_eq!(shown["nextPageToken"], "2");
        let (shown, _) = page(&pairs(), Paging::Token("items"), "/x?pageToken=4");
        assert_eq!(shown, json!({"isLast": true, "items": [{"id": 5}]}));

        let (shown, _) = page(&pairs(), Paging::Whole, "/x");
        assert_eq!(shown.as_array().map(Vec::len), Some(5));
    }

    #[test]
    fn the_parameters_are_called_as_the_system_calls_them() {
        let mut pages = pairs();
        pages.parameters = Some(("at".to_owned(), "limit".to_owned()));
        for paging in [Paging::Offset("values"), Paging::Token("values")] {
            let (shown, _) = page(&pages, paging, "/x?at=3&limit=1");
            assert_eq!(shown["values"], json!([{"id": 4}]), "{paging:?}");
        }
        let (shown, _) = page(&pages, Paging::Link, "/x?at=2");
        assert_eq!(shown, json!([{"id": 3}, {"id": 4}]));
    }

    #[test]
    fn the_token_is_called_as_the_system_calls_it() {
        let mut pages = pairs();
        pages.tokens = Tokens::named("meta.next").more("meta.more");
        let (shown, _) = page(&pages, Paging::Token("data.rows"), "/x?pageToken=2");
        let rows = json!({ "rows": [{ "id": 3 }, { "id": 4 }] });
        let meta = json!({ "next": "4", "more": true });
        assert_eq!(shown, json!({ "meta": meta, "data": rows }));
        let (shown, _) = page(&pages, Paging::Token("data.rows"), "/x?pageToken=4");
        assert_eq!(shown["meta"], json!({ "next": null, "more": false }));

        pages.tokens = Tokens::named("next").absent_at_end();
        let (shown, _) = page(&pages, Paging::Token("rows"), "/x?pageToken=4");
        assert_eq!(shown, json!({ "rows": [{ "id": 5 }] }));
    }
}
