//! News of an order that are known to be there and cannot be read: it may be cancelled by now, and nothing is
//! bought for it until they are read.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::import_order::ImportOrder;
use crate::{
    domain::shop::ShopStatus,
    queue::{Job as _, JobError, When, enqueue, order_key},
    store::{Tx, jobs::waiting, orders, purchase_orders, shops},
};

/// How long a purchase order waits for its order to be read.
const SOON: Duration = Duration::from_secs(5);
/// The same where it cannot be read. What waits is called when the shop is back.
const LATER: Duration = Duration::from_mins(10);

/// Why a draft is not to be sent now, if so. An order that is to be read is read.
pub(super) async fn before_placing(
    tx: &Tx,
    shop: &shops::Model,
    order: &orders::Model,
    po: &purchase_orders::Model,
    has_waited: bool,
    now: DateTime<Utc>,
) -> Result<Option<JobError>, DbErr> {
    let waits = |why: String, after| {
        let reason = format!("{} is held back: {why}", po.number);
        Some(JobError::Parked {
            reason,
            after,
            behind: None,
        })
    };
    if shop.status == ShopStatus::Uninstalled {
        return Ok(waits("the shop has uninstalled the app".to_owned(), LATER));
    }
    if order.imported_at < shop.installed_at {
        let read = ImportOrder {
            shop_id: order.shop_id,
            shopify_id: order.shopify_id,
        };
        enqueue(tx, &read, When::now(now.timestamp_millis()))?;
        let why = "its order was not read since the app was installed again";
        return Ok(waits(why.to_owned(), SOON));
    }
    if !has_waited {
        return Ok(None);
    }
    let key = order_key(order.shop_id, order.shopify_id);
    let failed = waiting::failed(tx.conn(), &key, ImportOrder::NAME).await?;
    Ok(failed.and_then(|job| {
        let error = job.last_error.unwrap_or_default();
        waits(format!("news of its order cannot be read: {error}"), SOON)
    }))
}
