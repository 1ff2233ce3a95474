//! What could not be done for orders yet, and is tried again by itself: somebody does not answer, and may be left
//! alone behind a circuit breaker, where no job comes to the last of its tries.

use sea_orm::{ConnectionTrait, DbErr};

use super::{give_up_job::order_of, place_purchase_order::PlacePurchaseOrder};
use crate::{
    ids::{ShopId, ShopifyOrderId},
    queue::{Job as _, order_key},
    store::jobs::{Model, waiting},
};

/// The jobs on some of a shop's orders that were tried, and are still to be done.
pub async fn of_orders(
    db: &impl ConnectionTrait,
    shop: ShopId,
    orders: &[ShopifyOrderId],
) -> Result<Vec<(ShopifyOrderId, Model)>, DbErr> {
    let keys: Vec<String> = orders.iter().map(|order| order_key(shop, *order)).collect();
    let rows = waiting::delayed(db, &keys).await?;
    let told = rows.into_iter().filter(|job| !is_held_back(job));
    Ok(told.filter_map(|job| Some((order_of(&job)?, job))).collect())
}

/// Whether it waits because that is wanted, as until the end of the time to undo it. Its order says so.
fn is_held_back(job: &Model) -> bool {
    job.name == PlacePurchaseOrder::NAME && job.attempts == 0 && job.parked_for.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::JobId,
        store::jobs::{JobState, Priority, WaitsFor},
    };

    fn job(name: &str) -> Model {
        Model {
            id: JobId::generate(),
            name: name.to_owned(),
            payload: String::new(),
            shop_id: None,
            serial_key: None,
            dedupe_key: None,
            state: JobState::Ready,
            waits_for: WaitsFor::Time,
            priority: Priority::Usual.rank(),
            lane: 0,
            run_at_ms: 2000,
            triggered_at_ms: 1000,
            attempts: 0,
            lease_id: None,
            leased_until_ms: None,
            last_error: Some("it waits".to_owned()),
            parked_for: None,
            parked_since_ms: None,
            created_at_ms: 1000,
        }
    }

    #[test]
    fn what_is_held_back_is_not_delayed() {
        assert!(is_held_back(&job("place_purchase_order")));
        let parked = Model {
            parked_for: Some("supplier:1".to_owned()),
            ..job("place_purchase_order")
        };
        let tried = Model {
            attempts: 2,
            ..job("place_purchase_order")
        };
        // The last one waits for the app to be connected again.
        for delayed in [parked, tried, job("push_fulfillment")] {
            assert!(!is_held_back(&delayed), "{delayed:?}");
        }
    }
}
