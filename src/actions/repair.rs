//! What a sweep finds to differ, and the ordinary job that puts each into line.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{
    ask_supplier::AskSupplier, cancel_purchase_order::CancelPurchaseOrder, import_order::ImportOrder,
    place_purchase_order::PlacePurchaseOrder, push_fulfillment::PushFulfillment, route_order::RouteOrder,
    sync_shop::SyncShop, update_tracking::UpdateTracking,
};
use crate::{
    domain::sweep::DifferenceKind,
    ids::{ShopId, ShopifyOrderId},
    queue::{Job, When, enqueue},
    store::Tx,
};

/// Something that differs.
#[derive(Debug)]
pub struct Difference {
    pub kind: DifferenceKind,
    /// What it is about, for people: an order's name, a topic.
    pub what: String,
    /// When it came to differ, as far as is known.
    pub since: DateTime<Utc>,
    pub repair: Repair,
}

/// The job that puts it right. They may all run once too often.
#[derive(Debug)]
pub enum Repair {
    Import(ShopifyOrderId),
    SyncShop,
    Route(RouteOrder),
    Place(PlacePurchaseOrder),
    Cancel(CancelPurchaseOrder),
    Push(PushFulfillment),
    Track(UpdateTracking),
    Ask(AskSupplier),
}

impl Repair {
    /// The job's name, for people.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Import(_) => ImportOrder::NAME,
            Self::SyncShop => SyncShop::NAME,
            Self::Route(_) => RouteOrder::NAME,
            Self::Place(_) => PlacePurchaseOrder::NAME,
            Self::Cancel(_) => CancelPurchaseOrder::NAME,
            Self::Push(_) => PushFulfillment::NAME,
            Self::Track(_) => UpdateTracking::NAME,
            Self::Ask(_) => AskSupplier::NAME,
        }
    }

    pub(super) fn enqueue(&self, tx: &Tx, shop_id: ShopId, when: When) -> Result<(), DbErr> {
        match self {
            Self::Import(shopify_id) => {
                let shopify_id = *shopify_id;
                enqueue(tx, &ImportOrder { shop_id, shopify_id }, when)
            }
            Self::SyncShop => enqueue(tx, &SyncShop { shop_id }, when),
            Self::Route(job) => enqueue(tx, job, when),
            Self::Place(job) => enqueue(tx, job, when),
            Self::Cancel(job) => enqueue(tx, job, when),
            Self::Push(job) => enqueue(tx, job, when),
            Self::Track(job) => enqueue(tx, job, when),
            Self::Ask(job) => enqueue(tx, job, when),
        }
    }
}
