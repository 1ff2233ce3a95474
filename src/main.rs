//! Parses the command line and picks a role; nothing more.

use std::process::ExitCode;

use clap::Parser as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = orderyard::cli::Cli::parse();
    orderyard::logging::start(cli.quiet());
    match orderyard::cli::run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("orderyard: {error}");
            ExitCode::FAILURE
        }
    }
}
