//! The words in which a decision is told to the shop's owner. Only wording:
//! what is said is decided in `rules` and `explanation`.

use std::{collections::BTreeMap, fmt};

use super::{
    candidates::Candidate,
    plan::{Aimed, ChosenComponent, Field, FirstIf, Lack, RejectedAlternative, RejectedBecause},
    request::{Component, LineDemand},
    rules::Circumstances,
    terms::Aim,
};
use crate::{domain::money::Money, ids::OfferId};

/// A candidate that serves units of a line.
pub struct Choice<'a> {
    pub around: &'a Circumstances<'a>,
    pub line: &'a LineDemand,
    pub candidate: &'a Candidate<'a>,
    /// Where it stands among the line's candidates, of which there are so many.
    pub place: usize,
    pub of: usize,
    pub units: u32,
    /// What is bought, in the order of the alternative's components.
    pub components: &'a [ChosenComponent],
    /// Pieces that stay in stock, and the rule that says so.
    pub kept: &'a BTreeMap<OfferId, (u32, &'a str)>,
    /// Where cost decided: whether the plan is proven to be the cheapest.
    pub proven: Option<bool>,
    /// Nothing that the owner prefers counted besides.
    pub by_cost_alone: bool,
    pub toward: Option<Toward>,
}

/// How a candidate stands to what the strategy aims at.
pub struct Toward {
    pub aim: Aim,
    /// Until it arrives.
    pub days: u32,
    /// What its supplier has of all pieces and what it should have, in basis points.
    pub share: Option<(u64, u32)>,
}

impl fmt::Display for FirstIf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rank { above } => write!(f, "it would if it stood above {above} in the mapping"),
            Self::Priority { before } => write!(f, "it would if it came before {before} in priority"),
        }
    }
}

impl Choice<'_> {
    /// Why the candidate serves the units.
    pub fn reason(&self) -> String {
        let parts = self.candidate.alternative.components.iter().zip(self.components);
        if let [bought] = self.components {
            let stock: String = parts.map(|(component, _)| self.stock(component)).collect();
            let (name, place, cost) = (&bought.supplier_name, self.place(), bought.unit_cost);
            return format!("{name} {} and {stock}; {cost} each", place.one);
        }
        let part = |(component, bought): (&Component, &ChosenComponent)| {
            let (name, sku, count, cost) = (&bought.supplier_name, &bought.sku, bought.per_unit, bought.unit_cost);
            format!(
                "{count} × {sku} from {name}, which {}, {cost} each",
                self.stock(component)
            )
        };
        let parts: Vec<String> = parts.map(part).collect();
        let summary = summary(self.around, self.candidate);
        format!("{summary} {}; per unit {}", self.place().many, parts.join("; "))
    }

    /// What sets the candidate before the others.
    fn place(&self) -> Place {
        if self.line.forced_offer.is_some() {
            return Place::new("was", "were", "chosen by hand");
        }
        if self.of == 1 {
            return Place::new("is", "are", "the only choice mapped");
        }
        match (self.proven, self.place) {
            (Some(proven), _) => Place::new("is", "are", &format!("part of {}", self.way(proven))),
            (None, 0) => Place::new("is", "are", "first in priority"),
            (None, 1) => Place::new(
                "is",
                "are",
                "next, as the first in priority does not serve these units,",
            ),
            (None, n) => {
                let rest = format!("next, as the first {n} in priority do not serve these units,");
                Place::new("is", "are", &rest)
            }
        }
    }

    /// What makes the whole plan the best.
    fn way(&self, proven: bool) -> String {
        let way = if proven { "way" } else { "way found" };
        let Some(Toward { aim, days, share }) = &self.toward else {
            return if self.by_cost_alone {
                format!("the cheapest {way} to ship the order")
            } else {
                format!("the best {way} to ship the order, by what the shop prefers,")
            };
        };
        match (aim, share) {
            (Aim::UnitDays, _) => format!("the fastest {way} to ship the order, in {},", counted(*days, "day")),
            (Aim::Parcels, _) => format!("the {way} to ship the order in the fewest parcels"),
            (Aim::StepsDown, _) => format!("the {way} to ship the order that keeps nearest to the suppliers' priority"),
            (Aim::UnitsNotOwn, _) => format!("the {way} to ship the order that takes most from the shop's own stock"),
            (Aim::AboveShare, None) => {
                format!("the {way} to ship the order that keeps nearest to the suppliers' shares")
            }
            (Aim::AboveShare, Some((has, target))) => format!(
                "the {way} to ship the order that keeps nearest to the suppliers' shares, with {} % of the pieces \
                 of late for a share of {} %,",
                percent(u32::try_from(*has).unwrap_or(u32::MAX)),
                percent(*target)
            ),
        }
    }

    fn stock(&self, component: &Component) -> String {
        let Some(stock) = component.offer.stock else {
            return "does not count its stock".to_owned();
        };
        let wanted = u64::from(self.line.units) * u64::from(component.per_unit);
        let kept = self.kept.get(&component.offer.id);
        let (usable, beside) = match kept {
            Some((kept, rule)) if *kept > 0 => {
                let beside = format!(" besides the {} that the rule “{rule}” keeps", stock.min(*kept));
                (stock.saturating_sub(*kept), beside)
            }
            _ => (stock, String::new()),
        };
        if self.units < self.line.units && u64::from(usable) < wanted {
            format!("has {usable} of {wanted} in stock{beside}")
        } else {
            format!("has {usable} in stock{beside}")
        }
    }
}

/// A half sentence about one supplier or about several.
struct Place {
    one: String,
    many: String,
}

impl Place {
    fn new(one: &str, many: &str, rest: &str) -> Self {
        Self {
            one: format!("{one} {rest}"),
            many: format!("{many} {rest}"),
        }
    }
}

/// The supplier's name, or the SKU where the shop has no such supplier.
pub fn supplier_name<'a>(around: &Circumstances<'a>, component: &'a Component) -> &'a str {
    let terms = around.suppliers.get(&component.offer.supplier);
    terms.map_or(component.offer.sku.as_str(), |terms| terms.name.as_str())
}

/// Who and what an alternative is.
pub fn summary(around: &Circumstances<'_>, candidate: &Candidate<'_>) -> String {
    let part = |c: &Component| format!("{} ({})", supplier_name(around, c), c.offer.sku);
    let parts: Vec<String> = candidate.alternative.components.iter().map(part).collect();
    if parts.is_empty() {
        format!("Alternative {}", candidate.alternative.rank)
    } else {
        parts.join(" with ")
    }
}

pub fn unmapped() -> String {
    "no supplier's offer is mapped to this product".to_owned()
}

pub fn none_eligible(rejected: &[RejectedAlternative]) -> String {
    let each: Vec<String> = rejected.iter().map(|r| format!("{}: {}", r.summary, r.why)).collect();
    format!("no mapped supplier can ship these units: {}", each.join("; "))
}

impl fmt::Display for RejectedBecause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadData { field } => write!(f, "wrong data: {}", problem(*field)),
            Self::NotConnected { sku, .. } => write!(f, "this shop has no connection with the supplier of {sku}"),
            Self::SupplierPaused { supplier_name } => write!(f, "the connection with {supplier_name} is paused"),
            Self::RejectedBefore { supplier_name } => {
                write!(
                    f,
                    "{supplier_name} was asked for this line before, and does not ship it"
                )
            }
            Self::OfferInactive { sku } => write!(f, "{sku} is no longer offered"),
            Self::DoesNotShipTo {
                destination: Some(country),
                ships_to,
                ..
            } => write!(f, "does not ship to {country}, only to {}", ships_to.join(", ")),
            Self::DoesNotShipTo { ships_to, .. } => {
                write!(
                    f,
                    "ships only to {}, and the order names no country",
                    ships_to.join(", ")
                )
            }
            Self::NotChosen => f.write_str("another offer was chosen by hand"),
            Self::OutOfStock {
                sku,
                in_stock,
                reserved,
                left,
                needed_per_unit,
            } => out_of_stock(f, sku, (*in_stock, *reserved), *left, *needed_per_unit),
            Self::CurrencyChanged { accepted, now, .. } => {
                write!(
                    f,
                    "the price is now in another currency: {now}, where {accepted} was accepted"
                )
            }
            Self::PriceRose {
                accepted,
                now,
                tolerance_bp,
                ..
            } => price_rose(f, &accepted.decimal(), now, *tolerance_bp),
            Self::Rule { .. }
            | Self::KeptWith { .. }
            | Self::KeptInStock { .. }
            | Self::LimitedBy { .. }
            | Self::RestWaits { .. }
            | Self::DangerousGoods { .. }
            | Self::AgeNotChecked { .. } => by_rule(f, self),
            Self::NotNeeded => f.write_str("could ship these units, but others come first"),
            Self::CostsMore { by, units, .. } => {
                falls_short(f, self)?;
                costs_more(f, *by, *units)
            }
            Self::Limits => f.write_str("the limits on parcels or on shipping together leave no room for it"),
            Self::CostsUnknown { supplier_name } => write!(f, "what {supplier_name} charges for shipping is not known"),
            Self::NoZone {
                supplier_name,
                destination,
                unknown,
            } => no_zone(f, supplier_name, destination.as_deref(), unknown.as_deref()),
            Self::NoRate { currency } => write!(f, "there is no rate for {currency}"),
            Self::WeightUnknown { sku } => write!(f, "shipping goes by weight, and that of {sku} is not known"),
            Self::TooHeavy { sku, weight_g, limit_g } => {
                write!(f, "{sku} weighs {weight_g} g, and a parcel takes {limit_g} g at most")
            }
        }
    }
}

fn price_rose(f: &mut fmt::Formatter<'_>, accepted: &str, now: &Money, tolerance_bp: u32) -> fmt::Result {
    write!(f, "the price rose from {accepted} to {now}, above the accepted price")?;
    match tolerance_bp {
        0 => Ok(()),
        bp => write!(f, " plus {} %", percent(bp)),
    }
}

fn no_zone(
    f: &mut fmt::Formatter<'_>,
    supplier: &str,
    destination: Option<&str>,
    unknown: Option<&str>,
) -> fmt::Result {
    match (unknown, destination) {
        (Some(what), _) => write!(
            f,
            "what {supplier} charges for shipping depends on the {what}, which the order does not name"
        ),
        (None, Some(country)) => write!(f, "none of {supplier}'s shipping zones has this address in {country}"),
        (None, None) => write!(f, "none of {supplier}'s shipping zones has this address"),
    }
}

fn quoted(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("“{name}”")).collect()
}

/// Rules by their names.
fn named(rules: &[String]) -> String {
    let word = if rules.len() == 1 { "rule" } else { "rules" };
    format!("the {word} {}", quoted(rules).join(" and "))
}

fn limited_by(f: &mut fmt::Formatter<'_>, rules: &[String], beside: &[String], lacks: &[Lack]) -> fmt::Result {
    let verb = if rules.len() == 1 { "leaves" } else { "leave" };
    write!(f, "{} {verb} no room for it", named(rules))?;
    if !beside.is_empty() {
        write!(f, " beside {}", named(beside))?;
    }
    if let Some(Lack { supplier_name, .. }) = lacks.first() {
        let of = |lack: &Lack| format!("{} of {} × “{}”", lack.has, lack.wanted, lack.title);
        let each: Vec<String> = lacks.iter().map(of).collect();
        write!(f, ": {supplier_name} can ship {}", each.join(" and "))?;
    }
    Ok(())
}

/// What rules of the shop's say.
fn by_rule(f: &mut fmt::Formatter<'_>, why: &RejectedBecause) -> fmt::Result {
    match why {
        RejectedBecause::Rule { rule, unknown: None } => write!(f, "the rule “{rule}” forbids it"),
        RejectedBecause::Rule {
            rule,
            unknown: Some(fact),
        } => write!(f, "the rule “{rule}” may forbid it: {fact} is not known"),
        RejectedBecause::KeptWith { rule, suppliers } if suppliers.is_empty() => {
            write!(f, "the rule “{rule}” keeps it with who ships the rest of the order")
        }
        RejectedBecause::KeptWith { rule, suppliers } => {
            let names = suppliers.join(" or ");
            write!(
                f,
                "the rule “{rule}” keeps it with {names}, who ships the rest of the order"
            )
        }
        RejectedBecause::KeptInStock {
            sku,
            in_stock,
            kept,
            rule,
            taken,
            needed_per_unit,
        } => {
            write!(f, "{in_stock} of {sku} in stock, of which ")?;
            if *taken > 0 {
                write!(f, "this order takes {taken} and ")?;
            }
            write!(f, "the rule “{rule}” keeps {kept}")?;
            match needed_per_unit {
                0 | 1 => Ok(()),
                needed => write!(f, ", and one unit needs {needed}"),
            }
        }
        RejectedBecause::LimitedBy { rules, beside, lacks } => limited_by(f, rules, beside, lacks),
        RejectedBecause::RestWaits { rule, titles } => {
            let verb = if titles.len() == 1 { "waits" } else { "wait" };
            let titles = quoted(titles).join(" and ");
            write!(
                f,
                "the rule “{rule}” has it shipped with {titles}, which {verb} for you"
            )
        }
        RejectedBecause::DangerousGoods { sku, supplier_name } => {
            write!(f, "{sku} is dangerous goods, which {supplier_name} may not ship")
        }
        RejectedBecause::AgeNotChecked {
            sku,
            supplier_name,
            age,
        } => write!(
            f,
            "{sku} is for people of {age} years or more, and {supplier_name} does not check their age"
        ),
        _ => Ok(()),
    }
}

const fn problem(field: Field) -> &'static str {
    match field {
        Field::Components => "it has no components",
        Field::PerUnit => "a quantity per unit is zero or too large",
        Field::Cost => "a cost is below zero or too large",
        Field::AcceptedCost => "an accepted cost is below zero",
        Field::Fees => "a fee is below zero",
        Field::ShippingBrackets => "the weight brackets for shipping do not rise, or one is below zero",
        Field::PriceBreaks => "the price list's quantities do not rise, or its prices do",
        Field::FillRate => "the fill rate is above 100 %",
    }
}

fn out_of_stock(
    f: &mut fmt::Formatter<'_>,
    sku: &str,
    (in_stock, reserved): (u32, u32),
    left: u32,
    needed: u32,
) -> fmt::Result {
    match (in_stock, left) {
        (0, _) if reserved > 0 => write!(f, "{reserved} of {sku} in stock, {reserved} reserved for other orders"),
        (0, _) => write!(f, "no {sku} in stock"),
        (stock, 0) => write!(f, "this order takes all its stock of {sku} ({stock})"),
        (stock, left) if stock == left => write!(f, "{stock} of {sku} in stock, and one unit needs {needed}"),
        (stock, left) => write!(
            f,
            "this order leaves {left} of the {stock} of {sku} in stock, and one unit needs {needed}"
        ),
    }
}

/// What stands against a plan besides its cost, in half a sentence.
fn falls_short(f: &mut fmt::Formatter<'_>, why: &RejectedBecause) -> fmt::Result {
    let RejectedBecause::CostsMore {
        preferences,
        aim,
        units,
        late_days,
        ..
    } = why
    else {
        return Ok(());
    };
    let Some(Aimed { aim, amount }) = aim.filter(|aimed| aimed.amount > 0) else {
        return match (preferences.amount_minor, late_days) {
            (1.., 1..) => write!(f, "is {} late, and ", counted(*late_days, "day")),
            (1.., 0) => f.write_str("is less preferred, and "),
            _ => Ok(()),
        };
    };
    let each = u64::from((*units).max(1));
    let amount = amount.unsigned_abs();
    match aim {
        Aim::UnitDays if amount.is_multiple_of(each) => {
            write!(f, "arrives {} later, and ", counted(amount / each, "day"))
        }
        Aim::UnitDays => write!(f, "its units arrive {} later in all, and ", counted(amount, "day")),
        Aim::Parcels => write!(f, "needs {} more, and ", counted(amount, "parcel")),
        Aim::StepsDown => f.write_str("is further down in the suppliers' priority, and "),
        Aim::UnitsNotOwn => f.write_str("takes less from the shop's own stock, and "),
        Aim::AboveShare => f.write_str("would leave suppliers further from their shares, and "),
    }
}

fn counted(count: impl Into<u64>, word: &str) -> String {
    match count.into() {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    }
}

fn costs_more(f: &mut fmt::Formatter<'_>, by: Money, units: u32) -> fmt::Result {
    let minor = by.amount_minor;
    let less = Money::new(minor.saturating_neg(), by.currency);
    match minor {
        0 => write!(f, "the order would cost the same")?,
        1.. => write!(f, "the order would cost {by} more")?,
        _ => write!(f, "the order would cost {less} less")?,
    }
    match units {
        1 => f.write_str(" with this unit from it"),
        units => write!(f, " with {units} units from it"),
    }
}

/// Basis points as per cent: 200 is 2, 250 is 2.5.
fn percent(bp: u32) -> String {
    let text = format!("{}.{:02}", bp / 100, bp % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
