//! The program after many resyncs is as large as after a few.

use std::fs;

use ocean_testkit::not_run;

use crate::process::{Program, jira_with, port};
use crate::running::Running;

/// How many resyncs an ordinary test run affords; `OCEAN_SOAK_ROUNDS` asks for more.
const ROUNDS: usize = 60;

/// How much more memory the last third may take than the one before it, in KiB: what an allocator
/// may still find to keep. One leaked page of 60 issues per round would be many times that.
const SLACK: usize = 1024;

/// What a process holds.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    memory_kib: usize,
    files: usize,
    threads: usize,
}

impl Held {
    /// What the system says of a process; `None` where it does not say.
    fn of(pid: u32) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let number = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        Some(Self {
            memory_kib: number("VmRSS:")?,
            files: fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count(),
            threads: number("Threads:")?,
        })
    }

    fn most(all: &[Self]) -> Self {
        let most = |of: fn(&Self) -> usize| all.iter().map(of).max().unwrap_or_default();
        Self {
            memory_kib: most(|held| held.memory_kib),
            files: most(|held| held.files),
            threads: most(|held| held.threads),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the test says how long it soaks"
)]
fn rounds() -> usize {
    let wanted = std::env::var("OCEAN_SOAK_ROUNDS");
    wanted.map_or(ROUNDS, |rounds| rounds.parse().unwrap())
}

#[tokio::test]
#[expect(
    clippy::print_stdout,
    reason = "the figures are what a long soak is run for"
)]
async fn f84_many_resyncs_leave_memory_files_and_threads_flat() {
    let rounds = rounds();
    let jira = jira_with(|jira| jira.projects(1).issues(60).users(3).teams(1));
    let (jira, port) = (jira.await, port().await);
    let program = Program::between(&jira, &port)
        .set("OCEAN__EVENT_LISTENER__TYPE", "WEBHOOK")
        .set("OCEAN__EVENT_LISTENER__APP_HOST", "http://127.0.0.1:9")
        .set("OCEAN__RESYNC__SECRET", "soaked")
        .set("APPLICATION__PORT", "0");
    let running = Running::start(&program, &[]);
    if Held::of(running.id()).is_none() {
        return not_run("what a process holds is read from /proc");
    }
    let mut held = Vec::new();
    for _ in 0..rounds {
        jira.journal().clear();
        port.journal().clear();
        let order = "authorization: Bearer soaked\r\n";
        assert_eq!(running.ask("POST", "/resync", order, "").await.0, 200);
        let told = || port.journal().count("PATCH", "/resync-state");
        running.until("a resync", || told() == 2).await;
        held.push(Held::of(running.id()).unwrap());
    }
    let third = rounds / 3;
    let (middle, last) = (
        Held::most(&held[third..2 * third]),
        Held::most(&held[2 * third..]),
    );
    assert!(
        last.memory_kib <= middle.memory_kib + SLACK,
        "{middle:?} then {last:?}"
    );
    assert!(last.files <= middle.files + 2, "{middle:?} then {last:?}");
    assert!(last.threads <= middle.threads, "{middle:?} then {last:?}");
    println!("{rounds} resyncs: {middle:?} in the second third, {last:?} in the last");

    let (code, output) = running.terminate().await;
    assert_eq!(code, Some(143), "{output}");
    let lines = output.lines().count();
    assert!(
        lines < 30 * rounds,
        "{lines} lines for {rounds} resyncs without a problem"
    );
}
