//! Every command with its real output, as somebody would see it who types it.
//!
//! The files in `tests/transcripts` are stories in Markdown. In a block `console` a line with `$`
//! is run, and what follows is what it has to print: stdout, `? 3` for an exit code other than 0,
//! stderr. A block `file NAME` is written to the folder first, and a block `change` is what then
//! happens in Jira. After a command `# first 5 lines` shows the beginning of long output,
//! `# silently` nothing but the exit code, `# without numbers` what is a matter of luck as `N`, and
//! `# until TEXT` stops a command that stays up once it has said that.
//!
//! `TRANSCRIPTS=overwrite` writes what is printed into the files; look at what changed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use jiff::SignedDuration;
use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;

use crate::process::{Program, jira, port};
use crate::running::Running;

/// A program, the systems it talks to, and how much later it is there than at the beginning.
struct Stage {
    program: Program,
    jira: JiraTwin,
    port: PortTwin,
    hours: i64,
}

impl Stage {
    async fn new() -> Self {
        let (jira, port) = (jira().await, port().await);
        Self {
            program: Program::between(&jira, &port).set("APPLICATION__PORT", "0"),
            jira,
            port,
            hours: 0,
        }
    }

    /// Something happens in Jira, an hour after what was before.
    fn change(&mut self, change: &str) {
        let change = serde_json::from_str(change).unwrap();
        self.jira.site().apply(&change).unwrap();
        self.hours += 1;
        let later = SignedDuration::from_hours(self.hours);
        self.port.set_clock_offset(later);
    }

    /// Runs a line and gives what it printed.
    async fn run(&self, line: &str) -> String {
        let (command, remark) = line.split_once(" # ").unwrap_or((line, ""));
        let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
        if let Some(text) = remark.strip_prefix("until ") {
            let running = Running::start(&self.program, &arguments);
            running.says(text).await;
            let (code, output) = running.terminate().await;
            return self.shown(&output, code, "");
        }
        let ended = self.program.run(&arguments).await;
        if remark == "silently" {
            return self.shown("", ended.code, "");
        }
        let first = remark.strip_prefix("first ").and_then(|rest| {
            let number = rest.split_whitespace().next()?;
            number.parse::<usize>().ok()
        });
        let stdout: String = ended
            .stdout
            .split_inclusive('\n')
            .take(first.unwrap_or(usize::MAX))
            .collect();
        let shown = self.shown(&stdout, ended.code, &ended.stderr);
        if remark == "without numbers" {
            return shown.lines().map(|line| numberless(line) + "\n").collect();
        }
        shown
    }

    fn shown(&self, stdout: &str, code: Option<i32>, stderr: &str) -> String {
        let mut text = stdout.to_owned();
        if code != Some(0) {
            let _infallible = writeln!(text, "? {}", code.unwrap_or(-1));
        }
        text.push_str(stderr);
        let text = text
            .replace(&self.jira.url(), "http://jira")
            .replace(&self.port.url(), "http://port");
        text.lines()
            .filter_map(steady)
            .fold(String::new(), |all, line| all + &line + "\n")
    }
}

/// A line without what differs from run to run. How far a resync has come is told by the clock.
fn steady(line: &str) -> Option<String> {
    let is_progress = line.starts_with("  ")
        && [" written", " to write"]
            .iter()
            .any(|end| line.contains(end))
        && line.contains(" items ");
    if is_progress {
        return None;
    }
    let words = line.split(' ').collect::<Vec<_>>();
    let is_number = |word: &str| {
        let digits = |letter: char| letter.is_ascii_digit() || ".,_".contains(letter);
        !word.is_empty() && word.chars().all(digits)
    };
    let mut steady = String::new();
    let mut words_left = words.iter().enumerate();
    while let Some((place, word)) = words_left.next() {
        let unit = words.get(place + 1).copied().unwrap_or_default();
        let plain = unit.trim_end_matches(['.', ',', ')', ':']);
        let starts = word.trim_start_matches('(');
        if is_number(starts) && ["s", "ms", "items/s", "MB"].contains(&plain) {
            // A shorter time has more blanks before it.
            steady.truncate(steady.trim_end().len());
            let end = unit.get(plain.len()..).unwrap_or_default();
            let begin = word.strip_suffix(starts).unwrap_or_default();
            let _infallible = write!(steady, " {begin}[time]{end} ");
            words_left.next();
        } else {
            steady.push_str(&port_less(word));
            steady.push(' ');
        }
    }
    Some(steady.trim_end().to_owned())
}

/// A line in which each number is `N`, however many digits it has.
fn numberless(line: &str) -> String {
    let is_digit = |letter: char| letter.is_ascii_digit() || ".,".contains(letter);
    let words = line.split_whitespace().map(|word| {
        let is_number =
            word.chars().all(is_digit) && word.contains(|one: char| one.is_ascii_digit());
        if is_number { "N" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A word without the port that the system chose.
fn port_less(word: &str) -> String {
    let Some((before, after)) = word.split_once("127.0.0.1:") else {
        return word.to_owned();
    };
    let rest = after.trim_start_matches(|letter: char| letter.is_ascii_digit());
    format!("{before}127.0.0.1:[..]{rest}")
}

/// Plays a story and gives it as it was.
async fn play(story: &str) -> String {
    let mut stage = Stage::new().await;
    let mut played = String::new();
    let mut lines = story.lines().peekable();
    while let Some(line) = lines.next() {
        played.push_str(line);
        played.push('\n');
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else {
            continue;
        };
        let mut block = Vec::new();
        for line in lines.by_ref() {
            if line == "```" {
                break;
            }
            block.push(line);
        }
        let text = block.join("\n") + "\n";
        match info.split_once(' ') {
            Some(("file", name)) => {
                fs::write(stage.program.folder.path().join(name), &text).unwrap();
                played.push_str(&text);
            }
            _ if info == "change" => {
                stage.change(&text);
                played.push_str(&text);
            }
            _ if info == "console" => {
                for command in block.iter().filter_map(|line| line.strip_prefix("$ ")) {
                    let output = stage.run(command).await;
                    let _infallible = write!(played, "$ {command}\n{output}");
                }
            }
            _ => played.push_str(&text),
        }
        played.push_str("```\n");
    }
    played
}

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    folder.join(format!("{name}.md"))
}

async fn check(name: &str) {
    let story = fs::read_to_string(file(name)).unwrap();
    let played = play(&story).await;
    if env::var_os("TRANSCRIPTS").is_some_and(|how| how == "overwrite") {
        fs::write(file(name), played).unwrap();
        return;
    }
    let pairs = story.lines().zip(played.lines()).enumerate();
    for (number, (written, printed)) in pairs {
        let at = format!("{name}.md:{}", number + 1);
        assert_eq!(printed, written, "{at}\n{played}");
    }
    assert_eq!(played, story, "{name}.md ends otherwise");
}

#[tokio::test]
async fn help_is_as_written() {
    check("help").await;
}

#[tokio::test]
async fn a_draft_of_a_mapping_is_worked_on_as_written() {
    check("draft").await;
}

#[tokio::test]
async fn a_resync_is_planned_and_applied_as_written() {
    check("plan").await;
}

#[tokio::test]
async fn a_tape_is_recorded_and_replayed_as_written() {
    check("tape").await;
}

#[tokio::test]
async fn a_shadow_compares_as_written() {
    check("shadow").await;
}

#[tokio::test]
async fn an_installation_is_run_and_looked_at_as_written() {
    check("run").await;
}

#[tokio::test]
async fn what_goes_wrong_is_told_as_written() {
    check("wrong").await;
}

#[tokio::test]
async fn simulators_and_documents_are_as_written() {
    check("offline").await;
}

#[test]
fn every_story_is_played_and_every_command_is_in_one() {
    let mut all = String::new();
    let folder = fs::read_dir(file("help").parent().unwrap()).unwrap();
    let source = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join(file!().trim_start_matches("examples/jira/")),
    )
    .unwrap();
    for entry in folder {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(
            source.contains(&format!("check(\"{name}\")")),
            "{name} is not played"
        );
        all.push_str(&fs::read_to_string(path).unwrap());
    }
    for command in [
        "sail --once",
        "sail --shadow",
        "demo",
        "twin port",
        "twin jira",
        "config show",
        "plan",
        "apply",
        "preview",
        "explain",
        "dlq list",
        "dlq replay",
        "dlq drop",
        "lint",
        "doctor",
        "completions bash",
        "schema mapping",
        "schema settings",
        "--watch",
        "--record",
        "--replay",
    ] {
        assert!(
            all.lines()
                .any(|line| line.starts_with("$ ocean-jira") && line.contains(command)),
            "{command}"
        );
    }
}
