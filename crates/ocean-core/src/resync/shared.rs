//! What several kinds of one run need, fetched once.

use std::any::Any;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::error::{SourceError, error_chain};

type Fetched = Result<Arc<dyn Any + Send + Sync>, Arc<SourceError>>;

/// The shared fetches of one run, by key.
#[derive(Clone, Default)]
pub(crate) struct SharedFetches {
    cells: Arc<Mutex<HashMap<String, Arc<OnceCell<Fetched>>>>>,
}

impl SharedFetches {
    pub(crate) async fn get<T, E, Fut>(
        &self,
        key: &str,
        fetch: impl FnOnce() -> Fut + Send,
    ) -> Result<Arc<T>, SourceError>
    where
        T: Send + Sync + 'static,
        E: Into<SourceError>,
        Fut: Future<Output = Result<T, E>> + Send,
    {
        let cell = {
            let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(key.to_owned()).or_default())
        };
        let fetched = cell
            .get_or_init(|| async {
                match fetch().await {
                    Ok(value) => Ok(Arc::new(value) as Arc<dyn Any + Send + Sync>),
                    Err(error) => Err(Arc::new(error.into())),
                }
            })
            .await;
        match fetched {
            Ok(value) => Arc::clone(value).downcast().map_err(|_value| {
                SourceError::permanent(format!("shared `{key}` was fetched as another type"))
            }),
            Err(error) => Err(SourceError::new(error.class(), error_chain(error.as_ref()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn two_askers_share_one_fetch() {
        let shared = SharedFetches::default();
        let fetches = AtomicUsize::new(0);
        let fetch = || async {
            fetches.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Ok::<_, SourceError>(7_u8)
        };
        let (one, two) = tokio::join!(shared.get("n", fetch), shared.get("n", fetch));
        assert_eq!((*one.unwrap(), *two.unwrap()), (7, 7));
        assert_eq!(fetches.into_inner(), 1);
    }

    #[tokio::test]
    async fn an_error_reaches_every_asker_with_its_class() {
        let shared = SharedFetches::default();
        let fetch = || async { Err::<u8, _>(SourceError::retryable("boards are down")) };
        shared.get("boards", fetch).await.unwrap_err();
        let error = shared.get("boards", fetch).await.unwrap_err();
        assert_eq!(error.to_string(), "boards are down");
        assert_eq!(error.class(), crate::ErrorClass::Retryable);
    }

    #[tokio::test]
    async fn a_key_has_one_type() {
        let shared = SharedFetches::default();
        shared
            .get("n", || async { Ok::<_, SourceError>(7_u8) })
            .await
            .unwrap();
        let other = shared
            .get("n", || async { Ok::<_, SourceError>("seven") })
            .await;
        assert!(other.unwrap_err().to_string().contains("another type"));
    }
}
