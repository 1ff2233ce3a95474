//! Shopify's three compliance topics: report, redact a customer, redact a shop.
//!
//! Addresses live in orders, purchase orders and stored deliveries, and
//! nowhere else: Intents, events and exceptions are written without them.

use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    route_order,
    withdraw_units::{Asks, withdraw_purchase_order},
};
use crate::{
    app::App,
    domain::{
        event::{Actor, EventKind},
        exception::{ExceptionKind, ExceptionStatus},
        purchase_order::PurchaseOrderStatus,
        shop::ShopStatus,
    },
    ids::{ExceptionId, ShopId, ShopifyOrderId},
    queue::{Attempt, Job, JobError, Priority},
    store::{
        self, Tx, columns::Json, deliveries, exceptions, memberships, order_state::OpenOrder, orders, purchase_orders,
        shops,
    },
};

/// What Shopify asks for on a customer's or a shop's behalf.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redaction {
    Report { customer: Option<u64>, orders: Vec<u64> },
    Customer { customer: Option<u64>, orders: Vec<u64> },
    Shop,
}

/// Acts on one request.
#[derive(Debug, Serialize, Deserialize)]
pub struct Redact {
    pub shop_id: ShopId,
    pub redaction: Redaction,
}

/// Orders, or deliveries, that are redacted in one transaction.
const BATCH: u64 = 200;

impl Job for Redact {
    const NAME: &'static str = "redact";
    const PRIORITY: Priority = Priority::Background;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        match &self.redaction {
            Redaction::Report { customer, orders } => report(app, self.shop_id, *customer, orders).await,
            Redaction::Customer { customer, orders } => {
                while redact_batch(app, self.shop_id, Whose::customer(*customer, orders)).await? == BATCH {}
                forget_deliveries(app, self.shop_id, orders).await
            }
            Redaction::Shop => redact_shop(app, self.shop_id).await,
        }
    }
}

/// Whose orders are meant.
struct Whose {
    /// None means every order of the shop.
    customer: Option<(Option<i64>, Vec<ShopifyOrderId>)>,
}

impl Whose {
    fn customer(customer: Option<u64>, orders: &[u64]) -> Self {
        let orders = orders
            .iter()
            .filter_map(|id| i64::try_from(*id).ok())
            .map(ShopifyOrderId)
            .collect();
        Self {
            customer: Some((customer.and_then(|id| i64::try_from(id).ok()), orders)),
        }
    }
}

/// Redacts up to a batch of orders; says how many there were.
async fn redact_batch(app: &App, shop: ShopId, whose: Whose) -> Result<u64, JobError> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let found = orders::not_redacted(tx.conn(), shop, whose.customer, BATCH).await?;
    let count = found.len() as u64;
    for found in found {
        // Read again under the lock: an import may have written the order meanwhile.
        let Some(mut order) = orders::lock(&tx, shop, found.id).await? else {
            continue;
        };
        purchase_orders::redact(&tx, shop, order.id).await?;
        deliveries::redact(&tx, shop, order.shopify_id).await?;
        order.ship_to = None;
        order.facts.0.tags = Vec::new();
        order.facts.0.customer_tags = None;
        order.customer_id = None;
        order.redacted_at = Some(now);
        let id = order.id;
        store::save(&tx, order)?;
        let message = "The customer's data was removed at Shopify's request";
        store::events::add(&tx, shop, id, now, &Actor::Shopify, EventKind::Redacted, message);
    }
    tx.commit().await?;
    Ok(count)
}

/// Deliveries may tell of orders that were never stored here.
async fn forget_deliveries(app: &App, shop: ShopId, asked: &[u64]) -> Result<(), JobError> {
    for batch in asked.chunks(100) {
        let tx = app.db.begin().await?;
        for order in batch.iter().filter_map(|id| i64::try_from(*id).ok()) {
            deliveries::redact(&tx, shop, ShopifyOrderId(order)).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// 48 hours after an uninstall. A shop that came back meanwhile keeps its rows.
async fn redact_shop(app: &App, id: ShopId) -> Result<(), JobError> {
    let Some(shop) = shops::by_id(app.db.read(), id).await? else {
        return Ok(());
    };
    if shop.status == ShopStatus::Installed {
        return Ok(());
    }
    withdraw_drafts(app, id).await?;
    while redact_batch(app, id, Whose { customer: None }).await? == BATCH {}
    let mut last = Some(String::new());
    while let Some(after) = last {
        let tx = app.db.begin().await?;
        last = deliveries::forget_bodies(&tx, &shop.domain, &after, BATCH).await?;
        tx.commit().await?;
    }
    let tx = app.db.begin().await?;
    memberships::remove_of_shop(&tx, id).await?;
    tx.commit().await?;
    Ok(())
}

/// Nothing will be bought for the shop any more, and what it reserved is free for others.
async fn withdraw_drafts(app: &App, id: ShopId) -> Result<(), JobError> {
    let before = app.clock.now();
    let mut seen = None;
    loop {
        let page = purchase_orders::unsent_before(app.db.read(), id, before, seen, BATCH).await?;
        let Some(last) = page.last() else { return Ok(()) };
        seen = Some(last.id);
        for po in page {
            let tx = app.db.begin().await?;
            let Some(OpenOrder { state, shop, .. }) = OpenOrder::lock(&tx, id, po.order_id).await? else {
                continue;
            };
            if shop.status == ShopStatus::Installed {
                return Ok(());
            }
            // As they stand under the lock: whoever began to place one goes on, for the supplier may have it.
            let drafts = (state.purchase_orders.iter()).filter(|po| po.status == PurchaseOrderStatus::Draft);
            for draft in drafts {
                withdraw_purchase_order(&tx, &state, draft.clone(), Asks::Program, app.clock.now()).await?;
            }
            route_order::follow_status(&tx, &shop, po.order_id).await?;
            tx.commit().await?;
        }
    }
}

/// A person must answer the customer: what is stored is listed for them.
async fn report(app: &App, shop: ShopId, customer: Option<u64>, asked: &[u64]) -> Result<(), JobError> {
    let now = app.clock.now();
    let whose = Whose::customer(customer, asked);
    let tx = app.db.begin().await?;
    let found = orders::not_redacted(tx.conn(), shop, whose.customer, BATCH).await?;
    let names: Vec<&str> = found.iter().map(|order| order.name.as_str()).collect();
    let message = if names.is_empty() {
        "A customer asked what is stored about them: nothing is stored here".to_owned()
    } else {
        format!(
            "A customer asked what is stored about them. Stored here: the shipping addresses of {}. Send them to the customer within 30 days",
            names.join(", ")
        )
    };
    open_report(&tx, shop, customer, message, &names, now).await?;
    tx.commit().await?;
    Ok(())
}

async fn open_report(
    tx: &Tx,
    shop: ShopId,
    customer: Option<u64>,
    message: String,
    names: &[&str],
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), DbErr> {
    let row = exceptions::Model {
        id: ExceptionId::generate(),
        shop_id: shop,
        order_id: None,
        order_line_id: None,
        purchase_order_id: None,
        shipment_id: None,
        kind: ExceptionKind::Other,
        status: ExceptionStatus::Open,
        dedupe_key: format!("data_request:{}", customer.unwrap_or(0)),
        quantity: None,
        message,
        evidence: Some(Json(json!({ "orders": names }))),
        resolution: None,
        resolved_by: None,
        created_at: now,
        resolved_at: None,
    };
    exceptions::open(tx, row).await
}
