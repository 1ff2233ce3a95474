//! Compares pages of what Shopify has with what is stored here. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    import_order::ImportOrder,
    reconcile_shop::{Look, Next},
    repair::{Difference, Repair},
    shop_access::{self, open_gently},
    sync_shop::{self, SyncShop},
};
use crate::{
    app::App,
    domain::{order::FulfillmentOrderStatus, sweep::DifferenceKind},
    ids::{ShopId, ShopifyOrderId},
    queue::{Job as _, JobError, order_key},
    shopify::{Page, cost, fulfillment_orders::ChangedFulfillmentOrder, orders::ChangedOrder},
    store::{fulfillment_orders, jobs, orders, shops, sweeps::Model as Sweep},
};

/// An import that runs within this is on its way already; a later one is brought forward.
const SOON_MS: i64 = 60_000;

/// Subscriptions that are gone, such as after too many failed deliveries.
pub async fn subscriptions(app: &App, shop: &shops::Model) -> Result<Look, JobError> {
    let access = open_gently(app, shop.id, cost::SUBSCRIPTIONS).await?;
    let sync = SyncShop { shop_id: shop.id };
    let soon_ms = app.db.lease_now().await?.timestamp_millis().saturating_add(SOON_MS);
    let keys: Vec<String> = sync.serial_key().into_iter().collect();
    let on_the_way = jobs::waiting::keys_with(app.db.read(), &keys, SyncShop::NAME, soon_ms).await?;
    if !on_the_way.is_empty() {
        return Ok(Look::of(0, Vec::new(), Next::Phase));
    }
    let plan = sync_shop::subscription_plan(app, &access).await?;
    let difference = |what: String| Difference {
        kind: DifferenceKind::Subscription,
        what,
        since: app.clock.now(),
        repair: Repair::SyncShop,
    };
    let differences = plan
        .create
        .iter()
        .map(|topic| difference(topic.as_str().to_owned()))
        .collect();
    Ok(Look::of(0, differences, Next::Phase))
}

/// Orders that changed, where they are missing here or known as they were before.
pub async fn orders(app: &App, shop: &shops::Model, sweep: &Sweep) -> Result<Look, JobError> {
    let access = open_gently(app, shop.id, cost::ORDERS_UPDATED_SINCE).await?;
    let result = app
        .shopify
        .orders_updated_since(&access.access(), sweep.asked_from, sweep.after.clone())
        .await;
    shop_access::observe(app, &access, &result).await?;
    let answer = result?;
    let page: Page<ChangedOrder> = answer.data;
    let ids: Vec<ShopifyOrderId> = page.items.iter().map(|changed| changed.id).collect();
    // Jobs first: one that ends between the two looks has brought its order into line.
    let on_the_way = on_the_way(app, shop.id, &ids).await?;
    let known: BTreeMap<_, _> = orders::read_as_of(app.db.read(), shop.id, &ids)
        .await?
        .into_iter()
        .collect();
    let difference = |changed: &ChangedOrder| {
        let kind = match known.get(&changed.id) {
            None => DifferenceKind::OrderMissing,
            Some(read) if *read < changed.updated_at => DifferenceKind::OrderOutdated,
            Some(_) => return None,
        };
        (!on_the_way.contains(&changed.id)).then(|| Difference {
            kind,
            what: changed.name.clone(),
            since: changed.updated_at,
            repair: Repair::Import(changed.id),
        })
    };
    let seen = u32::try_from(page.items.len()).unwrap_or(u32::MAX);
    let differences = page.items.iter().filter_map(difference).collect();
    let next = next(page.next, page.items.last().map(|changed| changed.updated_at));
    let look = Look::of(seen, differences, next);
    Ok(Look { at: answer.at, ..look })
}

/// Fulfillment orders that changed: an order's own time need not move with them.
pub async fn fulfillment_orders(app: &App, shop: &shops::Model, sweep: &Sweep) -> Result<Look, JobError> {
    let access = open_gently(app, shop.id, cost::FULFILLMENT_ORDERS_UPDATED_SINCE).await?;
    let result = app
        .shopify
        .fulfillment_orders_updated_since(&access.access(), sweep.asked_from, sweep.after.clone())
        .await;
    shop_access::observe(app, &access, &result).await?;
    let page: Page<ChangedFulfillmentOrder> = result?.data;
    let ids: Vec<_> = page.items.iter().map(|changed| changed.id).collect();
    let orders: BTreeSet<ShopifyOrderId> = page.items.iter().map(|changed| changed.order).collect();
    let orders: Vec<ShopifyOrderId> = orders.into_iter().collect();
    let mut on_the_way = on_the_way(app, shop.id, &orders).await?;
    let known: BTreeMap<_, _> = fulfillment_orders::by_ids(app.db.read(), shop.id, &ids)
        .await?
        .into_iter()
        .map(|row| (row.id, (row.status, row.location_id)))
        .collect();
    let mut differences = Vec::new();
    for changed in &page.items {
        let differs = match known.get(&changed.id) {
            Some(read) => *read != (changed.status, changed.location),
            // One that is over and was replaced needs not be known.
            None => !is_over(changed.status),
        };
        if differs && on_the_way.insert(changed.order) {
            differences.push(Difference {
                kind: DifferenceKind::FulfillmentOrder,
                what: changed.order_name.clone(),
                since: changed.updated_at,
                repair: Repair::Import(changed.order),
            });
        }
    }
    let seen = u32::try_from(page.items.len()).unwrap_or(u32::MAX);
    let next = next(page.next, page.items.last().map(|changed| changed.updated_at));
    Ok(Look::of(seen, differences, next))
}

const fn is_over(status: FulfillmentOrderStatus) -> bool {
    matches!(
        status,
        FulfillmentOrderStatus::Closed | FulfillmentOrderStatus::Cancelled
    )
}

fn next(cursor: Option<String>, reached: Option<chrono::DateTime<chrono::Utc>>) -> Next {
    match cursor {
        Some(after) => Next::Page { after, reached },
        None => Next::Phase,
    }
}

/// Orders that are read again anyway, or whose reading people were asked about.
async fn on_the_way(app: &App, shop: ShopId, orders: &[ShopifyOrderId]) -> Result<BTreeSet<ShopifyOrderId>, JobError> {
    let keys: BTreeMap<String, ShopifyOrderId> = orders.iter().map(|id| (order_key(shop, *id), *id)).collect();
    let names: Vec<String> = keys.keys().cloned().collect();
    let soon_ms = app.db.lease_now().await?.timestamp_millis().saturating_add(SOON_MS);
    let found = jobs::waiting::keys_with(app.db.read(), &names, ImportOrder::NAME, soon_ms).await?;
    Ok(found.iter().filter_map(|key| keys.get(key).copied()).collect())
}
