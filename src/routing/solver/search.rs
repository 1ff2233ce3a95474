//! Branch and bound: splits the plans into ever smaller parts and drops each part
//! whose bound says that nothing better is in it. Depth first, the more promising
//! half first; without clock or chance, so that it always ends in the same plan.

use super::{
    amount::Amount,
    bound::Bounder,
    local::Local,
    node::Node,
    problem::{Group, Problem, Score, Tap},
    small,
};

/// The best plan found, and how good any plan could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// Units that each way serves.
    pub units: Vec<u32>,
    pub cost: Score,
    /// No plan costs less; equal to `cost` when the search went to its end.
    pub bound: Score,
}

impl Solution {
    pub fn is_proven(&self) -> bool {
        self.bound == self.cost
    }
}

/// Bounds computed per node, with slopes adjusted in between.
const ROOT_ROUNDS: usize = 8;
const NODE_ROUNDS: usize = 3;
/// A small order is gone through at once in so many steps for each bound that the search might compute instead, which
/// take no longer.
const STEPS_OF_A_BOUND: u32 = 4;
/// Times that the first bound is computed again for what is left.
const ROOT_TURNS: usize = 3;
/// Steps by which the first bound is made better in a thorough search.
const ROOT_STEPS: usize = 200;

/// How a node is split in two, or more for a group.
#[derive(Clone, Copy, Debug)]
enum Branch {
    /// One part for each place that the group may come from, and one for none where it is not served in part.
    Place(usize),
    /// At most `at` drawn from the meter, or more.
    Meter { meter: usize, at: u64 },
    /// At most `at` units of the way, or more.
    Way { way: usize, at: u32 },
}

struct Search<'a, S> {
    problem: &'a Problem<S>,
    bounder: Bounder<S>,
    local: Local<'a, S>,
    units: Vec<u32>,
    cost: S,
    /// A plan without what it would serve only in part.
    rest: Vec<u32>,
    open: Vec<(Node<S>, Branch)>,
    /// Nodes that are settled, for their memory.
    spare: Vec<Node<S>>,
    is_thorough: bool,
    has_tried: bool,
    /// How far a small order is gone through at once.
    steps: u32,
}

/// How far a search goes, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Effort<'a> {
    /// Bounds that it computes at most, or a few more.
    pub bounds: u32,
    /// Whether it takes more time for the first bound, from which all others begin.
    pub is_thorough: bool,
    /// A plan to begin with.
    pub plan: Option<&'a [u32]>,
}

/// Finds the cheapest plan that uses each way for at most `most` units.
pub fn search(problem: &Problem, most: &[u32], effort: Effort<'_>) -> Solution {
    match problem.narrowed() {
        Some(narrow) => search_in(&narrow, most, effort),
        None => search_in(problem, most, effort),
    }
}

fn search_in<S: Amount>(problem: &Problem<S>, most: &[u32], effort: Effort<'_>) -> Solution {
    let nothing: u64 = problem.demands.iter().map(|demand| u64::from(demand.units)).sum();
    let mut search = Search {
        problem,
        bounder: Bounder::of(problem),
        local: Local::new(problem),
        units: vec![0; problem.ways.len()],
        cost: problem.unserved * S::of(nothing),
        rest: Vec::new(),
        open: Vec::new(),
        spare: Vec::new(),
        is_thorough: effort.is_thorough,
        has_tried: effort.plan.is_some(),
        steps: effort.bounds.saturating_mul(STEPS_OF_A_BOUND),
    };
    if let Some(units) = effort.plan
        && let Some(cost) = problem.cost(units).filter(|cost| *cost < search.cost)
    {
        search.cost = cost;
        search.units.copy_from_slice(units);
    }
    search.enter(root(problem, most), true);
    while let Some((node, branch)) = search.open.pop() {
        if search.is_hopeless(&node) {
            search.spare.push(node);
            continue;
        }
        // Before every group has its place there is no plan at all.
        if search.bounder.evaluated >= effort.bounds && (search.has_tried || node.placed == problem.groups.len()) {
            search.open.push((node, branch));
            break;
        }
        search.split(&node, branch);
        search.spare.push(node);
    }
    search.finish()
}

fn root<S: Amount>(problem: &Problem<S>, most: &[u32]) -> Node<S> {
    let mut root = Node::root(problem, most);
    for group in &problem.groups {
        let demands = group.demands.iter();
        for way in demands.flat_map(|demand| problem.demands[*demand].ways.clone()) {
            if !group.places.iter().any(|ways| ways.contains(&way)) {
                root.high[way] = 0;
            }
        }
    }
    root
}

impl<S: Amount> Search<'_, S> {
    fn is_hopeless(&self, node: &Node<S>) -> bool {
        node.bound > self.cost - self.problem.grain
    }

    fn finish(self) -> Solution {
        let cost = self.cost.wide();
        let open = self.open.iter().map(|(node, _)| node.bound.wide()).min();
        let grain = self.problem.grain.wide();
        // Costs are whole grains, so a bound between two of them is the next one.
        let whole = |bound: Score| (bound + grain - 1).div_euclid(grain) * grain;
        Solution {
            bound: open.map_or(cost, |bound| whole(bound).min(cost)),
            units: self.units,
            cost,
        }
    }

    /// Bounds a new node and keeps it unless it is settled by that.
    fn enter(&mut self, mut node: Node<S>, is_root: bool) {
        match self.looked_into(&mut node, is_root) {
            Some(branch) => self.open.push((node, branch)),
            None => self.spare.push(node),
        }
    }

    /// How to split a new node; `None` if it is settled by its bound.
    fn looked_into(&mut self, node: &mut Node<S>, is_root: bool) -> Option<Branch> {
        node.tighten(self.problem).ok()?;
        if is_root {
            for meter in 0..node.slope.len() {
                let at = if self.problem.meters[meter].links.is_empty() {
                    1
                } else {
                    node.to[meter]
                };
                self.bounder.reslope(self.problem, node, meter, at);
            }
        }
        let rounds = if is_root { ROOT_ROUNDS } else { NODE_ROUNDS };
        // A bound that settles the node need not become better.
        let enough = if is_root { S::MAX } else { self.cost };
        self.bounder.bound(self.problem, node, rounds, enough);
        if is_root && self.is_thorough && !self.is_hopeless(node) {
            self.bounder.climb(self.problem, node, ROOT_STEPS, self.cost);
        }
        if self.is_hopeless(node) {
            return None;
        }
        self.try_plan(node, is_root);
        if self.is_hopeless(node) {
            return None;
        }
        // What the first plan shuts makes the bound of all others better.
        let turns = if is_root { ROOT_TURNS } else { 0 };
        for _ in 0..turns {
            if !self.bounder.shave(self.problem, node, self.cost) {
                break;
            }
            node.tighten(self.problem).ok()?;
            self.bounder.bound(self.problem, node, NODE_ROUNDS, self.cost);
            // Whatever is relaxed anew is tried: what is a plan at the cost of its bound ends the
            // search here, and may be the only cheapest one.
            self.try_plan(node, false);
            if self.is_hopeless(node) {
                return None;
            }
        }
        if is_root && self.end_small(node) {
            return None;
        }
        let branch = self.choose(node)?;
        self.bounder.shave(self.problem, node, self.cost);
        Some(branch)
    }

    /// Finds the best plan of all at once, where there is not too much to go through.
    fn end_small(&mut self, root: &Node<S>) -> bool {
        let better = small::better(self.problem, root, self.bounder.relaxed(), self.cost, self.steps);
        if let Ok(Some((cost, units))) = &better {
            self.cost = *cost;
            self.units.copy_from_slice(units);
        }
        better.is_ok()
    }

    /// Makes a plan of the relaxed assignment and keeps it if it is the best.
    fn try_plan(&mut self, node: &Node<S>, is_root: bool) {
        if node.placed < self.problem.groups.len() {
            return;
        }
        self.has_tried = true;
        let relaxed = self.bounder.relaxed();
        let direct = self.problem.cost_of(&relaxed.units, &relaxed.drawn);
        let direct = direct.filter(|_| self.problem.keeps_wholes(&relaxed.units));
        if let Some(cost) = direct.filter(|cost| *cost < self.cost) {
            self.cost = cost;
            self.units.clone_from(&relaxed.units);
        } else if direct.is_some() && !is_root {
            return;
        }
        if direct.is_none_or(|cost| cost >= node.bound + self.problem.grain) {
            let (cost, units) = self.local.improve(&node.high, &relaxed.units);
            if cost < self.cost {
                self.rest.clear();
                self.rest.extend_from_slice(units);
                self.keep_wholes(cost);
            }
        }
    }

    /// Keeps the plan that costs so much, less what it serves only in part and must not, if it is the best.
    fn keep_wholes(&mut self, cost: S) {
        let is_whole = self.problem.keeps_wholes(&self.rest);
        let cost = if is_whole {
            Some(cost)
        } else {
            self.problem.leave_parts(&mut self.rest);
            self.problem.cost(&self.rest)
        };
        if let Some(cost) = cost.filter(|cost| *cost < self.cost) {
            self.cost = cost;
            std::mem::swap(&mut self.units, &mut self.rest);
        }
    }

    /// A node that begins as a part of another.
    fn part(&mut self, node: &Node<S>) -> Node<S> {
        let mut part = self.spare.pop().unwrap_or_default();
        part.copy(node);
        part
    }

    /// The part in which the group comes from a place.
    fn placed(&mut self, node: &Node<S>, group: &Group, place: &[usize]) -> Node<S> {
        let mut part = self.part(node);
        part.placed += 1;
        for demand in &group.demands {
            for way in self.problem.demands[*demand].ways.clone() {
                if !place.contains(&way) {
                    // Where another group needs it, the part holds no plan.
                    part.high[way] = 0;
                }
            }
        }
        part
    }

    fn split(&mut self, node: &Node<S>, branch: Branch) {
        let first = self.open.len();
        match branch {
            Branch::Place(group) => {
                let problem = self.problem;
                let group = &problem.groups[group];
                if group.is_whole || group.places.is_empty() {
                    let part = self.placed(node, group, &[]);
                    self.enter(part, false);
                }
                for place in &group.places {
                    let mut part = self.placed(node, group, place);
                    for demand in group.demands.iter().filter(|_| group.is_whole) {
                        part.whole[*demand] = true;
                    }
                    self.enter(part, false);
                }
            }
            Branch::Meter { meter, at } => {
                let (mut less, mut more) = (self.part(node), self.part(node));
                // The meter may have been shut since it was chosen.
                less.to[meter] = at.min(node.to[meter]);
                more.from[meter] = at + 1;
                self.bounder.reslope(self.problem, &mut less, meter, at);
                self.bounder.reslope(self.problem, &mut more, meter, at + 1);
                self.enter(more, false);
                self.enter(less, false);
            }
            Branch::Way { way, at } => {
                let (mut less, mut more) = (self.part(node), self.part(node));
                less.high[way] = at.min(node.high[way]);
                more.low[way] = at + 1;
                self.enter(more, false);
                self.enter(less, false);
            }
        }
        // The most promising part is taken from the end.
        self.open[first..].sort_by_key(|(node, _)| std::cmp::Reverse(node.bound));
    }

    /// Where the relaxed assignment errs most; `None` when it is a plan and costs
    /// what the bound says.
    fn choose(&self, node: &Node<S>) -> Option<Branch> {
        let problem = self.problem;
        if node.placed < problem.groups.len() {
            return Some(Branch::Place(node.placed));
        }
        if let Some(demand) = (0..problem.demands.len()).find(|demand| self.is_left(node, *demand)) {
            let ways = problem.demands[demand].ways.clone();
            let width = |way: &usize| node.high[*way] - node.low[*way];
            let way = ways.filter(|way| width(way) > 0).max_by_key(width)?;
            let at = self.bounder.relaxed().units[way].clamp(node.low[way], node.high[way] - 1);
            return Some(Branch::Way { way, at });
        }
        let drawn = &self.bounder.relaxed().drawn;
        let off = |meter: &usize| drawn[*meter] > node.to[*meter] || drawn[*meter] < node.from[*meter];
        if let Some(meter) = (0..problem.meters.len()).find(off) {
            return self.choose_way(node, meter);
        }
        let parcels = |meter: usize| problem.meters[meter].parcels(drawn[meter]);
        let all: u32 = (0..problem.meters.len()).map(parcels).sum();
        if problem.max_parcels.is_some_and(|most| all > most) {
            let meters = (0..problem.meters.len()).filter(|meter| drawn[*meter] > node.from[*meter]);
            let meters = meters.filter(|meter| parcels(*meter) > problem.meters[*meter].parcels(node.from[*meter]));
            let meter = meters.max_by_key(|meter| parcels(*meter))?;
            let at = problem.meters[meter].limit_with(parcels(meter) - 1);
            return Some(Branch::Meter { meter, at });
        }
        let (mut total, mut most) = (S::ZERO, (S::ZERO, 0));
        for meter in 0..problem.meters.len() {
            let excess = self.bounder.excess(problem, node, meter).unwrap_or_default();
            total += excess;
            most = most.max((excess, meter));
        }
        if total < problem.grain {
            return None;
        }
        self.choose_step(node, most.1).or_else(|| self.choose_way(node, most.1))
    }

    /// Whether the relaxed assignment leaves units of a demand that is served as a whole.
    fn is_left(&self, node: &Node<S>, demand: usize) -> bool {
        let of = &self.problem.demands[demand];
        let served = &self.bounder.relaxed().units[of.ways.clone()];
        node.whole[demand] && served.iter().sum::<u32>() < of.units
    }

    /// Decides whether the meter is used at all, or on which of its steps.
    fn choose_step(&self, node: &Node<S>, meter: usize) -> Option<Branch> {
        let drawn = self.bounder.relaxed().drawn[meter];
        let steps = &self.problem.meters[meter].steps;
        if node.is_free(meter) && !self.problem.meters[meter].links.is_empty() {
            return Some(Branch::Meter { meter, at: 0 });
        }
        let step = self.problem.meters[meter].step_at(drawn.max(1))?;
        let begin = if step == 0 { 0 } else { steps[step - 1].up_to };
        if drawn > begin && begin >= node.from[meter] && begin > 0 {
            Some(Branch::Meter { meter, at: begin })
        } else if steps[step].up_to < node.to[meter] {
            let at = steps[step].up_to;
            Some(Branch::Meter { meter, at })
        } else {
            None
        }
    }

    /// Splits the units of a way that draws on a meter, so that the assignment
    /// that overdraws it is in neither part; halves if it does not.
    fn choose_way(&self, node: &Node<S>, meter: usize) -> Option<Branch> {
        let relaxed = self.bounder.relaxed();
        let (drawn, to) = (relaxed.drawn[meter], node.to[meter]);
        let taps = &self.problem.meters[meter].taps;
        let open = |way: usize| node.low[way] < node.high[way];
        if drawn > to {
            let over = |tap: &&Tap| u64::from(relaxed.units[tap.way] - node.low[tap.way]) * tap.each;
            let &Tap { way, each, .. } = taps
                .iter()
                .filter(|tap| relaxed.units[tap.way] > node.low[tap.way])
                .max_by_key(over)?;
            let others = drawn - each * u64::from(relaxed.units[way]);
            let fitting = u32::try_from(to.saturating_sub(others) / each).unwrap_or(u32::MAX);
            let at = fitting.clamp(node.low[way], relaxed.units[way] - 1);
            return Some(Branch::Way { way, at });
        }
        let width = |way: &usize| node.high[*way] - node.low[*way];
        let here = taps
            .iter()
            .map(|tap| tap.way)
            .filter(|way| open(*way))
            .max_by_key(width);
        let way = here.or_else(|| (0..node.low.len()).filter(|way| open(*way)).max_by_key(width))?;
        let at = node.low[way] + (node.high[way] - node.low[way]) / 2;
        Some(Branch::Way {
            way,
            at: at.min(node.high[way] - 1),
        })
    }
}
