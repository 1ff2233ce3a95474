//! What the operator's probes ask: alive, able to serve, and the numbers.

use axum::extract::State;

use crate::{
    app::App,
    error::AppError,
    store::{self, Schema},
};

/// The process runs.
pub async fn alive() -> &'static str {
    "alive\n"
}

/// The database answers, the schema is current and the program is not stopping.
pub async fn ready(State(app): State<App>) -> Result<&'static str, AppError> {
    if app.stopping.is_cancelled() {
        return Err(AppError::Unavailable("stopping".to_owned()));
    }
    app.db.ping().await?;
    if app.db.schema().await? == Schema::Older {
        return Err(AppError::Unavailable(
            "the schema is older than this program; run orderyard migrate".to_owned(),
        ));
    }
    Ok("ready\n")
}

/// Prometheus text, with the queue's depth as of now.
pub async fn metrics(State(app): State<App>) -> Result<String, AppError> {
    for state in store::jobs::JobState::ALL {
        metrics::gauge!("orderyard_jobs", "state" => state.as_str()).set(0.0);
    }
    for (state, count) in store::jobs::counts(app.db.read()).await? {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        metrics::gauge!("orderyard_jobs", "state" => state.as_str()).set(f64::from(count));
    }
    let open = store::circuits::open(app.db.read()).await?;
    for kind in ["supplier", "shop"] {
        let count = open.iter().filter(|row| row.subject.starts_with(kind)).count();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        metrics::gauge!("orderyard_circuits_open", "kind" => kind).set(f64::from(count));
    }
    app.metrics.run_upkeep();
    Ok(app.metrics.render())
}
