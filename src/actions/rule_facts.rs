//! What a shop's routing rules get to know of an order, and which of them are in force.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Timelike as _, Utc};
use jiff::{Timestamp, tz::TimeZone};
use rust_decimal::Decimal;
use sea_orm::DbErr;

use crate::{
    routing::rulebook::{OrderFacts, Rule},
    store::{order_lines, order_state::OrderState, orders, shops},
};

pub fn of(shop: &shops::Model, state: &OrderState, now: DateTime<Utc>) -> OrderFacts {
    of_lines(shop, &state.order, &state.lines, now)
}

/// The same for an order of which no more than its lines was read.
pub fn of_lines(
    shop: &shops::Model,
    order: &orders::Model,
    lines: &[order_lines::Model],
    now: DateTime<Utc>,
) -> OrderFacts {
    let told = &order.facts.0;
    let address = order.ship_to.as_ref().map(|address| &address.0);
    let here = local(shop, now);
    let known = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    OrderFacts {
        province: address.and_then(|address| known(&address.province_code)),
        postcode: address.and_then(|address| known(&address.zip)),
        // Rules speak of the shop's currency; an amount in another is not known.
        total: (order.currency == shop.currency).then(|| Decimal::new(order.total_minor, order.currency.exponent())),
        tags: told.tags.clone(),
        customer_tags: told.customer_tags.clone(),
        product_tags: (lines.iter())
            .filter_map(|line| Some((line.id, told.product_tags.get(&line.shopify_id)?.clone())))
            .collect(),
        promised_in_days: (told.promised_at).map(|promised| (local(shop, promised).date() - here.date()).num_days()),
        channel: told.channel.clone(),
        payment: Some(order.financial_status.to_string()),
        risk: told.risk.clone(),
        hour: Some(here.hour()),
        weekday: Some(here.format("%A").to_string().to_lowercase()),
    }
}

/// The shop's rules that count today, in their order. They were checked when they were
/// saved; one that this program cannot read stops routing rather than being skipped.
pub fn in_force(shop: &shops::Model, now: DateTime<Utc>) -> Result<Vec<Rule>, DbErr> {
    let today = today(shop, now);
    let rules = shop.settings.0.rules.iter().filter(|rule| rule.is_in_force(today));
    let read = |text| Rule::read(text).map_err(|error| DbErr::Custom(format!("the rule “{}”: {error}", text.name)));
    rules.map(read).collect()
}

/// The day on the shop's calendars.
pub fn today(shop: &shops::Model, now: DateTime<Utc>) -> NaiveDate {
    local(shop, now).date()
}

/// The time on the shop's clocks; UTC where its zone is unknown.
fn local(shop: &shops::Model, now: DateTime<Utc>) -> NaiveDateTime {
    let offset = || {
        let zone = TimeZone::get(&shop.time_zone).ok()?;
        let at = Timestamp::from_second(now.timestamp()).ok()?;
        Some(i64::from(zone.to_offset(at).seconds()))
    };
    now.naive_utc() + TimeDelta::seconds(offset().unwrap_or(0))
}
