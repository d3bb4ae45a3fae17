//! Which addresses does a name have? The system knows, or in a test a [`Resolver`] of its own.

use std::fmt;
use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

/// Looks up the addresses of names, anew for every connection.
///
/// The default asks the system. A test can pass its own to
/// [`HttpClientBuilder::resolver`](super::HttpClientBuilder::resolver).
#[async_trait]
pub trait Resolver: fmt::Debug + Send + Sync + 'static {
    /// The addresses of a name, the preferred one first.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotFound`] when the name is known not to exist, which asking again does not
    /// change; anything else may pass.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the system: `/etc/hosts`, DNS, and whatever else it is configured for.
#[derive(Debug)]
pub(super) struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await;
        let addresses = found.map_err(told_apart)?;
        Ok(addresses.map(|address| address.ip()).collect())
    }
}

/// The system tells only in words whether a name does not exist: "Name or service not known" and
/// "No address associated with hostname" (glibc), "Name does not resolve" (musl), "nodename nor
/// servname provided, or not known" (BSD). A resolver that is itself in trouble says something else.
fn told_apart(error: io::Error) -> io::Error {
    const UNKNOWN: [&str; 3] = ["not known", "does not resolve", "no address associated"];
    let text = error.to_string().to_lowercase();
    if UNKNOWN.iter().any(|words| text.contains(words)) {
        io::Error::new(io::ErrorKind::NotFound, error)
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f12_only_a_name_that_does_not_exist_is_not_found() {
        for (words, unknown) in [
            (
                "failed to lookup address information: Name or service not known",
                true,
            ),
            (
                "failed to lookup address information: No address associated with hostname",
                true,
            ),
            (
                "failed to lookup address information: Name does not resolve",
                true,
            ),
            (
                "failed to lookup address information: Temporary failure in name resolution",
                false,
            ),
            ("failed to lookup address information: Try again", false),
        ] {
            let kind = told_apart(io::Error::other(words)).kind();
            assert_eq!(kind == io::ErrorKind::NotFound, unknown, "{words}");
        }
    }
}
