//! Branch and bound: splits the plans into ever smaller parts and drops each part
//! whose bound says that nothing better is in it. Depth first, the more promising
//! half first; without clock or chance, so that it always ends in the same plan.

use super::{
    bound::Bounder,
    local,
    node::Node,
    problem::{Problem, Score},
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

/// How a node is split in two, or more for a group.
#[derive(Clone, Copy, Debug)]
enum Branch {
    /// One part for each place that the group may come from.
    Place(usize),
    /// At most `at` drawn from the meter, or more.
    Meter { meter: usize, at: u64 },
    /// At most `at` units of the way, or more.
    Way { way: usize, at: u32 },
}

struct Search<'a> {
    problem: &'a Problem,
    bounder: Bounder,
    units: Vec<u32>,
    cost: Score,
    open: Vec<(Node, Branch)>,
}

/// Finds the cheapest plan that uses each way for at most `most` units, looking
/// into at most `nodes` parts.
pub fn solve(problem: &Problem, most: &[u32], nodes: u32) -> Solution {
    let nothing: u32 = problem.demands.iter().map(|demand| demand.units).sum();
    let mut search = Search {
        problem,
        bounder: Bounder::default(),
        units: vec![0; problem.ways.len()],
        cost: problem.unserved * Score::from(nothing),
        open: Vec::new(),
    };
    let mut root = Node::root(problem, most);
    for group in &problem.groups {
        for way in group
            .demands
            .iter()
            .flat_map(|demand| problem.demands[*demand].ways.clone())
        {
            if !group.places.iter().any(|ways| ways.contains(&way)) {
                root.high[way] = 0;
            }
        }
    }
    search.enter(root, true);
    let mut left = nodes;
    while let Some((node, branch)) = search.open.pop() {
        if search.is_hopeless(&node) {
            continue;
        }
        if left == 0 {
            search.open.push((node, branch));
            break;
        }
        left -= 1;
        search.split(&node, branch);
    }
    search.finish()
}

impl Search<'_> {
    fn is_hopeless(&self, node: &Node) -> bool {
        node.bound > self.cost - self.problem.grain
    }

    fn finish(self) -> Solution {
        let open = self.open.iter().map(|(node, _)| node.bound).min();
        let grain = self.problem.grain;
        // Costs are whole grains, so a bound between two of them is the next one.
        let whole = |bound: Score| (bound + grain - 1).div_euclid(grain) * grain;
        Solution {
            bound: open.map_or(self.cost, |bound| whole(bound).min(self.cost)),
            units: self.units,
            cost: self.cost,
        }
    }

    /// Bounds a new node and keeps it unless it is settled by that.
    fn enter(&mut self, mut node: Node, is_root: bool) -> Option<()> {
        node.tighten(self.problem).ok()?;
        if is_root {
            for meter in 0..node.slope.len() {
                let at = if self.problem.meters[meter].links.is_empty() {
                    1
                } else {
                    node.to[meter]
                };
                Bounder::reslope(self.problem, &mut node, meter, at);
            }
        }
        let rounds = if is_root { ROOT_ROUNDS } else { NODE_ROUNDS };
        // A bound that settles the node need not become better.
        let enough = if is_root { Score::MAX } else { self.cost };
        self.bounder.bound(self.problem, &mut node, rounds, enough);
        if self.is_hopeless(&node) {
            return None;
        }
        self.try_plan(&node, is_root);
        if self.is_hopeless(&node) {
            return None;
        }
        let branch = self.choose(&node)?;
        self.bounder.shave(self.problem, &mut node, self.cost);
        self.open.push((node, branch));
        Some(())
    }

    /// Makes a plan of the relaxed assignment and keeps it if it is the best.
    fn try_plan(&mut self, node: &Node, is_root: bool) {
        let mut units = self.bounder.relaxed().units.clone();
        if node.placed < self.problem.groups.len() {
            return;
        }
        let direct = self.problem.cost(&units);
        let settled = direct.is_some_and(|cost| cost < node.bound + self.problem.grain);
        let cost = if settled || !(is_root || direct.is_none_or(|cost| cost < self.cost)) {
            direct
        } else {
            local::improve(self.problem, &node.high, &mut units)
        };
        if let Some(cost) = cost.filter(|cost| *cost < self.cost) {
            self.cost = cost;
            self.units = units;
        }
    }

    fn split(&mut self, node: &Node, branch: Branch) {
        let first = self.open.len();
        match branch {
            Branch::Place(group) => {
                let group = &self.problem.groups[group];
                if group.places.is_empty() {
                    // Its ways are shut already.
                    let mut part = node.clone();
                    part.placed += 1;
                    self.enter(part, false);
                }
                for place in &group.places {
                    let mut part = node.clone();
                    part.placed += 1;
                    for demand in &group.demands {
                        for way in self.problem.demands[*demand].ways.clone() {
                            if !place.contains(&way) {
                                part.high[way] = part.low[way];
                            }
                        }
                    }
                    self.enter(part, false);
                }
            }
            Branch::Meter { meter, at } => {
                let (mut less, mut more) = (node.clone(), node.clone());
                less.to[meter] = at;
                more.from[meter] = at + 1;
                Bounder::reslope(self.problem, &mut less, meter, at);
                Bounder::reslope(self.problem, &mut more, meter, at + 1);
                self.enter(more, false);
                self.enter(less, false);
            }
            Branch::Way { way, at } => {
                let (mut less, mut more) = (node.clone(), node.clone());
                less.high[way] = at;
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
    fn choose(&self, node: &Node) -> Option<Branch> {
        let problem = self.problem;
        if node.placed < problem.groups.len() {
            return Some(Branch::Place(node.placed));
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
        let excess = |meter| self.bounder.excess(problem, node, meter).unwrap_or(0);
        let most = (0..problem.meters.len()).map(|meter| (excess(meter), meter)).max()?;
        let total: Score = (0..problem.meters.len()).map(excess).sum();
        if total < problem.grain {
            return None;
        }
        self.choose_step(node, most.1).or_else(|| self.choose_way(node, most.1))
    }

    /// Decides whether the meter is used at all, or on which of its steps.
    fn choose_step(&self, node: &Node, meter: usize) -> Option<Branch> {
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
    fn choose_way(&self, node: &Node, meter: usize) -> Option<Branch> {
        let relaxed = self.bounder.relaxed();
        let (drawn, to) = (relaxed.drawn[meter], node.to[meter]);
        let ways = &self.problem.meters[meter].ways;
        let open = |way: usize| node.low[way] < node.high[way];
        if drawn > to {
            let over = |&&(way, each): &&(usize, u64)| u64::from(relaxed.units[way] - node.low[way]) * each;
            let &(way, each) = ways
                .iter()
                .filter(|(way, _)| relaxed.units[*way] > node.low[*way])
                .max_by_key(over)?;
            let others = drawn - each * u64::from(relaxed.units[way]);
            let fitting = u32::try_from(to.saturating_sub(others) / each).unwrap_or(u32::MAX);
            let at = fitting.clamp(node.low[way], relaxed.units[way] - 1);
            return Some(Branch::Way { way, at });
        }
        let width = |way: &usize| node.high[*way] - node.low[*way];
        let here = ways
            .iter()
            .map(|(way, _)| *way)
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
