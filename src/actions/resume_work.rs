//! Finds what stands still: work that our own books await while no job does it
//! and nobody was asked. Reads only.
//!
//! A change and the job that follows from it commit together, so this finds
//! nothing while all is well. What it finds after a mistake is continued by
//! the ordinary jobs, which bear repetition.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use uuid::Uuid;

use super::{
    cancel_purchase_order::CancelPurchaseOrder,
    place_purchase_order::PlacePurchaseOrder,
    push_fulfillment::PushFulfillment,
    reconcile_shop::{Look, Next},
    repair::{Difference, Repair},
    route_order::RouteOrder,
    update_tracking::UpdateTracking,
};
use crate::{
    app::App,
    domain::{
        fulfilment::FulfillmentStatus,
        intent::IntentKind,
        order::OrderStatus,
        purchase_order::PurchaseOrderStatus,
        sweep::{DifferenceKind, SweepPhase},
    },
    ids::{FulfillmentId, IntentId, OrderId, PurchaseOrderId, ShipmentId},
    queue::order_key,
    store::{
        exceptions, fulfillments, intents, jobs, orders, purchase_orders, shipments, shops, sweeps::Model as Sweep,
    },
};

/// Rows in one go.
const MOST: u64 = 100;
/// An order that Shopify did not finish is read again at most this often.
const REREAD: TimeDelta = TimeDelta::hours(1);
/// And one that is older cannot be read without a scope of its own.
const OLDEST: TimeDelta = TimeDelta::days(60);

/// A row that awaits work, and the work, for whichever order it is of.
struct Standing {
    order: OrderId,
    since: DateTime<Utc>,
    what: Waiting,
}

enum Waiting {
    Place(PurchaseOrderId),
    Cancel(PurchaseOrderId),
    Push(ShipmentId),
    Track,
    Route,
    Read,
}

/// Looks at the next rows of the sweep's phase.
pub async fn look(app: &App, shop: &shops::Model, sweep: &Sweep) -> Result<Look, DbErr> {
    let seen = sweep.after.as_deref().and_then(|id| id.parse().ok());
    let lease = TimeDelta::from_std(app.config.worker.lease).unwrap_or(TimeDelta::MAX);
    let finder = Finder {
        app,
        shop,
        seen,
        before: app.clock.now() - lease,
    };
    let (rows, last) = match sweep.phase {
        SweepPhase::Calls => finder.calls().await?,
        SweepPhase::PurchaseOrders => finder.unsent().await?,
        SweepPhase::Parcels => finder.parcels().await?,
        _ => finder.orders().await?,
    };
    let next = last.map_or(Next::Phase, |last| Next::Page {
        after: last.to_string(),
        reached: None,
    });
    Ok(Look::of(0, finder.without_work(rows).await?, next))
}

struct Finder<'a> {
    app: &'a App,
    shop: &'a shops::Model,
    /// The row that was seen last.
    seen: Option<Uuid>,
    /// Later changes may have a job that this look came too early to see.
    before: DateTime<Utc>,
}

/// What a page holds, and the row to go on after; none at the end.
type Found = (Vec<Standing>, Option<Uuid>);

impl Finder<'_> {
    /// Calls without an outcome. Those that people were asked about have left these states.
    async fn calls(&self) -> Result<Found, DbErr> {
        let db = self.app.db.read();
        let before = self.before + (self.app.db.lease_now().await? - self.app.clock.now());
        let open = intents::open_before(db, self.shop.id, before, self.seen.map(IntentId), MOST).await?;
        let last = page_end(open.len(), open.last().map(|intent| intent.id.0));
        let mut rows = Vec::new();
        for intent in open {
            let Some(order) = intent.order_id else { continue };
            let what = match intent.kind {
                IntentKind::PlacePurchaseOrder => self.placing(PurchaseOrderId(intent.subject_id)).await?,
                IntentKind::CancelPurchaseOrder => self.cancelling(PurchaseOrderId(intent.subject_id)).await?,
                IntentKind::CreateFulfillment => self.fulfilling(FulfillmentId(intent.subject_id)).await?,
                IntentKind::UpdateTracking => Some(Waiting::Track),
            };
            let since = intent.called_at.unwrap_or(intent.created_at);
            rows.extend(what.map(|what| Standing { order, since, what }));
        }
        Ok((rows, last))
    }

    async fn placing(&self, id: PurchaseOrderId) -> Result<Option<Waiting>, DbErr> {
        let po = purchase_orders::by_id(self.app.db.read(), self.shop.id, id).await?;
        let unsettled = |po: &purchase_orders::Model| {
            matches!(po.status, PurchaseOrderStatus::Draft | PurchaseOrderStatus::Placing)
        };
        Ok(po.filter(unsettled).map(|po| Waiting::Place(po.id)))
    }

    async fn cancelling(&self, id: PurchaseOrderId) -> Result<Option<Waiting>, DbErr> {
        let po = purchase_orders::by_id(self.app.db.read(), self.shop.id, id).await?;
        Ok(po.filter(|po| po.status.is_live()).map(|po| Waiting::Cancel(po.id)))
    }

    async fn fulfilling(&self, id: FulfillmentId) -> Result<Option<Waiting>, DbErr> {
        let row = fulfillments::by_id(self.app.db.read(), self.shop.id, id).await?;
        let pending = row.filter(|row| row.status == FulfillmentStatus::Pending);
        Ok(pending.and_then(|row| row.shipment_id).map(Waiting::Push))
    }

    async fn unsent(&self) -> Result<Found, DbErr> {
        let seen = self.seen.map(PurchaseOrderId);
        let db = self.app.db.read();
        let rows = purchase_orders::unsent_before(db, self.shop.id, self.before, seen, MOST).await?;
        let last = page_end(rows.len(), rows.last().map(|po| po.id.0));
        let standing = |po: purchase_orders::Model| Standing {
            order: po.order_id,
            since: po.updated_at,
            what: Waiting::Place(po.id),
        };
        Ok((rows.into_iter().map(standing).collect(), last))
    }

    async fn parcels(&self) -> Result<Found, DbErr> {
        let seen = self.seen.map(ShipmentId);
        let db = self.app.db.read();
        let rows = shipments::unfinished(db, self.shop.id, seen, MOST).await?;
        let last = page_end(rows.len(), rows.last().map(|parcel| parcel.id.0));
        let standing = |parcel: shipments::Model| Standing {
            order: parcel.order_id,
            since: parcel.created_at,
            what: Waiting::Push(parcel.id),
        };
        let due = rows.into_iter().filter(|parcel| parcel.created_at < self.before);
        Ok((due.map(standing).collect(), last))
    }

    async fn orders(&self) -> Result<Found, DbErr> {
        let statuses = if self.shop.settings.0.automation {
            vec![OrderStatus::Waiting, OrderStatus::AwaitingRouting]
        } else {
            vec![OrderStatus::Waiting]
        };
        let db = self.app.db.read();
        let rows = orders::in_statuses(db, self.shop.id, &statuses, self.seen.map(OrderId), MOST).await?;
        let last = page_end(rows.len(), rows.last().map(|order| order.id.0));
        let now = self.app.clock.now();
        let due = |order: &orders::Model| match order.status {
            OrderStatus::Waiting => order.imported_at < self.before.min(now - REREAD) && order.placed_at > now - OLDEST,
            _ => order.imported_at < self.before,
        };
        let standing = |order: orders::Model| Standing {
            order: order.id,
            since: order.imported_at,
            what: match order.status {
                OrderStatus::Waiting => Waiting::Read,
                _ => Waiting::Route,
            },
        };
        Ok((rows.into_iter().filter(due).map(standing).collect(), last))
    }

    /// Leaves out what a job is about to do, and orders that people were asked about.
    async fn without_work(&self, rows: Vec<Standing>) -> Result<Vec<Difference>, DbErr> {
        let db = self.app.db.read();
        let ids: BTreeSet<OrderId> = rows.iter().map(|row| row.order).collect();
        let ids: Vec<OrderId> = ids.into_iter().collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let orders: BTreeMap<OrderId, orders::Model> = orders::by_ids(db, self.shop.id, &ids)
            .await?
            .into_iter()
            .map(|order| (order.id, order))
            .collect();
        let keys: Vec<String> = orders
            .values()
            .map(|order| order_key(order.shop_id, order.shopify_id))
            .collect();
        let worked_on = jobs::waiting::keys_with_work(db, &keys).await?;
        let asked = exceptions::orders_with_open(db, self.shop.id, &ids).await?;
        let mut differences = Vec::new();
        for row in rows {
            let Some(order) = orders.get(&row.order) else { continue };
            if worked_on.contains(&order_key(order.shop_id, order.shopify_id)) || asked.contains(&order.id) {
                continue;
            }
            differences.push(Difference {
                kind: DifferenceKind::StoodStill,
                what: order.name.clone(),
                since: row.since,
                repair: repair(order, &row.what),
            });
        }
        Ok(differences)
    }
}

/// A full page may have more rows after it.
fn page_end(rows: usize, last: Option<Uuid>) -> Option<Uuid> {
    last.filter(|_| rows as u64 >= MOST)
}

fn repair(order: &orders::Model, what: &Waiting) -> Repair {
    let (shop_id, order_id, shopify_id) = (order.shop_id, order.id, order.shopify_id);
    match *what {
        Waiting::Place(purchase_order_id) => Repair::Place(PlacePurchaseOrder {
            shop_id,
            purchase_order_id,
            order_id,
            shopify_id,
        }),
        Waiting::Cancel(purchase_order_id) => Repair::Cancel(CancelPurchaseOrder {
            shop_id,
            purchase_order_id,
            shopify_id,
        }),
        Waiting::Push(shipment_id) => Repair::Push(PushFulfillment {
            shop_id,
            order_id,
            shopify_id,
            shipment_id,
        }),
        Waiting::Track => Repair::Track(UpdateTracking {
            shop_id,
            order_id,
            shopify_id,
        }),
        Waiting::Route => Repair::Route(RouteOrder::of(order)),
        Waiting::Read => Repair::Import(shopify_id),
    }
}
