//! The inbox: webhook calls as they were received.

use chrono::{DateTime, Utc};
use sea_orm::{
    IntoActiveModel as _,
    entity::prelude::*,
    sea_query::{Expr, OnConflict},
};

use super::Tx;
use crate::{
    domain::text_enum::text_enum,
    ids::{DeliveryId, ShopId, ShopifyOrderId},
};

text_enum! {
    /// What became of a delivery.
    pub enum DeliveryStatus {
        Received = "received",
        Processed = "processed",
        /// Correctly signed, but for a shop that has not installed the app.
        UnknownShop = "unknown_shop",
        /// Correctly signed, but its body says nothing we can read.
        Unreadable = "unreadable",
        /// The shop in the header does not confirm what the body claims.
        Contradicted = "contradicted",
        /// Read, but the shop has no such order: another shop's, or too old to be read.
        NotFound = "not_found",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    pub shop_domain: String,
    pub webhook_id: String,
    pub topic: String,
    pub event_id: Option<String>,
    pub triggered_at: Option<DateTime<Utc>>,
    pub api_version: String,
    pub body: Option<Vec<u8>>,
    pub received_at: DateTime<Utc>,
    pub status: DeliveryStatus,
    pub note: Option<String>,
    pub shop_id: Option<ShopId>,
    pub shopify_order_id: Option<ShopifyOrderId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a delivery; false when it was received before.
pub async fn add(tx: &Tx, delivery: Model) -> Result<bool, DbErr> {
    let once = OnConflict::columns([Column::ShopDomain, Column::WebhookId])
        .do_nothing()
        .to_owned();
    let added = Entity::insert(delivery.into_active_model().reset_all())
        .on_conflict(once)
        .exec_without_returning(tx.conn())
        .await?;
    Ok(added > 0)
}

pub async fn by_id(db: &impl ConnectionTrait, id: DeliveryId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// Removes the bodies of an order's deliveries.
pub async fn redact(tx: &Tx, shop: ShopId, order: ShopifyOrderId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Body, Expr::val(Option::<Vec<u8>>::None))
        .filter(Column::ShopId.eq(shop))
        .filter(Column::ShopifyOrderId.eq(order))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Notes on an order's deliveries that the shop has no such order.
pub async fn mark_not_found(tx: &Tx, shop: ShopId, order: ShopifyOrderId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::val(DeliveryStatus::NotFound))
        .col_expr(Column::Note, Expr::val("the shop of the header has no such order"))
        .filter(Column::ShopId.eq(shop))
        .filter(Column::ShopifyOrderId.eq(order))
        .filter(Column::Status.eq(DeliveryStatus::Processed))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Removes every body that came for a shop.
pub async fn forget_bodies(tx: &Tx, shop_domain: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Body, Expr::val(Option::<Vec<u8>>::None))
        .filter(Column::ShopDomain.eq(shop_domain))
        .exec(tx.conn())
        .await
        .map(drop)
}
