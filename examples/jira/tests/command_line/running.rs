//! A program that stays up, as its supervisor sees it. Dropping it kills it.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ocean_testkit::port::PortTwin;
use ocean_tests::canary;
use serde_json::Value;

use crate::process::Program;

/// How often we look whether something has happened.
const POLL: Duration = Duration::from_millis(5);

/// How long it may take; it is milliseconds unless the machine is busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program while it runs.
pub(crate) struct Running {
    child: Child,
    output: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(program: &Program, arguments: &[&str]) -> Self {
        Self::spawn(program.command(arguments))
    }

    /// Starts a command that ends in the program.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let output = Arc::new(Mutex::new(String::new()));
        let readers = vec![
            collect(child.stdout.take().unwrap(), &output),
            collect(child.stderr.take().unwrap(), &output),
        ];
        Self {
            child,
            output,
            readers,
        }
    }

    /// What the system calls the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far.
    pub(crate) fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// Waits until it has printed this.
    pub(crate) async fn says(&self, text: &str) {
        self.until(text, || self.output().contains(text)).await;
    }

    /// Waits for something that the program brings about.
    pub(crate) async fn until(&self, what: &str, happened: impl Fn() -> bool) {
        let began = Instant::now();
        while !happened() {
            let waited = began.elapsed();
            assert!(waited < PATIENCE, "not in time: {what}\n{}", self.output());
            tokio::time::sleep(POLL).await;
        }
    }

    /// The port that it listens on.
    pub(crate) async fn listens(&self) -> u16 {
        const LISTENING: &str = "listening address=0.0.0.0:";
        self.says(LISTENING).await;
        let output = self.output();
        let (_, rest) = output.split_once(LISTENING).unwrap();
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    }

    /// Asks it something over HTTP: the status and the body of its answer.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        more: &str,
        body: &str,
    ) -> (u16, Value) {
        let answer = self.exchange(method, path, more, body).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    /// What it answers, with its head.
    async fn exchange(&self, method: &str, path: &str, more: &str, body: &str) -> String {
        let port = self.listens().await;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\
             content-length: {length}\r\n{more}\r\n{body}"
        );
        let asking = tokio::task::spawn_blocking(move || exchange(port, &request));
        asking.await.unwrap()
    }

    /// The body of an answer that is no JSON.
    pub(crate) async fn text(&self, path: &str) -> String {
        let answer = self.exchange("GET", path, "", "").await;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        body.to_owned()
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, "", "").await
    }

    pub(crate) fn send(&self, signal: &str) {
        send(signal, &self.child);
    }

    /// Waits for its end, and returns its exit code and what it printed.
    pub(crate) async fn end(mut self) -> (Option<i32>, String) {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < PATIENCE, "no end\n{}", self.output());
            tokio::time::sleep(POLL).await;
        };
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        (status.code(), self.output())
    }

    /// Ends it as a supervisor does.
    pub(crate) async fn terminate(self) -> (Option<i32>, String) {
        self.send("-TERM");
        self.end().await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _status = self.child.wait();
        canary::keep("running", &self.output());
    }
}

/// Sends a signal.
pub(crate) fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// How Port sees the resyncs of the program.
pub(crate) fn state(port: &PortTwin) -> String {
    let integration = port.integration(INTEGRATION).unwrap_or_default();
    let status = integration.pointer("/resyncState/status");
    status
        .and_then(|status| status.as_str())
        .unwrap_or_default()
        .to_owned()
}

/// What the integration is called when no setting says otherwise.
pub(crate) const INTEGRATION: &str = "my-jira-integration";

fn exchange(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn collect(from: impl Read + Send + 'static, into: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let into = Arc::clone(into);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            let mut output = into.lock().unwrap();
            output.push_str(&line.unwrap());
            output.push('\n');
        }
    })
}
