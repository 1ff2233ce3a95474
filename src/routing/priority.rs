//! The strategy [`super::Strategy::Priority`]: line by line, the first candidate
//! that is eligible takes all the units that its stock allows, then the next.

use super::candidates::{Assignment, Candidate, Stock};

/// Serves a line from what the lines before it left in stock.
pub fn assign(units: u32, candidates: &[Candidate<'_>], stock: &mut Stock) -> Assignment {
    let mut assignment = Assignment::none(units);
    for (index, candidate) in candidates.iter().enumerate().filter(|(_, c)| c.is_eligible()) {
        let taken = assignment.left.min(stock.units(candidate));
        if taken > 0 {
            stock.take(candidate, taken);
            assignment.parts.push((index, taken));
            assignment.left -= taken;
        }
    }
    assignment
}
