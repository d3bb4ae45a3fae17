//! The only place that sends: the HTTP client of `ocean-core`, with Port's token on every
//! request.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use http::Request;
use ocean_core::http::{Deadlines, HttpClient, HttpClientBuilder, HttpError, Response};
use serde::de::DeserializeOwned;

use crate::auth::TokenKeeper;
use crate::config::PortConfig;
use crate::error::Result;

/// How many requests are on the wire at once: the five bulk upserts, as many deletions, and room
/// for reads beside them.
const CONCURRENCY: usize = 20;

/// All attempts of a call together may take this many times as long as one answer.
const TOTAL_DEADLINE_FACTOR: u32 = 5;

/// How long an answer to a call about a forwarded sync may take, which does nothing meanwhile.
const ABOUT_SYNCS: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct PortTransport {
    http: HttpClient,
    /// For calls about forwarded syncs, which have deadlines of their own.
    about_syncs: HttpClient,
}

impl PortTransport {
    pub(crate) fn new(config: &PortConfig, token_request: Request<Bytes>) -> Result<Self> {
        Self::with(config, token_request, || builder(config))
    }

    /// A transport that sends through something else than sockets.
    #[cfg(test)]
    pub(crate) fn scripted(
        config: &PortConfig,
        token_request: Request<Bytes>,
        script: impl ocean_core::http::Transport + Clone,
    ) -> Result<Self> {
        let builder = || builder(config).transport(script.clone());
        Self::with(config, token_request, builder)
    }

    fn with(
        config: &PortConfig,
        token_request: Request<Bytes>,
        builder: impl Fn() -> HttpClientBuilder,
    ) -> Result<Self> {
        let tokens = TokenKeeper::new(builder().build()?, token_request);
        let http = builder().authenticator(tokens.clone()).build()?;
        let hurried = deadlines(config, config.read_timeout.min(ABOUT_SYNCS));
        let about_syncs = builder().deadlines(hurried).authenticator(tokens);
        Ok(Self {
            http,
            about_syncs: about_syncs.build()?,
        })
    }

    /// The same for calls about forwarded syncs.
    pub(crate) const fn about_syncs(&self) -> &HttpClient {
        &self.about_syncs
    }

    /// Sends a request; any status from 400 is an error.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Response> {
        Ok(self.http.send(request).await?)
    }

    /// Sends a request and reads the answer.
    pub(crate) async fn read<T>(&self, request: Request<Bytes>) -> Result<T>
    where
        T: DeserializeOwned + Send,
    {
        Ok(self.http.send_json(request).await?)
    }

    /// Sends a request whose answer may be too large to hold; it is there when its headers are.
    pub(crate) async fn open(
        &self,
        request: Request<Bytes>,
    ) -> Result<impl Stream<Item = Result<Bytes, HttpError>> + Send + use<>> {
        Ok(self.http.open(request).await?.into_stream())
    }
}

/// Reaches Port, or what belongs to it, as configured; without credentials.
pub(crate) fn builder(config: &PortConfig) -> HttpClientBuilder {
    let mut builder = HttpClient::builder("port")
        .concurrency(CONCURRENCY)
        .deadlines(deadlines(config, config.read_timeout))
        .retry(config.retry.clone())
        .follow_redirects(false)
        .proxies(config.proxies.clone())
        .verify_tls(config.verify_tls)
        .public_hosts_only(config.public_hosts_only)
        .masker(config.masker())
        .meter(Arc::clone(&config.meter));
    if let Some(pem) = &config.only_ca_pem {
        builder = builder.only_ca_pem(pem.clone());
    }
    for pem in &config.ca_pems {
        builder = builder.ca_pem(pem.clone());
    }
    builder
}

/// The deadlines of calls whose answers may take so long.
fn deadlines(config: &PortConfig, read: Duration) -> Deadlines {
    Deadlines::default()
        .connect(config.connect_timeout)
        .first_byte(read)
        .idle(read)
        .total(read * TOTAL_DEADLINE_FACTOR)
}
