//! Whether a supplier may be called, by how its last calls went.

use sea_orm::DbErr;

use crate::{
    app::App,
    connectors::{ConnectorError, ErrorClass},
    domain::circuit::Subject,
    queue::{
        JobError,
        circuits::{self, Entry},
    },
    store::{Tx, suppliers},
};

/// Whether the supplier may be called, or is left alone for now.
pub async fn enter(app: &App, tx: &Tx, supplier: &suppliers::Model) -> Result<Entry, JobError> {
    let (subject, config) = (Subject::Supplier(supplier.id), &app.config.worker.circuit);
    let entry = circuits::enter(tx, subject, config).await?;
    entry.map_err(|shut| shut.of(&supplier.name))
}

/// Writes down how a call to a supplier went. One that asks for patience is left alone by everything that
/// calls it; given back is what that means for the job, whose try does not count.
pub async fn note_call<T>(
    app: &App,
    tx: &Tx,
    supplier: &suppliers::Model,
    entry: Entry,
    answer: &Result<T, ConnectorError>,
) -> Result<Option<JobError>, DbErr> {
    let subject = Subject::Supplier(supplier.id);
    match answer {
        Err(ConnectorError {
            class: ErrorClass::After(wait),
            message,
        }) => {
            let shut = circuits::asked_for_patience(tx, subject, entry, message, *wait).await?;
            return Ok(Some(shut.of(&supplier.name)));
        }
        Err(error) if matches!(error.class, ErrorClass::Later | ErrorClass::Unknown) => {
            let config = &app.config.worker.circuit;
            circuits::failed(tx, subject, &error.message, config).await?;
        }
        _ => circuits::answered(tx, subject, entry).await?,
    }
    Ok(None)
}
