//! What do both programs go through? A [`Scenario`], in steps that are compared one by one.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use ocean_testkit::jira::{IssueEdit, JiraTwin, JiraTwinBuilder};
use ocean_testkit::port::PortTwin;

use crate::engine::{Engine, Running};
use crate::recording::Recording;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// Three processes, each of which resyncs and ends: into nothing, after nothing happened, and
    /// after an issue changed and one was deleted.
    Once,
    /// A process that resyncs when Port is asked for it, is told of changes, and is stopped.
    Polling,
    /// A process that resyncs when it is called, and is stopped.
    Webhook,
    /// A first process that resyncs and ends, under an identifier that needs escaping. It was
    /// recorded elsewhere, with a site of its own.
    Wire,
}

/// Both simulators, and what is known of Port's so far.
struct Stage {
    engine: Engine,
    identifier: &'static str,
    jira: JiraTwin,
    port: PortTwin,
    recording: Recording,
}

impl Scenario {
    pub(crate) const ALL: [Self; 4] = [Self::Once, Self::Polling, Self::Webhook, Self::Wire];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Polling => "polling",
            Self::Webhook => "webhook",
            Self::Wire => "wire",
        }
    }

    /// What the integration is called.
    fn identifier(self) -> &'static str {
        match self {
            Self::Wire => "my jira/1",
            _ => "my-jira-integration",
        }
    }

    fn site(self) -> JiraTwinBuilder {
        let site = JiraTwin::builder().seed(7);
        match self {
            Self::Wire => site.projects(1).issues(12).users(1).teams(0),
            _ => site.projects(3).issues(60).users(6).teams(2),
        }
    }

    /// Goes through it with one of both programs, and returns what Port was asked.
    pub(crate) async fn play(self, engine: Engine) -> Recording {
        let port = PortTwin::builder().client("id", "the-secret");
        let mut stage = Stage {
            engine,
            identifier: self.identifier(),
            jira: self.site().start().await.unwrap(),
            port: port.start().await.unwrap(),
            recording: Recording::default(),
        };
        match self {
            Self::Once => stage.once().await,
            Self::Polling => stage.polling().await,
            Self::Webhook => stage.webhook().await,
            Self::Wire => stage.wire().await,
        }
        stage.recording
    }
}

impl Stage {
    async fn once(&mut self) {
        for step in ["first", "again", "changed"] {
            if step == "changed" {
                self.retitle();
                self.delete();
            }
            self.start(r#"{"type":"ONCE"}"#).0.end().await;
            assert_eq!(self.state(), "completed");
            self.note(step);
            self.pass_a_minute();
        }
    }

    async fn polling(&mut self) {
        let listener = r#"{"type":"POLLING","interval":1,"resync_on_start":false}"#;
        let (running, _) = self.start(listener);
        let (jira, port) = (&self.jira, &self.port);
        let listens = || jira.journal().count("POST", "/webhook") > 0;
        running.until("a webhook", listens).await;
        let polls = || port.journal().count("GET", "/resync-request") > 0;
        running.until("a look for requests", polls).await;
        self.silence().await;
        self.note("start");
        for step in ["resync", "resync again"] {
            self.pass_a_minute();
            self.port.request_resync(self.identifier);
            self.resynced(&running).await;
            self.note(step);
        }
        self.pass_a_minute();
        let issue = self.retitle();
        self.jira.site().delivered().await;
        let title = || self.port.entity("jiraIssue", &issue).unwrap()["title"] == "Retitled";
        running.until("the new title", title).await;
        self.silence().await;
        self.note("update");
        let issue = self.delete();
        self.jira.site().delivered().await;
        let gone = || self.port.entity("jiraIssue", &issue).is_none();
        running.until("one issue less", gone).await;
        self.silence().await;
        self.note("deletion");
        running.terminate().await;
        self.note("stop");
    }

    async fn webhook(&mut self) {
        let listener = r#"{"type":"WEBHOOK","app_host":"http://ocean.test"}"#;
        let (running, listens) = self.start(listener);
        let ready = || ask(listens, "GET /health/ready").starts_with("HTTP/1.1 200");
        running.until("readiness", ready).await;
        self.silence().await;
        self.note("start");
        self.pass_a_minute();
        ask(listens, "POST /resync");
        self.resynced(&running).await;
        self.note("resync");
        running.terminate().await;
        self.note("stop");
    }

    async fn wire(&mut self) {
        self.start(r#"{"type":"ONCE"}"#).0.end().await;
        let journal = self.port.journal().requests();
        let mut told = journal.iter();
        let begins = told.position(|one| one.path().ends_with("/resync-state"));
        let (start, _) = journal.split_at(begins.unwrap());
        self.recording.add("start", start);
        self.recording.add("resync", &journal);
    }

    /// A process, and the port of the machine that it listens on.
    fn start(&self, listener: &str) -> (Running, u16) {
        let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let listens = free.local_addr().unwrap().port();
        drop(free);
        let ends = (&self.jira, &self.port);
        (
            self.engine.start(ends, self.identifier, listener, listens),
            listens,
        )
    }

    /// Waits for a resync that somebody asked for, and for what follows it.
    async fn resynced(&self, running: &Running) {
        let told = |from| {
            let journal = self.port.journal().requests();
            let states = journal.iter().skip(from);
            let states = states.filter(|one| one.path().ends_with("/resync-state"));
            states.count()
        };
        let from = self.recording.length();
        running.until("a resync", || told(from) >= 2).await;
        assert_eq!(self.state(), "completed");
        self.silence().await;
    }

    /// Waits until nothing but the polling goes on.
    async fn silence(&self) {
        let asked = || {
            let port = self.port.journal();
            let polls = port.count("GET", "/resync-request");
            self.jira.journal().len() + port.len() - polls
        };
        let (mut last, mut since) = (asked(), Instant::now());
        while since.elapsed() < self.engine.silence() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if asked() != last {
                (last, since) = (asked(), Instant::now());
            }
        }
    }

    /// What Port was asked since the last step.
    fn note(&mut self, step: &str) {
        self.recording.add(step, &self.port.journal().requests());
    }

    /// Lets Port's clock go on for our program, which never deletes what was written in the second
    /// in which it began. The original goes by the clock of its machine.
    fn pass_a_minute(&self) {
        if self.engine == Engine::Ours {
            let minutes = self.recording.steps().try_into().unwrap();
            let offset = SignedDuration::from_mins(minutes);
            self.port.set_clock_offset(offset);
        }
    }

    fn state(&self) -> String {
        let integration = self.port.integration(self.identifier).unwrap();
        integration["resyncState"]["status"]
            .as_str()
            .unwrap_or("")
            .to_owned()
    }

    /// Changes the first issue that the default mapping selects.
    fn retitle(&self) -> String {
        let key = self.selected().swap_remove(0);
        let edit = IssueEdit::new().summary("Retitled");
        self.jira.site().update_issue(key.as_str(), edit).unwrap();
        key
    }

    /// Deletes the last one that nothing relates to.
    fn delete(&self) -> String {
        let site = self.jira.site();
        let alone = |key: &String| {
            let issue = site.issue(key).unwrap();
            let subtasks = issue["fields"]["subtasks"].as_array();
            issue["fields"]["parent"].is_null() && subtasks.is_none_or(Vec::is_empty)
        };
        let key = self.selected().into_iter().rfind(alone).unwrap();
        site.delete_issue(key.as_str()).unwrap();
        key
    }

    fn selected(&self) -> Vec<String> {
        let keys = self
            .jira
            .site()
            .matching_issue_keys("statusCategory != Done");
        keys.unwrap()
    }
}

/// Asks a process on this machine; what it answers is empty when nobody listens.
fn ask(port: u16, what: &str) -> String {
    let mut answer = String::new();
    if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
        let rest = "HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        write!(stream, "{what} {rest}").unwrap();
        stream.read_to_string(&mut answer).unwrap();
    }
    answer
}
