//! Whether what was decided is allowed still, by the rules alone: whatever it costs, and however many pieces there are.

use super::{RejectedBecause, RouteRequest, with_judged};

/// The first reason why any of the alternatives may not serve its line. Prices and numbers are for the price
/// guard, and stock for whoever reserved it.
#[must_use]
pub fn forbidden(request: &RouteRequest) -> Option<RejectedBecause> {
    with_judged(request, |_, judged, _| {
        let of_all = judged.iter().flatten().flat_map(|candidate| &candidate.refusals);
        let mut rules = of_all.filter(|why| !why.is_price() && !matches!(why, RejectedBecause::BadData { .. }));
        rules.next().cloned()
    })
}
