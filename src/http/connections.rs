//! Takes connections: so many at once, and none from clients that do not get
//! their request out, or that do not take their answer. Ends them so that no client's request is lost with them.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::{HeaderValue, header::CONNECTION},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

use super::impatient::Impatient;

/// From a connection's beginning to the end of its first request's headers: whoever connects has something to
/// ask, and places are few.
const LONGEST_FIRST_HEADERS: Duration = Duration::from_secs(10);

/// From the end of the last answer to the end of the next request's headers.
const LONGEST_HEADERS: Duration = Duration::from_secs(30);

/// A client that takes nothing of its answer for so long has gone.
const LONGEST_STALL: Duration = Duration::from_secs(30);

/// Connections at once; further ones wait in the system's queue.
const MOST_CONNECTIONS: usize = 4096;

/// Connections that wait in the system's queue.
const BACKLOG: u32 = 1024;

/// After a connection could not be taken, as where no file handles are left.
const PAUSE: Duration = Duration::from_millis(200);

/// How long connections that have begun may take to be there, once new ones go to other nodes.
const SETTLE: Duration = Duration::from_millis(200);

/// A port that is listened on.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    /// Other processes may listen on it too.
    is_shared: bool,
}

impl Door {
    /// Opens a port; a shared one together with others of the same user, so
    /// that the next process can begin before the last one ends.
    pub async fn open(host: &str, port: u16, is_shared: bool) -> io::Result<Self> {
        let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in tokio::net::lookup_host((host, port)).await? {
            match listen(address, is_shared) {
                Ok(listener) => return Ok(Self { listener, is_shared }),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A port that was opened elsewhere, for this process alone.
impl From<TcpListener> for Door {
    fn from(listener: TcpListener) -> Self {
        Self {
            listener,
            is_shared: false,
        }
    }
}

fn listen(address: SocketAddr, is_shared: bool) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    #[cfg(unix)]
    socket.set_reuseport(is_shared)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

struct Connections {
    router: Router,
    stopping: CancellationToken,
    graceful: GracefulShutdown,
    tasks: TaskTracker,
    places: Arc<Semaphore>,
}

/// Serves until `stopping`, and for `notice` after it, in which every answer
/// tells its client to come back on a new connection. Then lets the requests
/// that have begun finish.
pub async fn serve(door: Door, router: Router, stopping: CancellationToken, notice: Duration) {
    let connections = Connections {
        router,
        stopping: stopping.clone(),
        graceful: GracefulShutdown::new(),
        tasks: TaskTracker::new(),
        places: Arc::new(Semaphore::new(MOST_CONNECTIONS)),
    };
    let end = async {
        stopping.cancelled().await;
        tokio::time::sleep(notice).await;
    };
    connections.take(&door.listener, end).await;
    if door.is_shared {
        // Whoever is in the queue when it closes is turned away with it.
        send_new_ones_elsewhere(&door.listener);
        connections.take(&door.listener, tokio::time::sleep(SETTLE)).await;
    }
    drop(door);
    connections.graceful.shutdown().await;
    connections.tasks.close();
    connections.tasks.wait().await;
}

impl Connections {
    /// Takes connections until `end`.
    async fn take(&self, listener: &TcpListener, end: impl Future<Output = ()>) {
        let mut end = std::pin::pin!(end);
        loop {
            let next = async {
                let place = Arc::clone(&self.places)
                    .acquire_owned()
                    .await
                    .map_err(io::Error::other)?;
                Ok::<_, io::Error>((place, listener.accept().await?))
            };
            tokio::select! {
                () = &mut end => return,
                taken = next => match taken {
                    Ok((place, (stream, peer))) => self.begin(place, stream, peer),
                    Err(error) => {
                        tracing::warn!(%error, "a connection cannot be taken");
                        tokio::time::sleep(PAUSE).await;
                    }
                },
            }
        }
    }

    fn begin(&self, place: OwnedSemaphorePermit, stream: TcpStream, peer: SocketAddr) {
        let stopping = self.stopping.clone();
        let begun = CancellationToken::new();
        let begins = begun.clone();
        let service = self
            .router
            .clone()
            .layer(Extension(ConnectInfo::<SocketAddr>(peer)))
            .map_request(move |request: Request<Incoming>| {
                begins.cancel();
                request.map(Body::new)
            })
            .map_response(move |mut response: Response| {
                if stopping.is_cancelled() {
                    response
                        .headers_mut()
                        .insert(CONNECTION, HeaderValue::from_static("close"));
                }
                response
            });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(LONGEST_HEADERS)
            .serve_connection(
                TokioIo::new(Impatient::new(stream, LONGEST_STALL)),
                TowerToHyperService::new(service),
            );
        let connection = self.graceful.watch(connection);
        self.tasks.spawn(async move {
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                },
                () = asks_nothing(&begun) => tracing::debug!("a connection asked nothing"),
            }
            drop(place);
        });
    }
}

/// Ends when the time for a first request is over and none has come.
async fn asks_nothing(begun: &CancellationToken) {
    if tokio::time::timeout(LONGEST_FIRST_HEADERS, begun.cancelled())
        .await
        .is_ok()
    {
        std::future::pending::<()>().await;
    }
}

/// Has the system drop what would begin a new connection here. The client's
/// system sends it again after a second, and another listener of the port has
/// it then. Connections that have begun are let through.
#[cfg(target_os = "linux")]
fn send_new_ones_elsewhere(listener: &TcpListener) {
    use socket2::{SockFilter, SockRef};
    // Of the TCP header's flags: SYN without ACK. Load, mask, compare, drop or pass.
    let drop_syn = [
        SockFilter::new(0x30, 0, 0, 13),
        SockFilter::new(0x54, 0, 0, 0x12),
        SockFilter::new(0x15, 0, 1, 0x02),
        SockFilter::new(0x06, 0, 0, 0),
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ];
    if let Err(error) = SockRef::from(listener).attach_filter(&drop_syn) {
        tracing::warn!(%error, "new connections cannot be sent to other nodes before the port closes");
    }
}

#[cfg(not(target_os = "linux"))]
fn send_new_ones_elsewhere(_: &TcpListener) {}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncReadExt as _, time::Instant};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_asks_nothing_does_not_keep_a_place_for_long() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let door = Door::from(listener);
        let address = door.address().expect("an address");
        let stopping = CancellationToken::new();
        let silent = async {
            let mut stream = TcpStream::connect(address).await.expect("is taken");
            let began = Instant::now();
            let read = stream.read(&mut [0]).await.expect("ends");
            assert_eq!(read, 0);
            assert!(began.elapsed() < LONGEST_HEADERS, "{:?}", began.elapsed());
            stopping.cancel();
        };
        tokio::join!(serve(door, Router::new(), stopping.clone(), Duration::ZERO), silent);
    }
}
