//! Connections that are made anew when `PostgreSQL` falls silent.
//!
//! Whatever is given back the driver asks for a sign of life first, without an end to waiting for it, and until then
//! the place in its pool counts as taken (sqlx, issue 4349: “Dropping a `PoolConnection` whose connection is silently
//! dead leaks the pool permit forever”). A host that is gone without a word would take all places with it, one by
//! one. So when an answer does not come, or no place becomes free while nothing is answered, there is another pool
//! from then on; who still uses the old one ends there.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sea_orm::{ConnAcquireErr, ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr};

use super::patience::{Patience, is_silence};

/// Cheap to clone; the clones are renewed together.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    current: Arc<RwLock<Arc<Opened>>>,
    /// None where connections do not get lost, as those to a file.
    anew: Option<Arc<ConnectOptions>>,
    /// How many were run.
    statements: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Opened {
    db: DatabaseConnection,
    at: Instant,
    /// When the last answer came: milliseconds after `at`.
    answered: AtomicU64,
}

/// Those that a pool has at the moment.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    pool: Pool,
    opened: Arc<Opened>,
}

impl Pool {
    /// Never made anew.
    pub(super) fn fixed(db: DatabaseConnection, statements: Arc<AtomicU64>) -> Self {
        Self {
            current: Arc::new(RwLock::new(Opened::new(db, &statements))),
            anew: None,
            statements,
        }
    }

    pub(super) async fn renewable(options: ConnectOptions, statements: Arc<AtomicU64>) -> Result<Self, DbErr> {
        let db = connect(options.clone()).await?;
        Ok(Self {
            anew: Some(Arc::new(options)),
            ..Self::fixed(db, statements)
        })
    }

    pub(super) fn now(&self) -> Connections {
        let opened = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        Connections {
            pool: self.clone(),
            opened,
        }
    }

    /// Unless somebody else has replaced them already.
    async fn replace(&self, old: &Arc<Opened>) {
        let Some(options) = &self.anew else { return };
        let mut options = ConnectOptions::clone(options);
        options.connect_lazy(true);
        let db = match connect(options).await {
            Ok(db) => db,
            Err(error) => return tracing::error!(%error, "the connections to PostgreSQL cannot be made anew"),
        };
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, old) {
            *current = Opened::new(db, &self.statements);
            tracing::warn!("PostgreSQL does not answer; what comes next is asked on new connections");
        }
    }
}

impl Opened {
    fn new(mut db: DatabaseConnection, statements: &Arc<AtomicU64>) -> Arc<Self> {
        let statements = Arc::clone(statements);
        db.set_metric_callback(move |_| {
            statements.fetch_add(1, Ordering::Relaxed);
        });
        Arc::new(Self {
            db,
            at: Instant::now(),
            answered: AtomicU64::new(0),
        })
    }

    fn since_answered(&self) -> Duration {
        let answered = Duration::from_millis(self.answered.load(Ordering::Relaxed));
        self.at.elapsed().saturating_sub(answered)
    }

    fn mark_answered(&self) {
        let now = u64::try_from(self.at.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.answered.store(now, Ordering::Relaxed);
    }
}

impl Connections {
    pub(super) fn db(&self) -> &DatabaseConnection {
        &self.opened.db
    }

    /// What is done on them, and what to make of it when it never ends.
    pub(super) async fn wait<T>(
        &self,
        patience: Patience,
        work: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        let result = patience.wait(work).await;
        match &result {
            Ok(_) => self.opened.mark_answered(),
            Err(error) if is_silence(error) || self.are_all_lost(error) => {
                Box::pin(self.pool.replace(&self.opened)).await;
            }
            Err(error) if is_answer(error) => self.opened.mark_answered(),
            Err(_) => {}
        }
        result
    }

    /// Nobody gave one back in time. Where answers come all the same, there is only much to do.
    fn are_all_lost(&self, error: &DbErr) -> bool {
        matches!(error, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))
            && (self.pool.anew.as_ref())
                .and_then(|options| options.get_acquire_timeout())
                .is_some_and(|timeout| self.opened.since_answered() >= timeout)
    }
}

/// Whether it is the server that says no.
fn is_answer(error: &DbErr) -> bool {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(told)) | DbErr::Query(RuntimeErr::SqlxError(told)) => {
            told.as_database_error().is_some()
        }
        _ => false,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "with the settings that `Db` makes, which looks at whether a commit is durable"
)]
async fn connect(options: ConnectOptions) -> Result<DatabaseConnection, DbErr> {
    Database::connect(options).await
}
