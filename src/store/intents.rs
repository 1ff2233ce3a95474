//! The ledger of outside calls that must happen once.

use chrono::{DateTime, Utc};
use sea_orm::{
    Condition, DbBackend, QueryOrder as _, QuerySelect as _, QueryTrait as _, Statement, entity::prelude::*,
    sea_query::Expr,
};

use super::{Tx, columns::Json, pending::Write};
use crate::{
    domain::intent::{IntentKind, IntentOutcome},
    ids::{IntentId, OrderId, ShopId, SupplierId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "intents")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IntentId,
    pub key: String,
    pub kind: IntentKind,
    pub shop_id: Option<ShopId>,
    pub supplier_id: Option<SupplierId>,
    pub order_id: Option<OrderId>,
    pub subject_id: Uuid,
    pub request: Json<serde_json::Value>,
    pub outcome: IntentOutcome,
    pub evidence: Option<Json<serde_json::Value>>,
    pub calls: i32,
    pub created_at: DateTime<Utc>,
    /// By the time that leases go by: whether a call may still be under way is for every node to tell.
    pub called_at: Option<DateTime<Utc>>,
    pub settled_at: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Writes what became of a call, unless that is settled already.
pub fn settle(tx: &Tx, id: IntentId, outcome: IntentOutcome, evidence: Json<serde_json::Value>, now: DateTime<Utc>) {
    let mut update = Entity::update_many()
        .col_expr(Column::Outcome, Expr::val(outcome))
        .col_expr(Column::Evidence, Expr::val(Some(evidence)))
        .col_expr(Column::SettledAt, Expr::val((!outcome.is_open()).then_some(now)));
    if outcome == IntentOutcome::Pending {
        update = update.col_expr(Column::CalledAt, Expr::val(Option::<DateTime<Utc>>::None));
    }
    let update = update
        .filter(Column::Id.eq(id))
        .filter(Expr::cust("outcome in ('pending','unknown')"));
    tx.write(Write::any::<Entity>(update.build(tx.get_database_backend())));
}

/// Writes what was said later of a call that had been taken.
pub fn note_answer(tx: &Tx, id: IntentId, evidence: Json<serde_json::Value>) {
    let update = Entity::update_many()
        .col_expr(Column::Evidence, Expr::val(Some(evidence)))
        .filter(Column::Id.eq(id))
        .filter(Expr::cust("outcome = 'done'"));
    tx.write(Write::any::<Entity>(update.build(tx.get_database_backend())));
}

pub async fn by_key(db: &impl ConnectionTrait, key: &str) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::Key.eq(key)).one(db).await
}

pub async fn by_id(db: &impl ConnectionTrait, id: IntentId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// Some of a shop's Intents without an outcome that were last acted on before
/// a time, by id, after the one that was seen last.
pub async fn open_before(
    db: &impl ConnectionTrait,
    shop: ShopId,
    before: DateTime<Utc>,
    seen: Option<IntentId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        // In these words, because they are the index's.
        .filter(Expr::cust("outcome in ('pending','unknown')"))
        .filter(Column::CreatedAt.lt(before))
        .filter(
            Condition::any()
                .add(Column::CalledAt.is_null())
                .add(Column::CalledAt.lt(before)),
        );
    if let Some(seen) = seen {
        rows = rows.filter(Column::Id.gt(seen));
    }
    rows.order_by_asc(Column::Id)
        .limit(limit.min(super::MAX_PAGE))
        .all(db)
        .await
}

/// The Intents of one kind about one thing of an order, the oldest first.
pub async fn of_subject(
    db: &impl ConnectionTrait,
    shop: ShopId,
    order: OrderId,
    kind: IntentKind,
    subject: Uuid,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.eq(order))
        .filter(Column::Kind.eq(kind))
        .filter(Column::SubjectId.eq(subject))
        .order_by_asc(Column::Id)
        .limit(super::MAX_PAGE)
        .all(db)
        .await
}

/// The Intents of one kind about an order that have no outcome, the oldest first.
pub async fn open_of_order(
    db: &impl ConnectionTrait,
    shop: ShopId,
    order: OrderId,
    kind: IntentKind,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.eq(order))
        .filter(Column::Kind.eq(kind))
        .filter(Column::Outcome.is_in([IntentOutcome::Pending, IntentOutcome::Unknown]))
        .order_by_asc(Column::Id)
        .limit(super::MAX_PAGE)
        .all(db)
        .await
}

/// Some settled Intents between two, of which what was asked and answered is kept: whoever settles writes an
/// evidence, if only the JSON `null`, and to forget it leaves none.
fn with_requests(after: IntentId, before: IntentId, limit: u64) -> Select<Entity> {
    Entity::find()
        // In these words, because they are the index's: `intents_to_forget`.
        .filter(Expr::cust("outcome in ('done','refused') and evidence is not null"))
        .filter(Column::Id.gt(after))
        .filter(Column::Id.lt(before))
        .select_only()
        .column(Column::Id)
        .order_by_asc(Column::Id)
        .limit(limit)
}

/// What is asked of the database for the Intents of [`forget_requests`]: a test looks at how it goes about it.
#[must_use]
pub fn with_requests_statement(backend: DbBackend, after: IntentId, before: IntentId, limit: u64) -> Statement {
    with_requests(after, before, limit).build(backend)
}

/// Removes what was asked and answered of some settled Intents between two,
/// where their orders are over and nobody is asked about them. The Intents
/// themselves stay: they say that something happened, and must not again.
/// Gives back those that it looked at; what is forgotten is not looked at again.
pub async fn forget_requests(tx: &Tx, after: IntentId, before: IntentId, limit: u64) -> Result<Vec<IntentId>, DbErr> {
    let rows = with_requests(after, before, limit);
    let ids: Vec<IntentId> = rows.into_tuple().all(tx.conn()).await?;
    if ids.is_empty() {
        return Ok(ids);
    }
    // The statuses for which `OrderStatus::is_over`.
    let over = "exists (select 1 from orders o where o.id = intents.order_id
          and o.status in ('shipped','cancelled','fulfilled_outside','not_routable'))
        and not exists (select 1 from exceptions e where e.order_id = intents.order_id and e.status = 'open')";
    Entity::update_many()
        .col_expr(Column::Request, Expr::val(Json(serde_json::Value::Null)))
        .col_expr(Column::Evidence, Expr::val(Option::<Json<serde_json::Value>>::None))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Expr::cust(over))
        .exec(tx.conn())
        .await?;
    Ok(ids)
}
