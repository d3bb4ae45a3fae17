//! What does a resync cost? `cargo run --release -p ocean-bench -- [WHAT]...`
//!
//! The simulators run in a process of their own and every measured run in another, so that CPU and
//! memory are the integration's alone. `docs/performance.md` says what the numbers mean; the
//! modules:
//!
//! | module | holds |
//! | --- | --- |
//! | `scenario` | what is measured, and against which target |
//! | `resync`, `bare` | the two programs that are measured: ours, and a loop that only moves bytes |
//! | `live`, `sender` | the whole Jira program, and who sends it live events |
//! | `twins`, `measured` | the processes |
//! | `proc` | what the kernel says of a process |
//! | `table` | how results are shown |

mod bare;
mod live;
mod measured;
mod proc;
mod resync;
mod scenario;
mod sender;
mod table;
mod twins;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::scenario::{Plan, What};

/// A benchmark that cannot go on says why and ends.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
#[command(about = "Measures what a resync costs, against simulated ends")]
struct Cli {
    #[command(subcommand)]
    part: Option<Part>,

    /// What to measure.
    #[arg(value_enum, default_values_t = [What::Resync])]
    what: Vec<What>,

    /// Issues of the simulated Jira; for `memory`, of its only run.
    #[arg(long)]
    issues: Option<u64>,

    /// Runs whose median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// The processes of a benchmark, which it starts itself.
#[derive(Subcommand)]
enum Part {
    /// Serves both simulators until its input ends.
    #[command(hide = true)]
    Twins(twins::Arguments),
    /// Runs resyncs and prints what they cost.
    #[command(hide = true)]
    MeasureResync(resync::Arguments),
    /// Replays the requests of a resync and prints what that costs.
    #[command(hide = true)]
    MeasureBare(bare::Arguments),
}

fn main() -> ExitCode {
    if let Some(ended) = live::as_program() {
        return ended;
    }
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match cli.part {
            Some(Part::Twins(arguments)) => twins::serve(arguments).await,
            Some(Part::MeasureResync(arguments)) => resync::measure(arguments).await,
            Some(Part::MeasureBare(arguments)) => bare::measure(arguments).await,
            None => {
                let plan = Plan {
                    issues: cli.issues,
                    rounds: cli.rounds.max(1),
                };
                let rows = plan.run(&cli.what).await?;
                table::print(&rows, cli.json)
            }
        }
    })
}
