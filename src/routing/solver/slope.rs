//! The prices for each piece by which a bound replaces the charges of meters.

use super::{amount::Amount, node::Node, problem::Meter};

/// The lower hull of a charge, in memory that is kept from one to the next.
#[derive(Debug, Default)]
pub struct Hull<S> {
    corners: Vec<(u64, S)>,
    /// No slope is steeper, so that no sum overflows.
    pub steepest: S,
}

impl<S: Amount> Hull<S> {
    pub fn new(steepest: S) -> Self {
        Self {
            corners: Vec::new(),
            steepest,
        }
    }

    /// The slope of the charge's lower hull where `at` is drawn, within the node's
    /// window. A free meter with shares keeps an intercept for them to share.
    pub fn slope_at(&mut self, meter: &Meter<S>, node: &Node<S>, index: usize, at: u64) -> Option<S> {
        let free = node.is_free(index);
        let first = if free { 1 } else { node.from[index] };
        let at = at.clamp(first, node.to[index]);
        let hull = &mut self.corners;
        hull.clear();
        let origin = (free && meter.links.is_empty()).then_some((0, S::ZERO));
        for corner in origin.into_iter().chain(meter.corners(first, node.to[index])) {
            while let [.., a, b] = hull[..] {
                // Keep b only if it lies below the line from a to the corner.
                if (b.1 - a.1).less(corner.0 - b.0, corner.1 - b.1, b.0 - a.0) {
                    break;
                }
                hull.pop();
            }
            hull.push(corner);
        }
        for (place, edge) in hull.windows(2).enumerate().rev() {
            if place > 0 && edge[0].0 >= at {
                continue;
            }
            let slope = (edge[1].1 - edge[0].1).floor_over(edge[1].0 - edge[0].0);
            // Before it is multiplied: any slope gives a bound.
            let slope = slope.clamp(-self.steepest, self.steepest);
            if !free || meter.links.is_empty() || edge[0].1 - slope * S::of(edge[0].0) >= S::ZERO {
                return Some(slope);
            }
        }
        None
    }
}

/// The least by which the charge exceeds the slope within the node's window, and what is drawn
/// there; for a free meter, if anything is drawn.
pub fn intercept<S: Amount>(meter: &Meter<S>, node: &Node<S>, index: usize) -> (S, u64) {
    let (from, to, slope) = (node.from[index].max(1), node.to[index], node.slope[index]);
    let mut least: Option<(S, u64)> = None;
    let mut begin = from;
    for step in meter.steps.iter().filter(|step| step.up_to >= from) {
        if begin > to {
            break;
        }
        let end = step.up_to.min(to);
        let each = step.each - slope;
        // The excess rises or falls along the step.
        let lowest = if each < S::ZERO { end } else { begin };
        let over = step.fixed + each * S::of(lowest);
        least = Some(least.map_or((over, lowest), |least| least.min((over, lowest))));
        begin = end + 1;
    }
    least.unwrap_or_default()
}
