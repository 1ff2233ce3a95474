//! What a shop's routing rules get to know of an order, and which of them are in force.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike as _, Utc};
use jiff::{Timestamp, tz::TimeZone};
use rust_decimal::Decimal;
use sea_orm::DbErr;

use crate::{
    domain::{address::Address, rules::RuleText},
    ids::{PoLineId, PurchaseOrderId, SupplierId},
    routing::{
        LineDemand,
        rulebook::{OrderFacts, Rule, Standing},
    },
    store::{self, order_lines, order_state::OrderState, orders, shops},
};

pub fn of(shop: &shops::Model, state: &OrderState, now: DateTime<Utc>) -> OrderFacts {
    OrderFacts {
        standing: standing(state),
        parcels: parcels(state),
        waiting: waiting(state),
        ..of_lines(shop, &state.order, &state.lines, now)
    }
}

/// Lines of which units are with suppliers.
fn standing(state: &OrderState) -> Vec<Standing> {
    let with = |line: &order_lines::Model| -> BTreeSet<SupplierId> {
        let live = state.allocations.iter().filter(|one| one.order_line_id == line.id);
        live.map(|one| one.supplier_id).collect()
    };
    let lines = state.lines.iter().map(|line| (line, with(line)));
    lines
        .filter(|(_, suppliers)| !suppliers.is_empty())
        .map(|(line, suppliers)| Standing {
            line: not_to_route(line),
            suppliers,
        })
        .collect()
}

/// Lines of which units wait for a person.
fn waiting(state: &OrderState) -> Vec<LineDemand> {
    let waits = |line: &&order_lines::Model| {
        let mut asked = state.open_exceptions.iter();
        asked.any(|open| open.order_line_id == Some(line.id) && open.quantity.is_some_and(|units| units > 0))
    };
    state.lines.iter().filter(waits).map(not_to_route).collect()
}

/// A line of which no unit is to be routed now.
pub fn not_to_route(line: &order_lines::Model) -> LineDemand {
    LineDemand {
        line: line.id,
        units: store::units(line.current_quantity),
        alternatives: Vec::new(),
        excluded: BTreeSet::new(),
        forced_offer: None,
        sku: line.sku.clone(),
        title: line.title.clone(),
    }
}

fn parcels(state: &OrderState) -> u32 {
    parcels_of_each(state).into_values().fold(0, u32::saturating_add)
}

/// Parcels that were shipped or are to be: at least one for each purchase order that units rest on.
pub fn parcels_of_each(state: &OrderState) -> BTreeMap<PurchaseOrderId, u32> {
    let live: BTreeSet<PoLineId> = state.allocations.iter().map(|one| one.po_line_id).collect();
    let lines = state.po_lines.iter().filter(|line| live.contains(&line.id));
    let orders: BTreeSet<PurchaseOrderId> = lines.map(|line| line.purchase_order_id).collect();
    let shipped = |order: PurchaseOrderId| {
        let parcels = state.shipments.iter().filter(|one| one.purchase_order_id == order);
        (order, u32::try_from(parcels.count()).unwrap_or(u32::MAX).max(1))
    };
    orders.into_iter().map(shipped).collect()
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
        province: address.and_then(province),
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
        standing: Vec::new(),
        parcels: 0,
        waiting: Vec::new(),
    }
}

/// Countries whose addresses have a province: there one may be missing. A country too many only leaves it unknown.
const WITH_PROVINCES: &[&str] = &[
    "AE", "AR", "AU", "BR", "CA", "CL", "CN", "CO", "CR", "EG", "ES", "GB", "GT", "HK", "ID", "IE", "IN", "IT", "JP",
    "KR", "KW", "MX", "MY", "NG", "NZ", "PA", "PE", "PH", "PT", "RO", "RU", "SV", "TH", "TW", "US", "UY", "VE", "ZA",
];

/// The code of the address's province; empty where its country has none.
fn province(address: &Address) -> Option<String> {
    let code = address.province_code.clone().filter(|code| !code.is_empty());
    code.or_else(|| {
        let country = address.country_code.as_deref().filter(|country| !country.is_empty())?;
        let names_one = address.province.as_ref().is_some_and(|name| !name.is_empty());
        (!names_one && !WITH_PROVINCES.contains(&country)).then(String::new)
    })
}

/// The shop's rules that count today, in their order. They were checked when they were
/// saved; one that this program cannot read stops routing rather than being skipped.
pub fn in_force(shop: &shops::Model, now: DateTime<Utc>) -> Result<Vec<Rule>, DbErr> {
    let today = today(shop, now);
    let rules = shop.settings.0.rules.iter().filter(|rule| rule.is_in_force(today));
    rules.map(read).collect()
}

/// A rule with the days on which it counts.
#[derive(Clone, Debug)]
pub struct DatedRule {
    text: RuleText,
    rule: Rule,
}

/// The shop's rules that are switched on, in their order, whenever they count.
pub fn dated(shop: &shops::Model) -> Result<Vec<DatedRule>, DbErr> {
    let rules = shop.settings.0.rules.iter().filter(|rule| rule.enabled);
    rules
        .map(|text| {
            Ok(DatedRule {
                rule: read(text)?,
                text: text.clone(),
            })
        })
        .collect()
}

/// Those of them that count on a day in the shop's time zone.
pub fn of_day(rules: &[DatedRule], day: NaiveDate) -> Vec<Rule> {
    let rules = rules.iter().filter(|rule| rule.text.is_in_force(day));
    rules.map(|rule| rule.rule.clone()).collect()
}

fn read(text: &RuleText) -> Result<Rule, DbErr> {
    Rule::read(text).map_err(|error| DbErr::Custom(format!("the rule “{}”: {error}", text.name)))
}

/// The day on the shop's calendars.
pub fn today(shop: &shops::Model, now: DateTime<Utc>) -> NaiveDate {
    local(shop, now).date()
}

/// The hour on the shop's clocks, of any day.
pub fn hour(shop: &shops::Model, now: DateTime<Utc>) -> NaiveDateTime {
    let here = local(shop, now);
    here.date().and_time(NaiveTime::MIN) + TimeDelta::hours(i64::from(here.hour()))
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
