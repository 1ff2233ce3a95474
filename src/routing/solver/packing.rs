//! Units of each demand as one number.

use super::problem::Problem;

/// More combinations of units than these take too much memory.
const MOST: usize = 4_096;

/// Units of each demand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// Each demand's in bits of its own, the highest of which is unused.
    bits: u64,
    /// All combinations, numbered without gaps.
    pub index: usize,
}

impl Packed {
    /// With as many more, which must [fit](Packing::fit).
    pub const fn and(self, more: Self) -> Self {
        Self {
            bits: self.bits + more.bits,
            index: self.index + more.index,
        }
    }
}

/// How units become numbers.
#[derive(Debug)]
pub struct Packing {
    /// One unit of each demand.
    ones: Vec<Packed>,
    /// Combinations there are.
    pub count: usize,
    /// The unused bits, and what sets a demand's when it is added to more units than are wanted.
    unused: u64,
    bias: u64,
}

impl Packing {
    /// None where there are too many combinations.
    pub fn of<S>(problem: &Problem<S>) -> Option<Self> {
        let mut packing = Self {
            ones: Vec::with_capacity(problem.demands.len()),
            count: 1,
            unused: 0,
            bias: 0,
        };
        let mut shift = 0;
        for demand in &problem.demands {
            let above = shift + u32::BITS - demand.units.leading_zeros();
            if above >= u64::BITS {
                return None;
            }
            packing.ones.push(Packed {
                bits: 1 << shift,
                index: packing.count,
            });
            packing.unused |= 1 << above;
            packing.bias |= (1 << above) - (1 << shift) * (u64::from(demand.units) + 1);
            packing.count *= usize::try_from(demand.units).ok()?.checked_add(1)?;
            if packing.count > MOST {
                return None;
            }
            shift = above + 1;
        }
        Some(packing)
    }

    pub fn one(&self, demand: usize) -> Packed {
        self.ones[demand]
    }

    /// Whether both together are no more units than are wanted of any demand.
    pub const fn fit(&self, one: Packed, other: Packed) -> bool {
        (one.bits + other.bits + self.bias) & self.unused == 0
    }

    pub fn units(&self, packed: Packed, demand: usize) -> u64 {
        let one = self.ones[demand].bits;
        // What lies below the demand's unused bit.
        let above = self.unused & !(one - 1);
        (packed.bits & ((above & above.wrapping_neg()) - 1)) / one
    }
}

#[cfg(test)]
mod tests {
    use super::{Packed, Packing};
    use crate::routing::solver::{Problem, Score};

    #[test]
    fn units_are_told_apart_and_never_exceed_what_is_wanted() {
        let mut problem = Problem::<Score>::new(1, 1);
        let wanted = [1, 5, 2, 7];
        for units in wanted {
            problem.push_demand(units);
        }
        let packing = Packing::of(&problem).expect("few");
        let many =
            |demand: usize, units: u32| (0..units).fold(Packed::default(), |all, _| all.and(packing.one(demand)));
        for (demand, wanted) in wanted.into_iter().enumerate() {
            let others = (0..4).filter(|other| *other != demand);
            let others = others.fold(Packed::default(), |all, other| all.and(packing.one(other)));
            for units in 0..=wanted {
                let all = others.and(many(demand, units));
                assert_eq!(packing.units(all, demand), u64::from(units));
                assert!(packing.fit(all, many(demand, wanted - units)));
                assert!(!packing.fit(all, many(demand, wanted - units + 1)));
            }
        }
        let full = (0..4).fold(Packed::default(), |all, demand| all.and(many(demand, wanted[demand])));
        assert_eq!(full.index, packing.count - 1);
    }

    #[test]
    fn too_many_combinations_are_not_packed() {
        let mut problem = Problem::<Score>::new(1, 1);
        problem.push_demand(4_095);
        assert!(Packing::of(&problem).is_some());
        problem.push_demand(1);
        assert!(Packing::of(&problem).is_none());
        let mut wide = Problem::<Score>::new(1, 1);
        wide.push_demand(u32::MAX);
        assert!(Packing::of(&wide).is_none());
    }
}
