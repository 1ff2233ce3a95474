//! How things read in a diff: named fields, and what changed between two of them.

use chrono::SecondsFormat;

use crate::domain::{
    costs::entries::{CostsEntry, RoutingEntry},
    review::ReviewHolds,
    rules::{Consequence, RuleText},
    setup::model::{Alternative, Component, Connection, Offer, Shop, SupplierTerms},
    shop::{SelectedLocations, ShopSettings},
};

/// A thing as fields, always the same ones in the same order.
pub(super) trait Shown {
    fn fields(&self) -> Vec<Field>;

    /// Whether it counts as removed.
    fn is_gone(&self) -> bool {
        false
    }
}

pub(super) struct Field {
    name: &'static str,
    /// Empty for what is not there.
    value: String,
    /// Compared, but not shown.
    secret: bool,
}

impl Field {
    fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            value: value.into(),
            secret: false,
        }
    }

    /// Its part of the line for something new.
    pub(super) fn introduced(&self) -> Option<String> {
        match (self.value.is_empty(), self.secret) {
            (true, _) => None,
            (false, true) => Some(format!("{} (not shown)", self.name)),
            (false, false) => Some(format!("{} {}", self.name, self.value)),
        }
    }

    /// Its part of the line for a change.
    pub(super) fn became(&self, new: &Self) -> Option<String> {
        let shown = |field: &Self| {
            if field.value.is_empty() {
                "none".to_owned()
            } else {
                field.value.clone()
            }
        };
        if self.value == new.value {
            None
        } else if self.secret {
            Some(format!("{} replaced (not shown)", self.name))
        } else {
            Some(format!("{} {} → {}", self.name, shown(self), shown(new)))
        }
    }
}

fn optional(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// Nothing where it is as usual.
fn said(unusual: bool) -> &'static str {
    if unusual { "yes" } else { "" }
}

impl Shown for SupplierTerms {
    fn fields(&self) -> Vec<Field> {
        vec![
            Field::new("name", format!("“{}”", self.name)),
            Field::new("shop", optional(self.owner.as_ref())),
            Field::new("connector", self.connector.as_str()),
            Field::new("currency", self.currency.code()),
            Field::new("endpoint", optional(self.endpoint.as_ref())),
            Field {
                name: "secret",
                value: optional(self.secret.as_ref().map(|secret| &secret.0)),
                secret: true,
            },
        ]
    }
}

impl Shown for Offer {
    fn fields(&self) -> Vec<Field> {
        let countries: Vec<&str> = self.ships_to.iter().map(String::as_str).collect();
        let size = self
            .goods
            .size_mm
            .map(|[length, width, height]| format!("{length} × {width} × {height}"));
        let counted_at = self
            .counted_at
            .map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        vec![
            Field::new("title", format!("“{}”", self.title)),
            Field::new("cost", self.cost.to_string()),
            Field::new("barcode", optional(self.barcode.as_ref())),
            Field::new("stock", optional(self.stock)),
            Field::new("counted_at", optional(counted_at)),
            Field::new("weight_g", optional(self.weight_g)),
            Field::new("dangerous_goods", said(self.goods.dangerous)),
            Field::new("minimum_age", optional(self.goods.minimum_age)),
            Field::new("size_mm", size.unwrap_or_default()),
            Field::new("ships_to", countries.join(" ")),
            Field::new(
                "price_breaks",
                (self.price_breaks.iter())
                    .map(|step| format!("{} from {}", step.unit_cost, step.from))
                    .collect::<Vec<_>>()
                    .join(" "),
            ),
            Field::new("active", switch(self.active)),
        ]
    }

    fn is_gone(&self) -> bool {
        !self.active
    }
}

impl Shown for Connection {
    fn fields(&self) -> Vec<Field> {
        let (whole, rest) = (self.price_tolerance_bp / 100, self.price_tolerance_bp % 100);
        vec![
            Field::new("priority", self.priority.to_string()),
            Field::new("price_tolerance_pct", format!("{whole}.{rest:02}")),
            Field::new("handling_days", self.handling_days.to_string()),
            Field::new("answer_hours", answer_hours(self.answer_hours)),
            Field::new("cutoff_hour", optional(self.service.cutoff_hour)),
            Field::new("may_not_ship_dangerous_goods", said(!self.service.dangerous_goods)),
            Field::new("checks_age", said(self.service.checks_age)),
            Field::new("active", switch(self.active)),
            Field::new(
                "costs",
                self.costs
                    .as_ref()
                    .map(|costs| written(&CostsEntry::of(costs)))
                    .unwrap_or_default(),
            ),
        ]
    }

    fn is_gone(&self) -> bool {
        !self.active
    }
}

/// What is too long for words of its own, as it stands in the file.
fn written(entry: &impl serde::Serialize) -> String {
    serde_json::to_string(entry).unwrap_or_default()
}

/// A shop's settings, with the names of its locations.
pub(super) struct ShownSettings<'a> {
    pub(super) settings: &'a ShopSettings,
    pub(super) shop: &'a Shop,
}

impl Shown for ShownSettings<'_> {
    fn fields(&self) -> Vec<Field> {
        let settings = self.settings;
        let locations = match &settings.locations {
            SelectedLocations::All => "all".to_owned(),
            SelectedLocations::Only(ids) => {
                let name = |id| self.shop.locations.get(id).cloned().unwrap_or_else(|| id.to_string());
                format!("[{}]", ids.iter().map(name).collect::<Vec<_>>().join(", "))
            }
        };
        vec![
            Field::new("automation", switch(settings.automation)),
            Field::new("notify_customer", switch(settings.notify_customer)),
            Field::new("kit_fulfillment", settings.kit_fulfillment.as_str()),
            Field::new("ship_on_payment_terms", switch(settings.ship_on_payment_terms)),
            Field::new("undo_minutes", settings.undo_minutes.to_string()),
            Field::new("review", review(&settings.review)),
            Field::new("locations", locations),
            Field::new(
                "routing",
                if settings.routing.is_default() {
                    String::new()
                } else {
                    written(&RoutingEntry::of(&settings.routing, self.shop.currency))
                },
            ),
            Field::new("rules", settings.rules.iter().map(rule).collect::<Vec<_>>().join("; ")),
        ]
    }
}

/// Not there where there is no deadline.
fn answer_hours(hours: u32) -> String {
    Some(hours)
        .filter(|hours| *hours > 0)
        .map(|hours| hours.to_string())
        .unwrap_or_default()
}

fn review(holds: &ReviewHolds) -> String {
    let first = holds.first_order.then(|| "first order".to_owned());
    let above = holds.above.as_ref().map(|above| format!("above {above}"));
    let risk = holds.risk.then(|| "risk".to_owned());
    let tags = holds.tags.iter().map(|tag| format!("tag “{tag}”"));
    let all: Vec<String> = [first, above, risk].into_iter().flatten().chain(tags).collect();
    if all.is_empty() {
        "none".to_owned()
    } else {
        all.join(", ")
    }
}

fn rule(rule: &RuleText) -> String {
    let then = match &rule.then {
        Consequence::Exclude => "exclude".to_owned(),
        Consequence::Only(keys) => format!("only {}", keys.iter().cloned().collect::<Vec<_>>().join(" ")),
        Consequence::Never(keys) => format!("never {}", keys.iter().cloned().collect::<Vec<_>>().join(" ")),
        Consequence::KeepInStock(pieces) => format!("keep {pieces} in stock"),
        Consequence::NeverSplit => "never split".to_owned(),
        Consequence::ShipTogether => "ship together".to_owned(),
        Consequence::MaxParcels(most) => format!("at most {most} parcels"),
    };
    let when = rule.when.as_ref().map(|when| format!(" when {when}"));
    let from = rule.from.map(|day| format!(" from {day}"));
    let until = rule.until.map(|day| format!(" until {day}"));
    let off = (!rule.enabled).then(|| " (off)".to_owned());
    let more: String = [when, from, until, off].into_iter().flatten().collect();
    format!("“{}” {then}{more}", rule.name)
}

/// The alternatives of a mapping.
pub(super) struct Alternatives(pub(super) Vec<Alternative>);

impl Shown for Alternatives {
    fn fields(&self) -> Vec<Field> {
        let component = |c: &Component| format!("{} × {} {} at {}", c.quantity, c.supplier, c.sku, c.accepted_cost);
        let alternative = |alternative: &Alternative| {
            let parts: Vec<String> = alternative.components.iter().map(component).collect();
            let from = alternative.validity.from.map(|day| format!(" from {day}"));
            let until = alternative.validity.until.map(|day| format!(" until {day}"));
            let days: String = [from, until].into_iter().flatten().collect();
            format!("{}{days}", parts.join(" + "))
        };
        let all: Vec<String> = self.0.iter().map(alternative).collect();
        vec![Field::new("made of", all.join(", else "))]
    }
}
