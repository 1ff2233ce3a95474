//! `orderyard serve`: the doors that this process's role opens, until a signal.

use std::time::Duration;

use tokio::signal::unix::SignalKind;

use super::{CommandError, start};
use crate::{
    app::App,
    config::ProcessRole,
    http::{self, Door},
    store::{wakeups, wal},
    worker,
};

/// How long a stop waits for what is under way.
const DRAIN: Duration = Duration::from_secs(25);

pub async fn run() -> Result<(), CommandError> {
    let app = start::app_from_environment().await?;
    let door = listen(&app).await?;
    tracing::info!(address = %door.address()?, role = %app.config.server.role, "orderyard serves");
    app.tasks.spawn(stop_on_signal(app.clone()));
    serve(app, door).await
}

/// Opens the port of the settings. Where there may be several nodes, they may
/// share it: the next process then begins before the last one ends.
async fn listen(app: &App) -> Result<Door, CommandError> {
    let (host, port) = (app.config.server.host.as_str(), app.config.server.port);
    Door::open(host, port, !app.config.database.is_sqlite())
        .await
        .map_err(|error| format!("PORT {port} on HOST {host} cannot be opened: {error}").into())
}

/// Serves until [`App::stopping`] is cancelled, then drains.
pub async fn serve(app: App, door: Door) -> Result<(), CommandError> {
    let works = app.config.server.role != ProcessRole::Web;
    tokio::select! {
        () = wal::copy_log(&app.db) => {}
        () = wakeups::tell_others(&app.db) => {}
        () = wakeups::hear_others(&app.db, &app.config.database.url), if works => {}
        () = until_drained(&app, door, works) => {}
    }
    // Of what was given back at the end.
    if let Err(error) = wakeups::tell(&app.db).await {
        tracing::debug!(%error, "the other nodes cannot be told of the last jobs; they find them");
    }
    app.db.clone().close().await?;
    Ok(())
}

async fn until_drained(app: &App, door: Door, works: bool) {
    if works {
        app.tasks.spawn(worker::work(app.clone()));
    }
    // A worker listens too: its probes and numbers are asked for like anybody's.
    let notice = app.config.server.stop_notice;
    let serving = http::serve(door, http::router(app.clone()), app.stopping.clone(), notice);
    let stopping = app.stopping.clone();
    let overdue = async move {
        stopping.cancelled().await;
        tokio::time::sleep(notice + DRAIN).await;
    };
    tokio::select! {
        () = serving => {}
        () = overdue => tracing::warn!("connections did not end in time"),
    }
    app.tasks.close();
    if tokio::time::timeout(DRAIN, app.tasks.wait()).await.is_err() {
        tracing::warn!("jobs did not end in time; others take them over when their leases run out");
    }
}

/// Cancels [`App::stopping`] on SIGTERM or SIGINT.
pub async fn stop_on_signal(app: App) {
    let terminate = async {
        match tokio::signal::unix::signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
        () = app.stopping.cancelled() => {}
    }
    app.stopping.cancel();
}
