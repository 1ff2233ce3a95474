//! The optimisation problem in its bare form: no suppliers, no money, only
//! demands, the ways to serve them, and meters that charge for what is drawn.
//!
//! A **meter** covers every cost that depends on a sum over the order: a
//! supplier's parcels by weight, an offer's price by quantity, an offer's stock.
//! Its charge is a function of what is drawn from it, linear on each of its steps,
//! zero when nothing is drawn, and impossible beyond the last step.

use std::ops::Range;

use super::amount::Amount;

/// A cost in units fine enough that every amount of the order is a whole number.
pub type Score = i128;

/// What is to be decided: how many units of each demand every way serves.
#[derive(Clone, Debug, Default)]
pub struct Problem<S = Score> {
    pub demands: Vec<Demand>,
    /// Those of one demand stand together, in the order that breaks ties.
    pub ways: Vec<Way<S>>,
    pub meters: Vec<Meter<S>>,
    /// Pairs of a demand and a meter with a charge for the first piece drawn.
    pub links: Vec<Link>,
    /// Demands whose units must come from one place.
    pub groups: Vec<Group>,
    pub max_parcels: Option<u32>,
    /// The cost of each unit that nothing serves: above that of any plan, so that
    /// serving more units always wins.
    pub unserved: S,
    /// Every plan's cost is a multiple of this.
    pub grain: S,
    draws: Vec<Draw>,
}

#[derive(Clone, Debug)]
pub struct Demand {
    pub units: u32,
    pub ways: Range<usize>,
}

#[derive(Clone, Debug)]
pub struct Way<S = Score> {
    pub demand: usize,
    /// What each unit costs besides the meters' charges.
    pub each: S,
    /// Units that it can serve at most.
    pub most: u32,
    draws: Range<usize>,
}

/// What one unit of a way takes from a meter.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    pub meter: usize,
    pub each: u64,
    /// The link of the way's demand to the meter, if the meter has links.
    pub link: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Meter<S = Score> {
    /// By rising `up_to`; at least one.
    pub steps: Vec<Step<S>>,
    pub links: Vec<usize>,
    /// The ways that draw on it, those of one demand together.
    pub taps: Vec<Tap>,
}

/// A way that draws on a meter.
#[derive(Clone, Copy, Debug)]
pub struct Tap {
    pub way: usize,
    /// Pieces for each of its units.
    pub each: u64,
    pub link: Option<usize>,
}

/// The charge for drawing more than the step before allows and at most `up_to`.
#[derive(Clone, Copy, Debug)]
pub struct Step<S = Score> {
    pub up_to: u64,
    pub fixed: S,
    /// For each piece drawn, those of the steps before included.
    pub each: S,
    pub parcels: u32,
}

#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub demand: usize,
    pub meter: usize,
}

/// Demands that one place must serve together.
#[derive(Clone, Debug)]
pub struct Group {
    pub demands: Vec<usize>,
    /// For each possible place the ways that it offers; all others are shut.
    pub places: Vec<Vec<usize>>,
    /// Either all of their units are served, or none.
    pub is_whole: bool,
}

impl<S: Amount> Problem<S> {
    /// A problem without demands. Every cost must be a multiple of `grain`.
    pub fn new(grain: S, unserved: S) -> Self {
        Self {
            unserved,
            grain,
            ..Self::default()
        }
    }

    /// Adds a meter and returns its index. Steps go by rising `up_to`.
    pub fn push_meter(&mut self, steps: Vec<Step<S>>) -> usize {
        self.meters.push(Meter {
            steps,
            links: Vec::new(),
            taps: Vec::new(),
        });
        self.meters.len() - 1
    }

    /// Adds a demand without ways and returns its index.
    pub fn push_demand(&mut self, units: u32) -> usize {
        let at = self.ways.len();
        self.demands.push(Demand { units, ways: at..at });
        self.demands.len() - 1
    }

    /// Adds a way to the newest demand. `draws` names each meter at most once.
    pub fn push_way(&mut self, each: S, most: u32, draws: &[(usize, u64)]) -> usize {
        let (way, demand) = (self.ways.len(), self.demands.len() - 1);
        let first = self.draws.len();
        for &(meter, each) in draws {
            let link = self.link(demand, meter);
            self.draws.push(Draw { meter, each, link });
            self.meters[meter].taps.push(Tap { way, each, link });
        }
        self.ways.push(Way {
            demand,
            each,
            most,
            draws: first..self.draws.len(),
        });
        self.demands[demand].ways.end = way + 1;
        way
    }

    fn link(&mut self, demand: usize, meter: usize) -> Option<usize> {
        let known = &mut self.meters[meter];
        if known.steps.first().is_none_or(|step| step.fixed == S::ZERO) {
            return None;
        }
        if let Some(last) = known.links.last().filter(|link| self.links[**link].demand == demand) {
            return Some(*last);
        }
        known.links.push(self.links.len());
        self.links.push(Link { demand, meter });
        known.links.last().copied()
    }

    /// The units that each way can serve at most.
    pub fn most(&self) -> Vec<u32> {
        self.ways.iter().map(|way| way.most).collect()
    }

    pub fn draws(&self, way: usize) -> &[Draw] {
        &self.draws[self.ways[way].draws.clone()]
    }

    /// Meters that the way draws on, with what one unit takes of each.
    pub fn drawn_by(&self, way: usize) -> Vec<(usize, u64)> {
        self.draws(way).iter().map(|draw| (draw.meter, draw.each)).collect()
    }

    /// What is drawn from each meter when the ways serve these units.
    pub fn drawn(&self, units: &[u32]) -> Vec<u64> {
        let mut drawn = vec![0; self.meters.len()];
        for (way, units) in units.iter().enumerate().filter(|(_, units)| **units > 0) {
            for draw in self.draws(way) {
                drawn[draw.meter] += draw.each * u64::from(*units);
            }
        }
        drawn
    }

    /// Whether each group's units come from one of its places, and no part of them alone.
    pub fn keeps_groups(&self, units: &[u32]) -> bool {
        self.groups.iter().all(|group| {
            let used: Vec<usize> = self.ways_of(group).filter(|way| units[*way] > 0).collect();
            let from_one = |place: &Vec<usize>| used.iter().all(|way| place.contains(way));
            used.is_empty() || group.places.iter().any(from_one)
        }) && self.keeps_wholes(units)
    }

    /// Whether nothing that must be served as a whole is served in part.
    pub fn keeps_wholes(&self, units: &[u32]) -> bool {
        self.groups.iter().all(|group| !self.is_broken(group, units))
    }

    /// Leaves all of what must be served as a whole and is served in part.
    pub fn leave_parts(&self, units: &mut [u32]) {
        while let Some(group) = self.groups.iter().find(|group| self.is_broken(group, units)) {
            for way in self.ways_of(group) {
                units[way] = 0;
            }
        }
    }

    fn ways_of<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = usize> + 'a {
        let demands = group.demands.iter();
        demands.flat_map(|demand| self.demands[*demand].ways.clone())
    }

    fn is_broken(&self, group: &Group, units: &[u32]) -> bool {
        let is_served = |demand: &usize| {
            let of = &self.demands[*demand];
            units[of.ways.clone()].iter().sum::<u32>() == of.units
        };
        group.is_whole && self.ways_of(group).any(|way| units[way] > 0) && !group.demands.iter().all(is_served)
    }

    /// The steepest slope by which all meters together cannot overflow a sum.
    pub fn steepest(&self) -> S {
        let drawn = |meter: &Meter<S>| {
            let taps = meter.taps.iter();
            let all = taps.map(|tap| tap.each * u64::from(self.demands[self.ways[tap.way].demand].units));
            all.sum::<u64>().max(meter.limit())
        };
        let all: u64 = self.meters.iter().map(drawn).sum();
        S::ROOM.over(all + 1)
    }

    /// The cost of an assignment, or `None` when a meter or the number of parcels
    /// does not allow it. Groups are not looked at.
    pub fn cost(&self, units: &[u32]) -> Option<S> {
        self.cost_of(units, &self.drawn(units))
    }

    /// The same where it is known what is drawn from each meter.
    pub fn cost_of(&self, units: &[u32], drawn: &[u64]) -> Option<S> {
        let mut cost = S::ZERO;
        let mut parcels = 0;
        for (meter, drawn) in self.meters.iter().zip(drawn) {
            cost += meter.charge(*drawn)?;
            if self.max_parcels.is_some() {
                parcels += meter.parcels(*drawn);
            }
        }
        for demand in &self.demands {
            let mut left = demand.units;
            for way in demand.ways.clone() {
                cost += self.ways[way].each * S::of(units[way].into());
                left = left.checked_sub(units[way])?;
            }
            cost += self.unserved * S::of(left.into());
        }
        (parcels <= self.max_parcels.unwrap_or(u32::MAX)).then_some(cost)
    }
}

impl Problem {
    /// The same in narrow numbers, if every sum fits.
    pub fn narrowed(&self) -> Option<Problem<i64>> {
        let room = i64::ROOM.wide();
        let units: u64 = self.demands.iter().map(|demand| u64::from(demand.units)).sum();
        let most = |way: &Way| {
            way.each
                .saturating_abs()
                .saturating_mul(self.demands[way.demand].units.into())
        };
        let ways = self.ways.iter().map(most).fold(0, Score::saturating_add);
        let charge = |step: &Step| {
            let pieces = step.each.saturating_abs().saturating_mul(step.up_to.into());
            step.fixed.saturating_abs().saturating_add(pieces)
        };
        let meters = self.meters.iter().map(|meter| meter.steps.iter().map(charge).max());
        let meters = meters.flatten().fold(0, Score::saturating_add);
        let unserved = self.unserved.saturating_mul(units.into());
        if ways.max(meters).max(unserved) >= room {
            return None;
        }
        let step = |step: &Step| Step {
            up_to: step.up_to,
            fixed: i64::narrow(step.fixed),
            each: i64::narrow(step.each),
            parcels: step.parcels,
        };
        let meter = |meter: &Meter| Meter {
            steps: meter.steps.iter().map(step).collect(),
            links: meter.links.clone(),
            taps: meter.taps.clone(),
        };
        let way = |way: &Way| Way {
            demand: way.demand,
            each: i64::narrow(way.each),
            most: way.most,
            draws: way.draws.clone(),
        };
        Some(Problem {
            demands: self.demands.clone(),
            ways: self.ways.iter().map(way).collect(),
            meters: self.meters.iter().map(meter).collect(),
            links: self.links.clone(),
            groups: self.groups.clone(),
            max_parcels: self.max_parcels,
            unserved: i64::narrow(self.unserved),
            grain: i64::narrow(self.grain),
            draws: self.draws.clone(),
        })
    }
}

impl<S: Amount> Meter<S> {
    /// The step that holds an amount above zero.
    pub fn step_at(&self, drawn: u64) -> Option<usize> {
        self.steps.iter().position(|step| step.up_to >= drawn)
    }

    /// What drawing so much costs; `None` beyond the last step.
    pub fn charge(&self, drawn: u64) -> Option<S> {
        if drawn == 0 {
            return Some(S::ZERO);
        }
        self.step_at(drawn).map(|step| self.steps[step].charge(drawn))
    }

    pub fn parcels(&self, drawn: u64) -> u32 {
        if drawn == 0 {
            return 0;
        }
        self.step_at(drawn).map_or(0, |step| self.steps[step].parcels)
    }

    /// The most that can be drawn at all.
    pub fn limit(&self) -> u64 {
        self.steps.last().map_or(0, |step| step.up_to)
    }

    /// The most that can be drawn with so many parcels.
    pub fn limit_with(&self, parcels: u32) -> u64 {
        let enough = self.steps.iter().take_while(|step| step.parcels <= parcels);
        enough.last().map_or(0, |step| step.up_to)
    }

    /// The ends of its steps within `from..=to`, where `from` is at least 1.
    pub fn corners(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, S)> + '_ {
        let mut begin = 1;
        self.steps.iter().flat_map(move |step| {
            let (low, high) = (begin.max(from), step.up_to.min(to));
            begin = step.up_to + 1;
            let first = (low <= high).then(|| (low, step.charge(low)));
            let second = (low < high).then(|| (high, step.charge(high)));
            first.into_iter().chain(second)
        })
    }
}

impl<S: Amount> Step<S> {
    pub fn charge(&self, drawn: u64) -> S {
        self.fixed + self.each * S::of(drawn)
    }
}
