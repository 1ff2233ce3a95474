//! Makes a good plan of a rough one: repairs what the meters do not allow, then
//! moves units, and shuts or opens whole meters, as long as the cost falls.

use super::{amount::Amount, problem::Problem};

/// Rounds of moves; each ends early when nothing improves.
const ROUNDS: usize = 6;

/// A plan under improvement. Keeps its memory from one to the next.
#[derive(Debug)]
pub struct Local<'a, S> {
    problem: &'a Problem<S>,
    plan: Plan<S>,
    /// The plan before a move that may have to be taken back.
    before: Plan<S>,
    /// Units that the ways may serve at most.
    most: Vec<u32>,
    /// A meter that must not be drawn on for now.
    shut: Option<usize>,
    /// A meter whose charge for the first piece does not count for now.
    sunk: Option<usize>,
    /// Where a move keeps the units that it may have to put back.
    kept: Vec<u32>,
}

#[derive(Debug, Default)]
struct Plan<S> {
    units: Vec<u32>,
    /// Units of each demand that nothing serves.
    left: Vec<u32>,
    drawn: Vec<u64>,
    /// What each meter charges, and how many parcels that is.
    charge: Vec<(S, u32)>,
    parcels: u32,
    cost: S,
}

impl<'a, S: Amount> Local<'a, S> {
    pub fn new(problem: &'a Problem<S>) -> Self {
        Self {
            problem,
            plan: Plan::default(),
            before: Plan::default(),
            most: Vec::new(),
            shut: None,
            sunk: None,
            kept: Vec::new(),
        }
    }

    /// Makes a plan of `units` within `most`, and returns it with its cost.
    pub fn improve(&mut self, most: &[u32], units: &[u32]) -> (S, &[u32]) {
        self.plan.empty(self.problem);
        self.most.clear();
        self.most.extend_from_slice(most);
        for (way, units) in units.iter().enumerate().filter(|(_, units)| **units > 0) {
            let fits = self.room(way).min(*units);
            self.add(way, fits);
        }
        self.fill_all();
        for _ in 0..ROUNDS {
            let before = self.plan.cost;
            for demand in 0..self.problem.demands.len() {
                self.move_demand(demand);
            }
            self.try_meters();
            if self.plan.cost >= before {
                break;
            }
        }
        (self.plan.cost, &self.plan.units)
    }

    /// Units that the way could serve besides those it serves.
    fn room(&self, way: usize) -> u32 {
        let plan = &self.plan;
        let mut room = (self.most[way] - plan.units[way]).min(plan.left[self.problem.ways[way].demand]);
        for draw in self.problem.draws(way) {
            if room == 0 || self.shut == Some(draw.meter) {
                return 0;
            }
            let meter = &self.problem.meters[draw.meter];
            let limit = self.problem.max_parcels.map_or(meter.limit(), |most| {
                let others = plan.parcels - plan.charge[draw.meter].1;
                meter.limit_with(most.saturating_sub(others))
            });
            let spare = limit.saturating_sub(plan.drawn[draw.meter]);
            if draw.each * u64::from(room) > spare {
                // Less than the room, which is a u32.
                room = u32::try_from(spare / draw.each).unwrap_or(room);
            }
        }
        room
    }

    /// What serving so many more units by the way changes in cost, or `None` if
    /// the parcels of several meters together do not allow it.
    fn change(&self, way: usize, more: u32) -> Option<S> {
        let mut cost = (self.problem.ways[way].each - self.problem.unserved) * S::of(more.into());
        let mut parcels = self.plan.parcels;
        for draw in self.problem.draws(way) {
            let meter = &self.problem.meters[draw.meter];
            let before = self.plan.drawn[draw.meter];
            let (now, sent) = self.plan.charge[draw.meter];
            let after = before + draw.each * u64::from(more);
            let step = &meter.steps[meter.step_at(after)?];
            cost += step.charge(after) - now;
            parcels = parcels - sent + step.parcels;
            if before == 0 && self.sunk == Some(draw.meter) {
                cost -= meter.charge(1)?;
            }
        }
        (parcels <= self.problem.max_parcels.unwrap_or(u32::MAX)).then_some(cost)
    }

    fn add(&mut self, way: usize, more: u32) {
        if more > 0
            && let Some(cost) = self.change(way, more)
        {
            self.take(way, more, cost);
        }
    }

    /// Adds units that change the cost by so much.
    fn take(&mut self, way: usize, more: u32, cost: S) {
        let plan = &mut self.plan;
        plan.cost += cost;
        plan.units[way] += more;
        plan.left[self.problem.ways[way].demand] -= more;
        for draw in self.problem.draws(way) {
            plan.drawn[draw.meter] += draw.each * u64::from(more);
            plan.charge_anew(self.problem, draw.meter);
        }
    }

    fn remove(&mut self, way: usize) {
        let plan = &mut self.plan;
        let units = std::mem::take(&mut plan.units[way]);
        if units == 0 {
            return;
        }
        plan.left[self.problem.ways[way].demand] += units;
        plan.cost += (self.problem.unserved - self.problem.ways[way].each) * S::of(units.into());
        for draw in self.problem.draws(way) {
            plan.drawn[draw.meter] -= draw.each * u64::from(units);
            let before = plan.charge[draw.meter].0;
            plan.charge_anew(self.problem, draw.meter);
            plan.cost += plan.charge[draw.meter].0 - before;
        }
    }

    /// Serves what is left of a demand, each time by the way that is cheapest for
    /// as many units as it can take.
    fn fill(&mut self, demand: usize) {
        while self.plan.left[demand] > 0 {
            let ways = self.problem.demands[demand].ways.clone();
            let offers = ways.filter_map(|way| {
                let room = self.room(way);
                let cost = self.change(way, room).filter(|_| room > 0)?;
                Some((cost.floor_over(room.into()), way, room, cost))
            });
            let Some((each, way, room, cost)) = offers.min() else {
                return;
            };
            if each >= S::ZERO {
                return;
            }
            self.take(way, room, cost);
        }
    }

    fn fill_all(&mut self) {
        for demand in 0..self.problem.demands.len() {
            self.fill(demand);
        }
    }

    /// Serves a demand wholly by another of its ways, as far as that can, if this costs less.
    fn move_demand(&mut self, demand: usize) {
        let ways = self.problem.demands[demand].ways.clone();
        let before = self.plan.cost;
        let mut kept = std::mem::take(&mut self.kept);
        kept.clear();
        kept.extend_from_slice(&self.plan.units[ways.clone()]);
        self.clear(demand);
        let empty = self.plan.cost;
        let mut best: Option<(S, usize)> = None;
        for (way, kept) in ways.clone().zip(&kept) {
            let room = self.room(way);
            if room == 0 || room == *kept {
                continue;
            }
            let Some(change) = self.change(way, room) else { continue };
            let cost = if self.plan.left[demand] == room {
                empty + change
            } else {
                self.take(way, room, change);
                self.fill(demand);
                let cost = self.plan.cost;
                self.clear(demand);
                self.plan.cost = empty;
                cost
            };
            if cost < before && best.is_none_or(|best| (cost, way) < best) {
                best = Some((cost, way));
            }
        }
        match best {
            Some((_, way)) => {
                self.add(way, self.room(way));
                self.fill(demand);
            }
            None => self.put_back(demand, &kept, before),
        }
        self.kept = kept;
    }

    /// Serves a way's demand wholly by it, as far as it can; not if that costs more.
    fn shift(&mut self, way: usize) {
        let demand = self.problem.ways[way].demand;
        let before = self.plan.cost;
        let mut kept = std::mem::take(&mut self.kept);
        kept.clear();
        kept.extend_from_slice(&self.plan.units[self.problem.demands[demand].ways.clone()]);
        self.clear(demand);
        self.add(way, self.room(way));
        self.fill(demand);
        if self.plan.cost >= before {
            self.clear(demand);
            self.put_back(demand, &kept, before);
        }
        self.kept = kept;
    }

    fn put_back(&mut self, demand: usize, kept: &[u32], cost: S) {
        for (way, units) in self.problem.demands[demand].ways.clone().zip(kept) {
            if *units > 0 {
                self.take(way, *units, S::ZERO);
            }
        }
        self.plan.cost = cost;
    }

    fn clear(&mut self, demand: usize) {
        for way in self.problem.demands[demand].ways.clone() {
            if self.plan.units[way] > 0 {
                self.remove(way);
            }
        }
    }

    /// Tries to do without each meter that is used, and to use each that is not.
    fn try_meters(&mut self) {
        let problem = self.problem;
        for (meter, of) in problem.meters.iter().enumerate() {
            if of.links.is_empty() || of.taps.iter().all(|tap| self.most[tap.way] == 0) {
                continue;
            }
            self.before.copy(&self.plan);
            if self.plan.drawn[meter] > 0 {
                self.shut = Some(meter);
                for tap in &of.taps {
                    self.remove(tap.way);
                }
                self.fill_all();
                self.shut = None;
            } else {
                self.sunk = Some(meter);
                for tap in &of.taps {
                    if self.most[tap.way] > 0 {
                        self.shift(tap.way);
                    }
                }
                self.sunk = None;
                // Now its first charge counts.
                let cost = problem.cost_of(&self.plan.units, &self.plan.drawn);
                self.plan.cost = cost.unwrap_or(S::MAX);
            }
            if self.plan.cost >= self.before.cost {
                std::mem::swap(&mut self.plan, &mut self.before);
            }
        }
    }
}

impl<S: Amount> Plan<S> {
    /// Nothing is served.
    fn empty(&mut self, problem: &Problem<S>) {
        self.units.clear();
        self.units.resize(problem.ways.len(), 0);
        self.drawn.clear();
        self.drawn.resize(problem.meters.len(), 0);
        self.charge.clear();
        self.charge.resize(problem.meters.len(), (S::ZERO, 0));
        self.parcels = 0;
        self.left.clear();
        self.left.extend(problem.demands.iter().map(|demand| demand.units));
        let left: u64 = self.left.iter().map(|left| u64::from(*left)).sum();
        self.cost = problem.unserved * S::of(left);
    }

    fn copy(&mut self, other: &Self) {
        self.units.clone_from(&other.units);
        self.left.clone_from(&other.left);
        self.drawn.clone_from(&other.drawn);
        self.charge.clone_from(&other.charge);
        self.parcels = other.parcels;
        self.cost = other.cost;
    }

    /// Looks up what a meter charges for what is drawn now.
    fn charge_anew(&mut self, problem: &Problem<S>, meter: usize) {
        let of = &problem.meters[meter];
        let drawn = self.drawn[meter];
        let step = (drawn > 0).then(|| of.step_at(drawn)).flatten();
        let now = step.map_or((S::ZERO, 0), |step| {
            (of.steps[step].charge(drawn), of.steps[step].parcels)
        });
        self.parcels = self.parcels - self.charge[meter].1 + now.1;
        self.charge[meter] = now;
    }
}
