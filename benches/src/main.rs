//! Measures Orderyard beside baselines on the same machine, in one run: `make bench`.
//!
//! Load generator, baseline and program share the machine's cores, so figures
//! are to be read as ratios of one run.

mod beside;
mod fill;
mod growth;
mod intake;
mod load;
mod nodes;
mod pipeline;
mod process;
mod report;
mod restart;
mod stack;
mod stolen;

use std::{error::Error, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};
use report::Comparison;
use stolen::Stolen;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What can go wrong in a measurement; it ends the run.
pub type Failure = Box<dyn Error + Send + Sync>;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the baseline: the same HTTP stack, which verifies and stores nothing.
    Stack {
        #[arg(long)]
        port: u16,
    },
    /// Runs every comparison and writes the results.
    Run(Options),
}

/// What to measure, and with what.
#[derive(clap::Args, Clone)]
pub struct Options {
    /// The program under test.
    #[arg(long, default_value = "target/release/orderyard")]
    orderyard: PathBuf,
    /// Where databases of the run are kept; removed afterwards.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// The official Node library on Express, as a script.
    #[arg(long, default_value = "benches/node/server.mjs")]
    node: PathBuf,
    /// How long each intake measurement lasts.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Orders that go through the whole pipeline.
    #[arg(long, default_value_t = 3000)]
    orders: usize,
    /// How many orders are stored when the same is measured again, rising.
    #[arg(long, value_delimiter = ',', default_value = "10000,1000000,10000000")]
    grown: Vec<u64>,
    /// The newest of them, of which every row is there. Older ones have only one row each where orders,
    /// purchase orders, Intents and history are found: all rows of ten millions fit few disks.
    #[arg(long, default_value_t = 100_000)]
    whole: u64,
    /// How many deliveries wait in the inbox when the program is started again.
    #[arg(long, default_value_t = 1_000_000)]
    waiting: u64,
    /// Only measurements whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Where the results go; nowhere when it is not given.
    #[arg(long)]
    results: Option<PathBuf>,
}

impl Options {
    fn wants(&self, name: &str) -> bool {
        name.contains(&self.only)
    }

    fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Stack { port } => stack::serve(port),
        Command::Run(options) => run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    // One thread for the generator: it must leave the cores to what it measures.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut results = report::Results::new();
    let host = Stolen::now();
    runtime.block_on(intake::measure(options, &mut results))?;
    results.note_stolen(Comparison::Intake, host);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let host = Stolen::now();
    runtime.block_on(pipeline::measure(options, &mut results))?;
    results.note_stolen(Comparison::Pipeline, host);
    let host = Stolen::now();
    runtime.block_on(nodes::measure(options, &mut results))?;
    results.note_stolen(Comparison::Nodes, host);
    let host = Stolen::now();
    runtime.block_on(beside::measure(options, &mut results))?;
    results.note_stolen(Comparison::Beside, host);
    let host = Stolen::now();
    runtime.block_on(restart::measure(options, &mut results))?;
    results.note_stolen(Comparison::Restart, host);
    let host = Stolen::now();
    runtime.block_on(growth::measure(options, &mut results))?;
    results.note_stolen(Comparison::Growth, host);
    report::print(&results);
    match &options.results {
        Some(folder) => report::write(results, folder),
        None => Ok(()),
    }
}
