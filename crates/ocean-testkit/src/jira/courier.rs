//! Who brings webhook events to those who registered for them?
//!
//! One task per twin, one call at a time, in the order of the changes and without a second attempt.
//! It speaks just enough HTTP/1.1 for a receiver on the loopback interface.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc::Receiver,
    time::timeout,
};
use url::Url;

use super::state::Shared;

/// How long a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// An event on its way.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(super) url: String,
    pub(super) event: String,
    pub(super) body: Vec<u8>,
}

/// One attempt to deliver a webhook event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Where to.
    pub url: String,
    /// The name of the event.
    pub event: String,
    /// The status of the answer; `None` if there was none.
    pub status: Option<u16>,
}

/// Delivers until the twin is gone.
pub(super) async fn run(shared: Arc<Shared>, mut outbox: Receiver<Parcel>) {
    let mut number = 0_u64;
    while let Some(parcel) = outbox.recv().await {
        number += 1;
        let status = match timeout(PATIENCE, post(&parcel, number)).await {
            Ok(Ok(status)) => Some(status),
            Ok(Err(_)) | Err(_) => None,
        };
        shared.deliveries().push(Delivery {
            url: parcel.url,
            event: parcel.event,
            status,
        });
    }
}

async fn post(parcel: &Parcel, number: u64) -> io::Result<u16> {
    let url = Url::parse(&parcel.url).map_err(io::Error::other)?;
    let host = url.host_str().filter(|_| url.scheme() == "http");
    let (Some(host), Some(port)) = (host, url.port_or_known_default()) else {
        return Err(io::Error::other("only http urls are delivered to"));
    };
    let target = url[url::Position::BeforePath..].to_owned();
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nUser-Agent: Atlassian Webhook HTTP Client\r\n\
         X-Atlassian-Webhook-Identifier: twin-{number}\r\nX-Atlassian-Webhook-Flow: Primary\r\n\
         Connection: close\r\n\r\n",
        parcel.body.len()
    );
    let mut stream = TcpStream::connect((host, port)).await?;
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&parcel.body).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    // A status line reads `HTTP/1.1 200 OK`.
    let text = String::from_utf8_lossy(&answer);
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::other("the answer is not HTTP"))
}
