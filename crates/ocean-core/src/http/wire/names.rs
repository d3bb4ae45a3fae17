//! At which addresses is a host connected to?
//!
//! Addresses are checked where they are looked up for a connection, so that the one that was
//! checked is the one that is used: a name that changes in between gains nothing. Two things do not
//! pass there: addresses written as such, and hosts that a proxy looks up.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::BoxError;
use crate::http::config::Settings;
use crate::http::private::{self, NotPublic};
use crate::http::resolver::Resolver;

/// Looks up names, and refuses those that must not be asked.
#[derive(Debug, Clone)]
pub(super) struct Names {
    resolver: Arc<dyn Resolver>,
    public_only: bool,
    /// The operator's proxies may be anywhere.
    proxies: Arc<[String]>,
}

impl Names {
    pub(super) fn new(settings: &Settings) -> Self {
        let proxies = &settings.proxies;
        let proxies = [&proxies.http, &proxies.https, &proxies.all].into_iter();
        let hosts = proxies.flatten().filter_map(|url| {
            let url = Url::parse(url).or_else(|_| Url::parse(&format!("http://{url}")));
            Some(url.ok()?.host_str()?.to_owned())
        });
        Self {
            resolver: Arc::clone(&settings.resolver),
            public_only: settings.public_hosts_only,
            proxies: hosts.collect(),
        }
    }

    /// Refuses what the connection itself would not refuse.
    pub(super) async fn check(&self, url: &Url) -> Result<(), BoxError> {
        if !self.public_only {
            return Ok(());
        }
        let written = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(name)) if !self.proxies.is_empty() => {
                let addresses = self.resolver.resolve(name).await?;
                return Ok(private::check(name, &addresses)?);
            }
            _ => return Ok(()),
        };
        Ok(private::check(
            url.host_str().unwrap_or_default(),
            &[written],
        )?)
    }

    fn is_proxy(&self, name: &str) -> bool {
        let mut proxies = self.proxies.iter();
        proxies.any(|proxy| proxy.eq_ignore_ascii_case(name))
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            let name = name.as_str();
            let addresses = names.resolver.resolve(name).await?;
            if names.public_only && !names.is_proxy(name) {
                private::check(name, &addresses)?;
            }
            // The port of the URL takes the place of this one.
            let addresses = addresses.into_iter();
            let addresses: Addrs = Box::new(addresses.map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// Whether this is the refusal of a host.
pub(super) fn is_refusal(error: &(dyn std::error::Error + 'static)) -> bool {
    error.is::<NotPublic>()
}
