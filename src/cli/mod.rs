//! The command line: one file per command.

mod admin;
mod apply;
mod contract;
mod demo;
mod doctor;
mod export;
mod mappings;
mod migrate;
mod reconcile;
mod replay;
mod serve;
mod simulate;
mod since;
mod start;

use clap::{Parser, Subcommand};

/// A self-hosted order router for Shopify shops.
#[derive(Debug, Parser)]
#[command(name = "orderyard", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve shops, suppliers and the dashboard, and do the work.
    Serve,
    /// Make suppliers, connections, offers and mappings what a setup file says.
    Apply(apply::ApplyArgs),
    /// Print suppliers, connections, offers and mappings as a setup file.
    Export(export::ExportArgs),
    /// Take a shop's mappings away as a table, or bring them back.
    #[command(subcommand)]
    Mappings(mappings::MappingsCommand),
    /// Look at the settings, the database and the way to Shopify, and say what is wrong.
    Doctor(doctor::DoctorArgs),
    /// Compare shops with Shopify now: what no webhook told, and what stands still.
    Reconcile(reconcile::ReconcileArgs),
    /// Say what a draft would have made of past orders: costs, parcels, days, who ships.
    Simulate(simulate::SimulateArgs),
    /// Have work that was given up, or deliveries that led nowhere, tried again.
    Replay(replay::ReplayArgs),
    /// Show the whole product against a pretend Shopify and pretend suppliers.
    Demo,
    /// What only the operator does.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Bring the database's schema up to date.
    Migrate,
    /// Print a contract that the code makes.
    #[command(hide = true)]
    Contract {
        #[arg(value_enum)]
        which: contract::Contract,
    },
}

/// What stops a command: the message says what to do.
pub type CommandError = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command that was asked for.
impl Cli {
    /// Whether warnings alone are logged by default: the command prints its own story.
    #[must_use]
    pub const fn quiet(&self) -> bool {
        matches!(self.command, Command::Demo)
    }
}

pub async fn run(cli: Cli) -> Result<(), CommandError> {
    match cli.command {
        Command::Serve => serve::run().await,
        Command::Apply(args) => apply::run(args).await,
        Command::Export(args) => export::run(args).await,
        Command::Mappings(command) => mappings::run(command).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Reconcile(args) => reconcile::run(args).await,
        Command::Simulate(args) => simulate::run(args).await,
        Command::Replay(args) => replay::run(args).await,
        Command::Demo => demo::run().await,
        Command::Admin(command) => admin::run(command).await,
        Command::Migrate => migrate::run().await,
        Command::Contract { which } => contract::run(which),
    }
}
