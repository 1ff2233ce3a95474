//! `orderyard migrate`: brings the schema up to date and ends.

use super::{CommandError, start};

pub async fn run() -> Result<(), CommandError> {
    let app = start::app_from_environment().await?;
    println!("The schema is up to date.");
    app.db.clone().close().await?;
    Ok(())
}
