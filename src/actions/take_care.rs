//! A person does not want what was decided: what that frees is not bought again by itself.

use std::collections::BTreeMap;

use sea_orm::DbErr;

use crate::{
    domain::order::Ledger,
    ids::OrderLineId,
    store::{self, Tx, order_state::OrderState, purchase_orders, shops},
};

/// The units that came free of a purchase order, if a person wanted it back, are taken care of as far as Shopify
/// wants them from us: nothing buys them again until somebody asks for the order to be routed.
pub async fn take_care(tx: &Tx, po: &purchase_orders::Model, freed: &BTreeMap<OrderLineId, u32>) -> Result<(), DbErr> {
    if !po.asked_back_by_hand || freed.is_empty() {
        return Ok(());
    }
    let state = OrderState::of(tx, po.shop_id, po.order_id).await?;
    let Some((state, shop)) = state.zip(shops::known(tx, po.shop_id).await?) else {
        return Ok(());
    };
    let ledgers = state.ledgers(&shop.settings.0);
    for mut line in state.lines {
        let free = ledgers.get(&line.id).map_or(0, Ledger::without_place);
        let units = freed.get(&line.id).copied().unwrap_or(0).min(free);
        if units > 0 {
            line.handled = line.handled.saturating_add(store::column(units));
            store::save(tx, line)?;
        }
    }
    Ok(())
}
