//! How does an author get a third-party system to test against? [`SourceTwin`] serves the listings
//! and objects that a test gives it, in the paging style of the real system.
//!
//! It is for systems that have no simulator of their own: it has no rules beyond paging,
//! credentials and 404.

mod pages;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::fault::Faults;
use crate::journal::Journal;
use crate::message::{Request, Response};
use crate::server::{Controls, Server, Service};

use self::pages::Pages;
pub use self::pages::{Paging, Tokens};

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

/// Says what a [`SourceTwin`] serves; made by [`SourceTwin::builder`].
#[derive(Debug, Default)]
pub struct SourceTwinBuilder {
    required: Vec<(String, String)>,
    pages: Pages,
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
        self.pages.size = items.max(1);
        self
    }

    /// What the parameters of paging are called: first the page, position or token, then the size
    /// of a page. Unless set they are as [`Paging`] says.
    #[must_use]
    pub fn parameters(mut self, page: impl Into<String>, size: impl Into<String>) -> Self {
        self.pages.parameters = Some((page.into(), size.into()));
        self
    }

    /// How the pages of [`Paging::Token`] name the next one. As [`Tokens::default`], unless set.
    #[must_use]
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.pages.tokens = tokens;
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
            pages: self.pages,
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
    pages: Pages,
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
            Some(Served::List(paging, items)) => self.pages.page(&request, paging, &items),
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn strangers_and_unknown_paths_are_refused() {
        let served = BTreeMap::from([("/x".to_owned(), Served::List(Paging::Whole, Vec::new()))]);
        let shelf = Shelf {
            required: vec![("x-key".to_owned(), "k".to_owned())],
            pages: Pages::default(),
            served: Mutex::new(served),
        };
        let request = |target: &str| Request::local(Method::GET, target.parse().unwrap(), "");
        let status = async |request: Request| shelf.handle(request).await.status_code().as_u16();
        assert_eq!(status(request("/x").with_header("x-key", "k")).await, 200);
        assert_eq!(status(request("/y").with_header("x-key", "k")).await, 404);
        assert_eq!(status(request("/x")).await, 401);
    }
}
