//! The baseline: the HTTP stack that Orderyard uses, which verifies a call and stores nothing.

use std::net::Ipv4Addr;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::TcpListener;
use webhooks::{Delivery, Secrets};

use crate::{Failure, load::SECRET};

#[tokio::main]
pub async fn serve(port: u16) -> Result<(), Failure> {
    let router = Router::new()
        .route("/webhooks/shopify", post(receive))
        .with_state(Secrets::new([SECRET])?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let service = tower::ServiceExt::map_request(router.clone(), |request: Request<hyper::body::Incoming>| {
            request.map(Body::new)
        });
        let connection =
            http1::Builder::new().serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        #[expect(clippy::disallowed_methods, reason = "the baseline is killed: nothing waits for it")]
        tokio::spawn(async move { drop(connection.await) });
    }
}

async fn receive(State(secrets): State<Secrets>, headers: HeaderMap, body: Bytes) -> StatusCode {
    match Delivery::receive(&secrets, &headers, body) {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::UNAUTHORIZED,
    }
}
