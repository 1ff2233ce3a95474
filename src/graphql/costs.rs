//! What suppliers charge besides the goods, and how orders are routed: as they are
//! told and as they are shown.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    errors::{Outcome, Problem},
    guard,
    plans::RoutingStrategy,
    scalars::id,
    shops::{ShopPayload, number},
    suppliers::SupplierPayload,
};
use crate::{
    actions::save_costs,
    domain::{
        costs::{
            ConnectionCosts, RoutingSettings, StrategyWord,
            entries::{
                BracketEntry, CostsEntry, PostcodesEntry, PriceBreakEntry, RateEntry, RoutingEntry, ShareEntry,
                WeightsEntry, ZoneEntry,
            },
            reading::Flaw,
        },
        money::Currency,
        setup::{Path, file::Percent},
    },
    error::AppError,
    store::shops,
};

/// What a supplier charges the shop besides the goods.
#[derive(Clone, Debug, InputObject, SimpleObject)]
#[graphql(name = "ConnectionCosts", input_name = "ConnectionCostsInput")]
pub struct Costs {
    /// Of these amounts, ISO 4217.
    currency: String,
    /// Decimals such as 1.50
    per_order: String,
    /// Packaging included.
    per_parcel: String,
    /// The shop's own stock.
    own_stock: bool,
    /// Pieces delivered of those ordered, in percent.
    fill_rate_pct: Option<String>,
    /// The first that has the address counts.
    zones: Vec<CostZone>,
}

/// Addresses to which shipping costs the same.
#[derive(Clone, Debug, InputObject, SimpleObject)]
#[graphql(name = "ShippingZone", input_name = "ShippingZoneInput")]
pub struct CostZone {
    name: String,
    /// ISO 3166-1 alpha-2; empty means everywhere.
    countries: Vec<String>,
    /// Codes of provinces or states; empty means all.
    provinces: Vec<String>,
    /// Empty means all.
    postcodes: Vec<Postcodes>,
    /// Days on the road, after the handling days.
    transit_days: i32,
    /// On the goods, in percent.
    duty_pct: Option<String>,
    tax_pct: Option<String>,
    /// By rising weight; empty means that shipping is in the price of the goods.
    brackets: Vec<WeightBracket>,
}

/// A prefix, or a range with both of its ends.
#[derive(Clone, Debug, InputObject, SimpleObject)]
#[graphql(name = "Postcodes", input_name = "PostcodesInput")]
pub struct Postcodes {
    prefix: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// What a parcel costs up to a weight.
#[derive(Clone, Debug, InputObject, SimpleObject)]
#[graphql(name = "WeightBracket", input_name = "WeightBracketInput")]
pub struct WeightBracket {
    up_to_g: i32,
    /// A decimal.
    cost: String,
}

/// A price for larger quantities.
#[derive(Clone, Debug, InputObject, SimpleObject)]
#[graphql(name = "PriceBreak", input_name = "PriceBreakInput")]
pub struct PriceBreak {
    /// Pieces that an order must take at least.
    from: i32,
    /// What each of them then costs, as a decimal in the offer's currency.
    cost: String,
}

/// How orders are routed.
#[derive(Clone, Debug, InputObject, SimpleObject)]
#[graphql(name = "Routing", input_name = "RoutingInput")]
pub struct Routing {
    strategy: RoutingStrategy,
    /// What the shop would pay to have it otherwise.
    weights: Weights,
    /// Days until a customer is promised an order.
    promised_days: Option<i32>,
    /// Who is to have which part of the pieces.
    shares: Vec<BusinessShare>,
    /// Days over which shares are counted.
    share_days: Option<i32>,
    rates: Vec<DatedRate>,
}

/// Decimals in the shop's currency; null means that it does not matter.
#[derive(Clone, Debug, InputObject, SimpleObject)]
#[graphql(name = "RoutingWeights", input_name = "RoutingWeightsInput")]
pub struct Weights {
    /// For each day after the promised one, once per supplier that is late.
    late_per_day: Option<String>,
    /// For each unit and each day until it arrives.
    per_unit_day: Option<String>,
    /// For each parcel.
    per_parcel: Option<String>,
    /// For each unit that does not come from the shop's own stock.
    per_unit_not_own: Option<String>,
    /// For each unit and each step down in the suppliers' priority.
    per_unit_priority: Option<String>,
    /// For a piece that is ordered and not delivered; weighed by the fill rate.
    per_unfilled_piece: Option<String>,
    /// For a piece that leaves late; weighed by how often the supplier's do.
    per_late_piece: Option<String>,
}

#[derive(Clone, Debug, InputObject, SimpleObject)]
#[graphql(name = "BusinessShare", input_name = "BusinessShareInput")]
pub struct BusinessShare {
    /// The supplier's key.
    supplier: String,
    percent: String,
}

/// What one unit of a currency was worth in another on a day.
#[derive(Clone, Debug, InputObject, SimpleObject)]
#[graphql(name = "DatedRate", input_name = "DatedRateInput")]
pub struct DatedRate {
    from: String,
    to: String,
    /// A decimal.
    rate: String,
    /// Such as 2026-11-20
    on: String,
}

/// What is wrong with single values that the forms of a file cannot hold.
#[derive(Default)]
struct Reading(Vec<Flaw>);

impl Reading {
    fn count(&mut self, value: i32, path: &Path) -> u32 {
        u32::try_from(value).unwrap_or_else(|_| {
            self.say(path, "this is not negative");
            0
        })
    }

    fn percent(&mut self, text: Option<&str>, path: &Path) -> Option<Percent> {
        let text = text.map(str::trim).filter(|text| !text.is_empty())?;
        let read = Percent::parse(text);
        if read.is_none() {
            self.say(path, "this is a percentage with at most two decimals, such as 2.5");
        }
        read
    }

    fn say(&mut self, path: &Path, message: &str) {
        self.0.push(Flaw {
            path: path.clone(),
            message: message.to_owned(),
        });
    }

    fn zone(&mut self, zone: CostZone, path: &Path) -> ZoneEntry {
        let brackets = path.key("brackets");
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        ZoneEntry {
            name: zone.name,
            countries: zone.countries,
            provinces: zone.provinces,
            postcodes: (zone.postcodes.into_iter())
                .map(|postcodes| PostcodesEntry {
                    prefix: given(postcodes.prefix),
                    from: given(postcodes.from),
                    to: given(postcodes.to),
                })
                .collect(),
            transit_days: self.count(zone.transit_days, &path.key("transit_days")),
            duty_pct: self.percent(zone.duty_pct.as_deref(), &path.key("duty_pct")),
            tax_pct: self.percent(zone.tax_pct.as_deref(), &path.key("tax_pct")),
            included: zone.brackets.is_empty(),
            brackets: (zone.brackets.into_iter().enumerate())
                .map(|(index, bracket)| BracketEntry {
                    up_to_g: self.count(bracket.up_to_g, &brackets.index(index).key("up_to_g")),
                    cost: bracket.cost,
                })
                .collect(),
        }
    }

    /// The meaning of an entry, if nothing is wrong.
    fn done<T>(mut self, read: Result<T, Vec<Flaw>>) -> Result<T, Vec<Flaw>> {
        match read {
            Ok(read) if self.0.is_empty() => Ok(read),
            Ok(_) => Err(self.0),
            Err(flaws) => {
                self.0.extend(flaws);
                Err(self.0)
            }
        }
    }
}

impl Costs {
    pub fn of(costs: &ConnectionCosts) -> Self {
        let entry = CostsEntry::of(costs);
        let percent = |percent: Percent| percent.to_string();
        let zone = |zone: ZoneEntry| CostZone {
            name: zone.name,
            countries: zone.countries,
            provinces: zone.provinces,
            postcodes: (zone.postcodes.into_iter())
                .map(|postcodes| Postcodes {
                    prefix: postcodes.prefix,
                    from: postcodes.from,
                    to: postcodes.to,
                })
                .collect(),
            transit_days: number(zone.transit_days.into()),
            duty_pct: zone.duty_pct.map(percent),
            tax_pct: zone.tax_pct.map(percent),
            brackets: (zone.brackets.into_iter())
                .map(|bracket| WeightBracket {
                    up_to_g: number(bracket.up_to_g.into()),
                    cost: bracket.cost,
                })
                .collect(),
        };
        Self {
            currency: entry.currency,
            per_order: entry.per_order,
            per_parcel: entry.per_parcel,
            own_stock: entry.own_stock,
            fill_rate_pct: entry.fill_rate_pct.map(percent),
            zones: entry.zones.into_iter().map(zone).collect(),
        }
    }

    pub fn meaning(self) -> Result<ConnectionCosts, Vec<Flaw>> {
        let mut reading = Reading::default();
        let zones = Path::default().key("zones");
        let entry = CostsEntry {
            currency: self.currency,
            per_order: self.per_order,
            per_parcel: self.per_parcel,
            own_stock: self.own_stock,
            fill_rate_pct: reading.percent(self.fill_rate_pct.as_deref(), &Path::default().key("fill_rate_pct")),
            zones: (self.zones.into_iter().enumerate())
                .map(|(index, zone)| reading.zone(zone, &zones.index(index)))
                .collect(),
        };
        reading.done(entry.meaning())
    }
}

impl Routing {
    pub fn of(settings: &RoutingSettings, currency: Currency) -> Self {
        let entry = RoutingEntry::of(settings, currency);
        let weights = entry.weights;
        Self {
            strategy: settings.strategy.into(),
            weights: Weights {
                late_per_day: weights.late_per_day,
                per_unit_day: weights.per_unit_day,
                per_parcel: weights.per_parcel,
                per_unit_not_own: weights.per_unit_not_own,
                per_unit_priority: weights.per_unit_priority,
                per_unfilled_piece: weights.per_unfilled_piece,
                per_late_piece: weights.per_late_piece,
            },
            promised_days: entry.promised_days.map(|days| number(days.into())),
            shares: (entry.shares.into_iter())
                .map(|share| BusinessShare {
                    supplier: share.supplier,
                    percent: share.percent.to_string(),
                })
                .collect(),
            share_days: Some(number(settings.share_days.into())),
            rates: (entry.rates.into_iter())
                .map(|rate| DatedRate {
                    from: rate.from,
                    to: rate.to,
                    rate: rate.rate,
                    on: rate.on,
                })
                .collect(),
        }
    }

    pub fn meaning(self, currency: Currency) -> Result<RoutingSettings, Vec<Flaw>> {
        let mut reading = Reading::default();
        let root = Path::default();
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let shares = root.key("shares");
        let mut share = |(index, share): (usize, BusinessShare)| ShareEntry {
            percent: reading
                .percent(Some(&share.percent), &shares.index(index).key("percent"))
                .unwrap_or(Percent { basis_points: 0 }),
            supplier: share.supplier,
        };
        let shares = self.shares.into_iter().enumerate().map(&mut share).collect();
        let entry = RoutingEntry {
            strategy: StrategyWord::from(self.strategy).into(),
            weights: WeightsEntry {
                late_per_day: given(self.weights.late_per_day),
                per_unit_day: given(self.weights.per_unit_day),
                per_parcel: given(self.weights.per_parcel),
                per_unit_not_own: given(self.weights.per_unit_not_own),
                per_unit_priority: given(self.weights.per_unit_priority),
                per_unfilled_piece: given(self.weights.per_unfilled_piece),
                per_late_piece: given(self.weights.per_late_piece),
            },
            promised_days: (self.promised_days).map(|days| reading.count(days, &root.key("promised_days"))),
            shares,
            share_days: (self.share_days).map(|days| reading.count(days, &root.key("share_days"))),
            rates: (self.rates.into_iter())
                .map(|rate| RateEntry {
                    from: rate.from,
                    to: rate.to,
                    rate: rate.rate,
                    on: rate.on,
                })
                .collect(),
        };
        reading.done(entry.meaning(currency))
    }
}

impl PriceBreak {
    pub fn of(steps: &[crate::domain::costs::PriceBreak]) -> Vec<Self> {
        let step = |step: &crate::domain::costs::PriceBreak| Self {
            from: number(step.from.into()),
            cost: step.unit_cost.decimal(),
        };
        steps.iter().map(step).collect()
    }

    /// As a file would have it; a negative quantity reads as none, which is refused.
    pub fn entry(self) -> PriceBreakEntry {
        PriceBreakEntry {
            from: u32::try_from(self.from).unwrap_or(0),
            cost: self.cost,
        }
    }
}

/// What is wrong, at the fields that it is about.
pub fn problems(flaws: Vec<Flaw>) -> Vec<Problem> {
    let problem = |flaw: Flaw| Problem::invalid(camel(&flaw.path), flaw.message);
    flaws.into_iter().map(problem).collect()
}

/// `zones[0].up_to_g` as the API has it: zones, 0, upToG.
fn camel(path: &Path) -> Vec<String> {
    let text = path.to_string().replace('[', ".").replace(']', "");
    let step = |step: &str| {
        let mut words = step.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |text, word| {
            let (initial, rest) = word.split_at(word.len().min(1));
            text + &initial.to_uppercase() + rest
        })
    };
    text.split('.').filter(|part| !part.is_empty()).map(step).collect()
}

#[derive(Default)]
pub struct CostMutation;

#[Object]
impl CostMutation {
    /// Says how the shop's orders are routed, as a whole.
    async fn update_routing(&self, ctx: &Context<'_>, input: Routing) -> Outcome<ShopPayload> {
        let (shop, identity) = guard::shop_writer(ctx)?;
        let app = guard::app(ctx);
        let row = shops::by_id(app.db.read(), shop).await?;
        let currency = row.ok_or(AppError::NotFound("this shop"))?.currency;
        match input.meaning(currency) {
            Ok(settings) => ShopPayload::from(save_costs::save_routing(app, shop, settings, &identity.actor()).await),
            Err(flaws) => Ok(ShopPayload::refused(problems(flaws))),
        }
    }

    /// Says what a supplier charges the shop, as a whole; null takes it back.
    async fn save_connection_costs(
        &self,
        ctx: &Context<'_>,
        supplier_id: ID,
        input: Option<Costs>,
    ) -> Outcome<SupplierPayload> {
        let (shop, identity) = guard::shop_writer(ctx)?;
        let costs = match input.map(Costs::meaning).transpose() {
            Ok(costs) => costs,
            Err(flaws) => return Ok(SupplierPayload::refused(problems(flaws))),
        };
        let done = match id(&supplier_id) {
            Some(id) => {
                let actor = identity.actor();
                save_costs::save_connection_costs(guard::app(ctx), shop, id, costs, &actor).await
            }
            None => Err(AppError::NotFound("this supplier")),
        };
        SupplierPayload::from(done)
    }
}
