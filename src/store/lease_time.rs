//! The time that leases go by, and whatever else nodes leave to one another for a
//! while: breakers, schedules, calls under way. Nodes that judged these by clocks
//! of their own would take each other's work as soon as the clocks differ by more
//! than a lease. So on `PostgreSQL` it is the database's time; on `SQLite` all
//! processes are on one machine, and it is the program's.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::patience::Reader;
use crate::clock::Clock;

/// How long a look at the database's clock is good for; this process counts on from it.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// A look that took longer says too little, and is taken again, so often at the most.
const QUICK: Duration = Duration::from_millis(100);
const MOST_LOOKS: u32 = 3;

/// Cheap to clone; the clones of one database share what they saw.
#[derive(Clone, Debug)]
pub struct LeaseTime {
    clock: Clock,
    seen: Option<Arc<Mutex<Option<Seen>>>>,
}

/// What the database's clock showed, and when that was.
#[derive(Clone, Copy, Debug)]
struct Seen {
    time: DateTime<Utc>,
    at: Instant,
}

impl LeaseTime {
    pub fn new(backend: DbBackend, clock: Clock) -> Self {
        Self {
            clock,
            seen: (backend == DbBackend::Postgres).then(Arc::default),
        }
    }

    /// The time now, by the last look, in whole milliseconds: it is compared with what was stored.
    pub fn now(&self) -> DateTime<Utc> {
        let Some(seen) = self.seen.as_ref().and_then(|seen| *lock(seen)) else {
            return self.clock.now();
        };
        // Not by this machine's clock, which may be set meanwhile.
        let since = TimeDelta::from_std(seen.at.elapsed()).unwrap_or_default();
        (seen.time + since + self.clock.set_ahead()).trunc_subsecs(3)
    }

    /// Looks at the database's clock, if the last look is too long ago. Not to be
    /// called inside of a transaction: it wants a connection.
    pub async fn refresh(&self, db: &Reader) -> Result<(), DbErr> {
        let Some(seen) = &self.seen else { return Ok(()) };
        if lock(seen).is_some_and(|seen| seen.at.elapsed() < GOOD_FOR) {
            return Ok(());
        }
        for _ in 0..MOST_LOOKS {
            let began = Instant::now();
            let time = look(db).await?;
            let at = Instant::now();
            *lock(seen) = Some(Seen { time, at });
            if at - began < QUICK {
                break;
            }
        }
        Ok(())
    }
}

fn lock(seen: &Mutex<Option<Seen>>) -> MutexGuard<'_, Option<Seen>> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn look(db: &Reader) -> Result<DateTime<Utc>, DbErr> {
    let sql = "select cast(floor(extract(epoch from clock_timestamp()) * 1000) as bigint)";
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let row = db.query_one_raw(statement).await?;
    let ms: i64 = row
        .ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?
        .try_get_by_index(0)?;
    DateTime::from_timestamp_millis(ms).ok_or_else(|| DbErr::Type(format!("the database's time is {ms} ms")))
}
