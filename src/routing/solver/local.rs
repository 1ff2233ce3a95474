//! Makes a good plan of a rough one: repairs what the meters do not allow, then
//! moves units, and shuts or opens whole meters, as long as the cost falls.

use super::problem::{Problem, Score};

/// Rounds of moves; each ends early when nothing improves.
const ROUNDS: usize = 6;

/// Turns `units` into a plan within `most` and returns its cost. `None` never
/// happens for a problem whose meters allow that nothing is drawn.
pub fn improve(problem: &Problem, most: &[u32], units: &mut [u32]) -> Option<Score> {
    let mut plan = Plan::empty(problem, most);
    for (way, units) in units.iter().enumerate() {
        let fits = plan.room(way).min(*units);
        plan.add(way, fits);
    }
    plan.fill_all();
    for _ in 0..ROUNDS {
        let before = plan.cost;
        plan.shift_demands();
        plan.try_meters();
        if plan.cost >= before {
            break;
        }
    }
    units.copy_from_slice(&plan.units);
    problem.cost(units)
}

#[derive(Clone)]
struct Plan<'a> {
    problem: &'a Problem,
    most: &'a [u32],
    units: Vec<u32>,
    left: Vec<u32>,
    drawn: Vec<u64>,
    parcels: u32,
    cost: Score,
    /// A meter that must not be drawn on for now.
    shut: Option<usize>,
    /// A meter whose charge for the first piece does not count for now.
    sunk: Option<usize>,
    /// Where a move keeps what it may have to put back.
    kept: Vec<u32>,
}

impl<'a> Plan<'a> {
    fn empty(problem: &'a Problem, most: &'a [u32]) -> Self {
        let left: Vec<u32> = problem.demands.iter().map(|demand| demand.units).collect();
        Self {
            problem,
            most,
            units: vec![0; problem.ways.len()],
            drawn: vec![0; problem.meters.len()],
            parcels: 0,
            cost: left.iter().map(|left| problem.unserved * Score::from(*left)).sum(),
            left,
            shut: None,
            sunk: None,
            kept: Vec::new(),
        }
    }

    /// Units that the way could serve besides those it serves.
    fn room(&self, way: usize) -> u32 {
        let mut room = (self.most[way] - self.units[way]).min(self.left[self.problem.ways[way].demand]);
        for draw in self.problem.draws(way) {
            if self.shut == Some(draw.meter) {
                return 0;
            }
            let meter = &self.problem.meters[draw.meter];
            let limit = self.problem.max_parcels.map_or(meter.limit(), |most| {
                let others = self.parcels - meter.parcels(self.drawn[draw.meter]);
                meter.limit_with(most.saturating_sub(others))
            });
            let fits = limit.saturating_sub(self.drawn[draw.meter]) / draw.each;
            room = room.min(u32::try_from(fits).unwrap_or(u32::MAX));
        }
        room
    }

    /// What serving so many more units by the way changes in cost, or `None` if
    /// the parcels of several meters together do not allow it.
    fn change(&self, way: usize, more: u32) -> Option<Score> {
        let more = u64::from(more);
        let mut cost = (self.problem.ways[way].each - self.problem.unserved) * Score::from(more);
        let mut parcels = self.parcels;
        for draw in self.problem.draws(way) {
            let meter = &self.problem.meters[draw.meter];
            let before = self.drawn[draw.meter];
            let after = before + draw.each * more;
            cost += meter.charge(after)? - meter.charge(before)?;
            parcels = parcels - meter.parcels(before) + meter.parcels(after);
            if before == 0 && self.sunk == Some(draw.meter) {
                cost -= meter.charge(1)?;
            }
        }
        (parcels <= self.problem.max_parcels.unwrap_or(u32::MAX)).then_some(cost)
    }

    fn add(&mut self, way: usize, more: u32) {
        let Some(cost) = self.change(way, more).filter(|_| more > 0) else {
            return;
        };
        self.cost += cost;
        self.units[way] += more;
        self.left[self.problem.ways[way].demand] -= more;
        self.draw(way, more, true);
    }

    fn remove(&mut self, way: usize) {
        let units = std::mem::take(&mut self.units[way]);
        if units == 0 {
            return;
        }
        self.left[self.problem.ways[way].demand] += units;
        self.cost += (self.problem.unserved - self.problem.ways[way].each) * Score::from(units);
        self.draw(way, units, false);
    }

    fn draw(&mut self, way: usize, units: u32, more: bool) {
        for draw in self.problem.draws(way) {
            let meter = &self.problem.meters[draw.meter];
            let before = self.drawn[draw.meter];
            let by = draw.each * u64::from(units);
            let after = if more { before + by } else { before - by };
            self.drawn[draw.meter] = after;
            self.parcels = self.parcels - meter.parcels(before) + meter.parcels(after);
            if !more {
                let charge = |drawn| meter.charge(drawn).unwrap_or(0);
                self.cost += charge(after) - charge(before);
            }
        }
    }

    /// Serves what is left of a demand, each time by the way that is cheapest for
    /// as many units as it can take.
    fn fill(&mut self, demand: usize) {
        while self.left[demand] > 0 {
            let ways = self.problem.demands[demand].ways.clone();
            let offers = ways.filter_map(|way| {
                let room = self.room(way);
                let cost = self.change(way, room).filter(|_| room > 0)?;
                Some((cost.div_euclid(Score::from(room)), way, room))
            });
            let Some((cost, way, room)) = offers.min() else { return };
            if cost >= 0 {
                return;
            }
            self.add(way, room);
        }
    }

    fn fill_all(&mut self) {
        for demand in 0..self.problem.demands.len() {
            self.fill(demand);
        }
    }

    /// Tries every demand wholly by each of its other ways.
    fn shift_demands(&mut self) {
        for demand in 0..self.problem.demands.len() {
            for way in self.problem.demands[demand].ways.clone() {
                if self.most[way] > self.units[way] {
                    self.shift(way);
                }
            }
        }
    }

    /// Serves a way's demand wholly by it, as far as it can; not if that costs more.
    fn shift(&mut self, way: usize) {
        let demand = self.problem.ways[way].demand;
        let ways = self.problem.demands[demand].ways.clone();
        let before = self.cost;
        let mut kept = std::mem::take(&mut self.kept);
        kept.clear();
        kept.extend_from_slice(&self.units[ways.clone()]);
        self.clear(demand);
        self.add(way, self.room(way));
        self.fill(demand);
        if self.cost >= before {
            self.clear(demand);
            for (way, units) in ways.zip(&kept) {
                self.add(way, *units);
            }
            self.cost = before;
        }
        self.kept = kept;
    }

    /// Tries to do without each meter that is used, and to use each that is not.
    fn try_meters(&mut self) {
        for meter in 0..self.problem.meters.len() {
            if self.problem.meters[meter].links.is_empty() {
                continue;
            }
            let mut other = self.clone();
            if self.drawn[meter] > 0 {
                other.shut = Some(meter);
                for at in 0..self.problem.meters[meter].ways.len() {
                    other.remove(self.problem.meters[meter].ways[at].0);
                }
                other.fill_all();
            } else {
                other.sunk = Some(meter);
                other.draw_to(meter);
            }
            (other.shut, other.sunk) = (None, None);
            if let Some(cost) = self.problem.cost(&other.units).filter(|cost| *cost < self.cost) {
                other.cost = cost;
                *self = other;
            }
        }
    }

    /// Moves every demand to the meter that gains by it once its first charge is paid.
    fn draw_to(&mut self, meter: usize) {
        for at in 0..self.problem.meters[meter].ways.len() {
            self.shift(self.problem.meters[meter].ways[at].0);
        }
    }

    fn clear(&mut self, demand: usize) {
        for way in self.problem.demands[demand].ways.clone() {
            self.remove(way);
        }
    }
}
