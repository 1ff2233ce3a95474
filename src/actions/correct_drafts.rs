//! Brings what was decided and has not left up to date with its order, as it was just read: where it goes to,
//! and whether a person is to look at it first. What else Shopify says of the order may have it decided
//! otherwise: that is for `replan_orders`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{by_hand, next_steps, replan_orders, review_holds, withdraw_units::take_back_unsent};
use crate::{
    domain::{
        address::Address,
        event::{Actor, EventKind},
        order::Gate,
        purchase_order::PurchaseOrderStatus,
        review::ReviewHolds,
    },
    store::{self, Tx, columns::Json, events, order_state::OrderState, purchase_orders, shops, suppliers},
};

/// What became of an order's drafts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corrected {
    /// Nothing was written.
    Nothing,
    Changed,
    /// They go elsewhere, and so were taken back: a job routes the order anew.
    TakenBack,
}

/// Corrects an order's drafts, under its lock. `is_otherwise` where something of it by which routing goes is
/// not as it was.
pub async fn correct_drafts(
    tx: &Tx,
    shop: &shops::Model,
    state: &OrderState,
    is_otherwise: bool,
    now: DateTime<Utc>,
) -> Result<Corrected, DbErr> {
    let drafts: Vec<&purchase_orders::Model> = drafts(state).collect();
    if drafts.is_empty() {
        return Ok(Corrected::Nothing);
    }
    let address = &state.order.ship_to;
    let moved = drafts.iter().any(|po| po.ship_to != *address);
    if moved && goes_elsewhere(&drafts, address.as_ref()) && may_be_taken_back(tx, shop, state).await? {
        note(tx, state, "is decided anew", now);
        for line in &state.lines {
            take_back_unsent(tx, state, line.id, now).await?;
        }
        next_steps::units_freed(tx, shop, &state.order, now)?;
        return Ok(Corrected::TakenBack);
    }
    if moved {
        note(tx, state, "goes to the new one", now);
        for po in &drafts {
            let corrected = purchase_orders::Model {
                ship_to: address.clone(),
                updated_at: now,
                ..(*po).clone()
            };
            store::save(tx, corrected)?;
        }
    }
    if is_otherwise {
        replan_orders::of_shop(tx, shop.id, now)?;
    }
    let held = is_otherwise && hold(tx, shop, state, &drafts, now).await?;
    Ok(if moved || held {
        Corrected::Changed
    } else {
        Corrected::Nothing
    })
}

fn drafts(state: &OrderState) -> impl Iterator<Item = &purchase_orders::Model> {
    let all = state.purchase_orders.iter();
    all.filter(|po| po.status == PurchaseOrderStatus::Draft)
}

fn note(tx: &Tx, state: &OrderState, then: &str, now: DateTime<Utc>) {
    let message = format!("The address was changed in Shopify: what has not left {then}");
    let (shop, order) = (state.order.shop_id, state.order.id);
    events::add(tx, shop, order, now, &Actor::Shopify, EventKind::Changed, message);
}

/// Whether routing may think otherwise of the new address: of a street or a name it thinks nothing.
fn goes_elsewhere(drafts: &[&purchase_orders::Model], address: Option<&Json<Address>>) -> bool {
    let place = |address: Option<&Json<Address>>| {
        address.map(|Json(address)| {
            let Address {
                country_code,
                province_code,
                zip,
                ..
            } = address;
            (country_code.clone(), province_code.clone(), zip.clone())
        })
    };
    // Without any address nothing leaves, wherever it was decided to come from.
    address.is_some() && drafts.iter().any(|po| place(po.ship_to.as_ref()) != place(address))
}

/// Whether all of it may be decided anew: nothing has left yet, and nobody chose who ships it.
async fn may_be_taken_back(tx: &Tx, shop: &shops::Model, state: &OrderState) -> Result<bool, DbErr> {
    let settings = &shop.settings.0;
    let is_unsent = |po: &purchase_orders::Model| {
        use PurchaseOrderStatus::{Cancelled, Draft, Rejected};
        matches!(po.status, Draft | Cancelled | Rejected)
    };
    let all_unsent = state.purchase_orders.iter().all(is_unsent);
    let is_open = matches!(state.gate(settings), Gate::Open | Gate::WaitForRisk);
    if !settings.automation || !is_open || !all_unsent {
        return Ok(false);
    }
    Ok(by_hand::chosen(tx.conn(), shop.id, state).await?.is_empty())
}

/// Holds the drafts of which the shop wants to see more by now; false where there are none.
async fn hold(
    tx: &Tx,
    shop: &shops::Model,
    state: &OrderState,
    drafts: &[&purchase_orders::Model],
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    if shop.settings.0.review == ReviewHolds::default() {
        return Ok(false);
    }
    let ids: BTreeSet<_> = drafts.iter().map(|po| po.supplier_id).collect();
    let suppliers = suppliers::by_ids(tx, ids.into_iter().collect()).await?;
    let mut any = false;
    for po in drafts {
        let supplier = suppliers.iter().find(|supplier| supplier.id == po.supplier_id);
        let name = supplier.map_or("the supplier", |supplier| supplier.name.as_str());
        any |= review_holds::hold(tx, shop, state, po, name, now).await?;
    }
    Ok(any)
}
