//! How an order is searched: from a quick bound, which settles nearly all; and if that was cut off,
//! again from a better one.
//!
//! That as many units as possible are served comes before any cost, which makes the bound on the cost a
//! weak one where some cannot be: units are whole, and the bound's are not. So then it is first
//! asked how many units must be left, and then for the cheapest plan that leaves so many.

use super::{
    problem::{Group, Problem, Score, Step, Way},
    search::{Effort, Solution, search},
};

/// A unit, when units are all that counts. Fractions of it are for the bound.
const UNIT: Score = 1 << 16;
/// Bounds that a part of the search space takes, on average.
const BOUNDS: usize = 4;
/// An order with fewer ways is searched up to so many times as long: the fewer it has, the more often
/// the search comes to its end.
const MANY_WAYS: usize = 256;
const LONGER: usize = 4;

/// Finds the cheapest plan that uses each way for at most `most` units, looking
/// into some times as many parts as `nodes` says.
pub fn solve(problem: &Problem, most: &[u32], nodes: u32) -> Solution {
    let longer = (MANY_WAYS / problem.ways.len().max(1)).clamp(1, LONGER);
    let quick = Effort {
        bounds: bounds(nodes, BOUNDS * longer),
        is_thorough: false,
        plan: None,
    };
    let first = search(problem, most, quick);
    if first.is_proven() || nodes == 0 {
        return first;
    }
    let effort = Effort {
        bounds: bounds(nodes, BOUNDS),
        is_thorough: true,
        plan: Some(&first.units),
    };
    let second = if first.cost < problem.unserved {
        search(problem, most, effort)
    } else {
        leaving_units(problem, most, effort)
    };
    let bound = first.bound.max(second.bound);
    let best = if second.cost < first.cost { second } else { first };
    Solution {
        bound: bound.min(best.cost),
        ..best
    }
}

/// The same by one search, for a plan that is only to be compared with: no longer than that takes,
/// since an order may ask for as many as it has lines.
pub fn solve_once(problem: &Problem, most: &[u32], nodes: u32) -> Solution {
    let effort = Effort {
        bounds: bounds(nodes, BOUNDS),
        is_thorough: false,
        plan: None,
    };
    search(problem, most, effort)
}

fn bounds(nodes: u32, each: usize) -> u32 {
    nodes.saturating_mul(u32::try_from(each).unwrap_or(u32::MAX))
}

/// The same for an order of which the effort's plan leaves units.
pub(super) fn leaving_units(problem: &Problem, most: &[u32], effort: Effort<'_>) -> Solution {
    let counted = search(&counting(problem), most, effort);
    let left = counted.cost.div_euclid(UNIT);
    let leaving = Leaving::new(problem, u32::try_from(left).unwrap_or(u32::MAX));
    let units = leaving.with_left(problem, &counted.units);
    let effort = Effort {
        plan: Some(&units),
        ..effort
    };
    let found = search(&leaving.problem, &leaving.most(most), effort);
    let units = leaving.without_left(&found.units);
    let certain = counted.bound.div_euclid(UNIT);
    let dearer = if certain == left { found.bound } else { 0 };
    Solution {
        cost: problem.cost(&units).unwrap_or(Score::MAX),
        units,
        bound: problem.unserved * certain + dearer,
    }
}

/// The same problem where nothing costs but what is left.
fn counting(problem: &Problem) -> Problem {
    let mut other = Problem::new(UNIT, UNIT);
    other.max_parcels = problem.max_parcels;
    other.groups.clone_from(&problem.groups);
    let free = |step: &Step| Step {
        fixed: 0,
        each: 0,
        ..*step
    };
    for meter in &problem.meters {
        other.push_meter(meter.steps.iter().map(free).collect());
    }
    for demand in &problem.demands {
        other.push_demand(demand.units);
        for way in demand.ways.clone() {
            other.push_way(0, problem.ways[way].most, &problem.drawn_by(way));
        }
    }
    other
}

/// The same problem where so many units may be left at no cost: a further way of each demand
/// leaves them, and all of these together draw on a meter of their own.
struct Leaving {
    problem: Problem,
    /// The way of each demand that leaves units.
    ways: Vec<usize>,
}

impl Leaving {
    fn new(problem: &Problem, left: u32) -> Self {
        let mut other = Problem::new(problem.grain, problem.unserved);
        other.max_parcels = problem.max_parcels;
        for meter in &problem.meters {
            other.push_meter(meter.steps.clone());
        }
        let meter = other.push_meter(vec![Step {
            up_to: left.into(),
            fixed: 0,
            each: 0,
            parcels: 0,
        }]);
        let mut ways = Vec::new();
        for demand in &problem.demands {
            other.push_demand(demand.units);
            for way in demand.ways.clone() {
                let Way { each, most, .. } = problem.ways[way];
                other.push_way(each, most, &problem.drawn_by(way));
            }
            ways.push(other.push_way(0, demand.units, &[(meter, 1)]));
        }
        let mut leaving = Self { problem: other, ways };
        let groups = problem.groups.iter().map(|group| leaving.group(problem, group));
        leaving.problem.groups = groups.collect();
        leaving
    }

    /// Units may be left in every place of a group, and where it has none; where they are not served in
    /// part, all are left or none.
    fn group(&self, problem: &Problem, group: &Group) -> Group {
        let left = group.demands.iter().map(|demand| self.ways[*demand]);
        let with_left = |place: &Vec<usize>| {
            // A way stands behind those that leave the units of earlier demands.
            let served = place.iter().map(|way| way + problem.ways[*way].demand);
            served.chain(left.clone().filter(|_| !group.is_whole)).collect()
        };
        let mut places: Vec<Vec<usize>> = group.places.iter().map(with_left).collect();
        if places.is_empty() || group.is_whole {
            places.push(left.collect());
        }
        Group {
            demands: group.demands.clone(),
            places,
            is_whole: group.is_whole,
        }
    }

    fn with_left(&self, problem: &Problem, units: &[u32]) -> Vec<u32> {
        let mut all = Vec::with_capacity(self.problem.ways.len());
        for demand in &problem.demands {
            let served = &units[demand.ways.clone()];
            all.extend_from_slice(served);
            all.push(demand.units - served.iter().sum::<u32>());
        }
        all
    }

    fn most(&self, most: &[u32]) -> Vec<u32> {
        let mut most = most.iter();
        let of = |(index, way): (usize, &Way)| {
            let served = if self.ways.contains(&index) { None } else { most.next() };
            served.copied().unwrap_or(way.most)
        };
        self.problem.ways.iter().enumerate().map(of).collect()
    }

    fn without_left(&self, units: &[u32]) -> Vec<u32> {
        let served = units.iter().enumerate().filter(|(way, _)| !self.ways.contains(way));
        served.map(|(_, units)| *units).collect()
    }
}
