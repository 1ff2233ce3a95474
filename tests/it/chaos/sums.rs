//! Sums over the facts of one order.

use std::collections::BTreeMap;

use super::facts::{Fulfillment, Line, Order, PoLine, Shown};

pub fn by_sku(order: &Order, count: impl Fn(&Line) -> i64) -> BTreeMap<&str, i64> {
    let mut sums = BTreeMap::new();
    for line in &order.lines {
        *sums.entry(line.sku.as_str()).or_default() += count(line);
    }
    sums
}

pub fn shown_units(shown: &Shown) -> BTreeMap<&str, i64> {
    let mut sums = BTreeMap::new();
    for line in &shown.lines {
        *sums.entry(line.sku.as_str()).or_default() += line.quantity;
    }
    sums
}

pub fn of_sku<'a>(order: &'a Order, sku: &str) -> impl Iterator<Item = &'a Line> {
    order.lines.iter().filter(move |line| line.sku == sku)
}

/// Pieces of a supplier's SKU over all purchase orders.
pub fn pieces(order: &Order, sku: &str, count: impl Fn(&PoLine) -> i64) -> i64 {
    let lines = order.purchase_orders.iter().flat_map(|po| &po.lines);
    lines.filter(|line| line.sku == sku).map(count).sum()
}

pub fn units(made: &Fulfillment) -> i64 {
    made.lines.iter().map(|(_, units)| units).sum()
}

pub fn fulfilled(order: &Order, sku: &str) -> i64 {
    let made = order.fulfillments.iter().filter(|made| made.by_app);
    made.flat_map(|made| &made.lines)
        .filter(|(line, _)| line == sku)
        .map(|(_, units)| units)
        .sum()
}
