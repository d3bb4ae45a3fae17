//! How much does Port hold when a run begins?

use std::collections::BTreeMap;

use futures::TryStreamExt as _;

use super::ResyncError;
use crate::catalog::Catalog;
use crate::error::{ErrorClass, error_chain};

/// How many entities per blueprint Port holds; `None` when it cannot say.
pub(super) async fn census(
    catalog: &dyn Catalog,
) -> Result<Option<BTreeMap<String, usize>>, ResyncError> {
    let mut census = BTreeMap::new();
    let mut owned = catalog.owned(None);
    loop {
        match owned.try_next().await {
            Ok(Some(key)) => match census.get_mut(&key.blueprint) {
                Some(count) => *count += 1,
                None => {
                    census.insert(key.blueprint, 1);
                }
            },
            Ok(None) => return Ok(Some(census)),
            Err(error) if error.class() == ErrorClass::Unauthorized => {
                return Err(ResyncError::Catalog(error));
            }
            Err(error) => {
                let error = error_chain(&error);
                tracing::warn!(
                    error,
                    "Port could not list its entities, each will be looked up"
                );
                return Ok(None);
            }
        }
    }
}
