//! Saves how a shop's orders are routed, and what its suppliers charge besides the goods. What it
//! changes for orders that have not left is decided anew.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::DbErr;

use super::{revisit_orders::routing_changed, rule_facts};
use crate::{
    app::App,
    domain::{
        costs::{ConnectionCosts, RoutingSettings, StrategyWord},
        event::Actor,
        money::Currency,
    },
    error::AppError,
    ids::{ShopId, SupplierId},
    store::{self, Party, Recall, columns::Json, connections, shops, suppliers},
};

/// What the histories of orders say that are looked at again.
pub(super) const STRATEGY_CHANGED: &str = "The shop's strategy was changed";

/// Saves the shop's strategy, weights, shares and rates, as a whole.
pub async fn save_routing(
    app: &App,
    shop: ShopId,
    routing: RoutingSettings,
    actor: &Actor,
) -> Result<shops::Model, AppError> {
    let tx = app.db.begin().await?;
    let mut row = shops::lock(&tx, shop).await?.ok_or(AppError::NotFound("this shop"))?;
    let known = known(tx.conn(), shop).await?;
    check_routing(row.currency, &routing, &known, rule_facts::today(&row, app.clock.now()))?;
    if row.settings.0.routing == routing {
        return Ok(row);
    }
    row.settings.0.routing = routing;
    store::save(&tx, row.clone())?;
    routing_changed(&tx, shop, STRATEGY_CHANGED, actor.to_string(), app.clock.now())?;
    tx.commit().await?;
    Ok(row)
}

/// Whether a shop that buys from these can be routed like that today, on its calendar.
pub(super) fn check_routing(
    own: Currency,
    routing: &RoutingSettings,
    known: &[Known],
    today: NaiveDate,
) -> Result<(), AppError> {
    for (index, share) in routing.shares.iter().enumerate() {
        if !known.iter().any(|(supplier, _)| supplier.key == share.supplier) {
            let message = format!("the shop has no connection with a supplier “{}”", share.supplier);
            return Err(AppError::invalid(format!("shares.{index}.supplier"), message));
        }
    }
    if let Some((code, supplier)) = without_rate(own, routing, known, today).into_iter().next() {
        let message = format!("there is no rate between {own} and {code}, in which {supplier} counts");
        let later = routing.rates.iter().position(|rate| {
            let pair = [rate.from, rate.to].map(Currency::code);
            pair.contains(&own.code()) && pair.contains(&code)
        });
        return Err(match later {
            Some(index) => AppError::invalid(format!("rates.{index}.on"), format!("until this day {message}")),
            None => AppError::invalid("rates", message),
        });
    }
    Ok(())
}

/// Saves what a supplier charges the shop; none means that it is not known.
pub async fn save_connection_costs(
    app: &App,
    shop: ShopId,
    supplier: SupplierId,
    costs: Option<ConnectionCosts>,
    actor: &Actor,
) -> Result<suppliers::Model, AppError> {
    let tx = app.db.begin().await?;
    let found = suppliers::seen_by_ids(tx.conn(), Party::Shop(shop), &[supplier]).await?;
    let found = found.into_iter().next().ok_or(AppError::NotFound("this supplier"))?;
    let row = connections::of_supplier(tx.conn(), shop, supplier).await?;
    let mut row = row.ok_or(AppError::NotFound("a connection with this supplier"))?;
    let owner = shops::by_id(tx.conn(), shop)
        .await?
        .ok_or(AppError::NotFound("this shop"))?;
    let before = std::mem::replace(&mut row.costs, costs.map(Json));
    let is_new = before != row.costs;
    if let Some(message) = lacks_rate(&owner, (found.clone(), row.clone()), app.clock.now()) {
        return Err(AppError::invalid("currency", message));
    }
    if is_new {
        store::save(&tx, row)?;
        let what = format!("What {} charges was changed", found.name);
        routing_changed(&tx, shop, &what, actor.to_string(), app.clock.now())?;
        tx.commit().await?;
    }
    Ok(found)
}

pub(super) type Known = (suppliers::Model, connections::Model);

/// The suppliers that the shop buys from, with what is agreed.
pub(super) async fn known(db: &impl Recall, shop: ShopId) -> Result<Vec<Known>, DbErr> {
    let rows = connections::of_shop(db, shop).await?;
    let ids = rows.iter().map(|row| row.supplier_id).collect();
    let suppliers: BTreeMap<SupplierId, suppliers::Model> = suppliers::by_ids(db, ids)
        .await?
        .into_iter()
        .map(|supplier| (supplier.id, supplier))
        .collect();
    let known = rows.into_iter().filter_map(|row| {
        let supplier = suppliers.get(&row.supplier_id)?.clone();
        Some((supplier, row))
    });
    Ok(known.collect())
}

/// Why the shop cannot price what an active connection charges, where cost decides.
pub(super) fn lacks_rate(shop: &shops::Model, connection: Known, now: DateTime<Utc>) -> Option<String> {
    let today = rule_facts::today(shop, now);
    let missing = without_rate(shop.currency, &shop.settings.0.routing, &[connection], today);
    let own = shop.currency;
    let told = |code| {
        format!("the shop has no rate between {own} and {code} that counts today: add one to its settings first")
    };
    missing.into_keys().next().map(told)
}

/// Where cost decides: currencies that active connections use and no rate tells of that counts by today.
fn without_rate(
    own: Currency,
    routing: &RoutingSettings,
    known: &[Known],
    today: NaiveDate,
) -> BTreeMap<&'static str, String> {
    let mut missing = BTreeMap::new();
    if routing.strategy == StrategyWord::Priority {
        return missing;
    }
    let has_rate = |currency: Currency| {
        let pair = [own, currency];
        let mut rates = routing.rates.iter().filter(|rate| rate.on <= today);
        currency == own || rates.any(|rate| pair.contains(&rate.from) && pair.contains(&rate.to))
    };
    for (supplier, connection) in known.iter().filter(|(_, connection)| connection.active) {
        let fees = connection.costs.iter().map(|costs| costs.0.currency);
        for currency in fees.chain([supplier.currency]) {
            if !has_rate(currency) {
                missing.entry(currency.code()).or_insert_with(|| supplier.name.clone());
            }
        }
    }
    missing
}
