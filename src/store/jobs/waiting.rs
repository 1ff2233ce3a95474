//! What is about to be done, for those who would ask for it again.

use std::collections::BTreeSet;

use sea_orm::{Condition, QueryOrder as _, QuerySelect as _, entity::prelude::*, sea_query::Expr};

use super::{Column, Entity, JobState, Model};
use crate::{ids::ShopId, store::paging};

/// Which of the serial keys have work that is not done: waiting, running or given up.
pub async fn keys_with_work(db: &impl ConnectionTrait, keys: &[String]) -> Result<BTreeSet<String>, DbErr> {
    keys_where(db, keys, |rows| rows).await
}

/// Work on some serial keys that was tried, and is still to be done: what is tried again next comes first.
pub async fn delayed(db: &impl ConnectionTrait, keys: &[String]) -> Result<Vec<Model>, DbErr> {
    let mut found = Vec::new();
    for state in ["state = 'running'", "state = 'ready'"] {
        let rows = of_keys(state, keys)
            .filter(Column::LastError.is_not_null())
            .order_by_asc(Column::RunAtMs);
        found.extend(paging::all(rows, db).await?);
    }
    Ok(found)
}

/// Work of a name on a serial key that was tried and not done, whether it is tried again or given up.
pub async fn failed(db: &impl ConnectionTrait, key: &str, name: &str) -> Result<Option<Model>, DbErr> {
    for state in ["state = 'ready'", "state = 'dead'"] {
        let row = of_keys(state, &[key.to_owned()])
            .filter(Column::Name.eq(name))
            .filter(Column::LastError.is_not_null())
            .one(db)
            .await?;
        if row.is_some() {
            return Ok(row);
        }
    }
    Ok(None)
}

/// Whether work on a serial key is under way.
pub async fn is_running(db: &impl ConnectionTrait, key: &str) -> Result<bool, DbErr> {
    let running = Entity::find()
        .filter(Expr::cust("state = 'running'"))
        .filter(Column::SerialKey.eq(key));
    Ok(running.one(db).await?.is_some())
}

/// Which of the serial keys have work of a name that is about to be done, or that people were asked about.
/// What waits for later than `soon_ms` may still be brought forward.
pub async fn keys_with(
    db: &impl ConnectionTrait,
    keys: &[String],
    name: &str,
    soon_ms: i64,
) -> Result<BTreeSet<String>, DbErr> {
    let at_hand = Condition::any()
        .add(Column::State.ne(JobState::Ready))
        .add(Column::RunAtMs.lte(soon_ms))
        .add(Column::Attempts.gt(0));
    keys_where(db, keys, |rows| {
        rows.filter(Column::Name.eq(name)).filter(at_hand.clone())
    })
    .await
}

/// One statement for each state, in the words of its index.
async fn keys_where(
    db: &impl ConnectionTrait,
    keys: &[String],
    narrow: impl Fn(Select<Entity>) -> Select<Entity>,
) -> Result<BTreeSet<String>, DbErr> {
    let mut found = BTreeSet::new();
    for state in ["state = 'ready'", "state = 'running'", "state = 'dead'"] {
        let keys: Vec<Option<String>> = narrow(of_keys(state, keys))
            .select_only()
            .column(Column::SerialKey)
            .distinct()
            .into_tuple()
            .all(db)
            .await?;
        found.extend(keys.into_iter().flatten());
    }
    Ok(found)
}

fn of_keys(state: &'static str, keys: &[String]) -> Select<Entity> {
    Entity::find()
        .filter(Expr::cust(state))
        .filter(Column::SerialKey.is_in(keys.iter().map(String::as_str)))
}

/// How much work of a shop is due now, counted up to a limit.
pub async fn count_due(db: &impl ConnectionTrait, shop: ShopId, now_ms: i64, limit: u64) -> Result<u64, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Expr::cust("state = 'ready'"))
        .filter(Column::RunAtMs.lte(now_ms));
    paging::count(rows, limit, db).await
}
