//! Routes an order now, because a person asked for it.

use super::route_order::RouteOrder;
use crate::{
    app::App,
    error::AppError,
    ids::{OrderId, ShopId},
    queue::{When, enqueue},
    store::orders,
};

/// Enqueues the routing of what awaits it; where nothing does, nothing happens.
pub async fn request_routing(app: &App, shop: ShopId, order: OrderId) -> Result<orders::Model, AppError> {
    let tx = app.db.begin().await?;
    let order = orders::by_id(tx.conn(), shop, order)
        .await?
        .ok_or(AppError::NotFound("this order"))?;
    enqueue(&tx, &RouteOrder::of(&order), When::now(app.clock.now_ms())).await?;
    tx.commit().await?;
    Ok(order)
}
