//! Routes an order now, because a person asked for it.

use super::route_order::RouteOrder;
use crate::{
    app::App,
    error::AppError,
    ids::{OrderId, ShopId},
    queue::{When, enqueue},
    store::{self, order_lines, orders},
};

/// Enqueues the routing of what awaits it; where nothing does, nothing happens.
/// What a person had taken care of by hand awaits it again.
pub async fn request_routing(app: &App, shop: ShopId, order: OrderId) -> Result<orders::Model, AppError> {
    let tx = app.db.begin().await?;
    let order = orders::lock(&tx, shop, order)
        .await?
        .ok_or(AppError::NotFound("this order"))?;
    for mut line in order_lines::of_order(tx.conn(), shop, order.id).await? {
        if line.handled > 0 {
            line.handled = 0;
            store::save(&tx, line)?;
        }
    }
    enqueue(&tx, &RouteOrder::of(&order), When::now(app.clock.now_ms()))?;
    tx.commit().await?;
    Ok(order)
}
