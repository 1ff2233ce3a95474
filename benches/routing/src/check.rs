//! One order, routed by us and priced by HiGHS.

use orderyard::routing::{Outcome, RouteRequest, route};

use crate::{
    highs::Highs,
    instances::float,
    programme::{Reading, UNSERVED, cost_of, programme},
};

/// Cents that two solvers may differ by, one of them counting in floating point.
const TOLERANCE: f64 = 0.01;

/// Whether our plan costs the least and tells its own cost as it is; and if so,
/// whether it says that it is proven.
///
/// # Errors
/// In words, what is wrong with the plan.
pub fn check(highs: &mut Highs, request: &RouteRequest) -> Result<bool, String> {
    let reading = Reading::of(request);
    let plan = route(request);
    let ours = cost_of(&reading, &plan);
    let theirs = highs.least_cost(&programme(&reading));
    if (ours - theirs).abs() >= TOLERANCE {
        return Err(format!("ours {ours}, theirs {theirs}"));
    }
    let Some(landed) = &plan.landed else {
        return Err("no landed cost".to_owned());
    };
    let unserved = plan
        .lines
        .iter()
        .filter(|line| !matches!(line.outcome, Outcome::Allocated { .. }));
    let unserved: u32 = unserved.map(|line| line.units).sum();
    let told = float(landed.total.amount_minor + landed.preferences.amount_minor);
    let cost = ours - UNSERVED * f64::from(unserved);
    if (cost - told).abs() >= 1.5 {
        return Err(format!("{cost} is told as {told}"));
    }
    Ok(landed.gap.amount_minor == 0)
}
