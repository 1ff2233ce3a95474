//! A part of the search space: limits on every way and meter, and the tightening
//! that draws conclusions from them. What a node is worth is `bound`'s matter.

use super::{
    amount::Amount,
    problem::{Demand, Meter, Problem},
};

/// Limits on the plans that a node stands for, and the multipliers that its bound
/// starts from.
#[derive(Debug, Default)]
pub struct Node<S> {
    /// Units of each way, at least and at most.
    pub low: Vec<u32>,
    pub high: Vec<u32>,
    /// What is drawn from each meter, at least and at most.
    pub from: Vec<u64>,
    pub to: Vec<u64>,
    /// What the bound charges for each piece drawn from a meter.
    pub slope: Vec<S>,
    /// What the bound charges a demand for each unit that draws on a meter.
    pub share: Vec<S>,
    /// No plan within the limits costs less.
    pub bound: S,
    /// Groups that have been given their place.
    pub placed: usize,
    /// Demands of which no unit may be left.
    pub whole: Vec<bool>,
}

/// The limits contradict each other: the node holds no plan.
#[derive(Debug)]
pub struct Empty;

impl<S: Amount> Node<S> {
    /// All plans that use each way for at most `most` units.
    pub fn root(problem: &Problem<S>, most: &[u32]) -> Self {
        Self {
            low: vec![0; problem.ways.len()],
            high: most.to_vec(),
            from: vec![0; problem.meters.len()],
            to: problem.meters.iter().map(Meter::limit).collect(),
            slope: vec![S::ZERO; problem.meters.len()],
            share: vec![S::ZERO; problem.links.len()],
            bound: S::ZERO,
            placed: 0,
            whole: vec![false; problem.demands.len()],
        }
    }

    /// Becomes the same as another, in the memory that it has.
    pub fn copy(&mut self, other: &Self) {
        self.low.clone_from(&other.low);
        self.high.clone_from(&other.high);
        self.from.clone_from(&other.from);
        self.to.clone_from(&other.to);
        self.slope.clone_from(&other.slope);
        self.share.clone_from(&other.share);
        self.bound = other.bound;
        self.placed = other.placed;
        self.whole.clone_from(&other.whole);
    }

    /// Whether the charge for the first piece is still to be decided.
    pub fn is_free(&self, meter: usize) -> bool {
        self.from[meter] == 0 && self.to[meter] > 0
    }

    /// Narrows every limit to what the others allow.
    pub fn tighten(&mut self, problem: &Problem<S>) -> Result<(), Empty> {
        // More rounds seldom find more, and none is needed to stay correct.
        for _ in 0..3 {
            self.tighten_parcels(problem)?;
            self.tighten_demands(problem)?;
            if !self.tighten_meters(problem)? {
                break;
            }
        }
        Ok(())
    }

    fn tighten_demands(&mut self, problem: &Problem<S>) -> Result<(), Empty> {
        for (index, demand) in problem.demands.iter().enumerate() {
            let fixed: u32 = self.low[demand.ways.clone()].iter().sum();
            let spare = demand.units.checked_sub(fixed).ok_or(Empty)?;
            for way in demand.ways.clone() {
                self.high[way] = self.high[way].min(self.low[way] + spare);
                if self.high[way] < self.low[way] {
                    return Err(Empty);
                }
            }
            if self.whole[index] {
                self.tighten_whole(demand)?;
            }
        }
        Ok(())
    }

    /// What the other ways cannot serve of a demand that is served as a whole, each must.
    fn tighten_whole(&mut self, demand: &Demand) -> Result<(), Empty> {
        let possible: u64 = self.high[demand.ways.clone()].iter().map(|high| u64::from(*high)).sum();
        let spare = possible.checked_sub(demand.units.into()).ok_or(Empty)?;
        for way in demand.ways.clone() {
            let least = u64::from(self.high[way]).saturating_sub(spare);
            // At most its high, which is a u32.
            self.low[way] = self.low[way].max(u32::try_from(least).unwrap_or(self.high[way]));
        }
        Ok(())
    }

    fn tighten_meters(&mut self, problem: &Problem<S>) -> Result<bool, Empty> {
        let mut narrowed = false;
        for (index, meter) in problem.meters.iter().enumerate() {
            let (fixed, possible) = self.reach(problem, index);
            self.from[index] = self.from[index].max(fixed);
            self.to[index] = self.to[index].min(possible);
            if self.from[index] > self.to[index] {
                return Err(Empty);
            }
            let spare = self.to[index] - fixed;
            if possible - fixed <= spare {
                continue;
            }
            for tap in &meter.taps {
                let width = self.high[tap.way] - self.low[tap.way];
                if u64::from(width) * tap.each > spare {
                    // Less than the width, which is a u32.
                    self.high[tap.way] = self.low[tap.way] + u32::try_from(spare / tap.each).unwrap_or(width);
                    narrowed = true;
                }
            }
        }
        Ok(narrowed)
    }

    /// The least and the most that the ways' limits draw from a meter.
    fn reach(&self, problem: &Problem<S>, meter: usize) -> (u64, u64) {
        let (mut fixed, mut possible) = (0, 0);
        let (mut demand, mut sum, mut dearest) = (usize::MAX, 0, 0);
        for tap in &problem.meters[meter].taps {
            let of = problem.ways[tap.way].demand;
            if of != demand {
                possible += most_of(problem, demand, sum, dearest);
                (demand, sum, dearest) = (of, 0, 0);
            }
            fixed += tap.each * u64::from(self.low[tap.way]);
            sum += tap.each * u64::from(self.high[tap.way]);
            if self.high[tap.way] > 0 {
                dearest = tap.each.max(dearest);
            }
        }
        (fixed, possible + most_of(problem, demand, sum, dearest))
    }

    fn tighten_parcels(&mut self, problem: &Problem<S>) -> Result<(), Empty> {
        let Some(most) = problem.max_parcels else {
            return Ok(());
        };
        let parcels = |index: usize| problem.meters[index].parcels(self.from[index]);
        let certain: u32 = (0..problem.meters.len()).map(parcels).sum();
        let spare = most.checked_sub(certain).ok_or(Empty)?;
        for (index, meter) in problem.meters.iter().enumerate() {
            let limit = meter.limit_with(meter.parcels(self.from[index]) + spare);
            self.to[index] = self.to[index].min(limit);
            if self.from[index] > self.to[index] {
                return Err(Empty);
            }
        }
        Ok(())
    }
}

/// What the ways of a demand draw at most, where their limits come to `sum`.
fn most_of<S>(problem: &Problem<S>, demand: usize, sum: u64, dearest: u64) -> u64 {
    let units = problem.demands.get(demand).map_or(0, |demand| u64::from(demand.units));
    sum.min(dearest * units)
}
