//! What a machine does to the program: it runs out of file descriptors, or stops for a while.
//!
//! Not run of F83: a limit of threads, which the kernels of build machines may not enforce, and a
//! limit of memory, which needs a control group; `invariants` holds the memory itself.

use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;

use crate::process::{Program, jira, port};
use crate::running::{INTEGRATION, Running, state};

/// Enough to start and to resync, and no more: the program itself holds about thirty.
const DESCRIPTORS: &str = "64";

/// A process that asks Port every second whether somebody wants a resync.
fn polling(jira: &JiraTwin, port: &PortTwin) -> Program {
    Program::between(jira, port)
        .set("OCEAN__EVENT_LISTENER__TYPE", "POLLING")
        .set("OCEAN__EVENT_LISTENER__INTERVAL", "1")
        .set("APPLICATION__PORT", "0")
}

/// How many resyncs came to an end.
fn ended(port: &PortTwin) -> usize {
    port.journal().count("PATCH", "/resync-state") / 2
}

/// The command with a limit of file descriptors.
fn limited(program: &Program) -> Command {
    let whole = program.command(&[]);
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n \"$0\" && exec \"$@\"", DESCRIPTORS])
        .arg(whole.get_program())
        .current_dir(program.folder.path())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, value) in whole.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command
}

#[tokio::test]
async fn f83_without_file_descriptors_it_says_so_and_goes_on_when_there_are_some() {
    let (jira, port) = (jira().await, port().await);
    let running = Running::spawn(limited(&polling(&jira, &port)));
    running.until("first resync", || ended(&port) == 1).await;
    let address = ("127.0.0.1", running.listens().await);
    let crowd: Vec<_> = (0..200).flat_map(|_| TcpStream::connect(address)).collect();
    running.says("Too many open files").await;
    drop(crowd);
    let (status, _) = running.get("/health/live").await;
    assert_eq!(status, 200);
    port.request_resync(INTEGRATION);
    running.until("second resync", || ended(&port) == 2).await;
    assert_eq!(state(&port), "completed", "{}", running.output());
    let (code, output) = running.terminate().await;
    assert_eq!(code, Some(143), "{output}");
}

/// To the program a suspended machine looks the same: time goes on, and it was not there.
#[tokio::test]
async fn f85_after_a_standstill_it_goes_on_where_it_was_and_makes_nothing_up() {
    const STANDSTILL: Duration = Duration::from_secs(4);
    let (jira, port) = (jira().await, port().await);
    let running = Running::start(&polling(&jira, &port), &[]);
    running.until("first resync", || ended(&port) == 1).await;
    let entities = port.entity_count("jiraIssue");

    jira.faults().set_latency(Duration::from_millis(300));
    port.request_resync(INTEGRATION);
    running
        .until("a resync", || state(&port) == "running")
        .await;
    running.send("-STOP");
    tokio::time::sleep(STANDSTILL).await;
    let asked = port.journal().count("GET", "/resync-request");
    running.send("-CONT");
    running.until("its end", || ended(&port) == 2).await;

    assert_eq!(state(&port), "completed", "{}", running.output());
    assert_eq!(port.entity_count("jiraIssue"), entities);
    assert_eq!(port.writes().deleted, 0);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let asked = port.journal().count("GET", "/resync-request") - asked;
    assert!(asked <= 5, "{asked} questions at once");
    assert_eq!(ended(&port), 2, "nobody asked for a third");
    let (code, output) = running.terminate().await;
    assert_eq!(code, Some(143), "{output}");
}
