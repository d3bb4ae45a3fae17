//! How is a listing read whose pages name the next one, by a token or by a link? With [`follow`].

use futures::Stream;

use super::marks::Names;
use super::page::{Page, Seen, Shape, identity, read};
use super::{Doubt, MAX_PAGES};
use crate::batch::Batch;
use crate::http::{HttpError, Response};

/// What a page says about the next one.
#[derive(Debug)]
pub(super) enum Next {
    /// This is its name. A name is given when there are more items, so the page has some itself.
    Named(String),
    /// There is none.
    None {
        /// Whether this page may be without items.
        may_be_empty: bool,
    },
}

/// All pages, in order; `next` reads what a page says about the next one, and is told whether the
/// page is the first.
pub(super) fn follow<F, Fut, E, N>(
    (shape, names): (Shape, Names),
    identity: &'static str,
    fetch: F,
    next: N,
) -> impl Stream<Item = Result<Batch, E>> + Send + use<F, Fut, E, N>
where
    F: Fn(Option<String>) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Response, E>> + Send,
    E: From<HttpError> + Send,
    N: Fn(&Response, &Page, bool) -> Result<Next, Doubt> + Send,
{
    async_stream::try_stream! {
        let mut chain = Chain::new(identity);
        let mut name = None;
        loop {
            let (response, page) = read(shape, names, || fetch(name.clone())).await?;
            name = next(&response, &page, chain.pages == 0)
                .and_then(|next| chain.check(&page, next))
                .map_err(|doubt| response.doubt(doubt))?;
            yield Batch::new(page.items);
            if name.is_none() {
                break;
            }
        }
    }
}

/// What the pages so far forbid the next one to be.
#[derive(Debug)]
struct Chain {
    identity: &'static str,
    pages: usize,
    names: Seen,
    first_items: Seen,
}

impl Chain {
    fn new(identity: &'static str) -> Self {
        Self {
            identity,
            pages: 0,
            names: Seen::default(),
            first_items: Seen::default(),
        }
    }

    /// The name of the next page, unless this page or that name came before.
    fn check(&mut self, page: &Page, next: Next) -> Result<Option<String>, Doubt> {
        self.pages += 1;
        let first = page.items.first();
        let may_be_empty = matches!(next, Next::None { may_be_empty: true });
        match first.map(|item| identity(item, self.identity)) {
            Some(first) if self.first_items.again(&first) => return Err(Doubt::RepeatedPage),
            None if !may_be_empty => return Err(Doubt::EmptyPage),
            _ => {}
        }
        match next {
            Next::Named(name) if self.names.again(&name) => Err(Doubt::RepeatedToken),
            Next::Named(_) if self.pages >= MAX_PAGES => Err(Doubt::Endless),
            Next::Named(name) => Ok(Some(name)),
            Next::None { .. } => Ok(None),
        }
    }
}
