//! The rules of thumb that others route by, on orders where only prices, freight
//! and one charge for each supplier used count: so that each rule can be written
//! down in a few lines, and the optimum be found by trying every set of suppliers.

use orderyard::routing::{Outcome, RoutePlan, RouteRequest};

use crate::{
    instances::{Dice, alternative, component, eur, line, offer},
    shops::{flat, model, request},
};

/// An order: costs in cents for all of a line's units, by line and supplier.
pub struct Flat {
    /// Price and freight, where the supplier has the line.
    costs: Vec<Vec<Option<(u32, u32)>>>,
    charges: Vec<u32>,
}

/// How orders of one column of the table are drawn.
#[derive(Clone, Copy)]
pub struct Market {
    pub suppliers: u32,
    /// What a supplier charges for its part of the order, in cents, from and to.
    pub charge: (u32, u32),
}

/// Which supplier serves each line.
type Plan = Vec<usize>;

impl Flat {
    /// An order of two to eight lines. Some supplier has every line.
    #[must_use]
    pub fn by_lot(dice: &mut Dice, market: Market) -> Self {
        let suppliers = 0..market.suppliers;
        let per_kg: Vec<u32> = suppliers.clone().map(|_| dice.roll(50, 200)).collect();
        let costs = (0..dice.roll(2, 8)).map(|_| {
            let (price, grams, units) = (dice.roll(400, 3_500), dice.roll(100, 2_000), dice.roll(1, 3));
            let sure = dice.roll(0, market.suppliers - 1);
            let cost = |n: u32| {
                let here = dice.chance(60) || n == sure;
                let cents = price * dice.roll(85, 120) / 100;
                here.then(|| (cents * units, grams * units * per_kg[n as usize] / 1_000))
            };
            suppliers.clone().map(cost).collect()
        });
        Self {
            costs: costs.collect(),
            charges: suppliers
                .clone()
                .map(|_| dice.roll(market.charge.0, market.charge.1))
                .collect(),
        }
    }

    #[must_use]
    pub fn cost(&self, plan: &Plan) -> u32 {
        let mut charged: Vec<usize> = plan.clone();
        charged.sort_unstable();
        charged.dedup();
        let lines: u32 = plan
            .iter()
            .enumerate()
            .map(|(at, n)| self.landed(at, *n).expect("it has the line"))
            .sum();
        lines + charged.iter().map(|n| self.charges[*n]).sum::<u32>()
    }

    fn landed(&self, at: usize, supplier: usize) -> Option<u32> {
        self.costs[at][supplier].map(|(price, freight)| price + freight)
    }

    fn suppliers(&self) -> std::ops::Range<usize> {
        0..self.charges.len()
    }

    /// For each line the supplier that ranks lowest.
    fn each_line(&self, rank: impl Fn(usize, usize) -> u32) -> Plan {
        let best = |at: usize| {
            let having = self.suppliers().filter(|n| self.costs[at][*n].is_some());
            having.min_by_key(|n| rank(at, *n)).expect("somebody has it")
        };
        (0..self.costs.len()).map(best).collect()
    }

    /// The first of a list that has nothing to do with cost.
    #[must_use]
    pub fn priority(&self) -> Plan {
        self.each_line(|_, n| u32::try_from(n).expect("few"))
    }

    /// The first of a list by what suppliers cost on average: the best list there is.
    #[must_use]
    pub fn ranked_priority(&self) -> Plan {
        let average = |n: usize| {
            let costs: Vec<u32> = (0..self.costs.len()).filter_map(|at| self.landed(at, n)).collect();
            let lines: Vec<u32> = (0..self.costs.len())
                .filter(|at| self.costs[*at][n].is_some())
                .map(|at| {
                    self.suppliers()
                        .filter_map(|other| self.landed(at, other))
                        .min()
                        .expect("one")
                })
                .collect();
            let (sum, least) = (costs.iter().sum::<u32>() + self.charges[n], lines.iter().sum::<u32>());
            // In thousandths of what its lines cost at their cheapest.
            sum * 1_000 / least.max(1)
        };
        let ranks: Vec<u32> = self.suppliers().map(average).collect();
        self.each_line(|_, n| ranks[n])
    }

    #[must_use]
    pub fn cheapest_price(&self) -> Plan {
        self.each_line(|at, n| self.costs[at][n].map_or(u32::MAX, |(price, _)| price))
    }

    /// As if each line were shipped alone.
    #[must_use]
    pub fn cheapest_line(&self) -> Plan {
        self.each_line(|at, n| self.landed(at, n).map_or(u32::MAX, |cost| cost + self.charges[n]))
    }

    /// Again and again the supplier that serves what is left at the least per line.
    #[must_use]
    pub fn greedy(&self) -> Plan {
        let mut plan: Vec<Option<usize>> = vec![None; self.costs.len()];
        while plan.contains(&None) {
            let open = |at: &usize| plan[*at].is_none();
            let per_line = |n: usize| {
                let costs: Vec<u32> = (0..plan.len())
                    .filter(open)
                    .filter_map(|at| self.landed(at, n))
                    .collect();
                let lines = u32::try_from(costs.len()).expect("few");
                (lines > 0).then(|| (self.charges[n] + costs.iter().sum::<u32>()) * 100 / lines)
            };
            let best = self
                .suppliers()
                .filter_map(|n| Some((per_line(n)?, n)))
                .min()
                .expect("one")
                .1;
            for (served, costs) in plan.iter_mut().zip(&self.costs) {
                if served.is_none() && costs[best].is_some() {
                    *served = Some(best);
                }
            }
        }
        plan.into_iter().flatten().collect()
    }

    /// The cheapest of the plans that need the fewest suppliers.
    #[must_use]
    pub fn fewest_splits(&self) -> Plan {
        self.best_set(|suppliers, cost| (suppliers, cost))
    }

    /// The cheapest of all plans.
    #[must_use]
    pub fn optimum(&self) -> Plan {
        self.best_set(|_, cost| (0, cost))
    }

    /// Tries every set of suppliers, each line at the cheapest of the set.
    fn best_set(&self, rank: impl Fn(u32, u32) -> (u32, u32)) -> Plan {
        let plan = |set: u32| -> Option<Plan> {
            let cheapest = |at: usize| {
                let members = self.suppliers().filter(|n| set & (1 << n) != 0);
                let costs = members.filter_map(|n| Some((self.landed(at, n)?, n)));
                costs.min().map(|(_, n)| n)
            };
            (0..self.costs.len()).map(cheapest).collect()
        };
        let plans = (1..1_u32 << self.charges.len()).filter_map(|set| Some((set, plan(set)?)));
        let best = plans.min_by_key(|(set, plan)| rank(set.count_ones(), self.cost(plan)));
        best.expect("all suppliers together have every line").1
    }

    /// The order as routing gets it.
    #[must_use]
    pub fn request(&self) -> RouteRequest {
        let lines = (1..).zip(&self.costs).map(|(at, costs)| {
            let having = (1..).zip(costs).filter_map(|(n, cost)| Some((n, (*cost)?)));
            let ways = having.map(|(n, (price, freight))| {
                let id = at * 100 + n;
                alternative(id, vec![component(offer(id, n, eur((price + freight).into()), 100), 1)])
            });
            line(at, 1, ways.collect())
        });
        let costs = (1..).zip(&self.charges).map(|(n, cents)| flat(n, *cents));
        request(lines.collect(), model(costs.collect()))
    }

    /// What routing's plan says, as a plan of ours.
    #[must_use]
    pub fn read(&self, plan: &RoutePlan) -> Plan {
        let served = plan.lines.iter().map(|entry| match &entry.outcome {
            Outcome::Allocated { components, .. } => {
                usize::try_from(components[0].supplier.0.as_u128()).expect("few") - 1
            }
            other => panic!("a line is not served: {other:?}"),
        });
        served.collect()
    }
}
