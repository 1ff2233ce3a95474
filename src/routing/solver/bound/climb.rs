//! Better slopes than by rule of thumb, for nodes that are worth their time: the subgradient method,
//! with steps as long as the gap says.

use super::{Amount, Bounder, Node, Problem, intercept};

/// The first step of a climb, as a part of which later ones are counted.
const PACE: i128 = 1 << 8;
/// Steps of a climb that may fail before they become shorter.
const PATIENCE: u32 = 3;
/// Parts of a unit in which gradients are counted.
const FINE: i128 = 1 << 10;

impl<S: Amount> Bounder<S> {
    /// Raises the node's bound by so many steps towards the best slopes: dearer where more is drawn
    /// than charged for, cheaper where less is, the further the bound is from `cost`. Slower than
    /// [`Self::bound`], from which it begins, and better.
    pub fn climb(&mut self, problem: &Problem<S>, node: &mut Node<S>, rounds: usize, cost: S) {
        let (mut pace, mut failed) = (PACE, 0);
        for _ in 0..rounds {
            if self.best.bound > cost - problem.grain || !self.step(problem, node, cost, pace, failed == 0) {
                break;
            }
            self.evaluate(problem, node);
            if self.now.bound > self.best.bound {
                std::mem::swap(&mut self.now, &mut self.best);
                self.best_slope.clone_from(&node.slope);
                self.best_share.clone_from(&node.share);
                failed = 0;
            } else {
                failed += 1;
                if failed == PATIENCE {
                    (pace, failed) = (pace / 2, 0);
                    node.slope.clone_from(&self.best_slope);
                    node.share.clone_from(&self.best_share);
                }
            }
        }
        node.slope.clone_from(&self.best_slope);
        node.share.clone_from(&self.best_share);
        node.bound = node.bound.max(self.best.bound);
    }

    /// Moves the slopes along the gradient of the bound computed last, which may be the best one;
    /// false where there is none.
    fn step(&mut self, problem: &Problem<S>, node: &mut Node<S>, cost: S, pace: i128, is_best: bool) -> bool {
        let now = if is_best { &self.best } else { &self.now };
        self.gradient.clear();
        let mut square = 0;
        for (index, meter) in problem.meters.iter().enumerate() {
            let drawn = now.drawn[index];
            let unused = drawn == 0 && node.is_free(index) && !meter.links.is_empty();
            let mut gradient = 0;
            if node.to[index] > 0 && !unused {
                let (least, at) = intercept(meter, node, index);
                let is_zero = node.is_free(index) && meter.links.is_empty() && least >= S::ZERO;
                let charged = if is_zero { 0 } else { at };
                let flat = least + node.slope[index] * S::of(drawn);
                let is_flat = (node.from[index]..=node.to[index]).contains(&drawn) && meter.charge(drawn) == Some(flat);
                if !is_flat {
                    let each = meter.taps.iter().map(|tap| tap.each).max().unwrap_or(1);
                    gradient = (i128::from(drawn) - i128::from(charged)) * FINE / i128::from(each);
                }
            }
            square += gradient * gradient;
            self.gradient.push(gradient);
        }
        if square == 0 {
            return false;
        }
        let gap = (cost - self.best.bound).wide();
        // Sums of either width stay within the widest numbers.
        let shift = (128 - gap.leading_zeros()).saturating_sub(60);
        let mut moved = false;
        for (index, meter) in problem
            .meters
            .iter()
            .enumerate()
            .filter(|(index, _)| self.gradient[*index] != 0)
        {
            let each = meter.taps.iter().map(|tap| tap.each).max().unwrap_or(1);
            let by = ((gap >> shift) * pace / PACE * FINE * self.gradient[index] / square / i128::from(each)) << shift;
            let steepest = self.hull.steepest.wide();
            let slope = (node.slope[index].wide() + by).clamp(-steepest, steepest);
            node.slope[index] = S::narrow(slope);
            moved |= by != 0;
        }
        moved
    }
}
