//! Connections to receivers, kept open between calls: [`Connections`].

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// An answer is read up to this size, so that its connection can be used again.
const MAX_ANSWER_BYTES: usize = 64 << 10;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Sender = SendRequest<Full<Bytes>>;

/// What a receiver says to an event.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// How long it asks not to be called again.
    pub(super) retry_after: Option<Duration>,
}

/// The open connections, idle ones by receiver. Dropping it closes them.
#[derive(Debug, Default)]
pub(super) struct Connections {
    idle: Mutex<HashMap<String, Vec<Sender>>>,
    drivers: Mutex<JoinSet<()>>,
}

impl Connections {
    pub(super) async fn send(
        &self,
        authority: String,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer, Error> {
        let (mut sender, response) = match self.reuse(&authority) {
            None => self.send_anew(&authority, request).await?,
            Some(mut sender) => match sender.send_request(request.clone()).await {
                Ok(response) => (sender, response),
                // The receiver closed the connection while it was idle and has seen nothing.
                Err(error) if error.is_canceled() || error.is_closed() => {
                    self.send_anew(&authority, request).await?
                }
                Err(error) => return Err(error.into()),
            },
        };
        let answer = read(response).await?;
        if sender.ready().await.is_ok() {
            lock(&self.idle).entry(authority).or_default().push(sender);
        }
        Ok(answer)
    }

    fn reuse(&self, authority: &str) -> Option<Sender> {
        let mut idle = lock(&self.idle);
        let kept = idle.get_mut(authority)?;
        std::iter::from_fn(|| kept.pop()).find(SendRequest::is_ready)
    }

    async fn send_anew(
        &self,
        authority: &str,
        request: Request<Full<Bytes>>,
    ) -> Result<(Sender, Response<Incoming>), Error> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        {
            let mut drivers = lock(&self.drivers);
            while drivers.try_join_next().is_some() {}
            // How a connection ends is told to whoever waits for an answer.
            drivers.spawn(async move { drop(connection.await) });
        }
        let response = sender.send_request(request).await?;
        Ok((sender, response))
    }
}

async fn read(response: Response<Incoming>) -> Result<Answer, Error> {
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let seconds = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let status = response.status();
    Limited::new(response.into_body(), MAX_ANSWER_BYTES)
        .collect()
        .await?;
    Ok(Answer {
        status,
        retry_after: seconds.map(Duration::from_secs),
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
