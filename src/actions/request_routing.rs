//! Routes an order now, because a person asked for it.

use super::{replan_orders::ReplanOrders, route_order::RouteOrder};
use crate::{
    app::App,
    error::AppError,
    ids::{OrderId, ShopId},
    queue::{When, enqueue},
    store::{self, order_lines, orders, shops},
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

/// Has what was decided and has not left decided anew.
pub async fn request_replanning(app: &App, shop: ShopId) -> Result<shops::Model, AppError> {
    let tx = app.db.begin().await?;
    let row = shops::by_id(tx.conn(), shop)
        .await?
        .ok_or(AppError::NotFound("this shop"))?;
    enqueue(&tx, &ReplanOrders::new(shop), When::now(app.clock.now_ms()))?;
    tx.commit().await?;
    Ok(row)
}
