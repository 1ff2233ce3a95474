//! Orders that a draft would have sent elsewhere, of each of a shop's comparisons. They go with it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    Condition, QueryOrder as _, QuerySelect as _, QueryTrait as _, entity::prelude::*, sea_query::ExprTrait as _,
};

use super::{Tx, columns::Json, paging};
use crate::{
    domain::what_if::Way,
    ids::{OrderId, ShopId, WhatIfRunId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "what_if_orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: WhatIfRunId,
    /// Its place in the list, the one placed first being 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub shop_id: ShopId,
    pub order_id: OrderId,
    pub name: String,
    pub placed_at: DateTime<Utc>,
    /// What the draft saves, in the currency of the comparison; [`NOT_KNOWN`] where a cost is not known.
    pub saving_minor: i64,
    pub live: Json<Way>,
    pub draft: Json<Way>,
}

/// Less than any saving, and so after all of them.
pub const NOT_KNOWN: i64 = i64::MIN;

/// In which order they are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Those placed first first.
    Placed,
    /// Those of which the draft saves the most first.
    Saving,
}

/// A row's saving and its place in the list.
pub type Seen = (i64, i32);

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A comparison's changed orders, after the one that was seen last.
pub async fn page(
    db: &impl ConnectionTrait,
    shop: ShopId,
    run: WhatIfRunId,
    sort: Sort,
    seen: Option<Seen>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let after = |(saving, number): Seen| match sort {
        Sort::Placed => Condition::all().add(Column::Number.gt(number)),
        Sort::Saving => Condition::any()
            .add(Column::SavingMinor.lt(saving))
            .add(Column::SavingMinor.eq(saving).and(Column::Number.gt(number))),
    };
    let mut rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::RunId.eq(run))
        .apply_if(seen, |rows, seen| rows.filter(after(seen)));
    if sort == Sort::Saving {
        rows = rows.order_by_desc(Column::SavingMinor);
    }
    rows.order_by_asc(Column::Number)
        .limit(paging::capped(limit))
        .all(db)
        .await
}

/// Removes all of some comparisons.
pub(super) async fn remove(tx: &Tx, shop: ShopId, runs: &[WhatIfRunId]) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::RunId.is_in(runs.iter().copied()))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Removes some of the comparisons that came before one, the oldest first.
pub async fn prune(tx: &Tx, before: WhatIfRunId, limit: u64) -> Result<u64, DbErr> {
    let old = Entity::find()
        .filter(Column::RunId.lt(before))
        .order_by_asc(Column::RunId)
        .order_by_asc(Column::Number)
        .select_only()
        .columns([Column::RunId, Column::Number])
        .limit(limit)
        .into_tuple::<(WhatIfRunId, i32)>()
        .all(tx.conn())
        .await?;
    // The first numbers of each: up to the last of them that is meant.
    let last_of: BTreeMap<WhatIfRunId, i32> = old.into_iter().collect();
    let mut pruned = 0;
    for (run, upto) in last_of {
        let done = Entity::delete_many()
            .filter(Column::RunId.eq(run))
            .filter(Column::Number.lte(upto))
            .exec(tx.conn())
            .await?;
        pruned += done.rows_affected;
    }
    Ok(pruned)
}
