//! Shops: the tenants, their sealed tokens and their settings.

use chrono::{DateTime, Utc};
use sea_orm::{
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Statement,
    entity::prelude::*,
    sea_query::{Expr, Query, SelectStatement},
};

use super::{Recall, Tx, circuits, columns::Json, paging, shop_budgets, together};
use crate::{
    domain::{
        circuit::Subject,
        money::Currency,
        shop::{ShopSettings, ShopStatus},
    },
    ids::ShopId,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shops")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ShopId,
    pub domain: String,
    pub name: String,
    pub currency: Currency,
    pub time_zone: String,
    pub po_prefix: String,
    pub status: ShopStatus,
    pub scopes: String,
    pub access_token: Option<Vec<u8>>,
    pub access_token_expires_at: Option<DateTime<Utc>>,
    pub refresh_token: Option<Vec<u8>>,
    pub refresh_token_expires_at: Option<DateTime<Utc>>,
    pub settings: Json<ShopSettings>,
    pub swept_until: Option<DateTime<Utc>>,
    /// Until when it was seen what begins and ends by its day.
    pub dates_followed_until: Option<DateTime<Utc>>,
    pub refresh_leased_until: Option<DateTime<Utc>>,
    pub installed_at: DateTime<Utc>,
    pub uninstalled_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether its orders are bought without a click. For a shop that has gone nothing is decided: it may never come
    /// back, and would keep others from what it reserved.
    #[must_use]
    pub fn buys_by_itself(&self) -> bool {
        self.settings.0.automation && self.status != ShopStatus::Uninstalled
    }
}

pub async fn by_id(db: &impl ConnectionTrait, id: ShopId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// The same within a transaction; see [`Recall`].
pub async fn known(tx: &Tx, id: ShopId) -> Result<Option<Model>, DbErr> {
    Ok(tx.recall(Entity::find_by_id(id)).await?.pop())
}

/// A shop, and what is known about calling it.
#[derive(Clone, Debug)]
pub struct Way {
    pub shop: Model,
    pub budget: Option<shop_budgets::Model>,
    /// There when its last call failed.
    pub circuit: Option<circuits::Model>,
}

/// Reads what a call needs, in one statement.
pub async fn way_to(db: &impl ConnectionTrait, id: ShopId) -> Result<Option<Way>, DbErr> {
    let backend = db.get_database_backend();
    let sql = format!(
        "select {}, {}, {}",
        together::rows::<Entity>(backend, "id = $1"),
        together::rows::<shop_budgets::Entity>(backend, "shop_id = $1"),
        together::rows::<circuits::Entity>(backend, "subject = $2"),
    );
    let values = [id.into(), Subject::Shop(id).to_string().into()];
    let Some(row) = db
        .query_one_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?
    else {
        return Ok(None);
    };
    let Some(shop) = together::read::<Entity>(&row, 0)?.pop() else {
        return Ok(None);
    };
    Ok(Some(Way {
        shop,
        budget: together::read::<shop_budgets::Entity>(&row, 1)?.pop(),
        circuit: together::read::<circuits::Entity>(&row, 2)?.pop(),
    }))
}

pub async fn by_domain(db: &impl ConnectionTrait, domain: &str) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::Domain.eq(domain)).one(db).await
}

pub async fn by_domains(
    db: &impl ConnectionTrait,
    domains: impl IntoIterator<Item = &str>,
) -> Result<Vec<Model>, DbErr> {
    paging::all(Entity::find().filter(Column::Domain.is_in(domains)), db).await
}

/// Takes the shop's lock until the transaction ends: one refresher per shop.
pub async fn lock(tx: &Tx, id: ShopId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await
}

pub async fn prefix_is_free(db: &impl ConnectionTrait, prefix: &str) -> Result<bool, DbErr> {
    Ok(Entity::find()
        .filter(Column::PoPrefix.eq(prefix))
        .one(db)
        .await?
        .is_none())
}

/// The ids of the shops that have the app, for the conditions of other tables.
pub(super) fn with_the_app() -> SelectStatement {
    Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::Status.ne(ShopStatus::Uninstalled))
        .to_owned()
}

/// Every shop that has the app, also where it must reconnect: for the operator.
pub async fn with_app(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::Status.ne(ShopStatus::Uninstalled))
        .all(db)
        .await
}

/// Installed shops whose refresh token ends soon, the soonest first.
pub async fn refresh_tokens_ending_before(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::Status.eq(ShopStatus::Installed))
        .filter(Column::RefreshTokenExpiresAt.lt(before))
        .order_by_asc(Column::RefreshTokenExpiresAt)
        .limit(super::MAX_PAGE)
        .all(db)
        .await
}

/// The names of shops, for suppliers who work for them.
pub async fn names(db: &impl ConnectionTrait, ids: &[ShopId]) -> Result<Vec<(ShopId, String)>, DbErr> {
    Entity::find()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .select_only()
        .column(Column::Id)
        .column(Column::Name)
        .into_tuple()
        .all(db)
        .await
}

/// Some of the shops that can be called, by id, after the one that was seen last.
pub async fn installed_after(
    db: &impl ConnectionTrait,
    seen: Option<ShopId>,
    limit: u64,
) -> Result<Vec<ShopId>, DbErr> {
    let mut rows = Entity::find().filter(Column::Status.eq(ShopStatus::Installed));
    if let Some(seen) = seen {
        rows = rows.filter(Column::Id.gt(seen));
    }
    rows.select_only()
        .column(Column::Id)
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
}

/// The same, as they stand.
pub async fn page_of_installed(
    db: &impl ConnectionTrait,
    seen: Option<ShopId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::Status.eq(ShopStatus::Installed))
        .apply_if(seen, |rows, seen| rows.filter(Column::Id.gt(seen)))
        .order_by_asc(Column::Id)
        .limit(paging::capped(limit))
        .all(db)
        .await
}

/// Writes that every change before a time has been compared.
pub async fn swept(tx: &Tx, id: ShopId, until: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::SweptUntil, Expr::val(until))
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Shops that have the app installed, the first ones first.
pub async fn installed(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::Status.eq(ShopStatus::Installed))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(db)
        .await
}
