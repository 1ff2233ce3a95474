//! Orders drawn by lot, with every feature that a cost can have.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use orderyard::{
    domain::money::{Currency, Money},
    ids::{AlternativeId, OfferId, OrderLineId, SupplierId},
    routing::{
        Alternative, Component, LineDemand, OfferFacts, RouteRequest, Strategy, SupplierTerms,
        rulebook::OrderFacts,
        terms::{
            CostModel, Detail, Effort, Limits, Preferences, Preset, PriceBreak, PriceBreaks, Rate, Share, Shipping,
            SupplierCosts, WeightBracket,
        },
    },
};
use rust_decimal::Decimal;
use uuid::Uuid;

#[must_use]
pub fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").expect("EUR"))
}

#[must_use]
pub const fn supplier(n: u32) -> SupplierId {
    SupplierId(Uuid::from_u128(n as u128))
}

#[must_use]
pub fn supplier_terms(n: u32, handling_days: u32) -> SupplierTerms {
    SupplierTerms {
        id: supplier(n),
        key: format!("supplier-{n}"),
        name: format!("Supplier {n}"),
        priority: n,
        active: true,
        price_tolerance_bp: 200,
        handling_days,
        service: orderyard::domain::goods::Service::default(),
    }
}

/// An offer at this cost and of this weight that never runs out.
#[must_use]
pub fn offer(id: u32, of: u32, cost: Money, weight_g: u32) -> OfferFacts {
    OfferFacts {
        id: OfferId(Uuid::from_u128(id.into())),
        supplier: supplier(of),
        sku: format!("SKU-{id}"),
        title: "Mug".to_owned(),
        cost,
        stock: None,
        reserved: 0,
        ships_to: Vec::new(),
        active: true,
        weight_g: Some(weight_g),
        goods: orderyard::domain::goods::Goods::default(),
    }
}

/// The offer at its own price.
#[must_use]
pub const fn component(offer: OfferFacts, per_unit: u32) -> Component {
    Component {
        accepted_cost: offer.cost,
        offer,
        per_unit,
    }
}

#[must_use]
pub fn alternative(id: u32, components: Vec<Component>) -> Alternative {
    Alternative {
        id: AlternativeId(Uuid::from_u128(id.into())),
        rank: 1,
        components,
    }
}

#[must_use]
pub fn line(id: u32, units: u32, alternatives: Vec<Alternative>) -> LineDemand {
    LineDemand {
        line: OrderLineId(Uuid::from_u128(id.into())),
        units,
        alternatives,
        excluded: BTreeSet::new(),
        forced_offer: None,
        sku: None,
        title: "Mug".to_owned(),
    }
}

/// Numbers that look drawn by lot and are the same for the same seed.
pub struct Dice(u64);

impl Dice {
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// A number from `low` to `high`, both included (splitmix64).
    pub fn roll(&mut self, low: u32, high: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let drawn = (z ^ (z >> 31)) % u64::from(high - low + 1);
        low + u32::try_from(drawn).expect("below high")
    }

    pub fn chance(&mut self, percent: u32) -> bool {
        self.roll(1, 100) <= percent
    }
}

/// An amount small enough to be whole in floating point too.
#[must_use]
pub fn float(minor: i64) -> f64 {
    i32::try_from(minor).expect("small").into()
}

/// How large an order is to be.
#[derive(Clone, Copy)]
pub struct Size {
    pub suppliers: u32,
    pub lines: u32,
    pub units: u32,
}

/// An order of this size at most, with a cost model.
pub fn order_by_lot(dice: &mut Dice, size: Size) -> RouteRequest {
    let suppliers = dice.roll(2, size.suppliers);
    let currencies: Vec<Currency> = (0..suppliers).map(|_| currency_by_lot(dice)).collect();
    let offers = offers_by_lot(dice, &currencies, size);
    let line_count = dice.roll(1, size.lines);
    let mut alternatives = 0;
    let lines = (1..=line_count).map(|id| {
        let ways = dice.roll(1, suppliers.min(6));
        let ways = (0..ways).map(|_| {
            alternatives += 1;
            let parts = if dice.chance(20) { 2 } else { 1 };
            let parts = (0..parts).map(|_| part_by_lot(dice, &offers)).collect();
            alternative(alternatives, parts)
        });
        let ways = ways.collect();
        line(id, dice.roll(1, size.units), ways)
    });
    let lines: Vec<LineDemand> = lines.collect();
    let (model, price_breaks) = model_by_lot(dice, &currencies, &offers, &lines);
    RouteRequest {
        suppliers: (1..=suppliers).map(|n| supplier_terms_by_lot(dice, n)).collect(),
        lines,
        price_breaks,
        destination: None,
        strategy: Strategy::LeastCost(Box::new(model)),
        known_costs: None,
        facts: OrderFacts {
            hour: dice.chance(80).then(|| dice.roll(0, 23)),
            ..OrderFacts::default()
        },
        rules: Vec::new(),
    }
}

/// The same order with some goods that weigh nothing, and others of round weights, so that parcels are full to the gram.
pub fn with_weightless(dice: &mut Dice, mut request: RouteRequest) -> RouteRequest {
    let mut weights: BTreeMap<OfferId, u32> = BTreeMap::new();
    let ways = request.lines.iter_mut().flat_map(|line| &mut line.alternatives);
    for part in ways.flat_map(|way| &mut way.components) {
        let by_lot = || if dice.chance(40) { 0 } else { 500 * dice.roll(1, 3) };
        part.offer.weight_g = Some(*weights.entry(part.offer.id).or_insert_with(by_lot));
    }
    if let Strategy::LeastCost(model) = &mut request.strategy {
        let tables = model
            .suppliers
            .iter_mut()
            .filter_map(|costs| match &mut costs.shipping {
                Shipping::ByWeight(table) => Some(table),
                Shipping::Included | Shipping::NotKnown { .. } => None,
            });
        for (bracket, up_to_g) in tables.flat_map(|table| table.iter_mut().zip([1_500, 2_500, 4_000])) {
            bracket.up_to_g = up_to_g;
        }
    }
    request
}

/// The strategies that go by something else before they look at any cost.
pub const AIMING: [Preset; 5] = [
    Preset::Fastest,
    Preset::FewestParcels,
    Preset::PreferredSupplier,
    Preset::BalancedShare,
    Preset::OwnStockFirst,
];

/// The same order by one of these strategies; what the owner weighs besides counts after it.
pub fn with_preset(dice: &mut Dice, preset: Preset, mut request: RouteRequest) -> RouteRequest {
    let suppliers = request.suppliers.len();
    let Strategy::LeastCost(model) = &mut request.strategy else {
        return request;
    };
    let (own, chosen) = (&model.preferences, Preferences::of(preset));
    let mut shares = shares_by_lot(dice, suppliers);
    if dice.chance(50) {
        nearly_balance(dice, &mut shares);
    }
    shares.retain(|_| dice.chance(80));
    model.preferences = Preferences {
        aim: chosen.aim,
        late_per_day: chosen.late_per_day.max(own.late_per_day),
        per_unit_day: chosen.per_unit_day.max(own.per_unit_day),
        per_parcel: chosen.per_parcel.max(own.per_parcel),
        per_unit_not_own: chosen.per_unit_not_own.max(own.per_unit_not_own),
        per_unit_priority: chosen.per_unit_priority.max(own.per_unit_priority),
        per_unfilled_piece: chosen.per_unfilled_piece.max(own.per_unfilled_piece),
        per_late_piece: chosen.per_late_piece.max(own.per_late_piece),
        per_piece_off_balance: chosen.per_piece_off_balance,
        balance: if preset == Preset::BalancedShare {
            shares
        } else {
            Vec::new()
        },
    };
    request
}

/// The same order of goods so many times as dear.
#[must_use]
pub fn with_dear_goods(times: i64, mut request: RouteRequest) -> RouteRequest {
    let ways = request.lines.iter_mut().flat_map(|line| &mut line.alternatives);
    for part in ways.flat_map(|way| &mut way.components) {
        part.offer.cost.amount_minor *= times;
        part.accepted_cost = part.offer.cost;
    }
    let lists = request.price_breaks.iter_mut();
    for step in lists.flat_map(|list| &mut list.breaks) {
        step.unit_cost.amount_minor *= times;
    }
    request
}

fn supplier_terms_by_lot(dice: &mut Dice, n: u32) -> SupplierTerms {
    let mut terms = supplier_terms(n, dice.roll(0, 3));
    terms.service.cutoff_hour = dice.chance(30).then(|| dice.roll(8, 18));
    terms
}

fn currency_by_lot(dice: &mut Dice) -> Currency {
    let code = ["EUR", "EUR", "EUR", "USD", "JPY"][dice.roll(0, 4) as usize];
    Currency::parse(code).expect(code)
}

/// About as much as so many euro cents.
#[must_use]
pub fn about(cents: u32, currency: Currency) -> Money {
    let minor = if currency.exponent() == 0 { cents * 3 / 2 } else { cents };
    Money::new(minor.into(), currency)
}

fn offers_by_lot(dice: &mut Dice, currencies: &[Currency], size: Size) -> Vec<OfferFacts> {
    let count = dice.roll(2, size.lines * 4);
    let by_lot = |id| {
        let supplier = dice.roll(1, u32::try_from(currencies.len()).expect("few"));
        OfferFacts {
            cost: about(dice.roll(200, 900), currencies[supplier as usize - 1]),
            stock: dice.chance(50).then(|| dice.roll(0, size.units * 2)),
            weight_g: Some(dice.roll(50, 1_500)),
            ..offer(id, supplier, eur(0), 0)
        }
    };
    (1..=count).map(by_lot).collect()
}

fn part_by_lot(dice: &mut Dice, offers: &[OfferFacts]) -> Component {
    let last = u32::try_from(offers.len() - 1).expect("few");
    let offer = offers[dice.roll(0, last) as usize].clone();
    component(offer, if dice.chance(25) { 2 } else { 1 })
}

/// No group mostly, or all lines, or some that may share lines.
fn groups_by_lot(dice: &mut Dice, lines: &[LineDemand]) -> Vec<BTreeSet<OrderLineId>> {
    if !dice.chance(25) {
        return Vec::new();
    }
    let all: BTreeSet<OrderLineId> = lines.iter().map(|line| line.line).collect();
    if dice.chance(40) {
        return vec![all];
    }
    let some = (0..dice.roll(1, 3)).map(|_| all.iter().copied().filter(|_| dice.chance(60)).collect());
    some.filter(|group: &BTreeSet<OrderLineId>| !group.is_empty()).collect()
}

/// What everything costs, and the offers' price lists.
fn model_by_lot(
    dice: &mut Dice,
    currencies: &[Currency],
    offers: &[OfferFacts],
    lines: &[LineDemand],
) -> (CostModel, Vec<PriceBreaks>) {
    let costs = currencies.iter().zip(1..);
    let suppliers = costs
        .map(|(currency, id)| supplier_costs_by_lot(dice, *currency, supplier(id)))
        .collect();
    let breaks = offers.iter().filter(|_| dice.chance(20)).collect::<Vec<_>>();
    let list = |offer: &OfferFacts| {
        let mut from = 1;
        let mut minor = offer.cost.amount_minor;
        let step = |_| {
            from += dice.roll(1, 3);
            minor = minor * i64::from(dice.roll(70, 99)) / 100;
            PriceBreak {
                from,
                unit_cost: Money::new(minor, offer.cost.currency),
            }
        };
        PriceBreaks {
            offer: offer.id,
            breaks: (0..2).map(step).collect(),
        }
    };
    let lists = breaks.into_iter().map(list).collect();
    let model = CostModel {
        currency: eur(0).currency,
        rates: vec![rate("USD", "EUR", "0.92"), rate("EUR", "JPY", "161.7")],
        suppliers,
        preferences: if dice.chance(40) {
            wishes_by_lot(dice, currencies.len())
        } else {
            Preferences::default()
        },
        limits: Limits {
            max_parcels: dice.chance(20).then(|| dice.roll(1, 4)),
            together: groups_by_lot(dice, lines),
            in_part: false,
        },
        promised_days: dice.chance(50).then(|| dice.roll(1, 5)),
        effort: Effort {
            detail: Detail::Candidates,
            ..Effort::default()
        },
    };
    (model, lists)
}

#[must_use]
pub fn rate(from: &str, to: &str, factor: &str) -> Rate {
    Rate {
        from: Currency::parse(from).expect(from),
        to: Currency::parse(to).expect(to),
        factor: Decimal::from_str_exact(factor).expect(factor),
        on: NaiveDate::from_ymd_opt(2026, 11, 20).expect("day"),
    }
}

fn supplier_costs_by_lot(dice: &mut Dice, currency: Currency, supplier: SupplierId) -> SupplierCosts {
    let mut up_to_g = 0;
    let mut cents = dice.roll(100, 400);
    let bracket = |_| {
        up_to_g += dice.roll(400, 2_500);
        cents += dice.roll(0, 300);
        WeightBracket {
            up_to_g: up_to_g + 1_100,
            cost: about(cents, currency),
        }
    };
    let table = (0..3).map(bracket).collect();
    let shipping = if dice.chance(70) {
        Shipping::ByWeight(table)
    } else {
        Shipping::Included
    };
    SupplierCosts {
        supplier,
        per_order: about(if dice.chance(50) { dice.roll(0, 300) } else { 0 }, currency),
        per_parcel: about(dice.roll(0, 500), currency),
        shipping,
        duties_bp: if dice.chance(20) { dice.roll(1, 3_000) } else { 0 },
        transit_days: dice.roll(1, 5),
        own: dice.chance(20),
        fill_rate_bp: dice.chance(50).then(|| dice.roll(8_000, 10_000)),
        on_time_bp: dice.chance(50).then(|| dice.roll(5_000, 10_000)),
    }
}

fn wishes_by_lot(dice: &mut Dice, suppliers: usize) -> Preferences {
    let mut maybe = |most| if dice.chance(40) { dice.roll(0, most) } else { 0 };
    let (late_per_day, per_unit_day, per_parcel) = (maybe(200), maybe(50), maybe(300));
    let (per_unit_not_own, per_unit_priority, per_unfilled_piece) = (maybe(200), maybe(50), maybe(500));
    let per_late_piece = maybe(300);
    Preferences {
        aim: None,
        late_per_day,
        per_unit_day,
        per_parcel,
        per_unit_not_own,
        per_unit_priority,
        per_unfilled_piece,
        per_late_piece,
        balance: shares_by_lot(dice, suppliers),
        per_piece_off_balance: 100,
    }
}

/// Has each supplier stand at its share or a few basis points above it.
fn nearly_balance(dice: &mut Dice, shares: &mut [Share]) {
    let all: u32 = shares.iter().map(|share| share.pieces).sum();
    for share in shares {
        let has = share.pieces * 10_000 / all.max(1);
        share.target_bp = has.saturating_sub(dice.roll(0, 3));
    }
}

/// What each supplier should have of the business, and what it had.
fn shares_by_lot(dice: &mut Dice, suppliers: usize) -> Vec<Share> {
    let share = |id| Share {
        supplier: supplier(id),
        target_bp: dice.roll(0, 10_000),
        pieces: dice.roll(0, 50),
    };
    (1..).take(suppliers).map(share).collect()
}
