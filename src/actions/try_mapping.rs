//! Tries a mapping on an order before it is saved: the plan that routing would
//! make if the order came in now. Nothing of it stays.

use super::{
    cost_facts, reserve_stock, route_order,
    save_mapping::{self, NewAlternative},
};
use crate::{
    app::App,
    error::AppError,
    ids::{OrderId, ShopId, ShopifyVariantId},
    routing::{self, RoutePlan},
    store::{order_lines, order_state::OrderState, shops},
};

/// Checks the mapping as saving it would, and routes the whole order by it.
pub async fn try_mapping(
    app: &App,
    shop: ShopId,
    order: OrderId,
    variant: ShopifyVariantId,
    alternatives: Vec<NewAlternative>,
) -> Result<RoutePlan, AppError> {
    let now = app.clock.now();
    // Written and rolled back: so it is the same mapping, read by the same code.
    let tx = app.db.begin().await?;
    let row = shops::by_id(tx.conn(), shop).await?;
    let row = row.ok_or(AppError::NotFound("this shop"))?;
    let state = OrderState::load(tx.conn(), shop, order).await?;
    let state = as_new(state.ok_or(AppError::NotFound("this order"))?);
    if !state.lines.iter().any(|line| line.variant_id == Some(variant)) {
        return Err(AppError::invalid("orderId", "this order has no line of the variant"));
    }
    save_mapping::write(&tx, shop, variant, alternatives, now).await?;
    let lines = route_order::waiting(&state, &row.settings.0);
    let mut request = route_order::request(tx.conn(), &row, &state, lines, &[], now).await?;
    reserve_stock::give_back(tx.conn(), shop, order, &mut request).await?;
    cost_facts::leave_out_of_shares(tx.conn(), &row, order, &mut request, now).await?;
    drop(tx);
    Ok(routing::route(&request))
}

/// The order as if nothing had been done about it.
fn as_new(state: OrderState) -> OrderState {
    let lines = state.lines.into_iter().map(|line| order_lines::Model {
        ours: line.current_quantity,
        held: 0,
        elsewhere: 0,
        fulfilled_by_us: 0,
        fulfilled_outside: 0,
        handled: 0,
        ..line
    });
    OrderState {
        lines: lines.collect(),
        allocations: Vec::new(),
        purchase_orders: Vec::new(),
        po_lines: Vec::new(),
        shipments: Vec::new(),
        shipment_lines: Vec::new(),
        fulfillments: Vec::new(),
        open_exceptions: Vec::new(),
        ..state
    }
}
