//! A program that stays up, as its supervisor sees it. Dropping it kills it.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ocean_testkit::port::PortTwin;

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
        let mut child = program.command(arguments).spawn().unwrap();
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
