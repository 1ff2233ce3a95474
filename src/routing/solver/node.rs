//! A part of the search space: limits on every way and meter, and the tightening
//! that draws conclusions from them. What a node is worth is `bound`'s matter.

use super::problem::{Problem, Score};

/// Limits on the plans that a node stands for, and the multipliers that its bound
/// starts from.
#[derive(Clone, Debug)]
pub struct Node {
    /// Units of each way, at least and at most.
    pub low: Vec<u32>,
    pub high: Vec<u32>,
    /// What is drawn from each meter, at least and at most.
    pub from: Vec<u64>,
    pub to: Vec<u64>,
    /// What the bound charges for each piece drawn from a meter.
    pub slope: Vec<Score>,
    /// What the bound charges a demand for each unit that draws on a meter.
    pub share: Vec<Score>,
    /// No plan within the limits costs less.
    pub bound: Score,
    /// Groups that have been given their place.
    pub placed: usize,
}

/// The limits contradict each other: the node holds no plan.
#[derive(Debug)]
pub struct Empty;

impl Node {
    /// All plans that use each way for at most `most` units.
    pub fn root(problem: &Problem, most: &[u32]) -> Self {
        Self {
            low: vec![0; problem.ways.len()],
            high: most.to_vec(),
            from: vec![0; problem.meters.len()],
            to: problem.meters.iter().map(super::problem::Meter::limit).collect(),
            slope: vec![0; problem.meters.len()],
            share: vec![0; problem.links.len()],
            bound: 0,
            placed: 0,
        }
    }

    /// Whether the charge for the first piece is still to be decided.
    pub fn is_free(&self, meter: usize) -> bool {
        self.from[meter] == 0 && self.to[meter] > 0
    }

    /// Narrows every limit to what the others allow.
    pub fn tighten(&mut self, problem: &Problem) -> Result<(), Empty> {
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

    fn tighten_demands(&mut self, problem: &Problem) -> Result<(), Empty> {
        for demand in &problem.demands {
            let fixed: u32 = self.low[demand.ways.clone()].iter().sum();
            let spare = demand.units.checked_sub(fixed).ok_or(Empty)?;
            for way in demand.ways.clone() {
                self.high[way] = self.high[way].min(self.low[way] + spare);
                if self.high[way] < self.low[way] {
                    return Err(Empty);
                }
            }
        }
        Ok(())
    }

    fn tighten_meters(&mut self, problem: &Problem) -> Result<bool, Empty> {
        let mut narrowed = false;
        for (index, meter) in problem.meters.iter().enumerate() {
            let (fixed, possible) = self.reach(problem, index);
            self.from[index] = self.from[index].max(fixed);
            self.to[index] = self.to[index].min(possible);
            if self.from[index] > self.to[index] {
                return Err(Empty);
            }
            let spare = self.to[index] - fixed;
            for &(way, each) in &meter.ways {
                let room = u32::try_from(spare / each).unwrap_or(u32::MAX);
                let high = self.low[way].saturating_add(room);
                if high < self.high[way] {
                    self.high[way] = high;
                    narrowed = true;
                }
            }
        }
        Ok(narrowed)
    }

    /// The least and the most that the ways' limits draw from a meter.
    fn reach(&self, problem: &Problem, meter: usize) -> (u64, u64) {
        let (mut fixed, mut possible) = (0, 0);
        let mut ways = problem.meters[meter].ways.iter().copied().peekable();
        while let Some((first, _)) = ways.peek().copied() {
            let demand = problem.ways[first].demand;
            let (mut sum, mut dearest) = (0, 0);
            while let Some((way, each)) = ways.next_if(|(way, _)| problem.ways[*way].demand == demand) {
                fixed += each * u64::from(self.low[way]);
                sum += each * u64::from(self.high[way]);
                dearest = each.max(dearest);
            }
            possible += sum.min(dearest * u64::from(problem.demands[demand].units));
        }
        (fixed, possible)
    }

    fn tighten_parcels(&mut self, problem: &Problem) -> Result<(), Empty> {
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
