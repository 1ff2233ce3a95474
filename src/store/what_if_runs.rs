//! Comparisons of a draft with a shop's live routing: what was asked, how far each has
//! come, and the sums. The shop's; pruned with the history.

use chrono::{DateTime, Utc};
use sea_orm::{QueryOrder as _, QuerySelect as _, QueryTrait as _, entity::prelude::*};

use super::{Tx, columns::Json, paging, what_if_orders};
use crate::{
    domain::{
        money::Currency,
        what_if::{Basis, Mark, WhatIfState},
    },
    ids::{ShopId, WhatIfRunId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "what_if_runs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WhatIfRunId,
    pub shop_id: ShopId,
    pub state: WhatIfState,
    /// Orders placed from then on are compared.
    pub since: DateTime<Utc>,
    /// Not included.
    pub until: DateTime<Utc>,
    /// The shop's, in which all amounts are.
    pub currency: Currency,
    pub basis: Json<Basis>,
    pub mark: Json<Mark>,
    /// Orders to be looked at; not known before it begins.
    pub total: Option<i32>,
    /// Changed orders that are kept.
    pub listed: i32,
    /// In words.
    pub asked_by: String,
    pub asked_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it came to no end.
    pub failure: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub async fn by_id(db: &impl ConnectionTrait, shop: ShopId, id: WhatIfRunId) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Id.eq(id))
        .one(db)
        .await
}

/// The same, held until the transaction ends.
pub async fn lock(tx: &Tx, shop: ShopId, id: WhatIfRunId) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Id.eq(id))
        .lock_exclusive()
        .one(tx.conn())
        .await
}

/// A shop's, the newest first, before the one that was seen last.
pub async fn page(
    db: &impl ConnectionTrait,
    shop: ShopId,
    seen: Option<WhatIfRunId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .apply_if(seen, |rows, seen| rows.filter(Column::Id.lt(seen)))
        .order_by_desc(Column::Id)
        .limit(paging::capped(limit))
        .all(db)
        .await
}

/// Those that wait or are under way, counted up to a limit.
pub async fn count_open(db: &impl ConnectionTrait, shop: ShopId, limit: u64) -> Result<u64, DbErr> {
    let open = WhatIfState::ALL.iter().copied().filter(|state| !state.is_over());
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::State.is_in(open));
    paging::count(rows, limit, db).await
}

/// Removes some of those that are older than a shop's newest ones.
pub async fn keep_newest(tx: &Tx, shop: ShopId, newest: u64, at_most: u64) -> Result<(), DbErr> {
    let old: Vec<WhatIfRunId> = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .select_only()
        .column(Column::Id)
        .order_by_desc(Column::Id)
        .offset(newest)
        .limit(at_most)
        .into_tuple()
        .all(tx.conn())
        .await?;
    if old.is_empty() {
        return Ok(());
    }
    what_if_orders::remove(tx, shop, &old).await?;
    Entity::delete_many()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Id.is_in(old))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Removes the oldest that came before one.
pub async fn prune(tx: &Tx, before: WhatIfRunId, limit: u64) -> Result<u64, DbErr> {
    let old = Entity::find()
        .filter(Column::Id.lt(before))
        .select_only()
        .column(Column::Id)
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_tuple::<WhatIfRunId>()
        .all(tx.conn())
        .await?;
    let pruned = Entity::delete_many()
        .filter(Column::Id.is_in(old))
        .exec(tx.conn())
        .await?;
    Ok(pruned.rows_affected)
}
