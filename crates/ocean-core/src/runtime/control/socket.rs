//! Who may give orders, and how do they travel? As one line of JSON each way, over a socket that
//! belongs to the user of the process: [`ControlSocket`], [`send_order`].

use std::convert::Infallible;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::order::{Order, Reply, perform_order};
use crate::live::EventQueue;

const NAME: &str = "control.sock";

/// The longest order. A sequence number has at most 20 digits, so that this is enough for fifty
/// thousand of them; more are given as "all".
const MAX_ORDER: u64 = 1 << 20;

/// How long one order may take. One is done at a time, so that a client that hangs must not hold
/// up the next one for long.
const PATIENCE: Duration = Duration::from_secs(30);

/// The socket of a process that has the folder to itself. Dropping it removes the file.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl ControlSocket {
    /// Listens in the state folder. What an earlier process left there is replaced, so that this
    /// must be called only by whoever has the folder to itself.
    ///
    /// # Errors
    ///
    /// When the folder or the file system does not allow it, or the path is longer than the system
    /// takes for a socket (about 100 bytes).
    pub fn listen(folder: &Path) -> io::Result<Self> {
        let path = folder.join(NAME);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    /// Does what is ordered, one order at a time; never returns. Replayed events are announced to
    /// `arrived`.
    pub async fn serve(&self, queue: &dyn EventQueue, arrived: &Arc<Notify>) -> Infallible {
        loop {
            let answered = match self.listener.accept().await {
                Ok((stream, _)) => timeout(PATIENCE, answer(stream, queue, arrived)).await,
                Err(error) => {
                    // Usually there are no file descriptors left; they come back.
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    Ok(Err(error))
                }
            };
            match answered {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "an order was not answered"),
                Err(_) => tracing::warn!("an order took too long"),
            }
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        // A file that is left behind does no harm: nobody listens, and the next process replaces it.
        drop(fs::remove_file(&self.path));
    }
}

async fn answer(
    mut stream: UnixStream,
    queue: &dyn EventQueue,
    arrived: &Notify,
) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut line = String::new();
    BufReader::new(read.take(MAX_ORDER))
        .read_line(&mut line)
        .await?;
    let reply = match serde_json::from_str::<Order>(&line) {
        Ok(order) => {
            tracing::info!(order = order.name(), "an order about dead letters");
            let replays = matches!(order, Order::Replay { .. });
            let reply = perform_order(queue, order).await;
            if replays {
                arrived.notify_one();
            }
            reply
        }
        Err(error) => Reply::Failed(format!("the order is not one: {error}")),
    };
    let mut text = serde_json::to_vec(&reply)?;
    text.push(b'\n');
    write.write_all(&text).await
}

/// Sends an order to the process that uses the folder; `None` when there is none.
///
/// # Errors
///
/// When there is one and it does not answer.
pub async fn send_order(folder: &Path, order: &Order) -> io::Result<Option<Reply>> {
    let mut stream = match UnixStream::connect(folder.join(NAME)).await {
        Ok(stream) => stream,
        Err(error) if nobody_listens(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = serde_json::to_vec(order)?;
    text.push(b'\n');
    let reply = async {
        stream.write_all(&text).await?;
        let mut line = String::new();
        BufReader::new(&mut stream).read_line(&mut line).await?;
        Ok(Some(serde_json::from_str(&line)?))
    };
    timeout(PATIENCE, reply).await?
}

fn nobody_listens(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, InvalidInput, NotFound};
    // An invalid path is one that is too long, at which nobody can listen.
    matches!(error.kind(), ConnectionRefused | NotFound | InvalidInput)
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;
    use crate::live::{MemoryQueue, QueueOptions};

    /// A process with an empty queue, asked something by somebody.
    async fn served<T>(folder: &Path, client: impl Future<Output = T>) -> T {
        let socket = ControlSocket::listen(folder).unwrap();
        let queue = MemoryQueue::new(QueueOptions::new());
        let arrived = Arc::default();
        tokio::select! {
            never = socket.serve(&queue, &arrived) => match never {},
            done = client => done,
        }
    }

    #[tokio::test]
    async fn an_order_is_answered_by_the_process_that_uses_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let nobody = send_order(folder.path(), &Order::List).await.unwrap();
        assert_eq!(nobody, None);
        for _again_after_a_restart in 0..2 {
            let reply = served(folder.path(), send_order(folder.path(), &Order::List)).await;
            assert_eq!(reply.unwrap(), Some(Reply::Letters(Vec::new())));
        }
        let nobody = send_order(folder.path(), &Order::List).await.unwrap();
        assert_eq!(nobody, None);
    }

    #[tokio::test]
    async fn what_a_killed_process_left_behind_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let left = UnixListener::bind(folder.path().join(NAME)).unwrap();
        drop(left);
        let nobody = send_order(folder.path(), &Order::List).await.unwrap();
        assert_eq!(nobody, None);
        let reply = served(folder.path(), send_order(folder.path(), &Order::List)).await;
        assert!(reply.unwrap().is_some());
    }

    #[tokio::test]
    async fn only_the_user_of_the_process_may_give_orders() {
        let folder = tempfile::tempdir().unwrap();
        let socket = ControlSocket::listen(folder.path()).unwrap();
        let mode = fs::metadata(&socket.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[tokio::test]
    async fn nonsense_is_refused_and_the_next_order_answered() {
        let folder = tempfile::tempdir().unwrap();
        let client = async {
            let mut stream = UnixStream::connect(folder.path().join(NAME)).await?;
            stream.write_all(b"{\"order\": \"explode\"}\n").await?;
            let mut reply = String::new();
            stream.read_to_string(&mut reply).await?;
            assert!(reply.contains("the order is not one"), "{reply}");
            send_order(folder.path(), &Order::List).await
        };
        assert!(served(folder.path(), client).await.unwrap().is_some());
    }
}
