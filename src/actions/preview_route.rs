//! What routing would decide about an order now. Writes nothing and asks nobody.

use crate::{
    app::App,
    error::AppError,
    ids::{OrderId, RoutingPlanId, ShopId},
    routing::{self, Outcome, PlanLine, RoutePlan, RouteRequest},
    store::{self, columns::Json, order_lines, order_state::OrderState, routing_plans, shops},
};

use super::{cost_facts, gather_order, reserve_stock, route_order, routing_limit};

/// A decision that was not taken.
pub struct Preview {
    /// As if it had been stored.
    pub plan: routing_plans::Model,
    /// Nothing of the order awaits routing: it was decided as if all of it did.
    pub whole_order: bool,
}

/// Decides on an order of the shop's as it stands; none where there is no such order.
pub async fn preview_route(app: &App, shop: ShopId, order: OrderId) -> Result<Option<Preview>, AppError> {
    let db = app.db.read();
    let now = app.clock.now();
    let shop = shops::by_id(db, shop).await?.ok_or(AppError::NotFound("this shop"))?;
    let Some(mut state) = OrderState::load(db, shop.id, order).await? else {
        return Ok(None);
    };
    // What is tied to it is decided with it, as when the order is routed.
    let routed = route_order::lines_waiting(&state, &shop.settings.0);
    let tied = gather_order::tied(&shop, &state, &routed, None, now)?;
    state
        .open_exceptions
        .retain(|open| tied.iter().all(|gathered| gathered.id != open.id));
    let whole_order = route_order::waiting(&state, &shop.settings.0).is_empty();
    if whole_order {
        // Nobody has any of it then, and nothing of it waits.
        state.allocations.clear();
        state.open_exceptions.clear();
    }
    let lines = if whole_order {
        everything(&state)
    } else {
        route_order::waiting(&state, &shop.settings.0)
    };
    let mut request = route_order::request(db, &shop, &state, lines, &[], now).await?;
    if whole_order {
        reserve_stock::give_back(db, shop.id, order, &mut request).await?;
        cost_facts::leave_out_of_shares(db, &shop, order, &mut request, now).await?;
    }
    let over = if whole_order {
        Vec::new()
    } else {
        routing_limit::take_out(&mut request)
    };
    let mut plan = decide(request).await?;
    plan.lines.extend(over.iter().map(|line| PlanLine {
        line: line.line,
        units: line.units,
        outcome: Outcome::NoEligibleSupplier,
        by_hand: false,
        reason: routing_limit::why(line),
        rejected: Vec::new(),
        runner_up: None,
        alone: None,
    }));
    plan.strategy = Some(shop.settings.0.routing.strategy);
    let explanation = serde_json::to_value(&plan).map_err(|error| AppError::Internal(error.to_string()))?;
    let cost = plan.only_cost();
    Ok(Some(Preview {
        plan: routing_plans::Model {
            id: RoutingPlanId::generate(),
            shop_id: shop.id,
            order_id: order,
            decided_at: now,
            cost_minor: cost.map(|cost| cost.amount_minor),
            currency: cost.map(|cost| cost.currency),
            explanation: Json(explanation),
        },
        whole_order,
    }))
}

fn everything(state: &OrderState) -> Vec<(&order_lines::Model, u32)> {
    let lines = state.lines.iter().filter(|line| line.requires_shipping);
    lines
        .map(|line| (line, store::units(line.current_quantity)))
        .filter(|(_, units)| *units > 0)
        .collect()
}

/// Off the threads that answer: a large order takes a while.
async fn decide(request: RouteRequest) -> Result<RoutePlan, AppError> {
    let done = tokio::task::spawn_blocking(move || routing::route(&request)).await;
    done.map_err(|error| AppError::Internal(format!("a preview did not come to its end: {error}")))
}
