//! What conditions get to know of an order, its lines and the candidates.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use rust_decimal::Decimal;

use crate::{
    ids::{OrderLineId, SupplierId},
    routing::{
        expressions::{Facts, Field, Value},
        request::{Component, LineDemand, RouteRequest, SupplierTerms},
    },
};

/// What is known of an order besides its lines; what is not known is `None`, but for the promise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFacts {
    /// Empty where the country has none.
    pub province: Option<String>,
    pub postcode: Option<String>,
    /// In the shop's currency.
    pub total: Option<Decimal>,
    pub tags: Vec<String>,
    /// Nobody has none.
    pub customer_tags: Option<Vec<String>>,
    /// Of the lines' products, where they have any.
    pub product_tags: BTreeMap<OrderLineId, Vec<String>>,
    /// Days of the shop's calendar until it is to be dispatched; none where nothing was promised.
    pub promised_in_days: Option<i64>,
    pub channel: Option<String>,
    pub payment: Option<String>,
    pub risk: Option<String>,
    /// Of routing, in the shop's time zone.
    pub hour: Option<u32>,
    pub weekday: Option<String>,
    /// Lines of which units are with suppliers already.
    pub standing: Vec<Standing>,
    /// Parcels that these units come in.
    pub parcels: u32,
    /// Lines of which units wait for a person, without alternatives.
    pub waiting: Vec<LineDemand>,
}

/// What was decided about a line before, and stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Without alternatives: its units are not to be routed.
    pub line: LineDemand,
    pub suppliers: BTreeSet<SupplierId>,
}

/// An order, perhaps with one of its lines, perhaps with an offer for it.
pub struct Place<'a> {
    pub request: &'a RouteRequest,
    pub line: Option<&'a LineDemand>,
    pub component: Option<(&'a Component, Option<&'a SupplierTerms>)>,
}

impl Facts for Place<'_> {
    fn value(&self, field: Field) -> Option<Value<'_>> {
        let order = &self.request.facts;
        let line = self.line;
        let offer = self.component.map(|(component, _)| &component.offer);
        let terms = self.component.and_then(|(_, terms)| terms);
        match field {
            Field::Country => text(self.request.destination.as_deref()),
            Field::Province => text(order.province.as_deref()),
            Field::Postcode => text(order.postcode.as_deref()),
            Field::Total => order.total.map(Value::Number),
            Field::Tags => Some(Value::List(&order.tags)),
            Field::CustomerTags => order.customer_tags.as_deref().map(Value::List),
            Field::PromisedIn => {
                let promised = order.promised_in_days.map(|days| Value::Number(days.into()));
                Some(promised.unwrap_or(Value::Nothing))
            }
            Field::ProductTags => {
                let found = order.product_tags.get(&line?.line);
                Some(Value::List(found.map_or(&[], Vec::as_slice)))
            }
            Field::Channel => text(order.channel.as_deref()),
            Field::Payment => text(order.payment.as_deref()),
            Field::Risk => text(order.risk.as_deref()),
            Field::Hour => number(order.hour),
            Field::Weekday => text(order.weekday.as_deref()),
            Field::LineSku => text(line.map(|line| line.sku.as_deref().unwrap_or_default())),
            Field::LineTitle => text(line.map(|line| line.title.as_str())),
            Field::LineUnits => number(line.map(|line| line.units)),
            Field::SupplierKey => text(terms.map(|terms| terms.key.as_str())),
            Field::DaysToShip => number(self.days_to_ship()),
            Field::DaysLate => self.days_late(),
            Field::Dangerous => offer.map(|offer| Value::Flag(offer.goods.dangerous)),
            Field::MinimumAge => number(offer.map(|offer| offer.goods.minimum_age.unwrap_or(0))),
            Field::LongestSide => number(offer.and_then(|offer| offer.goods.longest_side_mm())),
            Field::Girth => number(offer.and_then(|offer| offer.goods.girth_mm())),
            Field::HandlingDays => number(terms.map(|terms| terms.handling_days)),
            Field::OfferSku => text(offer.map(|offer| offer.sku.as_str())),
            Field::OfferTitle => text(offer.map(|offer| offer.title.as_str())),
            Field::OfferWeight => number(offer.and_then(|offer| offer.weight_g)),
            Field::OfferStock => number(offer.and_then(|offer| offer.stock)),
            Field::PartWeight => self.part_weight(),
        }
    }
}

impl Place<'_> {
    fn days_to_ship(&self) -> Option<u32> {
        let terms = self.component.and_then(|(_, terms)| terms)?;
        Some(terms.service.days_to_ship(terms.handling_days, self.request.facts.hour))
    }

    /// Nothing is late for an order to which nothing was promised.
    fn days_late(&self) -> Option<Value<'_>> {
        let days = i64::from(self.days_to_ship()?);
        let promised = self.request.facts.promised_in_days;
        let late = promised.map_or(0, |promised| days.saturating_sub(promised).max(0));
        Some(Value::Number(late.into()))
    }

    fn part_weight(&self) -> Option<Value<'_>> {
        let (component, _) = self.component?;
        let pieces = u64::from(component.per_unit) * u64::from(self.line?.units);
        let weight = u64::from(component.offer.weight_g?).checked_mul(pieces)?;
        Some(Value::Number(weight.into()))
    }
}

fn text(text: Option<&str>) -> Option<Value<'_>> {
    text.map(|text| Value::Text(Cow::Borrowed(text)))
}

fn number<'a>(number: Option<u32>) -> Option<Value<'a>> {
    number.map(|number| Value::Number(number.into()))
}
