//! Ends the search of a small order by going through all that could still be worth it, which is quicker than to
//! split it again and again: most orders have few lines.
//!
//! Ways that no meter ties to one another, such as those of different suppliers, are *blocks* that can be looked at
//! apart. For each block it is worked out what it takes for the units that it could serve, and then, one block
//! after the other, what the cheapest plan takes of those so far, for whatever units it serves (dynamic programming).
//! All is counted above the prices of the relaxed assignment, of which a plan that is any better takes little, so
//! that nearly everything is left out. As exact as the search.

use super::{
    amount::Amount,
    bound::Relaxed,
    node::Node,
    packing::{Packed, Packing},
    problem::Problem,
};

/// What a block may serve, and each of it with each plan so far, after which splitting is quicker. Where a supplier has one
/// alternative for a line, a step takes a few nanoseconds.
const MOST_STEPS: u32 = 20_000;

/// There is too much to go through.
#[derive(Debug, PartialEq, Eq)]
pub struct TooMuch;

/// The cheapest plan of a node that costs less than `cost`, with what it costs; none if there is none. `relaxed` is the
/// node's, in which nothing must be used.
///
/// # Errors
/// [`TooMuch`] when it is not found in so many steps, or the order has limits that tie blocks together.
pub fn better<S: Amount>(
    problem: &Problem<S>,
    node: &Node<S>,
    relaxed: &Relaxed<S>,
    cost: S,
    steps: u32,
) -> Result<Option<(S, Vec<u32>)>, TooMuch> {
    let is_tied = problem.max_parcels.is_some() || !problem.groups.is_empty();
    let is_free = node.from.iter().all(|from| *from == 0) && node.low.iter().all(|low| *low == 0);
    if is_tied || !is_free {
        return Err(TooMuch);
    }
    let around = Around {
        problem,
        most: &node.high,
        packing: Packing::of(problem).ok_or(TooMuch)?,
        least: Least::of(problem, node, relaxed),
    };
    let blocks = around.blocks(relaxed);
    let slack = cost - problem.grain - around.least.total;
    let mut left = Steps(steps.min(MOST_STEPS));
    let mut plans = Plans::new(around.packing.count);
    // By how much blocks that come later may be cheaper than nothing.
    let mut later: S = blocks.iter().map(|block| block.rebate).sum();
    let room = slack + later;
    for (index, block) in blocks.iter().enumerate() {
        let mut parts = Vec::new();
        let mut walk = Walk::of(&around, block, room);
        walk.go(0, &mut left, &mut |part, _| parts.push(part))?;
        later -= block.rebate;
        left.take(parts.len() * plans.live.len())?;
        plans.add(&around.packing, index, &parts, slack + later);
    }
    let Some((over, plan)) = plans.best(&around).filter(|(over, _)| *over <= slack) else {
        return Ok(None);
    };
    Ok(Some((around.least.total + over, plans.units(plan, &around, &blocks)?)))
}

/// Steps that are left.
struct Steps(u32);

impl Steps {
    fn take(&mut self, steps: usize) -> Result<(), TooMuch> {
        let left = u32::try_from(steps).ok().and_then(|steps| self.0.checked_sub(steps));
        self.0 = left.ok_or(TooMuch)?;
        Ok(())
    }
}

/// What all blocks have in common.
struct Around<'a, S> {
    problem: &'a Problem<S>,
    /// Units that each way may serve at most.
    most: &'a [u32],
    packing: Packing,
    least: Least<S>,
}

/// What units cost at the least, by the relaxed prices.
struct Least<S> {
    of_demand: Vec<S>,
    /// By how much a unit of each way is dearer, without what its meters charge above their prices.
    over: Vec<S>,
    total: S,
}

impl<S: Amount> Least<S> {
    fn of(problem: &Problem<S>, node: &Node<S>, relaxed: &Relaxed<S>) -> Self {
        let mut of_demand = vec![problem.unserved; problem.demands.len()];
        let ways = || problem.ways.iter().enumerate();
        for (index, way) in ways().filter(|(index, _)| node.high[*index] > 0) {
            of_demand[way.demand] = relaxed.price(index).min(of_demand[way.demand]);
        }
        let over = ways().map(|(index, way)| relaxed.price(index) - of_demand[way.demand]);
        let demands = problem.demands.iter().zip(&of_demand);
        Self {
            over: over.collect(),
            total: demands.map(|(demand, least)| *least * S::of(demand.units.into())).sum(),
            of_demand,
        }
    }
}

/// Ways that draw on the same meters, be it by way of others.
#[derive(Debug)]
struct Block<S> {
    ways: Vec<usize>,
    meters: Vec<usize>,
    /// By how much it may come out cheaper than the prices say, at most.
    rebate: S,
}

impl<S: Amount> Around<'_, S> {
    fn blocks(&self, relaxed: &Relaxed<S>) -> Vec<Block<S>> {
        let mut blocks: Vec<Block<S>> = Vec::new();
        for way in (0..self.most.len()).filter(|way| self.most[*way] > 0) {
            let draws = self.problem.draws(way);
            let is_tied = |block: &mut Block<S>| draws.iter().any(|draw| block.meters.contains(&draw.meter));
            let mut tied: Vec<Block<S>> = blocks.extract_if(.., is_tied).collect();
            let mut ways: Vec<usize> = tied.iter_mut().flat_map(|block| block.ways.drain(..)).collect();
            let mut meters: Vec<usize> = tied.iter_mut().flat_map(|block| block.meters.drain(..)).collect();
            ways.push(way);
            for draw in draws {
                if !meters.contains(&draw.meter) {
                    meters.push(draw.meter);
                }
            }
            blocks.push(Block {
                rebate: meters.iter().map(|meter| relaxed.rebate(*meter)).sum(),
                ways,
                meters,
            });
        }
        blocks
    }
}

/// Units that are served, and by how much that is dearer than their least.
#[derive(Clone, Copy, Debug)]
struct Part<S> {
    units: Packed,
    over: S,
}

/// Goes through all that a block can serve and that may be worth it.
struct Walk<'a, S> {
    around: &'a Around<'a, S>,
    block: &'a Block<S>,
    /// What a plan that is any better is dearer than the least, at most.
    room: S,
    units: Vec<u32>,
    left: Vec<u32>,
    drawn: Vec<u64>,
    /// By how much this is dearer at the relaxed prices: at least so much.
    at_prices: S,
    /// The same at cost, without what the meters charge.
    part: Part<S>,
}

impl<'a, S: Amount> Walk<'a, S> {
    fn of(around: &'a Around<'a, S>, block: &'a Block<S>, room: S) -> Self {
        let problem = around.problem;
        Self {
            around,
            block,
            room,
            units: vec![0; block.ways.len()],
            left: problem.demands.iter().map(|demand| demand.units).collect(),
            drawn: vec![0; problem.meters.len()],
            at_prices: S::ZERO,
            part: Part {
                units: Packed::default(),
                over: S::ZERO,
            },
        }
    }

    /// Takes what is served so far, and that with each that the block's ways from the one at `at` on may serve besides.
    fn go(&mut self, at: usize, steps: &mut Steps, found: &mut impl FnMut(Part<S>, &[u32])) -> Result<(), TooMuch> {
        steps.take(1)?;
        self.end(found);
        for way in (at..self.block.ways.len()).rev() {
            self.serve(way, steps, found)?;
        }
        Ok(())
    }

    /// Goes on with one unit of the way at `at`, with two, and so on.
    fn serve(&mut self, at: usize, steps: &mut Steps, found: &mut impl FnMut(Part<S>, &[u32])) -> Result<(), TooMuch> {
        let around = self.around;
        let index = self.block.ways[at];
        let over = around.least.over[index];
        let (way, draws) = (&around.problem.ways[index], around.problem.draws(index));
        let (at_prices, part, left) = (self.at_prices, self.part, self.left[way.demand]);
        for _ in 0..around.most[index].min(left) {
            self.at_prices += over;
            if self.at_prices > self.room {
                break;
            }
            self.units[at] += 1;
            self.left[way.demand] -= 1;
            self.part.units = self.part.units.and(around.packing.one(way.demand));
            self.part.over += way.each - around.least.of_demand[way.demand];
            for draw in draws {
                self.drawn[draw.meter] += draw.each;
            }
            self.go(at + 1, steps, found)?;
        }
        let units = std::mem::take(&mut self.units[at]);
        for draw in draws {
            self.drawn[draw.meter] -= draw.each * u64::from(units);
        }
        (self.at_prices, self.part, self.left[way.demand]) = (at_prices, part, left);
        Ok(())
    }

    fn end(&self, found: &mut impl FnMut(Part<S>, &[u32])) {
        let mut part = self.part;
        for meter in &self.block.meters {
            match self.around.problem.meters[*meter].charge(self.drawn[*meter]) {
                Some(charge) => part.over += charge,
                None => return,
            }
        }
        if part.over + self.block.rebate <= self.room {
            found(part, &self.units);
        }
    }
}

/// The cheapest ways found to serve some units with the blocks so far.
struct Plans<S> {
    all: Vec<Plan<S>>,
    /// For each number of units the cheapest.
    cheapest: Vec<Option<usize>>,
    /// Those that are the cheapest.
    live: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Plan<S> {
    part: Part<S>,
    /// The block that was added last, and the plan that it was added to; none where nothing is served.
    last: Option<(usize, usize)>,
}

impl<S: Amount> Plans<S> {
    fn new(count: usize) -> Self {
        let nothing = Part {
            units: Packed::default(),
            over: S::ZERO,
        };
        let mut cheapest = vec![None; count];
        cheapest[0] = Some(0);
        Self {
            all: vec![Plan {
                part: nothing,
                last: None,
            }],
            cheapest,
            live: vec![0],
        }
    }

    /// Has a block serve each of the parts besides, as far as that is not dearer than `most`.
    fn add(&mut self, packing: &Packing, block: usize, parts: &[Part<S>], most: S) {
        let first = self.all.len();
        for part in parts.iter().filter(|part| part.units != Packed::default()) {
            for &before in &self.live {
                let all = self.all[before].part;
                let over = all.over + part.over;
                if over > most || !packing.fit(all.units, part.units) {
                    continue;
                }
                let units = all.units.and(part.units);
                let known = &mut self.cheapest[units.index];
                if known.is_some_and(|known| self.all[known].part.over <= over) {
                    continue;
                }
                let plan = Plan {
                    part: Part { units, over },
                    last: Some((block, before)),
                };
                if let Some(just_added) = known.filter(|known| *known >= first) {
                    self.all[just_added] = plan;
                } else {
                    *known = Some(self.all.len());
                    self.all.push(plan);
                }
            }
        }
        let (all, cheapest) = (&self.all, &self.cheapest);
        self.live
            .retain(|plan| cheapest[all[*plan].part.units.index] == Some(*plan));
        self.live.extend(first..self.all.len());
    }

    /// The plan that is the cheapest with what it leaves, and by how much it is dearer than the least.
    fn best(&self, around: &Around<'_, S>) -> Option<(S, usize)> {
        let with_left = |plan: &usize| {
            let part = self.all[*plan].part;
            let demands = around.problem.demands.iter().zip(&around.least.of_demand).enumerate();
            let left = demands.map(|(demand, (of, least))| {
                let left = u64::from(of.units) - around.packing.units(part.units, demand);
                (around.problem.unserved - *least) * S::of(left)
            });
            (part.over + left.sum::<S>(), *plan)
        };
        self.live.iter().map(with_left).min()
    }

    /// The units of each way in a plan.
    fn units(&self, plan: usize, around: &Around<'_, S>, blocks: &[Block<S>]) -> Result<Vec<u32>, TooMuch> {
        let mut units = vec![0; around.problem.ways.len()];
        let mut all = self.all[plan].part;
        let mut last = self.all[plan].last;
        while let Some((block, before)) = last {
            let before = self.all[before];
            let over = all.over - before.part.over;
            let block = &blocks[block];
            let mut walk = Walk::of(around, block, over + block.rebate);
            walk.go(0, &mut Steps(u32::MAX), &mut |part, of_ways| {
                if part.over == over && before.part.units.and(part.units) == all.units {
                    for (way, served) in block.ways.iter().zip(of_ways) {
                        units[*way] = *served;
                    }
                }
            })?;
            (all, last) = (before.part, before.last);
        }
        Ok(units)
    }
}
