//! The least-cost strategy against an independent formulation: the same order as
//! a mixed-integer programme, written down from the request alone and solved by
//! another solver. No plan may be cheaper than ours, by any amount.

use std::collections::BTreeMap;

use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, Variable};
use proptest::prelude::*;

use super::{
    instances::{Dice, Size, order_by_lot},
    *,
};
use crate::routing::{Strategy, terms::*};

/// Cents for each unit that nothing serves: more than any plan costs.
const UNSERVED: f64 = 300_000.0;
/// Cents that two solvers may differ by, one of them counting in floating point.
const TOLERANCE: f64 = 0.01;

/// An amount small enough to be whole in floating point too.
fn float(minor: i64) -> f64 {
    i32::try_from(minor).expect("small").into()
}

/// The request's numbers in cents, as floating point.
struct Reading<'a> {
    request: &'a RouteRequest,
    model: &'a CostModel,
}

impl<'a> Reading<'a> {
    fn of(request: &'a RouteRequest) -> Self {
        let Strategy::LeastCost(model) = &request.strategy else {
            panic!("no cost model");
        };
        Self { request, model }
    }

    fn cents(money: Money) -> f64 {
        let factor = match money.currency.code() {
            "EUR" => 1.0,
            "USD" => 0.92,
            "JPY" => 100.0 / 161.7,
            other => panic!("no rate for {other}"),
        };
        float(money.amount_minor) * factor
    }

    fn costs(&self, id: SupplierId) -> &SupplierCosts {
        self.model
            .suppliers
            .iter()
            .find(|costs| costs.supplier == id)
            .expect("costs")
    }

    fn terms(&self, id: SupplierId) -> &SupplierTerms {
        self.request
            .suppliers
            .iter()
            .find(|terms| terms.id == id)
            .expect("terms")
    }

    fn days(&self, id: SupplierId) -> f64 {
        f64::from(self.terms(id).handling_days + self.costs(id).transit_days)
    }

    fn prices(&self, offer: &OfferFacts) -> Vec<(u32, f64)> {
        let lists = self.model.price_breaks.iter().filter(|list| list.offer == offer.id);
        let breaks = lists
            .flat_map(|list| &list.breaks)
            .map(|step| (step.from, Self::cents(step.unit_cost)));
        [(1, Self::cents(offer.cost))].into_iter().chain(breaks).collect()
    }

    /// What preferences add for each unit of an alternative.
    fn per_unit(&self, alternative: &Alternative) -> f64 {
        let wishes = &self.model.preferences;
        let suppliers = || alternative.components.iter().map(|component| component.offer.supplier);
        let days = suppliers().map(|id| self.days(id)).fold(0.0, f64::max);
        let not_own = suppliers().any(|id| !self.costs(id).own);
        let worst = suppliers().map(|id| self.terms(id).priority).max().unwrap_or(1);
        let pieces: u32 = wishes.balance.iter().map(|share| share.pieces).sum();
        let each = alternative.components.iter().map(|component| {
            let id = component.offer.supplier;
            let unfilled = 10_000 - self.costs(id).fill_rate_bp.unwrap_or(10_000);
            let over = wishes
                .balance
                .iter()
                .find(|share| share.supplier == id)
                .map_or(0, |share| {
                    (share.pieces * 10_000 / pieces.max(1)).saturating_sub(share.target_bp)
                });
            let weighed = f64::from(wishes.per_unfilled_piece) * f64::from(unfilled)
                + f64::from(wishes.per_piece_off_balance) * f64::from(over);
            f64::from(component.per_unit) * weighed / 10_000.0
        });
        f64::from(wishes.per_unit_day) * days
            + if not_own {
                f64::from(wishes.per_unit_not_own)
            } else {
                0.0
            }
            + f64::from(wishes.per_unit_priority) * f64::from(worst - 1)
            + each.sum::<f64>()
    }

    /// What using a supplier at all costs, and what each of its parcels does.
    fn charges(&self, id: SupplierId) -> (f64, f64) {
        let wishes = &self.model.preferences;
        let late = self
            .model
            .promised_days
            .map_or(0.0, |promised| (self.days(id) - f64::from(promised)).max(0.0));
        let order = Self::cents(self.costs(id).per_order) + f64::from(wishes.late_per_day) * late;
        (
            order,
            Self::cents(self.costs(id).per_parcel) + f64::from(wishes.per_parcel),
        )
    }

    fn brackets(&self, id: SupplierId) -> Vec<(f64, f64)> {
        match &self.costs(id).shipping {
            Shipping::Included => vec![(1e6, 0.0)],
            Shipping::ByWeight(table) => table
                .iter()
                .map(|bracket| (f64::from(bracket.up_to_g), Self::cents(bracket.cost)))
                .collect(),
        }
    }
}

/// The cost of our plan, worked out from what it says alone.
fn cost_of(reading: &Reading<'_>, plan: &RoutePlan) -> f64 {
    let mut cost = 0.0;
    let mut weights: BTreeMap<SupplierId, u32> = BTreeMap::new();
    let mut pieces: BTreeMap<OfferId, (u32, &OfferFacts)> = BTreeMap::new();
    for entry in &plan.lines {
        let Outcome::Allocated { alternative, .. } = &entry.outcome else {
            cost += UNSERVED * f64::from(entry.units);
            continue;
        };
        let line = reading
            .request
            .lines
            .iter()
            .find(|line| line.line == entry.line)
            .expect("line");
        let way = line
            .alternatives
            .iter()
            .find(|way| way.id == *alternative)
            .expect("alternative");
        cost += reading.per_unit(way) * f64::from(entry.units);
        for component in &way.components {
            let count = component.per_unit * entry.units;
            pieces.entry(component.offer.id).or_insert((0, &component.offer)).0 += count;
            *weights.entry(component.offer.supplier).or_default() += count * component.offer.weight_g.expect("weight");
        }
    }
    for (count, offer) in pieces.values() {
        let mut reached = reading.prices(offer).into_iter().filter(|(from, _)| from <= count);
        cost += reached.next_back().expect("price").1 * f64::from(*count);
    }
    let mut parcels = 0;
    for (id, weight) in weights {
        let (per_order, per_parcel) = reading.charges(id);
        let table = reading.brackets(id);
        let (heaviest, full_price) = *table.last().expect("bracket");
        let mut weight = f64::from(weight);
        cost += per_order + per_parcel;
        parcels += 1;
        while weight > heaviest {
            weight -= heaviest;
            cost += full_price + per_parcel;
            parcels += 1;
        }
        let fitting = table.iter().filter(|(up_to, _)| *up_to >= weight);
        cost += fitting.map(|(_, price)| *price).fold(f64::INFINITY, f64::min);
    }
    assert!(parcels <= reading.model.limits.max_parcels.unwrap_or(u32::MAX));
    cost
}

/// The mixed-integer programme under construction.
struct Programme<'a> {
    reading: &'a Reading<'a>,
    problem: Problem,
    /// What one of each variable costs.
    costs: Vec<(Variable, f64)>,
    /// Units by line and alternative.
    units: BTreeMap<(OrderLineId, AlternativeId), Variable>,
}

impl<'a> Programme<'a> {
    fn of(reading: &'a Reading<'a>) -> Self {
        let mut programme = Self {
            reading,
            problem: Problem::new(OptimizationDirection::Minimize),
            costs: Vec::new(),
            units: BTreeMap::new(),
        };
        for line in &reading.request.lines {
            let most = i32::try_from(line.units).expect("few");
            let mut sum = LinearExpr::empty();
            sum.add(programme.count(UNSERVED, most), 1.0);
            for way in &line.alternatives {
                let var = programme.count(reading.per_unit(way), most);
                programme.units.insert((line.line, way.id), var);
                sum.add(var, 1.0);
            }
            programme
                .problem
                .add_constraint(sum, ComparisonOp::Eq, line.units.into());
        }
        programme.goods();
        programme.parcels();
        programme.groups();
        programme
    }

    /// A number from 0 to `most`, each of which costs so much.
    fn count(&mut self, cost: f64, most: i32) -> Variable {
        let variable = self.problem.add_integer_var(cost, (0, most));
        self.costs.push((variable, cost));
        variable
    }

    /// The least cost. The solver's numbers are whole only within its tolerance.
    fn solve(&self) -> f64 {
        let solution = self
            .problem
            .solve()
            .expect("solvable")
            .into_solution()
            .expect("solution");
        let cost = self
            .costs
            .iter()
            .map(|(variable, cost)| cost * solution.var_value(*variable).round());
        cost.sum()
    }

    /// For each component: its offer, its units and the pieces for each.
    fn pieces(&self) -> Vec<(&'a OfferFacts, Variable, f64)> {
        let lines = self.reading.request.lines.iter();
        let ways = lines.flat_map(|line| line.alternatives.iter().map(|way| (line.line, way)));
        let pieces = ways.flat_map(|(line, way)| {
            let var = self.units[&(line, way.id)];
            way.components
                .iter()
                .map(move |component| (&component.offer, var, f64::from(component.per_unit)))
        });
        pieces.collect()
    }

    /// Each offer's pieces are all bought at one step of its price list.
    fn goods(&mut self) {
        let pieces = self.pieces();
        let offers: BTreeMap<OfferId, &OfferFacts> = pieces.iter().map(|(offer, ..)| (offer.id, *offer)).collect();
        for offer in offers.values() {
            let most: u32 = self.reading.request.lines.iter().map(|line| line.units * 4).sum();
            let most = offer.stock.unwrap_or(most).min(most);
            let mut bought = LinearExpr::empty();
            let mut one_step = LinearExpr::empty();
            let prices = self.reading.prices(offer);
            for (from, price) in &prices {
                let count = self.count(*price, i32::try_from(most).expect("few"));
                bought.add(count, 1.0);
                if prices.len() > 1 {
                    let step = self.count(0.0, 1);
                    let at_least = [(count, 1.0), (step, -f64::from(*from))];
                    self.problem.add_constraint(at_least, ComparisonOp::Ge, 0.0);
                    let at_most = [(count, 1.0), (step, -f64::from(most))];
                    self.problem.add_constraint(at_most, ComparisonOp::Le, 0.0);
                    one_step.add(step, 1.0);
                }
            }
            if prices.len() > 1 {
                self.problem.add_constraint(one_step, ComparisonOp::Le, 1.0);
            }
            for (var, per_unit) in merged(pieces.iter().filter(|piece| piece.0.id == offer.id)) {
                bought.add(var, -per_unit);
            }
            self.problem.add_constraint(bought, ComparisonOp::Eq, 0.0);
        }
    }

    /// Each supplier's weight fits into full parcels and one more.
    fn parcels(&mut self) {
        let pieces = self.pieces();
        let mut all = LinearExpr::empty();
        for terms in &self.reading.request.suppliers {
            let (per_order, per_parcel) = self.reading.charges(terms.id);
            let used = self.count(per_order, 1);
            let mut room = LinearExpr::empty();
            let mut not_full = LinearExpr::empty();
            let table = self.reading.brackets(terms.id);
            for (place, (up_to, price)) in table.iter().enumerate() {
                let heaviest = place + 1 == table.len();
                let most = if heaviest { 60 } else { 1 };
                let parcels = self.count(price + per_parcel, most);
                if !heaviest {
                    not_full.add(parcels, 1.0);
                }
                room.add(parcels, up_to / 1_000.0);
                all.add(parcels, 1.0);
                let needs_order = [(parcels, 1.0), (used, -f64::from(most))];
                self.problem.add_constraint(needs_order, ComparisonOp::Le, 0.0);
            }
            self.problem.add_constraint(not_full, ComparisonOp::Le, 1.0);
            let grams = |(offer, var, per_unit): &(&'a OfferFacts, Variable, f64)| {
                (*offer, *var, per_unit * f64::from(offer.weight_g.expect("weight")))
            };
            let here: Vec<_> = pieces
                .iter()
                .filter(|piece| piece.0.supplier == terms.id)
                .map(grams)
                .collect();
            for (var, weight) in merged(here.iter()) {
                room.add(var, -weight / 1_000.0);
            }
            self.problem.add_constraint(room, ComparisonOp::Ge, 0.0);
        }
        if let Some(most) = self.reading.model.limits.max_parcels {
            self.problem.add_constraint(all, ComparisonOp::Le, most.into());
        }
    }

    /// The units of lines that belong together come from one supplier.
    fn groups(&mut self) {
        for group in &self.reading.model.limits.together {
            let mut one = LinearExpr::empty();
            let mut places = BTreeMap::new();
            for terms in &self.reading.request.suppliers {
                let place = self.count(0.0, 1);
                one.add(place, 1.0);
                places.insert(terms.id, place);
            }
            self.problem.add_constraint(one, ComparisonOp::Le, 1.0);
            for line in self
                .reading
                .request
                .lines
                .iter()
                .filter(|line| group.contains(&line.line))
            {
                for way in &line.alternatives {
                    let var = self.units[&(line.line, way.id)];
                    let first = way.components[0].offer.supplier;
                    let alone = way.components.iter().all(|component| component.offer.supplier == first);
                    let mut within = LinearExpr::empty();
                    within.add(var, 1.0);
                    if alone {
                        within.add(places[&first], -f64::from(line.units));
                    }
                    self.problem.add_constraint(within, ComparisonOp::Le, 0.0);
                }
            }
        }
    }
}

/// One entry for each variable, with the sum of its factors.
fn merged<'a, 'b: 'a>(
    pieces: impl Iterator<Item = &'a (&'b OfferFacts, Variable, f64)>,
) -> impl Iterator<Item = (Variable, f64)> {
    let mut sums: BTreeMap<usize, (Variable, f64)> = BTreeMap::new();
    for (_, var, factor) in pieces {
        sums.entry(var.idx()).or_insert((*var, 0.0)).1 += factor;
    }
    sums.into_values()
}

fn check(seed: u64, size: Size) {
    let request = order_by_lot(&mut Dice::new(seed), size);
    let reading = Reading::of(&request);
    let plan = route(&request);
    let ours = cost_of(&reading, &plan);
    let theirs = Programme::of(&reading).solve();
    assert!(
        (ours - theirs).abs() < TOLERANCE,
        "seed {seed}: ours {ours}, theirs {theirs}"
    );
    let landed = plan.landed.expect("landed");
    assert_eq!(landed.gap.amount_minor, 0, "seed {seed}");
    let unserved: u32 = plan
        .lines
        .iter()
        .filter(|l| !matches!(l.outcome, Outcome::Allocated { .. }))
        .map(|l| l.units)
        .sum();
    let told = float(landed.total.amount_minor + landed.preferences.amount_minor);
    assert!(
        (ours - UNSERVED * f64::from(unserved) - told).abs() < 1.5,
        "seed {seed}: {ours} is told as {told}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]
    #[test]
    fn small_orders_are_routed_at_the_least_cost(seed in any::<u64>()) {
        check(seed, Size { suppliers: 5, lines: 4, units: 5 });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]
    #[test]
    fn orders_with_many_suppliers_are_routed_at_the_least_cost(seed in any::<u64>()) {
        check(seed, Size { suppliers: 14, lines: 6, units: 3 });
    }
}
