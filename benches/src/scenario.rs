//! What is measured, how often, and against which target.
//!
//! Start with [`Plan`]. Every run meets simulators of its own with an empty catalog.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::live::{self, Program};
use crate::measured::{Figures, Run, counted, in_a_process};
use crate::sender::{self, Changed};
use crate::table::Row;
use crate::twins::{self, Twins};
use crate::{Result, bare};

/// The size of site that the targets speak of.
const ISSUES: u64 = 10_000;
/// How many issues a page of the search has.
const PAGE: u64 = 100;
/// Events that are sent as fast as they are answered.
const FLOOD: usize = 20_000;
/// The latencies of `latency`, in milliseconds.
const JIRA_LATENCY: u64 = 50;
const PORT_LATENCY: u64 = 20;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// Two resyncs in a row: CPU, time, requests.
    Resync,
    /// A resync beside a loop that moves the same bytes and does not map.
    Bare,
    /// A resync whose calls take time, beside the pages that have to wait for each other.
    Latency,
    /// Peak memory of sites of growing size.
    Memory,
    /// Live events: answers, time to the catalog, requests, memory.
    Live,
    /// All of these.
    All,
}

/// How much is measured.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) issues: Option<u64>,
    pub(crate) rounds: usize,
}

impl Plan {
    /// Measures, one after another.
    pub(crate) async fn run(&self, what: &[What]) -> Result<Vec<Row>> {
        let wanted = |one: What| what.contains(&one) || what.contains(&What::All);
        let mut rows = Vec::new();
        if wanted(What::Resync) {
            rows.extend(self.resync().await?);
        }
        if wanted(What::Bare) {
            rows.extend(self.bare().await?);
        }
        if wanted(What::Latency) {
            rows.extend(self.latency().await?);
        }
        if wanted(What::Memory) {
            rows.extend(self.memory().await?);
        }
        if wanted(What::Live) {
            rows.extend(self.live().await?);
        }
        Ok(rows)
    }

    /// Each figure is that of one process; what repeats is sent, not started.
    async fn live(&self) -> Result<Vec<Row>> {
        let twins = Twins::start(self.issues().max(5000)).await?;
        let issues = live::issues(&twins.urls).await?;
        let mut rows = Vec::new();

        let program = Program::start(&twins.urls).await?;
        let name = "start until /health/live answers";
        rows.push(
            Row::new(name, "s", program.started.as_secs_f64())
                .target(0.1)
                .original(1.7),
        );
        rows.push(
            Row::new("idle memory", "MiB", program.memory()?)
                .target(20.0)
                .original(101.0),
        );
        for (count, target, original) in [(1000, 3.0, Some(110.0)), (5000, 10.0, None)] {
            rows.extend(updates(&issues, count, target, original).await?);
        }
        let of_one = vec![issues.first().ok_or("no issues")?.clone(); 1000];
        twins::journal(&twins.urls.jira).await?;
        sender::send(&program.addr, of_one).await?;
        program.settled().await?;
        let asked = counted(&twins::journal(&twins.urls.jira).await?, "");
        rows.push(Row::new(
            "1,000 updates of one issue: requests to Jira",
            "",
            asked as f64,
        ));
        drop(program);

        let program = Program::start(&twins.urls).await?;
        let flood = (0..FLOOD).filter_map(|number| issues.get(number % issues.len()).cloned());
        let sent = sender::send(&program.addr, flood.collect()).await?;
        rows.push(Row::new(
            "accepted events per second, at least 2,000",
            "",
            sent.per_second(),
        ));
        rows.push(Row::new("  answer, median", "ms", sent.percentile(0.5)).original(100.0));
        let row = Row::new("  answer, 99 %", "ms", sent.percentile(0.99));
        rows.push(row.target(20.0).original(712.0));
        rows.push(Row::new("  peak memory", "MiB", program.peak_memory()?));
        program.settled().await?;
        Ok(rows)
    }

    fn issues(&self) -> u64 {
        self.issues.unwrap_or(ISSUES)
    }

    async fn resync(&self) -> Result<Vec<Row>> {
        let issues = self.issues();
        let (mut first, mut second, mut simulators) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.rounds {
            let twins = Twins::start(issues).await?;
            let started = twins.cpu()?;
            let figures = in_a_process("measure-resync", &twins.urls, &["--runs", "2"]).await?;
            simulators.push(twins.cpu()? - started);
            let mut runs = figures.runs.into_iter();
            first.extend(runs.next());
            second.extend(runs.next());
        }
        let name = |what: &str| format!("{what}, {issues} issues");
        let requests = |of: fn(&Run) -> u64, runs: &[Run]| median(runs.iter().map(of)) as f64;
        let (cpu, again) = (cpu(&first), cpu(&second));
        Ok(vec![
            Row::new(name("CPU per issue"), "ms", per_issue(cpu, issues))
                .target(0.20)
                .original(11.9),
            Row::new(name("time"), "s", wall(&first).as_secs_f64())
                .target(2.0)
                .original(115.0),
            Row::new(
                "requests to Jira",
                "",
                requests(|run| run.jira_requests, &first),
            ),
            Row::new(
                "requests to Port",
                "",
                requests(|run| run.port_requests, &first),
            )
            .original(941.0),
            Row::new(
                "second run: entity calls to Port",
                "",
                requests(|run| run.entity_calls, &second),
            )
            .target(30.0),
            Row::new(
                "second run: CPU by that of the first",
                "",
                ratio(again, cpu),
            )
            .target(0.8)
            .original(1.0),
            Row::new("second run: CPU per issue", "ms", per_issue(again, issues)),
            Row::new("second run: time", "s", wall(&second).as_secs_f64()),
            Row::new(
                "simulators: CPU per issue and run",
                "ms",
                per_issue(median(simulators), 2 * issues),
            ),
        ])
    }

    async fn bare(&self) -> Result<Vec<Row>> {
        let issues = self.issues();
        let file = recording(issues).await?;
        let recording = ["--recording", &file.to_string_lossy()];
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..self.rounds {
            let twins = Twins::start(issues).await?;
            let figures = in_a_process("measure-resync", &twins.urls, &[]).await?;
            ours.push(figures.first()?.clone());
            let twins = Twins::start(issues).await?;
            let figures = in_a_process("measure-bare", &twins.urls, &recording).await?;
            bare.push(figures.first()?.clone());
        }
        std::fs::remove_file(file)?;
        Ok(vec![
            Row::new(
                "bare loop: CPU per issue",
                "ms",
                per_issue(cpu(&bare), issues),
            ),
            Row::new("resync: CPU per issue", "ms", per_issue(cpu(&ours), issues)),
            Row::new(
                "CPU by that of the bare loop",
                "",
                ratio(cpu(&ours), cpu(&bare)),
            )
            .target(1.5),
            Row::new("bare loop: time", "s", wall(&bare).as_secs_f64()),
        ])
    }

    async fn latency(&self) -> Result<Vec<Row>> {
        let issues = self.issues();
        let file = recording(issues).await?;
        let pages = ["--only-issues", "--recording", &file.to_string_lossy()];
        let (mut runs, mut alone) = (Vec::new(), Vec::new());
        for _ in 0..self.rounds {
            let twins = Twins::start(issues).await?;
            twins.set_latency(JIRA_LATENCY, PORT_LATENCY).await?;
            let figures = in_a_process("measure-bare", &twins.urls, &pages).await?;
            alone.push(figures.first()?.clone());
            let figures = in_a_process("measure-resync", &twins.urls, &[]).await?;
            runs.push(figures.first()?.clone());
        }
        std::fs::remove_file(file)?;
        let chain = Duration::from_millis(JIRA_LATENCY * issues.div_ceil(PAGE));
        let name = format!(
            "time, {issues} issues, {JIRA_LATENCY} ms per call of Jira, {PORT_LATENCY} of Port"
        );
        Ok(vec![
            Row::new(name, "s", wall(&runs).as_secs_f64()).original(247.0),
            Row::new("longest chain of pages, computed", "s", chain.as_secs_f64()),
            Row::new(
                "the same pages and nothing else",
                "s",
                wall(&alone).as_secs_f64(),
            ),
            Row::new("time by the computed chain", "", ratio(wall(&runs), chain)).target(1.15),
            Row::new(
                "time by the pages alone",
                "",
                ratio(wall(&runs), wall(&alone)),
            ),
        ])
    }

    async fn memory(&self) -> Result<Vec<Row>> {
        let sizes = self.issues.map_or_else(
            || {
                vec![
                    (10_000, Some(356.0)),
                    (30_000, Some(463.0)),
                    (100_000, None),
                ]
            },
            |issues| vec![(issues, None)],
        );
        let mut rows = Vec::new();
        for (issues, original) in sizes {
            let twins = Twins::start(issues).await?;
            let figures = in_a_process("measure-resync", &twins.urls, &[]).await?;
            let target = if issues <= 30_000 { 40.0 } else { 100.0 };
            let row = Row::new(
                format!("peak memory, {issues} issues"),
                "MiB",
                mebibytes(&figures),
            );
            let row = row.target(target);
            rows.push(match original {
                Some(original) => row.original(original),
                None => row,
            });
            let run = figures.first()?;
            rows.push(Row::new(
                "  its CPU per issue",
                "ms",
                per_issue(run.cpu, issues),
            ));
            rows.push(Row::new("  its time", "s", run.wall.as_secs_f64()));
        }
        Ok(rows)
    }
}

/// Updates of so many issues, from the first event that is sent to the last one in the catalog.
async fn updates(
    issues: &[Changed],
    count: usize,
    target: f64,
    original: Option<f64>,
) -> Result<Vec<Row>> {
    let fresh = Twins::start(issues.len() as u64).await?;
    let program = Program::start(&fresh.urls).await?;
    let cpu = program.cpu()?;
    twins::journal(&fresh.urls.jira).await?;
    let began = Instant::now();
    sender::send(&program.addr, issues.iter().take(count).cloned().collect()).await?;
    program.settled().await?;
    let wall = began.elapsed().as_secs_f64();
    let asked = counted(&twins::journal(&fresh.urls.jira).await?, "");
    let stored = live::stored(&fresh.urls).await?;
    if stored < count {
        return Err(format!("{stored} of {count} issues are in the catalog").into());
    }
    let cpu = program.cpu()? - cpu;
    let row = Row::new(
        format!("{count} updates until all are in the catalog"),
        "s",
        wall,
    );
    let row = row.target(target);
    Ok(vec![
        original.map_or(row.clone(), |original| row.clone().original(original)),
        Row::new("  requests to Jira", "", asked as f64).target(count as f64 * 0.06),
        Row::new("  CPU", "s", cpu.as_secs_f64()),
        Row::new("  peak memory", "MiB", program.peak_memory()?).target(60.0),
    ])
}

/// A file with the requests of a resync.
async fn recording(issues: u64) -> Result<PathBuf> {
    let file = std::env::temp_dir().join(format!("ocean-bench-{}", std::process::id()));
    bare::record(issues, &file).await?;
    Ok(file)
}

fn median<T: Ord + Copy + Default>(values: impl IntoIterator<Item = T>) -> T {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn cpu(runs: &[Run]) -> Duration {
    median(runs.iter().map(|run| run.cpu))
}

fn wall(runs: &[Run]) -> Duration {
    median(runs.iter().map(|run| run.wall))
}

fn per_issue(time: Duration, issues: u64) -> f64 {
    time.as_secs_f64() * 1e3 / issues as f64
}

fn ratio(time: Duration, by: Duration) -> f64 {
    time.as_secs_f64() / by.as_secs_f64()
}

fn mebibytes(figures: &Figures) -> f64 {
    figures.peak_memory as f64 / f64::from(1 << 20)
}
