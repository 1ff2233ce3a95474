//! What of an order a person chose the supplier of. That the history says so once is not enough: it is so for the
//! units that were chosen, and as long as they rest where they were sent. The plan that bought them tells which.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbErr};
use serde::Deserialize;

use crate::{
    domain::event::EventKind,
    ids::{AllocationGroupId, RoutingPlanId, ShopId},
    store::{events, order_state::OrderState, routing_plans},
};

/// The part of a stored plan that says it. Plans from before it was told know of none.
#[derive(Default, Deserialize)]
struct Told {
    #[serde(default)]
    by_hand: BTreeSet<AllocationGroupId>,
}

/// What makes the units that a person chose a supplier for, wherever they were split or merged to since.
pub async fn chosen(
    db: &impl ConnectionTrait,
    shop: ShopId,
    state: &OrderState,
) -> Result<BTreeSet<AllocationGroupId>, DbErr> {
    let mut found = BTreeSet::new();
    // Of most orders nothing was: that is known without their plans.
    if !events::any_of_kind(db, shop, state.order.id, EventKind::Overridden).await? {
        return Ok(found);
    }
    let plans: BTreeSet<RoutingPlanId> = state.allocations.iter().map(|one| one.plan_id).collect();
    for plan in routing_plans::by_ids(db, shop, plans.into_iter().collect()).await? {
        let told = Told::deserialize(plan.explanation.0).map_err(|error| DbErr::Json(error.to_string()))?;
        found.extend(told.by_hand);
    }
    Ok(found)
}
