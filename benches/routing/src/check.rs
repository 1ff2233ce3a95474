//! One order, routed by us and priced by HiGHS.

use orderyard::routing::{Outcome, RouteRequest, route, terms::ABOVE_ALL};

use crate::{
    highs::Highs,
    instances::float,
    programme::{Reading, UNSERVED, cost_of, programme},
};

/// Cents that two solvers may differ by, one of them counting in floating point.
const TOLERANCE: f64 = 0.01;

/// How a plan without a mistake stands beside the cheapest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It costs the least and says so.
    Proven,
    /// It costs the least, and admits that it might not.
    Unproven,
    /// It costs more, as it admits: the search was cut off.
    CutOff,
}

/// Whether our plan costs the least and tells its own cost as it is.
///
/// # Errors
/// In words, what is wrong with the plan: a cost that it does not have, or a proof
/// that is none.
pub fn check(highs: &mut Highs, request: &RouteRequest) -> Result<Verdict, String> {
    let reading = Reading::of(request);
    let plan = route(request);
    let ours = cost_of(&reading, &plan);
    let theirs = highs.least_cost(&programme(&reading));
    let Some(landed) = &plan.landed else {
        return Err("no landed cost".to_owned());
    };
    let proven = landed.gap.amount_minor == 0 && landed.aim_gap.is_none();
    let differs = (ours - theirs).abs() >= TOLERANCE;
    if differs && (proven || ours < theirs) {
        return Err(format!("ours {ours}, theirs {theirs}"));
    }
    let unserved = plan
        .lines
        .iter()
        .filter(|line| !matches!(line.outcome, Outcome::Allocated { .. }));
    let unserved: u32 = unserved.map(|line| line.units).sum();
    let aim = landed.aim.map_or(0.0, |aimed| {
        let amount = float(aimed.amount) / f64::from(aimed.aim.whole());
        amount * f64::from(ABOVE_ALL)
    });
    let told = float(landed.total.amount_minor + landed.preferences.amount_minor) + aim;
    let cost = ours - UNSERVED * f64::from(unserved);
    if (cost - told).abs() >= 1.5 {
        return Err(format!("{cost} is told as {told}"));
    }
    Ok(match (proven, differs) {
        (true, _) => Verdict::Proven,
        (false, false) => Verdict::Unproven,
        (false, true) => Verdict::CutOff,
    })
}
