//! A page for people: what stands in the pretend shop right now, as its merchant would see it in
//! the Shopify admin. Read-only; the demo links to it.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::get,
};

use crate::{
    money::format_minor,
    oauth::escape,
    shop::Shop,
    shopify::Inner,
    state::{Order, ShopState},
};

const NEWEST: usize = 50;
const STYLE: &str = "body{font:15px system-ui;max-width:72rem;margin:2rem auto;padding:0 1rem}\
    table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #ddd;\
    vertical-align:top}small{color:#666}";

pub(crate) fn router(inner: Arc<Inner>) -> Router {
    Router::new().route("/{shop}/admin", get(orders)).with_state(inner)
}

async fn orders(State(inner): State<Arc<Inner>>, Path(domain): Path<String>) -> Response {
    match inner.shop(&domain) {
        Some(shop) => Html(page(&shop)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn page(shop: &Shop) -> String {
    let rows = shop.read(|state| {
        let newest = state.orders.values().rev().take(NEWEST);
        newest.map(|order| row(state, order)).collect::<String>()
    });
    let name = escape(&shop.read(|state| state.spec.name.clone()));
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=2>\
         <title>{name}</title><style>{STYLE}</style><h1>{name} <small>{}, a pretend Shopify shop</small></h1>\
         <table><thead><tr><th>Order<th>Payment<th>Fulfillment<th>Items<th>Parcels<tbody>{rows}</table>",
        escape(shop.domain())
    )
}

fn row(state: &ShopState, order: &Order) -> String {
    let mut items = String::new();
    for line in &order.lines {
        // Writing to a string cannot fail.
        let _ = write!(
            items,
            "{} × {} <small>{}</small><br>",
            line.current_quantity,
            escape(&line.title),
            escape(&line.sku)
        );
    }
    let mut parcels = String::new();
    for tracking in state
        .order_fulfillments(order.id)
        .flat_map(|fulfillment| &fulfillment.tracking)
    {
        let company = escape(tracking.company.as_deref().unwrap_or("—"));
        let number = escape(tracking.number.as_deref().unwrap_or("—"));
        let _ = write!(parcels, "{company} {number}<br>");
    }
    let cancelled = if order.cancelled_at.is_some() {
        " (cancelled)"
    } else {
        ""
    };
    format!(
        "<tr><td>{}{cancelled}<br><small>{} {}</small><td>{}<td>{}<td>{items}<td>{parcels}",
        escape(&order.name),
        format_minor(order.total_minor(), &order.currency),
        escape(&order.currency),
        order.financial_status.graphql(),
        state.fulfillment_status(order.id),
    )
}
