//! PostgreSQL whose host is gone without a word: the connections stand, and nothing comes back on them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use orderyard::{
    config::DatabaseConfig,
    store::{Db, deliveries},
};
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use url::Url;

use crate::graphql::world::World;

/// What a statement may take here.
const STATEMENT: Duration = Duration::from_millis(500);

/// Stands before a server and passes bytes on, until the connections that stand fall silent.
struct Firewall {
    port: u16,
    /// Of the connections that begin now.
    is_silent: Arc<Mutex<Arc<AtomicBool>>>,
    _tasks: JoinSet<()>,
}

impl Firewall {
    async fn before(server: &Url) -> Self {
        let host = server.host_str().expect("a host").to_owned();
        let target = (host, server.port().expect("a port"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let is_silent: Arc<Mutex<Arc<AtomicBool>>> = Arc::default();
        let mut tasks = JoinSet::new();
        let of_new = Arc::clone(&is_silent);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((from, _)) = listener.accept().await {
                let is_silent = Arc::clone(&of_new.lock().expect("is there"));
                let target = target.clone();
                connections.spawn(async move {
                    let to = TcpStream::connect(target).await.expect("the server is there");
                    let (from, to) = (from.into_split(), to.into_split());
                    tokio::join!(
                        pass(from.0, to.1, Arc::clone(&is_silent)),
                        pass(to.0, from.1, Arc::clone(&is_silent))
                    );
                });
            }
        });
        Self {
            port,
            is_silent,
            _tasks: tasks,
        }
    }

    /// Lets nothing through any more, on no connection.
    fn shut(&self) {
        let of_new = self.is_silent.lock().expect("is there");
        of_new.store(true, Ordering::Relaxed);
    }

    /// Forgets the connections that there are; new ones are let through.
    fn forget(&self) {
        let mut of_new = self.is_silent.lock().expect("is there");
        of_new.store(true, Ordering::Relaxed);
        *of_new = Arc::default();
    }
}

/// What comes to a silent connection is taken, and leads nowhere; nor does it ever end.
async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    is_silent: Arc<AtomicBool>,
) {
    let mut buffer = vec![0; 16_384];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if !is_silent.load(Ordering::Relaxed) && to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    if is_silent.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

/// A database behind a firewall, with two connections; none on SQLite.
async fn behind_firewall(world: &World) -> Option<(Db, Firewall)> {
    if world.app.db.backend() != DbBackend::Postgres {
        return None;
    }
    let mut url: Url = world.app.config.database.url.parse().expect("a URL");
    let firewall = Firewall::before(&url).await;
    url.set_host(Some("127.0.0.1")).expect("a host");
    url.set_port(Some(firewall.port)).expect("a port");
    let config = DatabaseConfig {
        url: url.to_string(),
        readers: 1,
        connections: 2,
        statement: STATEMENT,
    };
    Some((Db::open(&config).await.expect("opens"), firewall))
}

async fn ends<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work)
        .await
        .unwrap_or_else(|_| panic!("never ends: {what}"))
}

async fn look(db: &impl sea_orm::ConnectionTrait) -> Result<(), DbErr> {
    db.execute_unprepared("select 1").await.map(drop)
}

/// A transaction and a read at once take both connections.
async fn both(db: &Db) -> Result<(), DbErr> {
    let tx = db.begin().await?;
    look(tx.conn()).await?;
    look(db.read()).await?;
    tx.commit().await
}

#[tokio::test]
async fn what_a_silent_database_does_not_answer_ends_and_its_connections_go() {
    for world in World::each(false).await {
        let Some((db, firewall)) = behind_firewall(&world).await else {
            continue;
        };
        let tx = db.begin().await.expect("begins");
        look(tx.conn()).await.expect("answers");
        look(db.read()).await.expect("answers");
        firewall.forget();
        let (in_tx, read) = ends("what was asked", async {
            tokio::join!(look(tx.conn()), look(db.read()))
        })
        .await;
        in_tx.expect_err("nobody answers");
        read.expect_err("nobody answers");
        drop(tx);
        // With connections that are new, both places are there again.
        ends("the old connections", async {
            while both(&db).await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// A server believes in a connection whose host is gone for hours, unless it is told to ask.
#[tokio::test]
async fn the_server_looks_whether_its_connections_are_alive() {
    for world in World::each(false).await {
        let Some((db, _firewall)) = behind_firewall(&world).await else {
            continue;
        };
        for (setting, expect) in [("idle", "30"), ("interval", "10"), ("count", "3")] {
            let sql = format!("show tcp_keepalives_{setting}");
            let shown = db
                .read()
                .query_one_raw(Statement::from_string(DbBackend::Postgres, &sql))
                .await;
            let row = shown.expect("answers").expect("a row");
            assert_eq!(row.try_get_by_index::<String>(0).expect("a text"), expect, "{sql}");
        }
    }
}

/// Whoever asked gave up first, as a request does that takes too long.
#[tokio::test]
async fn connections_that_were_given_back_without_their_answer_go_too() {
    for world in World::each(false).await {
        let Some((db, firewall)) = behind_firewall(&world).await else {
            continue;
        };
        both(&db).await.expect("answers");
        firewall.forget();
        let gone = async || {
            let asked = tokio::time::timeout(STATEMENT / 5, both(&db)).await;
            asked.expect_err("nobody answers");
        };
        gone().await;
        gone().await;
        ends("the old connections", async {
            while both(&db).await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// The server does not know yet that somebody is gone: what was locked is free before long all the same.
#[tokio::test]
async fn what_a_lost_connection_has_locked_is_free_again() {
    for world in World::each(false).await {
        let Some((db, firewall)) = behind_firewall(&world).await else {
            continue;
        };
        let lock = async |db: &Db| {
            let tx = db.begin().await?;
            let locked = tx.conn().execute_unprepared("select pg_advisory_xact_lock(1)").await;
            locked.map(|_| tx)
        };
        let held = lock(&db).await.expect("nobody has it");
        firewall.forget();
        ends("the lock", async {
            while lock(&db).await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        drop(held);
    }
}

#[tokio::test]
async fn webhook_calls_are_kept_on_new_connections_when_the_old_ones_fall_silent() {
    for world in World::each(false).await {
        let Some((db, firewall)) = behind_firewall(&world).await else {
            continue;
        };
        deliveries::keep(&db, &[]).await.expect("answers");
        firewall.shut();
        let kept = ends("keeping", deliveries::keep(&db, &[])).await;
        kept.expect_err("nobody answers");
        firewall.forget();
        ends("keeping again", async {
            while deliveries::keep(&db, &[]).await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}
