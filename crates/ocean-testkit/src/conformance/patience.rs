//! How long is an integration waited for? Not for ever: what does not end is a promise not kept.

use std::time::Duration;

use super::verdict::Not;

/// How long one resync may take, whatever is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// What `resync` gives, unless it does not end.
pub(super) async fn patiently<T>(resync: impl Future<Output = T>) -> Result<T, Not> {
    let ended = tokio::time::timeout(PATIENCE, resync).await;
    ended.map_err(|_late| Not::kept("the resync did not end in a minute"))
}
