//! What a supplier's rejection breaks: units of an order line that can no
//! longer be made of what was allocated for them.
//!
//! A unit breaks when any of its components is rejected. Where *every*
//! component of the broken units is rejected, nothing of them remains with any
//! supplier, and they can be routed anew; otherwise the other components are
//! still on their way, and a person decides.

/// One component of a group of allocations. Offer units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectedComponent {
    /// In one unit of the order line.
    pub per_unit: u32,
    pub rejected_before: u32,
    pub rejected_after: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Order-line units that broke now.
    pub units: u32,
    /// Whether no component of any broken unit remains with a supplier.
    pub in_whole: bool,
}

/// What the difference between before and after breaks.
#[must_use]
pub fn broken(components: &[RejectedComponent]) -> Broken {
    let most = |rejected: fn(&RejectedComponent) -> u32| {
        let units = components.iter().map(|c| rejected(c).div_ceil(c.per_unit.max(1)));
        units.max().unwrap_or(0)
    };
    let (before, after) = (most(|c| c.rejected_before), most(|c| c.rejected_after));
    Broken {
        units: after.saturating_sub(before),
        in_whole: components
            .iter()
            .all(|c| c.rejected_after == after.saturating_mul(c.per_unit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(components: &[(u32, u32, u32)], units: u32, in_whole: bool) {
        let components: Vec<_> = components
            .iter()
            .map(|&(per_unit, rejected_before, rejected_after)| RejectedComponent {
                per_unit,
                rejected_before,
                rejected_after,
            })
            .collect();
        assert_eq!(broken(&components), Broken { units, in_whole }, "{components:?}");
    }

    #[test]
    fn breaks_whole_units() {
        check(&[(1, 0, 2)], 2, true);
        check(&[(1, 2, 2)], 0, true);
        check(&[(1, 1, 3)], 2, true);
    }

    #[test]
    fn a_unit_of_two_pieces_breaks_with_the_first() {
        check(&[(2, 0, 1)], 1, false);
        check(&[(2, 1, 2)], 0, true);
        check(&[(2, 0, 4)], 2, true);
    }

    #[test]
    fn a_kit_breaks_with_any_component_and_only_once() {
        check(&[(1, 0, 1), (2, 0, 0)], 1, false);
        check(&[(1, 1, 1), (2, 0, 2)], 0, true);
        check(&[(1, 0, 1), (2, 0, 2)], 1, true);
        check(&[(1, 0, 1), (2, 0, 3)], 2, false);
    }
}
