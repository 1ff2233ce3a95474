//! Looks again at orders that a change of the shop's concerns, some at a time.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::{
    decide_ahead::Ahead,
    go_on::go_on,
    import_order::ImportOrder,
    next_steps::parcel_recorded,
    replan_orders::ReplanOrders,
    resolve_exception::{close, close_by},
    route_order::{PlanAhead, RouteOrder, route_ahead},
};
use crate::{
    app::App,
    domain::{
        event::Actor,
        exception::{ExceptionKind, ExceptionStatus},
        order::OrderStatus,
    },
    ids::{ExceptionId, OrderId, ShipmentId, ShopId, ShopifyVariantId, SupplierId},
    queue::{Attempt, Job, JobError, Priority, When, enqueue},
    routing::{self, RouteRequest},
    store::{
        Tx, exceptions,
        mappings::Counting,
        order_state::{OpenOrder, OrderState},
        orders, shipments, shops,
    },
};

/// Why orders are looked at again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Why {
    /// A variant was mapped, or otherwise than before: its lines that waited for it are routed.
    Mapped {
        variant: ShopifyVariantId,
        by: String,
        /// In words, for the orders' histories, where it is something else of the mapping.
        #[serde(default)]
        what: Option<String>,
        /// As below.
        until: Option<DateTime<Utc>>,
    },
    /// Many variants were mapped at once: whatever of them routing put before a person is routed.
    ManyMapped {
        by: String,
        /// Mappings that were written from then on.
        since: DateTime<Utc>,
        /// As below.
        until: Option<DateTime<Utc>>,
    },
    /// Something by which routing decides is otherwise: what it put before a person is routed again.
    RoutingChanged {
        /// In words, for the orders' histories.
        what: String,
        by: String,
        /// Exceptions that came later know of the change; the first part says which.
        until: Option<DateTime<Utc>>,
    },
    /// Another hour or day began by which rules go: what nobody could ship is tried again.
    TimePassed {
        /// As above.
        until: Option<DateTime<Utc>>,
    },
    /// A supplier has other stock or prices: what nobody could ship is tried again.
    OffersChanged {
        supplier: SupplierId,
        /// As above.
        until: Option<DateTime<Utc>>,
    },
    /// What awaited a click is routed.
    AutomationOn,
    /// Automation is on again: what would have helped meanwhile, mappings included, is made up for.
    MissedWhileOff {
        /// As above.
        until: Option<DateTime<Utc>>,
    },
    /// Other fulfillment orders are ours now: open orders are read again.
    LocationsChanged,
    /// What is risky is looked at first, or no more: what was not sent yet is read again.
    RiskReviewed,
    /// The app was away for a while: open orders are read again.
    OnceMoreInstalled,
    /// Kits count otherwise now: parcels that waited for their last component are looked at.
    KitFulfillmentChanged,
}

/// Has them looked at again because time passed by which the shop's rules go.
pub(super) fn time_passed(tx: &Tx, shop: ShopId, now: DateTime<Utc>) -> Result<(), DbErr> {
    let at_once = When::now(now.timestamp_millis());
    enqueue(tx, &ReplanOrders::new(shop), at_once)?;
    enqueue(tx, &RevisitOrders::new(shop, Why::TimePassed { until: None }), at_once)
}

/// Has a shop's orders looked at again because it routes otherwise now: those that can still be
/// undone, and those that wait for a person because of routing.
pub(super) fn routing_changed(tx: &Tx, shop: ShopId, what: &str, by: String, now: DateTime<Utc>) -> Result<(), DbErr> {
    let why = Why::RoutingChanged {
        what: what.to_owned(),
        by,
        until: None,
    };
    let at_once = When::now(now.timestamp_millis());
    enqueue(tx, &ReplanOrders::new(shop), at_once)?;
    enqueue(tx, &RevisitOrders::new(shop, why), at_once)
}

/// Goes on after `after` until none is left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RevisitOrders {
    pub shop_id: ShopId,
    pub why: Why,
    /// The order or exception that was done last.
    after: Option<uuid::Uuid>,
}

async fn read_again(tx: &Tx, order: &orders::Model, when: When) -> Result<(), DbErr> {
    let job = ImportOrder {
        shop_id: order.shop_id,
        shopify_id: order.shopify_id,
    };
    enqueue(tx, &job, when)
}

/// Orders in one go.
const MOST: u64 = 50;

impl RevisitOrders {
    #[must_use]
    pub const fn new(shop_id: ShopId, why: Why) -> Self {
        Self {
            shop_id,
            why,
            after: None,
        }
    }

    /// Does some, and names the last one; none when there are no more.
    async fn some(&self, app: &App) -> Result<Option<uuid::Uuid>, JobError> {
        let (after, now) = (self.after.map(ExceptionId), app.clock.now());
        match &self.why {
            Why::Mapped { variant, .. } => self.mapped(app, *variant, now).await,
            Why::ManyMapped { by, since, until } => {
                let until = until.unwrap_or(now);
                let mapped = Counting {
                    since: *since,
                    today: now.date_naive(),
                };
                let found = exceptions::of_mapped(app.db.read(), self.shop_id, mapped, until, after, MOST).await?;
                self.route_again(app, &found, by, "The variant was mapped").await
            }
            Why::RoutingChanged { what, by, until } => {
                let until = until.unwrap_or(now);
                let found = exceptions::of_routing(app.db.read(), self.shop_id, until, after, MOST).await?;
                // Nobody did it: a date came.
                if *by == Actor::Orderyard.to_string() {
                    return self.try_each(app, &found, what).await;
                }
                self.route_again(app, &found, by, what).await
            }
            Why::OffersChanged { supplier, until } => {
                let until = until.unwrap_or(now);
                let found = exceptions::of_supplier(app.db.read(), self.shop_id, *supplier, until, after, MOST).await?;
                self.try_each(app, &found, "A supplier has other stock or prices").await
            }
            Why::TimePassed { until } => {
                let until = until.unwrap_or(now);
                let found = exceptions::of_routing(app.db.read(), self.shop_id, until, after, MOST).await?;
                let what = "Another hour or day began, by which a rule goes";
                self.try_each(app, &found, what).await
            }
            Why::MissedWhileOff { until } => {
                let until = until.unwrap_or(now);
                let found = exceptions::of_mapping(app.db.read(), self.shop_id, until, after, MOST).await?;
                self.try_each(app, &found, "Automation is on again").await
            }
            Why::AutomationOn => {
                let waiting = [OrderStatus::AwaitingRouting];
                self.each_order(app, &waiting, async |tx, order, when| {
                    enqueue(tx, &RouteOrder::of(order), when)
                })
                .await
            }
            Why::KitFulfillmentChanged => self.parcels_of_kits(app).await,
            Why::RiskReviewed => {
                let unsent = [
                    OrderStatus::Waiting,
                    OrderStatus::AwaitingRouting,
                    OrderStatus::NeedsAttention,
                    OrderStatus::Held,
                ];
                self.each_order(app, &unsent, read_again).await
            }
            Why::LocationsChanged | Why::OnceMoreInstalled => {
                let open = [
                    OrderStatus::NotRoutable,
                    OrderStatus::Waiting,
                    OrderStatus::AwaitingRouting,
                    OrderStatus::NeedsAttention,
                    OrderStatus::Held,
                    OrderStatus::WithSupplier,
                    OrderStatus::PartlyShipped,
                ];
                self.each_order(app, &open, read_again).await
            }
        }
    }

    async fn each_order(
        &self,
        app: &App,
        statuses: &[OrderStatus],
        revisit: impl AsyncFn(&Tx, &orders::Model, When) -> Result<(), DbErr>,
    ) -> Result<Option<uuid::Uuid>, JobError> {
        let after = self.after.map(OrderId);
        let found = orders::in_statuses(app.db.read(), self.shop_id, statuses, after, MOST).await?;
        let when = When::now(app.clock.now_ms());
        let tx = app.db.begin().await?;
        for order in &found {
            revisit(&tx, order, when).await?;
        }
        tx.commit().await?;
        Ok(found.last().map(|order| order.id.0))
    }

    async fn parcels_of_kits(&self, app: &App) -> Result<Option<uuid::Uuid>, JobError> {
        let after = self.after.map(ShipmentId);
        let found = shipments::waiting_for_kit(app.db.read(), self.shop_id, after, MOST).await?;
        let ids: Vec<OrderId> = found.iter().map(|parcel| parcel.order_id).collect();
        let orders = orders::by_ids(app.db.read(), self.shop_id, &ids).await?;
        let now = app.clock.now();
        let tx = app.db.begin().await?;
        for parcel in &found {
            if let Some(order) = orders.iter().find(|order| order.id == parcel.order_id) {
                parcel_recorded(&tx, order, parcel.id, now)?;
            }
        }
        tx.commit().await?;
        Ok(found.last().map(|parcel| parcel.id.0))
    }

    async fn mapped(
        &self,
        app: &App,
        variant: ShopifyVariantId,
        now: DateTime<Utc>,
    ) -> Result<Option<uuid::Uuid>, JobError> {
        let Why::Mapped { by, what, until, .. } = &self.why else {
            return Ok(None);
        };
        let (after, until) = (self.after.map(ExceptionId), until.unwrap_or(now));
        let found = exceptions::of_variant(app.db.read(), self.shop_id, variant, until, after, MOST).await?;
        let what = what.as_deref().unwrap_or("The variant was mapped");
        self.route_again(app, &found, by, what).await
    }

    /// Closes exceptions and has their orders routed; one that still holds is opened anew. While automation is
    /// off nothing is bought without a click: they are left as they are until it is on again.
    async fn route_again(
        &self,
        app: &App,
        found: &[exceptions::Model],
        by: &str,
        what: &str,
    ) -> Result<Option<uuid::Uuid>, JobError> {
        for exception in found {
            let one = format!("exception {}", exception.id);
            let closed = go_on(&one, || self.route_one(app, exception, by, what)).await?;
            if closed == Some(Automation::Off) {
                return Ok(None);
            }
        }
        Ok(found.last().map(|exception| exception.id.0))
    }

    /// In a transaction of its own, which holds this order's lock only.
    async fn route_one(
        &self,
        app: &App,
        exception: &exceptions::Model,
        by: &str,
        what: &str,
    ) -> Result<Automation, DbErr> {
        let Some(order) = exception.order_id else {
            return Ok(Automation::On);
        };
        let tx = app.db.begin().await?;
        let Some(order) = orders::lock(&tx, self.shop_id, order).await? else {
            return Ok(Automation::On);
        };
        let shop = shops::known(&tx, self.shop_id).await?;
        if shop.is_none_or(|shop| !shop.buys_by_itself()) {
            return Ok(Automation::Off);
        }
        let Some(exception) = exceptions::by_id(tx.conn(), self.shop_id, exception.id).await? else {
            return Ok(Automation::On);
        };
        if exception.status == ExceptionStatus::Open {
            close(&tx, exception, by, what, app.clock.now())?;
            enqueue(&tx, &RouteOrder::of(&order), When::now(app.clock.now_ms()))?;
        }
        tx.commit().await?;
        Ok(Automation::On)
    }
}

/// Whether the shop buys without a click, as far as one order has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Automation {
    On,
    Off,
}

impl RevisitOrders {
    async fn try_each(
        &self,
        app: &App,
        found: &[exceptions::Model],
        what: &str,
    ) -> Result<Option<uuid::Uuid>, JobError> {
        for exception in found {
            let one = format!("exception {}", exception.id);
            go_on(&one, || self.try_again(app, exception, what)).await?;
        }
        Ok(found.last().map(|exception| exception.id.0))
    }

    /// Routes what one exception is about. Where that helps nobody, nothing is written: news of stock
    /// and hours come often, and would fill histories.
    async fn try_again(&self, app: &App, exception: &exceptions::Model, what: &str) -> Result<(), DbErr> {
        let mut ahead = Ahead::of(routing::route);
        while let Some(large) = self.try_once(app, exception, what, &mut ahead).await? {
            ahead.work_out(large).await;
        }
        Ok(())
    }

    /// What takes long is given back undecided, with nothing written.
    async fn try_once(
        &self,
        app: &App,
        exception: &exceptions::Model,
        what: &str,
        ahead: &mut PlanAhead,
    ) -> Result<Option<RouteRequest>, DbErr> {
        let (Some(order), Some(line)) = (exception.order_id, exception.order_line_id) else {
            return Ok(None);
        };
        let tx = app.db.begin().await?;
        let now = app.clock.now();
        let Some(open) = OpenOrder::lock(&tx, self.shop_id, order).await? else {
            return Ok(None);
        };
        // What comes meanwhile is looked at when it is on again.
        if !open.shop.buys_by_itself() {
            return Ok(None);
        }
        let asked = |state: &OrderState| -> i64 {
            let of_line = state
                .open_exceptions
                .iter()
                .filter(|open| open.order_line_id == Some(line));
            of_line.map(|open| i64::from(open.quantity.unwrap_or(0))).sum()
        };
        let is_unmapped = |state: &OrderState| {
            let mut of_line = state
                .open_exceptions
                .iter()
                .filter(|open| open.order_line_id == Some(line));
            of_line.any(|open| open.kind == ExceptionKind::UnmappedLine)
        };
        let mut still = open.state.open_exceptions.iter();
        let Some(exception) = still.find(|open| open.id == exception.id).cloned() else {
            return Ok(None);
        };
        close_by(&tx, exception, &Actor::Orderyard, what, now)?;
        let Some(state) = OrderState::load(tx.conn(), self.shop_id, order).await? else {
            return Ok(None);
        };
        let large = route_ahead(&tx, &open.shop, &state, ahead, now).await?;
        if large.is_some() {
            return Ok(large);
        }
        let after = OrderState::load(tx.conn(), self.shop_id, order).await?;
        // Who waits for a mapping that is there by now is told what it really waits for.
        let helps =
            |after: &OrderState| asked(after) < asked(&open.state) || (is_unmapped(&open.state) && !is_unmapped(after));
        if after.as_ref().is_some_and(helps) {
            tx.commit().await?;
        }
        Ok(None)
    }
}

impl Job for RevisitOrders {
    const NAME: &'static str = "revisit_orders";
    const PRIORITY: Priority = Priority::Background;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    /// Several changes in a row are one reason to look.
    fn dedupe_key(&self) -> Option<String> {
        match self.why {
            _ if self.after.is_some() => None,
            Why::RoutingChanged { .. } => Some(format!("routing_changed:{}", self.shop_id)),
            // The first of them looks at what was mapped since, and so at all that was mapped after it.
            Why::ManyMapped { ref by, .. } => Some(format!("many_mapped:{}:{by}", self.shop_id)),
            Why::TimePassed { .. } => Some(format!("time_passed:{}", self.shop_id)),
            Why::OffersChanged { supplier, .. } => Some(format!("offers_changed:{}:{supplier}", self.shop_id)),
            _ => None,
        }
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let mut next = self.clone();
        if let Why::RoutingChanged { until, .. }
        | Why::Mapped { until, .. }
        | Why::ManyMapped { until, .. }
        | Why::TimePassed { until }
        | Why::MissedWhileOff { until }
        | Why::OffersChanged { until, .. } = &mut next.why
        {
            until.get_or_insert(app.clock.now());
        }
        let Some(last) = next.some(app).await? else {
            return Ok(());
        };
        next.after = Some(last);
        let tx = app.db.begin().await?;
        enqueue(&tx, &next, When::now(app.clock.now_ms()))?;
        tx.commit().await?;
        Ok(())
    }
}
