//! `orderyard export`: prints the installation as a setup file.

use clap::Args;

use super::{CommandError, start};
use crate::{
    actions::read_setup::read_setup,
    domain::setup::export::{self, Secrets},
};

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Write suppliers' signing secrets too. Without this, a placeholder stands for each, which
    /// `apply` reads as “leave it as it is”.
    #[arg(long)]
    with_secrets: bool,
}

pub async fn run(args: ExportArgs) -> Result<(), CommandError> {
    let app = start::app_to_look().await?;
    let read = read_setup(app.db.read(), &app.keyring, app.clock.now()).await;
    app.db.clone().close().await?;
    let secrets = if args.with_secrets {
        Secrets::Written
    } else {
        Secrets::Withheld
    };
    print!("{}", export::to_yaml(&export::file(&read?.installation, secrets))?);
    Ok(())
}
