//! Orders as a shop with several suppliers has them: every supplier offers most
//! products, ships by weight brackets, and charges a fee for the order.

use orderyard::routing::{
    Alternative, LineDemand, RouteRequest, Strategy,
    rulebook::OrderFacts,
    terms::{CostModel, Effort, Limits, Preferences, PriceBreak, PriceBreaks, Shipping, SupplierCosts, WeightBracket},
};

use crate::instances::{Dice, alternative, component, eur, line, offer, supplier, supplier_terms};

/// Up to so many grams, for so many hundredths of the first bracket's price.
const BRACKETS: [(u32, u32); 6] = [
    (500, 100),
    (1_000, 115),
    (2_000, 135),
    (5_000, 180),
    (10_000, 260),
    (31_500, 420),
];

/// A cost model without wishes.
#[must_use]
pub fn model(suppliers: Vec<SupplierCosts>) -> CostModel {
    CostModel {
        currency: eur(0).currency,
        rates: Vec::new(),
        suppliers,
        preferences: Preferences::default(),
        limits: Limits::default(),
        promised_days: None,
        effort: Effort::default(),
    }
}

/// A supplier that charges so much for each parcel, and nothing else.
#[must_use]
pub fn flat(n: u32, per_parcel: u32) -> SupplierCosts {
    SupplierCosts {
        supplier: supplier(n),
        per_order: eur(0),
        per_parcel: eur(per_parcel.into()),
        shipping: Shipping::Included,
        duties_bp: 0,
        transit_days: 2,
        own: false,
        fill_rate_bp: None,
        on_time_bp: None,
    }
}

/// An order whose suppliers all have connections, at the least cost.
#[must_use]
pub fn request(lines: Vec<LineDemand>, model: CostModel) -> RouteRequest {
    let count = u32::try_from(model.suppliers.len()).expect("few");
    RouteRequest {
        lines,
        suppliers: (1..=count).map(|n| supplier_terms(n, 1)).collect(),
        destination: None,
        strategy: Strategy::LeastCost(Box::new(model)),
        known_costs: None,
        price_breaks: Vec::new(),
        facts: OrderFacts::default(),
        rules: Vec::new(),
    }
}

/// An order of so many lines that each of the suppliers may be able to serve.
#[must_use]
pub fn order(dice: &mut Dice, suppliers: u32, lines: u32) -> RouteRequest {
    let costs = (1..=suppliers).map(|n| {
        let first = dice.roll(300, 700);
        let bracket = |(up_to_g, percent): (u32, u32)| WeightBracket {
            up_to_g,
            cost: eur((first * percent / 100).into()),
        };
        SupplierCosts {
            per_order: eur(dice.roll(0, 150).into()),
            shipping: Shipping::ByWeight(BRACKETS.map(bracket).to_vec()),
            ..flat(n, dice.roll(0, 100))
        }
    });
    let model = model(costs.collect());
    let mut lists: Vec<PriceBreaks> = Vec::new();
    let lines = (1..=lines).map(|at| {
        let (price, weight) = (dice.roll(400, 4_000), dice.roll(80, 1_800));
        let mut ways: Vec<Alternative> = Vec::new();
        for n in 1..=suppliers {
            // Somebody has it.
            let has_it = dice.chance(70) || (n == suppliers && ways.is_empty());
            if !has_it {
                continue;
            }
            let id = at * 100 + n;
            let mut offer = offer(id, n, eur((price * dice.roll(85, 118) / 100).into()), weight);
            offer.stock = dice.chance(60).then(|| dice.roll(1, 60));
            if dice.chance(15) {
                lists.push(PriceBreaks {
                    offer: offer.id,
                    breaks: vec![PriceBreak {
                        from: 3,
                        unit_cost: eur(offer.cost.amount_minor * 95 / 100),
                    }],
                });
            }
            ways.push(alternative(id, vec![component(offer, 1)]));
        }
        line(at, if dice.chance(70) { 1 } else { dice.roll(2, 5) }, ways)
    });
    let lines = lines.collect();
    RouteRequest {
        price_breaks: lists,
        ..request(lines, model)
    }
}
