//! Takes connections: so many at once, and none from clients that do not get
//! their request out.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Extension, Router, body::Body, extract::ConnectInfo, extract::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

/// From the first byte that may come, or the end of the last answer, to the end of the headers.
const LONGEST_HEADERS: Duration = Duration::from_secs(30);

/// Connections at once; further ones wait in the system's queue.
const MOST_CONNECTIONS: usize = 4096;

/// After a connection could not be taken, as where no file handles are left.
const PAUSE: Duration = Duration::from_millis(200);

/// Serves until `stopping`, then lets the requests that have begun finish.
pub async fn serve(listener: TcpListener, router: Router, stopping: CancellationToken) {
    let (graceful, tasks) = (GracefulShutdown::new(), TaskTracker::new());
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut stop = pin!(stopping.cancelled());
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
            Ok::<_, io::Error>((place, listener.accept().await?))
        };
        let taken = tokio::select! {
            () = &mut stop => break,
            taken = next => taken,
        };
        let (place, (stream, peer)) = match taken {
            Ok(taken) => taken,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be taken");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let service = router
            .clone()
            .layer(Extension(ConnectInfo::<SocketAddr>(peer)))
            .map_request(|request: Request<Incoming>| request.map(Body::new));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(LONGEST_HEADERS)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = graceful.watch(connection);
        tasks.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
    tasks.close();
    tasks.wait().await;
}
