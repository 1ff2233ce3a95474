//! A lower bound on the cost of every plan within a node, and the assignment that
//! it comes from.
//!
//! Lagrange: each meter's charge is replaced by a price for every piece (its
//! *slope*) plus the least that the true charge can exceed it by (its *intercept*).
//! A charge for the first piece is moreover shared out among the demands that may
//! cause it (their *shares*), which are raised as long as it makes the bound grow:
//! the dual ascent known from facility location. What remains falls apart into one
//! trivial problem per demand. The bound holds for whatever slopes and shares, so
//! these are found by rule of thumb, in whole numbers, and the bound is exact.

use super::{
    node::Node,
    problem::{Demand, Meter, Problem, Score},
};

/// Turns of raising all demands once; more seldom help.
const PASSES: usize = 24;

/// Computes bounds, and keeps its memory from one node to the next.
#[derive(Debug, Default)]
pub struct Bounder {
    now: Relaxed,
    best: Relaxed,
    best_slope: Vec<Score>,
    best_share: Vec<Score>,
    /// Units that a demand can pass through a link at most.
    cap: Vec<u64>,
    /// Ways of one demand by price.
    order: Vec<(Score, usize)>,
    chosen: Vec<usize>,
    /// Demands that cannot be raised any further.
    stuck: Vec<bool>,
}

/// The cheapest assignment once the meters are replaced.
#[derive(Debug, Default, Clone)]
pub struct Relaxed {
    pub bound: Score,
    pub units: Vec<u32>,
    pub drawn: Vec<u64>,
    /// What a unit of each way costs under the slopes and shares.
    price: Vec<Score>,
    /// What the last unit of each demand costs.
    level: Vec<Score>,
    /// The least that each meter's charge exceeds its slope by.
    intercept: Vec<Score>,
    /// For a free meter, the part of the intercept that no demand shares.
    slack: Vec<Score>,
}

impl Bounder {
    /// What the last call of [`Self::bound`] found.
    pub const fn relaxed(&self) -> &Relaxed {
        &self.best
    }

    /// Sets a meter's slope for its window, as if so much were drawn.
    pub fn reslope(problem: &Problem, node: &mut Node, meter: usize, drawn: u64) {
        if node.to[meter] > 0
            && let Some(slope) = slope_at(&problem.meters[meter], node, meter, drawn)
        {
            node.slope[meter] = slope;
        }
    }

    /// Sets the node's bound, adjusting its slopes and shares in at most `rounds`,
    /// and only until it is `enough`.
    pub fn bound(&mut self, problem: &Problem, node: &mut Node, rounds: usize, enough: Score) {
        self.size(problem);
        for round in 0..rounds.max(1) {
            self.evaluate(problem, node);
            if round > 0 && self.now.bound <= self.best.bound {
                break;
            }
            std::mem::swap(&mut self.now, &mut self.best);
            self.best_slope.clone_from(&node.slope);
            self.best_share.clone_from(&node.share);
            let done = round + 1 == rounds || self.best.bound >= enough;
            if done || !self.adjust(problem, node) {
                break;
            }
        }
        node.slope.clone_from(&self.best_slope);
        node.share.clone_from(&self.best_share);
        node.bound = node.bound.max(self.best.bound);
    }

    /// Shuts what cannot be part of a plan that costs less than `best`, by the
    /// bound computed last, which must be the node's.
    pub fn shave(&self, problem: &Problem, node: &mut Node, best: Score) -> bool {
        let gap = best - problem.grain - self.best.bound;
        let mut shut = false;
        for meter in 0..problem.meters.len() {
            if node.is_free(meter) && self.best.slack[meter] > gap {
                node.to[meter] = 0;
                shut = true;
            }
        }
        for (index, way) in problem.ways.iter().enumerate() {
            let over = self.best.price[index] - self.best.level[way.demand];
            if node.high[index] > node.low[index] && over > gap {
                node.high[index] = node.low[index];
                shut = true;
            }
        }
        shut
    }

    /// How far the true charge of a meter exceeds what the bound counts for it.
    pub fn excess(&self, problem: &Problem, node: &Node, meter: usize) -> Option<Score> {
        let drawn = self.best.drawn[meter];
        let charge = problem.meters[meter].charge(drawn)?;
        let mut counted = node.slope[meter] * Score::from(drawn);
        if node.is_free(meter) {
            counted += self.best.slack[meter].min(0);
            for &(way, _) in &problem.meters[meter].ways {
                let links = problem.draws(way).iter().filter(|draw| draw.meter == meter);
                let share: Score = links.filter_map(|draw| draw.link).map(|link| node.share[link]).sum();
                counted += share * Score::from(self.best.units[way]);
            }
        } else {
            counted += self.best.intercept[meter];
        }
        Some(charge - counted)
    }

    fn size(&mut self, problem: &Problem) {
        for relaxed in [&mut self.now, &mut self.best] {
            relaxed.units.resize(problem.ways.len(), 0);
            relaxed.price.resize(problem.ways.len(), 0);
            relaxed.level.resize(problem.demands.len(), 0);
            relaxed.drawn.resize(problem.meters.len(), 0);
            relaxed.intercept.resize(problem.meters.len(), 0);
            relaxed.slack.resize(problem.meters.len(), 0);
        }
        self.cap.resize(problem.links.len(), 0);
    }

    fn evaluate(&mut self, problem: &Problem, node: &mut Node) {
        self.prepare(problem, node);
        if node.share.iter().any(|share| *share > 0) {
            for demand in 0..problem.demands.len() {
                self.release(problem, node, demand);
            }
        }
        self.stuck.clear();
        self.stuck.resize(problem.demands.len(), false);
        for _ in 0..PASSES {
            for demand in 0..problem.demands.len() {
                // Slack only shrinks, so what cannot be raised now cannot be raised later.
                if !self.stuck[demand] {
                    self.stuck[demand] = !self.raise(problem, node, demand);
                }
            }
            if self.stuck.iter().all(|stuck| *stuck) {
                break;
            }
        }
        self.fill(problem, node);
    }

    /// Intercepts, slacks and prices under the node's slopes and shares.
    fn prepare(&mut self, problem: &Problem, node: &mut Node) {
        self.cap.fill(0);
        for way in 0..problem.ways.len() {
            for link in problem.draws(way).iter().filter_map(|draw| draw.link) {
                self.cap[link] += u64::from(node.high[way]);
            }
        }
        for (link, cap) in problem.links.iter().zip(&mut self.cap) {
            *cap = (*cap).min(u64::from(problem.demands[link.demand].units));
        }
        for (index, meter) in problem.meters.iter().enumerate() {
            let intercept = intercept(meter, node, index);
            let shared = |link: &usize| node.share[*link] * Score::from(self.cap[*link]);
            let mut slack = intercept - meter.links.iter().map(shared).sum::<Score>();
            // The shares of the parent may no longer fit, or the charge may be due anyhow.
            if !node.is_free(index) || slack < 0 {
                for link in &meter.links {
                    node.share[*link] = 0;
                }
                slack = intercept;
            }
            self.now.intercept[index] = intercept;
            self.now.slack[index] = slack;
        }
        for (index, way) in problem.ways.iter().enumerate() {
            let draws = problem.draws(index).iter();
            let charge = draws.map(|draw| {
                node.slope[draw.meter] * Score::from(draw.each) + draw.link.map_or(0, |link| node.share[link])
            });
            self.now.price[index] = way.each + charge.sum::<Score>();
        }
    }

    /// Lists the demand's open ways by price; returns the units that are not fixed.
    fn sort(&mut self, problem: &Problem, node: &Node, demand: usize) -> u32 {
        let Demand { units, ways } = problem.demands[demand].clone();
        let fixed: u32 = node.low[ways.clone()].iter().sum();
        self.order.clear();
        let open = ways.filter(|way| node.high[*way] > node.low[*way]);
        self.order.extend(open.map(|way| (self.now.price[way], way)));
        self.order.sort_unstable();
        units - fixed
    }

    /// Takes back the shares that make a demand's ways dearer than its last unit:
    /// they add nothing to the bound, and the slack is of use to other demands.
    fn release(&mut self, problem: &Problem, node: &mut Node, demand: usize) {
        let spare = u64::from(self.sort(problem, node, demand));
        let (level, _) = self.level(problem, node, spare);
        for at in 0..self.order.len() {
            for draw in problem.draws(self.order[at].1) {
                let Some(link) = draw.link.filter(|link| node.share[*link] > 0) else {
                    continue;
                };
                let ways = problem.demands[demand].ways.clone();
                let linked = ways.filter(|way| problem.draws(*way).iter().any(|draw| draw.link == Some(link)));
                let over = linked.map(|way| self.now.price[way] - level).min().unwrap_or(0);
                if over > 0 {
                    self.lift(problem, node, demand, link, -over.min(node.share[link]));
                }
            }
        }
    }

    /// The price of the demand's last unit, and the place in `order` where it is.
    fn level(&self, problem: &Problem, node: &Node, spare: u64) -> (Score, usize) {
        let mut filled = 0;
        for (at, (price, way)) in self.order.iter().enumerate() {
            filled += u64::from(node.high[*way] - node.low[*way]);
            if filled >= spare {
                return ((*price).min(problem.unserved), at);
            }
        }
        (problem.unserved, self.order.len())
    }

    /// Raises a demand's shares so that its last unit becomes dearer, as far as
    /// the next price or the slack of the meters allows. False if it cannot.
    fn raise(&mut self, problem: &Problem, node: &mut Node, demand: usize) -> bool {
        let spare = u64::from(self.sort(problem, node, demand));
        if spare == 0 {
            return false;
        }
        let (level, at) = self.level(problem, node, spare);
        let below = self.order.partition_point(|(price, _)| *price < level);
        // Units surely served below the level gain whatever they are raised by.
        let mut raised = false;
        for at in 0..below {
            let way = self.order[at].1;
            let wanted = level - self.now.price[way];
            if let Some((link, step)) = self.raisable(problem, node, way).filter(|_| wanted > 0) {
                self.lift(problem, node, demand, link, step.min(wanted));
                raised = true;
            }
        }
        if raised || at == self.order.len() {
            return raised;
        }
        let room = |way: usize| u64::from(node.high[way] - node.low[way]);
        let served: u64 = self.order[..below].iter().map(|(_, way)| room(*way)).sum();
        self.raise_level(problem, node, demand, below, spare - served)
    }

    /// Raises all ways at the demand's level at once, unless those that cannot be
    /// raised would take all of the `wanted` units.
    fn raise_level(&mut self, problem: &Problem, node: &mut Node, demand: usize, below: usize, wanted: u64) -> bool {
        let level = self.order[below].0;
        let above = below + self.order[below..].partition_point(|(price, _)| *price == level);
        let next = self.order.get(above).map_or(problem.unserved, |(price, _)| *price);
        let mut step = next.min(problem.unserved) - level;
        let mut stuck = 0;
        self.chosen.clear();
        for at in below..above {
            let way = self.order[at].1;
            match self.raisable(problem, node, way) {
                Some((link, most)) => {
                    step = step.min(most);
                    if !self.chosen.contains(&link) {
                        self.chosen.push(link);
                    }
                }
                None => stuck += u64::from(node.high[way] - node.low[way]),
            }
        }
        if stuck >= wanted || step <= 0 {
            return false;
        }
        for at in 0..self.chosen.len() {
            self.lift(problem, node, demand, self.chosen[at], step);
        }
        true
    }

    /// The link of a way by which its price can be raised most, and how far.
    fn raisable(&self, problem: &Problem, node: &Node, way: usize) -> Option<(usize, Score)> {
        let draws = problem.draws(way).iter().filter(|draw| node.is_free(draw.meter));
        let links = draws.filter_map(|draw| Some((draw.link?, self.now.slack[draw.meter])));
        links
            .map(|(link, slack)| (link, slack / Score::from(self.cap[link].max(1))))
            .filter(|(_, most)| *most > 0)
            .max_by_key(|(_, most)| *most)
    }

    fn lift(&mut self, problem: &Problem, node: &mut Node, demand: usize, link: usize, by: Score) {
        node.share[link] += by;
        self.now.slack[problem.links[link].meter] -= by * Score::from(self.cap[link]);
        for way in problem.demands[demand].ways.clone() {
            if problem.draws(way).iter().any(|draw| draw.link == Some(link)) {
                self.now.price[way] += by;
            }
        }
    }

    /// Serves each demand by its cheapest ways and adds up the bound.
    fn fill(&mut self, problem: &Problem, node: &Node) {
        let mut bound = 0;
        self.now.units.copy_from_slice(&node.low);
        for demand in 0..problem.demands.len() {
            let mut spare = self.sort(problem, node, demand);
            let mut level = problem.unserved;
            for &(price, way) in self.order.iter().take_while(|(price, _)| *price < problem.unserved) {
                let taken = spare.min(node.high[way] - node.low[way]);
                self.now.units[way] += taken;
                spare -= taken;
                if spare == 0 {
                    level = price;
                    break;
                }
            }
            self.now.level[demand] = level;
            bound += problem.unserved * Score::from(spare);
        }
        self.now.drawn.fill(0);
        for (way, units) in self.now.units.iter().enumerate().filter(|(_, units)| **units > 0) {
            bound += self.now.price[way] * Score::from(*units);
            for draw in problem.draws(way) {
                self.now.drawn[draw.meter] += draw.each * u64::from(*units);
            }
        }
        for meter in 0..problem.meters.len() {
            bound += if node.is_free(meter) {
                self.now.slack[meter].min(0)
            } else {
                self.now.intercept[meter]
            };
        }
        self.now.bound = bound;
    }

    /// Moves the slopes towards what the last assignment draws; false if all stay.
    fn adjust(&mut self, problem: &Problem, node: &mut Node) -> bool {
        let mut moved = false;
        for (index, meter) in problem.meters.iter().enumerate() {
            let drawn = self.best.drawn[index];
            if node.to[index] == 0 || (node.from[index] == 0 && drawn == 0) {
                continue;
            }
            let slope = if drawn > node.to[index] {
                self.scarce(problem, node, index)
            } else {
                slope_at(meter, node, index, drawn)
            };
            if let Some(slope) = slope.filter(|slope| *slope != node.slope[index]) {
                node.slope[index] = slope;
                moved = true;
            }
        }
        moved
    }

    /// The slope at which some way ceases to draw on a meter that is overdrawn.
    fn scarce(&self, problem: &Problem, node: &Node, meter: usize) -> Option<Score> {
        let now = &self.best;
        let ways = problem.meters[meter].ways.iter();
        let used = ways.filter(|(way, _)| now.units[*way] > node.low[*way]);
        let regret = used.map(|&(way, each)| {
            let Demand { ways, .. } = problem.demands[problem.ways[way].demand].clone();
            let others = ways.filter(|other| now.units[*other] < node.high[*other] && *other != way);
            let next = others.map(|other| now.price[other]).min();
            let next = next.map_or(problem.unserved, |next| next.min(problem.unserved));
            (next - now.price[way]).max(0) / Score::from(each) + 1
        });
        regret.min().map(|regret| node.slope[meter] + regret)
    }
}

/// The least by which the charge exceeds the slope within the node's window; for
/// a free meter, if anything is drawn.
fn intercept(meter: &Meter, node: &Node, index: usize) -> Score {
    let over = |(drawn, charge): (u64, Score)| charge - node.slope[index] * Score::from(drawn);
    let corners = meter.corners(node.from[index].max(1), node.to[index]);
    corners.map(over).min().unwrap_or(0)
}

/// The slope of the charge's lower hull where `at` is drawn, within the node's
/// window. A free meter with shares keeps an intercept for them to share.
fn slope_at(meter: &Meter, node: &Node, index: usize, at: u64) -> Option<Score> {
    let free = node.is_free(index);
    let first = if free { 1 } else { node.from[index] };
    let at = at.clamp(first, node.to[index]);
    let mut hull: Vec<(u64, Score)> = Vec::new();
    let origin = (free && meter.links.is_empty()).then_some((0, 0));
    for corner in origin.into_iter().chain(meter.corners(first, node.to[index])) {
        while let [.., a, b] = hull[..] {
            // Keep b only if it lies below the line from a to the corner.
            let left = (b.1 - a.1) * Score::from(corner.0 - b.0);
            let right = (corner.1 - b.1) * Score::from(b.0 - a.0);
            if left < right {
                break;
            }
            hull.pop();
        }
        hull.push(corner);
    }
    let edges = hull.windows(2).enumerate();
    let edges = edges
        .take_while(|(place, edge)| *place == 0 || edge[0].0 < at)
        .map(|(_, edge)| edge);
    let slope = |edge: &[(u64, Score)]| (edge[1].1 - edge[0].1).div_euclid(Score::from(edge[1].0 - edge[0].0));
    let leaves = |slope: &Score, edge: &[(u64, Score)]| edge[0].1 - slope * Score::from(edge[0].0) >= 0;
    let fits = edges.filter(|edge| !free || meter.links.is_empty() || leaves(&slope(edge), edge));
    fits.last().map(slope)
}
