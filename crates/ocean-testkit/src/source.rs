//! How does an author get a third-party system to test against? [`SourceTwin`] serves the listings
//! and objects that a test gives it, in the paging style of the real system.
//!
//! It is for systems that have no simulator of their own: it has no rules beyond paging,
//! credentials and 404.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::fault::Faults;
use crate::journal::Journal;
use crate::message::{Request, Response};
use crate::server::{Controls, Server, Service};

/// How many items a page has, unless set or asked otherwise.
const PAGE_SIZE: usize = 100;

/// A running simulated source. Dropping it ends it.
///
/// ```
/// use ocean_testkit::{Paging, SourceTwin};
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let forge = SourceTwin::builder()
///     .requires("authorization", "Bearer t0ken")
///     .page_size(2)
///     .list("/repos", Paging::Link, (1..=3).map(|id| json!({ "id": id })))
///     .object("/repos/1", json!({ "id": 1, "name": "api" }))
///     .start()
///     .await?;
/// assert!(forge.url().starts_with("http://127.0.0.1:"));
/// forge.remove("/repos/1"); // From now on it answers 404.
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SourceTwin {
    server: Server,
    shelf: Arc<Shelf>,
}

/// How a listing comes in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Paging {
    /// `page` and `per_page`; the page is the bare list, a `Link` header names the next one.
    Link,
    /// `startAt` and `maxResults`; the items are under this key, beside `total` and `isLast`.
    Offset(&'static str),
    /// `pageToken` and `pageSize`; the items are under this key, beside `nextPageToken` and `isLast`.
    Token(&'static str),
    /// The whole list at once.
    Whole,
}

/// Says what a [`SourceTwin`] serves; made by [`SourceTwin::builder`].
#[derive(Debug, Default)]
pub struct SourceTwinBuilder {
    required: Vec<(String, String)>,
    page_size: Option<usize>,
    parameters: Option<(String, String)>,
    shelf: BTreeMap<String, Served>,
}

#[derive(Debug, Clone)]
enum Served {
    Object(Value),
    List(Paging, Vec<Value>),
}

impl SourceTwinBuilder {
    /// Requests without this header are answered 401.
    #[must_use]
    pub fn requires(mut self, header: impl Into<String>, value: impl Into<String>) -> Self {
        self.required.push((header.into(), value.into()));
        self
    }

    /// A page has at most this many items, whatever is asked for. 100 unless set.
    #[must_use]
    pub fn page_size(mut self, items: usize) -> Self {
        self.page_size = Some(items.max(1));
        self
    }

    /// What the parameters of paging are called, where it is by page or by position: first that, then
    /// the size of a page. Unless set they are as [`Paging`] says.
    #[must_use]
    pub fn parameters(mut self, page: impl Into<String>, size: impl Into<String>) -> Self {
        self.parameters = Some((page.into(), size.into()));
        self
    }

    /// Serves a listing at this path; parameters of the query other than those of paging are
    /// ignored.
    #[must_use]
    pub fn list(
        mut self,
        path: impl Into<String>,
        paging: Paging,
        items: impl IntoIterator<Item = Value>,
    ) -> Self {
        let items = items.into_iter().collect();
        self.shelf.insert(path.into(), Served::List(paging, items));
        self
    }

    /// Serves one object at this path.
    #[must_use]
    pub fn object(mut self, path: impl Into<String>, object: Value) -> Self {
        self.shelf.insert(path.into(), Served::Object(object));
        self
    }

    /// Starts serving on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// There is no free port.
    pub async fn start(self) -> io::Result<SourceTwin> {
        let shelf = Arc::new(Shelf {
            required: self.required,
            page_size: self.page_size.unwrap_or(PAGE_SIZE),
            parameters: self.parameters,
            served: Mutex::new(self.shelf),
        });
        let controls = Controls::default();
        let address = ([127, 0, 0, 1], 0).into();
        let server = Server::start_with(address, Arc::clone(&shelf), controls).await?;
        Ok(SourceTwin { server, shelf })
    }
}

impl SourceTwin {
    /// Starts to describe a simulated source.
    #[must_use]
    pub fn builder() -> SourceTwinBuilder {
        SourceTwinBuilder::default()
    }

    /// The base URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// What was asked so far.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        self.server.journal()
    }

    /// What goes wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.server.faults()
    }

    /// Serves this object from now on.
    pub fn put(&self, path: impl Into<String>, object: Value) {
        self.shelf
            .served()
            .insert(path.into(), Served::Object(object));
    }

    /// What is at this path is gone: 404 from now on.
    pub fn remove(&self, path: &str) {
        self.shelf.served().remove(path);
    }

    /// Changes the items of a listing; a path without one stays as it is.
    pub fn change(&self, path: &str, change: impl FnOnce(&mut Vec<Value>)) {
        if let Some(Served::List(_, items)) = self.shelf.served().get_mut(path) {
            change(items);
        }
    }
}

/// What is served, by path.
#[derive(Debug)]
struct Shelf {
    required: Vec<(String, String)>,
    page_size: usize,
    parameters: Option<(String, String)>,
    served: Mutex<BTreeMap<String, Served>>,
}

impl Service for Shelf {
    async fn handle(&self, request: Request) -> Response {
        let has = |(name, value): &(String, String)| request.header(name) == Some(value);
        if !self.required.iter().all(has) {
            return refusal(StatusCode::UNAUTHORIZED, "the credentials are not accepted");
        }
        if request.method() != Method::GET {
            return refusal(StatusCode::METHOD_NOT_ALLOWED, "only GET is served");
        }
        let served = self.served().get(request.path()).cloned();
        match served {
            None => refusal(StatusCode::NOT_FOUND, "there is nothing at this path"),
            Some(Served::Object(object)) => Response::json(&object),
            Some(Served::List(paging, items)) => self.page(&request, paging, &items),
        }
    }
}

fn refusal(status: StatusCode, message: &str) -> Response {
    Response::json(&json!({ "message": message })).with_status(status)
}

impl Shelf {
    fn served(&self) -> MutexGuard<'_, BTreeMap<String, Served>> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the parameters of a listing are called: where a page begins, and how large it is.
    fn parameters(&self, paging: Paging) -> (&str, &str) {
        match (paging, &self.parameters) {
            (Paging::Token(_), _) => ("pageToken", "pageSize"),
            (_, Some((page, size))) => (page, size),
            (Paging::Link | Paging::Whole, None) => ("page", "per_page"),
            (Paging::Offset(_), None) => ("startAt", "maxResults"),
        }
    }

    fn page(&self, request: &Request, paging: Paging, items: &[Value]) -> Response {
        let (page_name, size_name) = self.parameters(paging);
        let number = |name: &str| request.query_value(name)?.parse::<usize>().ok();
        let size = number(size_name).unwrap_or(self.page_size);
        let size = size.clamp(1, self.page_size);
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
                let mut page = json!({ "isLast": is_last });
                if !is_last {
                    set(&mut page, "nextPageToken", end.to_string().into());
                }
                set(&mut page, key, json!(shown));
                Response::json(&page)
            }
        }
    }
}

fn set(page: &mut Value, key: &str, value: Value) {
    if let Some(members) = page.as_object_mut() {
        members.insert(key.to_owned(), value);
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
    use super::*;

    #[tokio::test]
    async fn the_parameters_are_called_as_the_system_calls_them() {
        let mut shelf = shelf(Paging::Offset("values"));
        shelf.parameters = Some(("offset".to_owned(), "limit".to_owned()));
        let (_, page, _) = ask(&shelf, "/x?offset=3&limit=1").await;
        assert_eq!(page["values"], json!([{"id": 4}]));
    }

    fn shelf(paging: Paging) -> Shelf {
        let items = (1..=5).map(|id| json!({ "id": id })).collect();
        let served = BTreeMap::from([("/x".to_owned(), Served::List(paging, items))]);
        Shelf {
            required: vec![("x-key".to_owned(), "k".to_owned())],
            page_size: 2,
            parameters: None,
            served: Mutex::new(served),
        }
    }

    async fn ask(shelf: &Shelf, target: &str) -> (u16, Value, String) {
        let request = Request::local(Method::GET, target.parse().unwrap(), "");
        let request = request.with_header("x-key", "k").with_header("host", "h");
        let answer = shelf.handle(request).await;
        let link = answer.headers().get("link");
        let link = link.map_or("", |link| link.to_str().unwrap()).to_owned();
        let body = serde_json::from_slice(answer.body()).unwrap();
        (answer.status_code().as_u16(), body, link)
    }

    #[tokio::test]
    async fn each_style_says_where_the_listing_goes_on_and_where_it_ends() {
        let (_, page, link) = ask(&shelf(Paging::Link), "/x?q=a&per_page=9").await;
        assert_eq!(page, json!([{"id": 1}, {"id": 2}]));
        assert_eq!(link, r#"<http://h/x?q=a&per_page=9&page=2>; rel="next""#);
        let (_, page, link) = ask(&shelf(Paging::Link), "/x?page=3").await;
        assert_eq!((page, link.as_str()), (json!([{"id": 5}]), ""));

        let (_, page, _) = ask(&shelf(Paging::Offset("values")), "/x?startAt=4").await;
        assert_eq!(page["values"], json!([{"id": 5}]));
        assert_eq!((&page["total"], &page["isLast"]), (&json!(5), &json!(true)));

        let (_, page, _) = ask(&shelf(Paging::Token("items")), "/x").await;
        assert_eq!(page["nextPageToken"], "2");
        let (_, page, _) = ask(&shelf(Paging::Token("items")), "/x?pageToken=4").await;
        assert_eq!(
            (&page["nextPageToken"], &page["isLast"]),
            (&json!(null), &json!(true))
        );

        let (_, page, _) = ask(&shelf(Paging::Whole), "/x").await;
        assert_eq!(page.as_array().map(Vec::len), Some(5));
    }

    #[tokio::test]
    async fn strangers_and_unknown_paths_are_refused() {
        let shelf = shelf(Paging::Whole);
        assert_eq!(ask(&shelf, "/y").await.0, 404);
        let stranger = Request::local(Method::GET, "/x".parse().unwrap(), "");
        assert_eq!(shelf.handle(stranger).await.status_code().as_u16(), 401);
    }
}
