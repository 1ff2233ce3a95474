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

mod climb;

use super::{
    amount::Amount,
    node::Node,
    problem::{Demand, Problem, Tap},
    slope::{Hull, intercept},
};

/// Turns of raising all demands once; more seldom help.
const PASSES: usize = 24;

/// Computes bounds, and keeps its memory from one node to the next.
#[derive(Debug, Default)]
pub struct Bounder<S> {
    now: Relaxed<S>,
    best: Relaxed<S>,
    best_slope: Vec<S>,
    best_share: Vec<S>,
    /// Units that a demand can pass through a link at most.
    cap: Vec<u64>,
    /// The ways of each demand that are open, by price, where its ways begin.
    order: Vec<(S, usize)>,
    /// How many of a demand's ways are open, and its units that are not fixed.
    open: Vec<(usize, u64)>,
    /// The ways of each link, from one mark to the next.
    linked: Vec<usize>,
    marks: Vec<usize>,
    chosen: Vec<usize>,
    hull: Hull<S>,
    /// How much more is drawn from each meter than is charged for.
    gradient: Vec<i128>,
    /// Bounds computed so far.
    pub evaluated: u32,
    /// Demands that cannot be raised any further.
    stuck: Vec<bool>,
}

/// The cheapest assignment once the meters are replaced.
#[derive(Debug, Default)]
pub struct Relaxed<S> {
    pub bound: S,
    pub units: Vec<u32>,
    pub drawn: Vec<u64>,
    /// What a unit of each way costs under the slopes and shares.
    price: Vec<S>,
    /// What the last unit of each demand costs.
    level: Vec<S>,
    /// The least that each meter's charge exceeds its slope by.
    intercept: Vec<S>,
    /// For a free meter, the part of the intercept that no demand shares.
    slack: Vec<S>,
}

impl<S: Amount> Relaxed<S> {
    /// What a unit of a way costs under the slopes and shares.
    pub fn price(&self, way: usize) -> S {
        self.price[way]
    }

    /// By how much less a free meter may charge than the prices of its ways say, at most.
    pub fn rebate(&self, meter: usize) -> S {
        -self.slack[meter].min(S::ZERO)
    }
}

impl<S: Amount> Bounder<S> {
    /// Makes room for a problem, whose bounds are computed from now on.
    pub fn of(problem: &Problem<S>) -> Self {
        let mut bounder = Self {
            hull: Hull::new(problem.steepest()),
            ..Self::default()
        };
        bounder.size(problem);
        bounder
    }

    /// What the last call of [`Self::bound`] found.
    pub const fn relaxed(&self) -> &Relaxed<S> {
        &self.best
    }

    /// Sets a meter's slope for its window, as if so much were drawn.
    pub fn reslope(&mut self, problem: &Problem<S>, node: &mut Node<S>, meter: usize, drawn: u64) {
        if node.to[meter] > 0
            && let Some(slope) = self.hull.slope_at(&problem.meters[meter], node, meter, drawn)
        {
            node.slope[meter] = slope;
        }
    }

    /// Sets the node's bound, adjusting its slopes and shares in at most `rounds`,
    /// and only until it is `enough`.
    pub fn bound(&mut self, problem: &Problem<S>, node: &mut Node<S>, rounds: usize, enough: S) {
        self.open(problem, node);
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
    pub fn shave(&self, problem: &Problem<S>, node: &mut Node<S>, best: S) -> bool {
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
    pub fn excess(&self, problem: &Problem<S>, node: &Node<S>, meter: usize) -> Option<S> {
        let drawn = self.best.drawn[meter];
        let charge = problem.meters[meter].charge(drawn)?;
        let mut counted = node.slope[meter] * S::of(drawn);
        if node.is_free(meter) {
            counted += self.best.slack[meter].min(S::ZERO);
            for tap in &problem.meters[meter].taps {
                let units = self.best.units[tap.way];
                if units > 0
                    && let Some(link) = tap.link
                {
                    counted += node.share[link] * S::of(units.into());
                }
            }
        } else {
            counted += self.best.intercept[meter];
        }
        Some(charge - counted)
    }

    fn size(&mut self, problem: &Problem<S>) {
        for relaxed in [&mut self.now, &mut self.best] {
            relaxed.units.resize(problem.ways.len(), 0);
            relaxed.price.resize(problem.ways.len(), S::ZERO);
            relaxed.level.resize(problem.demands.len(), S::ZERO);
            relaxed.drawn.resize(problem.meters.len(), 0);
            relaxed.intercept.resize(problem.meters.len(), S::ZERO);
            relaxed.slack.resize(problem.meters.len(), S::ZERO);
        }
        self.cap.resize(problem.links.len(), 0);
        self.order.resize(problem.ways.len(), (S::ZERO, 0));
        self.open.resize(problem.demands.len(), (0, 0));
        self.marks.push(0);
        for (index, link) in problem.links.iter().enumerate() {
            let taps = problem.meters[link.meter].taps.iter();
            let here = taps.filter(|tap| tap.link == Some(index));
            self.linked.extend(here.map(|tap| tap.way));
            self.marks.push(self.linked.len());
        }
    }

    /// Notes what is the same for all slopes and shares of a node.
    fn open(&mut self, problem: &Problem<S>, node: &Node<S>) {
        for (index, link) in problem.links.iter().enumerate() {
            let ways = &self.linked[self.marks[index]..self.marks[index + 1]];
            let sum: u64 = ways.iter().map(|way| u64::from(node.high[*way])).sum();
            self.cap[index] = sum.min(problem.demands[link.demand].units.into());
        }
        for (index, demand) in problem.demands.iter().enumerate() {
            let (mut open, mut fixed) = (demand.ways.start, 0);
            for way in demand.ways.clone() {
                fixed += node.low[way];
                if node.high[way] > node.low[way] {
                    self.order[open].1 = way;
                    open += 1;
                }
            }
            self.open[index] = (open - demand.ways.start, u64::from(demand.units - fixed));
        }
    }

    /// Puts the demand's open ways in the order of their prices.
    fn sort(&mut self, problem: &Problem<S>, demand: usize) {
        let order = &mut self.order[problem.demands[demand].ways.start..][..self.open[demand].0];
        for at in 0..order.len() {
            // Nearly sorted already: seldom anything is moved.
            let way = order[at].1;
            let entry = (self.now.price[way], way);
            let mut place = at;
            while place > 0 && order[place - 1] > entry {
                order[place] = order[place - 1];
                place -= 1;
            }
            order[place] = entry;
        }
    }

    fn evaluate(&mut self, problem: &Problem<S>, node: &mut Node<S>) {
        self.evaluated += 1;
        self.prepare(problem, node);
        let shared = node.share.iter().any(|share| *share > S::ZERO);
        for demand in 0..problem.demands.len() {
            self.sort(problem, demand);
            if shared {
                self.release(problem, node, demand);
            }
        }
        self.stuck.clear();
        self.stuck.resize(problem.demands.len(), false);
        for _ in 0..PASSES {
            let mut stuck = true;
            for demand in 0..problem.demands.len() {
                // Slack only shrinks, so what cannot be raised now cannot be raised later.
                if !self.stuck[demand] {
                    self.stuck[demand] = !self.raise(problem, node, demand);
                    stuck &= self.stuck[demand];
                }
            }
            if stuck {
                break;
            }
        }
        self.fill(problem, node);
    }

    /// Intercepts, slacks and prices under the node's slopes and shares.
    fn prepare(&mut self, problem: &Problem<S>, node: &mut Node<S>) {
        for (index, meter) in problem.meters.iter().enumerate() {
            let (intercept, _) = intercept(meter, node, index);
            let shared = |link: &usize| node.share[*link] * S::of(self.cap[*link]);
            let mut slack = intercept - meter.links.iter().map(shared).sum::<S>();
            // The shares of the parent may no longer fit, or the charge may be due anyhow.
            if !node.is_free(index) || slack < S::ZERO {
                for link in &meter.links {
                    node.share[*link] = S::ZERO;
                }
                slack = intercept;
            }
            self.now.intercept[index] = intercept;
            self.now.slack[index] = slack;
        }
        for (index, way) in problem.ways.iter().enumerate() {
            let draws = problem.draws(index).iter();
            let charge = draws.map(|draw| {
                node.slope[draw.meter] * S::of(draw.each) + draw.link.map_or(S::ZERO, |link| node.share[link])
            });
            self.now.price[index] = way.each + charge.sum::<S>();
        }
    }

    /// Takes back the shares that make a demand's ways dearer than its last unit:
    /// they add nothing to the bound, and the slack is of use to other demands.
    fn release(&mut self, problem: &Problem<S>, node: &mut Node<S>, demand: usize) {
        let begin = problem.demands[demand].ways.start;
        let (level, _) = self.level(problem, node, demand);
        let mut released = false;
        for at in begin..begin + self.open[demand].0 {
            let (price, way) = self.order[at];
            if price <= level && self.now.price[way] <= level {
                continue;
            }
            for draw in problem.draws(way) {
                let Some(link) = draw.link.filter(|link| node.share[*link] > S::ZERO) else {
                    continue;
                };
                let linked = &self.linked[self.marks[link]..self.marks[link + 1]];
                let over = linked.iter().map(|way| self.now.price[*way] - level).min();
                let over = over.unwrap_or_default();
                if over > S::ZERO {
                    self.lift(problem, node, link, -over.min(node.share[link]));
                    released = true;
                }
            }
        }
        if released {
            self.sort(problem, demand);
        }
    }

    /// The price of the demand's last unit, and the place in `order` where it is: beyond its
    /// open ways if they are too few.
    fn level(&self, problem: &Problem<S>, node: &Node<S>, demand: usize) -> (S, usize) {
        let (open, spare) = self.open[demand];
        let begin = problem.demands[demand].ways.start;
        let mut filled = 0;
        for (at, (price, way)) in self.order[begin..begin + open].iter().enumerate() {
            filled += u64::from(node.high[*way] - node.low[*way]);
            if filled >= spare {
                return ((*price).min(problem.unserved), begin + at);
            }
        }
        (problem.unserved, begin + open)
    }

    /// Raises a demand's shares so that its last unit becomes dearer, as far as
    /// the next price or the slack of the meters allows. False if it cannot.
    fn raise(&mut self, problem: &Problem<S>, node: &mut Node<S>, demand: usize) -> bool {
        let (open, spare) = self.open[demand];
        if spare == 0 {
            return false;
        }
        let begin = problem.demands[demand].ways.start;
        let (level, at) = self.level(problem, node, demand);
        // Units surely served below the level gain whatever they are raised by.
        let mut raised = false;
        let (mut below, mut served) = (begin, 0);
        while below < begin + open && self.order[below].0 < level {
            let way = self.order[below].1;
            let wanted = level - self.now.price[way];
            if let Some((link, step)) = self.raisable(problem, node, way).filter(|_| wanted > S::ZERO) {
                self.lift(problem, node, link, step.min(wanted));
                raised = true;
            }
            served += u64::from(node.high[way] - node.low[way]);
            below += 1;
        }
        if !raised && at < begin + open {
            raised = self.raise_level(problem, node, (below, begin + open), spare - served);
        }
        if raised {
            self.sort(problem, demand);
        }
        raised
    }

    /// Raises all ways at the demand's level at once, unless those that cannot be
    /// raised would take all of the `wanted` units. Its ways from `below` on are to `end`.
    fn raise_level(
        &mut self,
        problem: &Problem<S>,
        node: &mut Node<S>,
        (below, end): (usize, usize),
        wanted: u64,
    ) -> bool {
        let level = self.order[below].0;
        let mut step = problem.unserved - level;
        let mut stuck = 0;
        self.chosen.clear();
        for at in below..end {
            let (price, way) = self.order[at];
            if price > level {
                step = step.min(price - level);
                break;
            }
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
        if stuck >= wanted || step <= S::ZERO {
            return false;
        }
        for at in 0..self.chosen.len() {
            self.lift(problem, node, self.chosen[at], step);
        }
        true
    }

    /// The link of a way by which its price can be raised most, and how far.
    fn raisable(&self, problem: &Problem<S>, node: &Node<S>, way: usize) -> Option<(usize, S)> {
        let draws = problem.draws(way).iter().filter(|draw| node.is_free(draw.meter));
        let links = draws.filter_map(|draw| Some((draw.link?, self.now.slack[draw.meter])));
        links
            .map(|(link, slack)| (link, slack.over(self.cap[link].max(1))))
            .filter(|(_, most)| *most > S::ZERO)
            .max_by_key(|(_, most)| *most)
    }

    fn lift(&mut self, problem: &Problem<S>, node: &mut Node<S>, link: usize, by: S) {
        node.share[link] += by;
        self.now.slack[problem.links[link].meter] -= by * S::of(self.cap[link]);
        for way in &self.linked[self.marks[link]..self.marks[link + 1]] {
            self.now.price[*way] += by;
        }
    }

    /// Serves each demand by its cheapest ways and adds up the bound.
    fn fill(&mut self, problem: &Problem<S>, node: &Node<S>) {
        let mut bound = S::ZERO;
        self.now.units.copy_from_slice(&node.low);
        for demand in 0..problem.demands.len() {
            let (open, mut spare) = self.open[demand];
            let mut level = problem.unserved;
            let order = &self.order[problem.demands[demand].ways.start..][..open];
            for &(price, way) in order.iter().take_while(|(price, _)| *price < problem.unserved) {
                // At most a way's units, which are a u32.
                let taken = node.high[way] - node.low[way];
                let taken = u32::try_from(spare).map_or(taken, |spare| spare.min(taken));
                self.now.units[way] += taken;
                spare -= u64::from(taken);
                if spare == 0 {
                    level = price;
                    break;
                }
            }
            self.now.level[demand] = level;
            bound += problem.unserved * S::of(spare);
        }
        self.now.drawn.fill(0);
        for (way, units) in self.now.units.iter().enumerate().filter(|(_, units)| **units > 0) {
            bound += self.now.price[way] * S::of((*units).into());
            for draw in problem.draws(way) {
                self.now.drawn[draw.meter] += draw.each * u64::from(*units);
            }
        }
        for meter in 0..problem.meters.len() {
            bound += if node.is_free(meter) {
                self.now.slack[meter].min(S::ZERO)
            } else {
                self.now.intercept[meter]
            };
        }
        self.now.bound = bound;
    }

    /// Moves the slopes towards what the last assignment draws; false if all stay.
    fn adjust(&mut self, problem: &Problem<S>, node: &mut Node<S>) -> bool {
        let mut moved = false;
        for (index, meter) in problem.meters.iter().enumerate() {
            let drawn = self.best.drawn[index];
            if node.to[index] == 0 || (node.from[index] == 0 && drawn == 0) {
                continue;
            }
            let slope = if drawn > node.to[index] {
                self.scarce(problem, node, index)
            } else {
                self.hull.slope_at(meter, node, index, drawn)
            };
            if let Some(slope) = slope.filter(|slope| *slope != node.slope[index]) {
                node.slope[index] = slope;
                moved = true;
            }
        }
        moved
    }

    /// The slope at which some way ceases to draw on a meter that is overdrawn.
    fn scarce(&self, problem: &Problem<S>, node: &Node<S>, meter: usize) -> Option<S> {
        let now = &self.best;
        let taps = problem.meters[meter].taps.iter();
        let used = taps.filter(|tap| now.units[tap.way] > node.low[tap.way]);
        let regret = used.map(|&Tap { way, each, .. }| {
            let Demand { ways, .. } = problem.demands[problem.ways[way].demand].clone();
            let others = ways.filter(|other| now.units[*other] < node.high[*other] && *other != way);
            let next = others.map(|other| now.price[other]).min();
            let next = next.map_or(problem.unserved, |next| next.min(problem.unserved));
            (next - now.price[way]).max(S::ZERO).over(each) + S::ONE
        });
        let slope = regret.min().map(|regret| node.slope[meter] + regret);
        slope.map(|slope| slope.min(self.hull.steepest))
    }
}
