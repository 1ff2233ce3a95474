//! The demo's customers, and the running line of what becomes of their orders.

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use sandbox::OrderSpec;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::world::DemoShop;
use crate::cli::CommandError;

/// What customers put into their baskets, in turn: SKU and quantity.
const BASKETS: [&[(&str, i64)]; 8] = [
    &[("MUG-0001", 2), ("SHIRT-M", 1)],
    &[("POSTER-A2", 1)],
    &[("CANDLE-01", 1), ("MUG-0001", 1)],
    &[("GIFT-BOX", 1)],
    &[("SHIRT-M", 3)],
    &[("TOWEL-01", 2)],
    &[("GIFT-BOX", 2), ("MUG-0001", 1)],
    &[("MUG-0001", 4)],
];
/// The first orders come quickly, so that there is something to see.
const FIRST_PAUSE: Duration = Duration::from_millis(900);
const PAUSE: Duration = Duration::from_secs(6);
/// Orders after which every basket has been seen once.
const OPENING: usize = BASKETS.len();
/// Baskets that wait for a person: a visitor cannot keep up with more of them.
const MOST_WAITING_FOR_A_PERSON: usize = 3;
/// Orders that are still watched; older ones have nothing new to tell.
const WATCHED: usize = 100;
const LOOK: Duration = Duration::from_millis(200);

/// Buys until it is dropped.
pub async fn buy(shop: &DemoShop) -> Result<Infallible, CommandError> {
    let mut seen: BTreeMap<i64, usize> = BTreeMap::new();
    let mut next = Instant::now();
    let mut count = 0;
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        if Instant::now() >= next {
            let order = place(shop, basket(count))?;
            seen.insert(order, 0);
            count += 1;
            next = Instant::now() + if count < OPENING { FIRST_PAUSE } else { PAUSE };
        }
        for (order, parcels) in &mut seen {
            tell(shop, *order, parcels);
        }
        while seen.len() > WATCHED {
            seen.pop_first();
        }
    }
}

/// The basket of the n-th order: later rounds leave out what waits for a person.
fn basket(count: usize) -> &'static [(&'static str, i64)] {
    let round = count / BASKETS.len();
    let wanted = BASKETS[count % BASKETS.len()];
    let waits = wanted.iter().any(|(sku, _)| matches!(*sku, "CANDLE-01" | "POSTER-A2"));
    if waits && round >= MOST_WAITING_FOR_A_PERSON {
        BASKETS[0]
    } else {
        wanted
    }
}

fn place(shop: &DemoShop, basket: &[(&str, i64)]) -> Result<i64, CommandError> {
    let lines = basket.iter().map(|(sku, quantity)| Ok((shop.variant(sku)?, *quantity)));
    let lines: Vec<(i64, i64)> = lines.collect::<Result<_, CommandError>>()?;
    let order = shop
        .shop
        .create_order(OrderSpec::of(lines))
        .map_err(|error| format!("no order: {error:?}"))?;
    let name = shop
        .shop
        .order(order)
        .map(|snapshot| snapshot.order.name)
        .unwrap_or_default();
    let what: Vec<String> = basket
        .iter()
        .map(|(sku, quantity)| format!("{quantity} × {sku}"))
        .collect();
    println!("{name:>6}  ordered    {}", what.join(", "));
    Ok(order)
}

/// Says what is new about an order.
fn tell(shop: &DemoShop, order: i64, parcels: &mut usize) {
    let Some(snapshot) = shop.shop.order(order) else { return };
    for fulfillment in snapshot.fulfillments.iter().skip(*parcels) {
        let company = fulfillment
            .tracking
            .iter()
            .find_map(|info| info.company.as_deref())
            .unwrap_or("a carrier");
        let numbers: Vec<&str> = fulfillment
            .tracking
            .iter()
            .filter_map(|info| info.number.as_deref())
            .collect();
        println!(
            "{:>6}  fulfilled  {company} {}",
            snapshot.order.name,
            numbers.join(", ")
        );
    }
    *parcels = snapshot.fulfillments.len();
}
