//! Jobs that were given up: listed for people, tried again, forgotten.

use sea_orm::{QueryOrder as _, QuerySelect as _, QueryTrait as _, entity::prelude::*, sea_query::Expr};

use super::{Column, Entity, Model, make_ready};
use crate::{
    ids::{JobId, ShopId},
    store::{MAX_PAGE, Tx, paging},
};

/// Jobs of one shop, or of any, that were given up, the newest first, after the
/// one that was seen last.
pub async fn page(
    db: &impl ConnectionTrait,
    shop: Option<ShopId>,
    seen: Option<JobId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut found = rows(shop);
    if let Some(seen) = seen {
        found = found.filter(Column::Id.lt(seen));
    }
    found
        .order_by_desc(Column::Id)
        .limit(paging::capped(limit))
        .all(db)
        .await
}

/// Rows in the words of the index `jobs_dead`.
fn rows(shop: Option<ShopId>) -> Select<Entity> {
    let found = Entity::find().filter(Expr::cust("state = 'dead'"));
    match shop {
        Some(shop) => found.filter(Column::ShopId.eq(shop)),
        None => found,
    }
}

pub async fn by_id(db: &impl ConnectionTrait, shop: Option<ShopId>, id: JobId) -> Result<Option<Model>, DbErr> {
    rows(shop).filter(Column::Id.eq(id)).one(db).await
}

/// How many jobs of a shop were given up, counted up to a limit.
pub async fn count(db: &impl ConnectionTrait, shop: ShopId, limit: u64) -> Result<u64, DbErr> {
    paging::count(rows(Some(shop)), limit, db).await
}

pub async fn any_of_key(db: &impl ConnectionTrait, key: &str) -> Result<bool, DbErr> {
    let found = rows(None).filter(Column::SerialKey.eq(key)).one(db).await?;
    Ok(found.is_some())
}

/// Some jobs that were given up, between two: for pruning.
pub async fn between(db: &impl ConnectionTrait, after: JobId, before: JobId, limit: u64) -> Result<Vec<Model>, DbErr> {
    rows(None)
        .filter(Column::Id.gt(after))
        .filter(Column::Id.lt(before))
        .order_by_asc(Column::Id)
        .limit(paging::capped(limit))
        .all(db)
        .await
}

/// Reads a job that was given up, and keeps others from deciding about it.
pub async fn lock(tx: &Tx, id: JobId) -> Result<Option<Model>, DbErr> {
    rows(None)
        .filter(Column::Id.eq(id))
        .lock_exclusive()
        .one(tx.conn())
        .await
}

/// Has one job that was given up tried again from the start.
pub async fn revive(tx: &Tx, mut job: Model) -> Result<(), DbErr> {
    job.attempts = 0;
    job.run_at_ms = tx.lease_now().timestamp_millis();
    make_ready(tx, job).await?;
    tx.mark_jobs_added();
    Ok(())
}

/// Forgets the work on a serial key that was given up, of one name or of any; whether there was some.
pub async fn remove_of_key(tx: &Tx, key: &str, name: Option<&str>) -> Result<bool, DbErr> {
    let mut found = false;
    loop {
        let of_key = rows(None).filter(Column::SerialKey.eq(key));
        let ids: Vec<JobId> = of_key
            .apply_if(name, |rows, name| rows.filter(Column::Name.eq(name)))
            .select_only()
            .column(Column::Id)
            .limit(MAX_PAGE)
            .into_tuple()
            .all(tx.conn())
            .await?;
        if ids.is_empty() {
            return Ok(found);
        }
        found = true;
        // Somebody may just have had one of them tried again.
        Entity::delete_many()
            .filter(Column::Id.is_in(ids))
            .filter(Expr::cust("state = 'dead'"))
            .exec(tx.conn())
            .await?;
    }
}

pub async fn remove(tx: &Tx, id: JobId) -> Result<(), DbErr> {
    Entity::delete_by_id(id).exec(tx.conn()).await.map(drop)
}
