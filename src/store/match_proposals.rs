//! Offers that may be a shop's variants, and those of which a person said no.

use chrono::{DateTime, Utc};
use sea_orm::{QueryOrder as _, QuerySelect as _, QueryTrait as _, entity::prelude::*, sea_query::Expr};

use super::{Tx, columns::Json, narrow, paging, pending::Write};
use crate::{
    domain::matching::{Doubt, KeyKind, ProposalStatus},
    ids::{MatchId, OfferId, ShopId, ShopifyVariantId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "match_proposals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MatchId,
    pub shop_id: ShopId,
    pub variant_id: ShopifyVariantId,
    pub offer_id: OfferId,
    pub found_by: KeyKind,
    /// The code that both carry, as it is compared.
    pub key: String,
    pub doubts: Json<Vec<Doubt>>,
    pub certain: bool,
    pub status: ProposalStatus,
    pub made_at: DateTime<Utc>,
    pub decided_by: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The place of a proposal in the list.
pub type Place = (ShopifyVariantId, MatchId);

fn open(shop: ShopId) -> Select<Entity> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Expr::cust("status = 'open'"))
}

/// One page of the certain or of the doubtful ones by variant, after the one that was seen last.
pub async fn page(
    db: &impl ConnectionTrait,
    shop: ShopId,
    certain: bool,
    seen: Option<Place>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = open(shop).filter(Column::Certain.eq(certain));
    if let Some(seen) = seen {
        rows = rows.filter(paging::after((Column::VariantId, Column::Id), seen));
    }
    rows.order_by_asc(Column::VariantId)
        .order_by_asc(Column::Id)
        .limit(paging::capped(limit))
        .all(db)
        .await
}

/// How many are certain, or doubtful, counted up to a limit.
pub async fn count(db: &impl ConnectionTrait, shop: ShopId, certain: bool, limit: u64) -> Result<u64, DbErr> {
    paging::count(open(shop).filter(Column::Certain.eq(certain)), limit, db).await
}

/// Those of some ids that are open.
pub async fn open_by_ids(db: &impl ConnectionTrait, shop: ShopId, ids: &[MatchId]) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(narrow::also_of(shop))
        .filter(Expr::cust("status = 'open'"))
        .filter(Column::Id.is_in(ids.iter().copied()));
    paging::all(rows, db).await
}

/// What was refused for some variants.
pub async fn refused_of(
    db: &impl ConnectionTrait,
    shop: ShopId,
    variants: &[ShopifyVariantId],
) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::VariantId.is_in(variants.iter().copied()))
        .filter(Column::Status.eq(ProposalStatus::Refused));
    paging::all(rows, db).await
}

/// Takes the open ones of some variants away.
pub fn remove_open(tx: &Tx, shop: ShopId, variants: &[ShopifyVariantId]) {
    if variants.is_empty() {
        return;
    }
    let delete = Entity::delete_many()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::VariantId.is_in(variants.iter().copied()))
        .filter(Expr::cust("status = 'open'"));
    tx.write(Write::any::<Entity>(delete.build(tx.get_database_backend())));
}
