//! A process of its own that uses a folder: this test binary once more, with the test below.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use futures::StreamExt as _;
use futures::stream;

use super::{event, open};
use crate::live::queue::{Ending, EventQueue as _, Pushed};

const FOLDER: &str = "OCEAN_TEST_QUEUE_FOLDER";
const FIRST: &str = "OCEAN_TEST_QUEUE_FIRST";

/// What a child says it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// The push of this event was acknowledged.
    Accepted(u64),
    /// It is about to end this event.
    Ending(u64),
    /// That was acknowledged.
    Ended(u64),
}

/// A child that pushes events, and ends every third of them, until it is killed.
pub(super) struct Pusher {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Pusher {
    /// Its events are numbered from `first` on.
    pub(super) fn start(folder: &Path, first: u64) -> Self {
        let test = concat!(module_path!(), "::pushes_until_it_is_killed");
        let test = test.split_once("::").expect("a crate and a path").1;
        let mut child = Command::new(std::env::current_exe().expect("it runs"))
            .args([
                "--ignored",
                "--exact",
                test,
                "--nocapture",
                "--test-threads=1",
            ])
            .env(FOLDER, folder)
            .env(FIRST, first.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a test can start itself");
        let stdout = child.stdout.take().expect("it is piped");
        let lines = BufReader::new(stdout).lines();
        Self { child, lines }
    }

    /// Waits for the next thing it says, or for its end.
    pub(super) fn said(&mut self) -> Option<Said> {
        // The last line may be cut, and the first ones are those of the test harness.
        self.lines.by_ref().map_while(Result::ok).find_map(|line| {
            let mut words = line.strip_suffix('.')?.split(' ');
            let said = words.next()?;
            let id = words.next()?.parse().ok()?;
            match said {
                "accepted" => Some(Said::Accepted(id)),
                "ending" => Some(Said::Ending(id)),
                "ended" => Some(Said::Ended(id)),
                _ => None,
            }
        })
    }

    /// SIGKILL, and whatever it said before.
    pub(super) fn kill(mut self) -> Vec<Said> {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
        std::iter::from_fn(|| self.said()).collect()
    }
}

#[tokio::test]
#[ignore = "it is started by other tests, and runs until it is killed"]
async fn pushes_until_it_is_killed() {
    let folder = std::env::var_os(FOLDER)
        .map(PathBuf::from)
        .expect("a test set it");
    let first = std::env::var_os(FIRST).expect("a test set it");
    let first: u64 = first.to_string_lossy().parse().expect("a number");
    let queue = open(&folder).await;
    let mut pushes = stream::iter(first..)
        .map(|id| {
            let queue = &queue;
            async move {
                let pushed = queue.push(event(id)).await;
                let Ok(Pushed::Accepted(seq)) = pushed else {
                    panic!("{pushed:?}");
                };
                say("accepted", id);
                if id % 3 == 0 {
                    say("ending", id);
                    queue
                        .end(vec![(seq, Ending::Applied)])
                        .await
                        .expect("it can end");
                    say("ended", id);
                }
            }
        })
        .buffer_unordered(16);
    while pushes.next().await.is_some() {}
}

fn say(what: &str, id: u64) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{what} {id}.")
        .and_then(|()| stdout.flush())
        .expect("somebody listens");
}
