//! One order, routed by us and priced by HiGHS.

use orderyard::{
    domain::money::Money,
    routing::{Landed, RouteRequest, route},
};

use crate::{
    highs::{Between, Highs},
    instances::float,
    milp::Sum,
    programme::{Stage, programme},
    reading::{Measures, Reading, measured},
};

/// Cents that two solvers may differ by, one of them counting in floating point.
const TOLERANCE: f64 = 0.01;
/// By what part of it a bound may be wrong that another solver works out in floating point.
const UNSURE: f64 = 1e-6;
/// Cents by which amounts may be off that are told rounded, two of them in a sum.
const ROUNDED: f64 = 1.5;

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

/// Whether our plan is the best and tells its own measures as they are: by a strategy that aims at something, the
/// plan with the least of that, and among these the cheapest.
///
/// # Errors
/// In words, what is wrong with the plan: a cost that it does not have, or a proof
/// that is none.
pub fn check(highs: &mut Highs, request: &RouteRequest) -> Result<Verdict, String> {
    let reading = Reading::of(request);
    let (ours, landed) = routed(&reading)?;
    let programme = programme(&reading);
    let (stages, sums): (Vec<Stage>, Vec<Sum>) = programme.stages.into_iter().unzip();
    let least = highs.least_in_turn(programme.milp, &sums);
    let compared = stages.iter().zip(&least).map(|(stage, least)| (stage.of(ours), *least));
    let differing = stages
        .iter()
        .zip(compared)
        .find(|(_, (a, b))| (a - b).abs() >= TOLERANCE);
    let proven = is_proven(&landed);
    if let Some((stage, (have, least))) = differing {
        if proven || have < least {
            return Err(format!("{stage:?}: ours {have}, theirs {least}"));
        }
        admits(&landed, *stage, have - least)?;
    }
    Ok(match (proven, differing) {
        (true, _) => Verdict::Proven,
        (false, None) => Verdict::Unproven,
        (false, Some(_)) => Verdict::CutOff,
    })
}

/// How our plan of a large order and HiGHS's bounds stand to one another.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Cents, with what is held against units that nobody serves.
    pub ours: f64,
    /// What we say that no plan comes below.
    pub at_least: f64,
    pub is_proven: bool,
    pub theirs: Between,
}

/// Whether what we say of the least cost holds beside what HiGHS finds out about it in so many seconds.
///
/// # Errors
/// In words, what cannot be: a plan below HiGHS's bound, a bound above a plan of HiGHS's, or an amount that is told wrongly.
pub fn check_bounds(highs: &mut Highs, request: &RouteRequest, seconds: u32) -> Result<Bounds, String> {
    let reading = Reading::of(request);
    let (ours, landed) = routed(&reading)?;
    let programme = programme(&reading);
    let [(stage, sum)] = programme.stages.as_slice() else {
        panic!("by cost alone");
    };
    let theirs = highs.within(&programme.milp, sum, seconds);
    let (ours, told, gap) = (stage.of(ours), told(&landed), float(landed.gap.amount_minor));
    let bounds = Bounds {
        ours,
        // Where more units might be served, the gap is all that the plan costs: then nothing is known.
        at_least: if gap < told { ours - gap } else { 0.0 },
        is_proven: is_proven(&landed),
        theirs,
    };
    bounds.check()?;
    Ok(bounds)
}

impl Bounds {
    fn check(&self) -> Result<(), String> {
        let unsure = TOLERANCE + self.ours.abs() * UNSURE;
        if self.ours < self.theirs.at_least - unsure {
            return Err(format!(
                "ours {} is below their bound {}",
                self.ours, self.theirs.at_least
            ));
        }
        let rounded = if self.is_proven { TOLERANCE } else { ROUNDED };
        match self.theirs.found {
            Some(found) if self.at_least > found + rounded => {
                Err(format!("our bound {} is above their plan {found}", self.at_least))
            }
            _ => Ok(()),
        }
    }
}

/// What our plan has, and what it tells of that.
fn routed(reading: &Reading<'_>) -> Result<(Measures, Landed), String> {
    let plan = route(reading.request);
    let ours = measured(reading, &plan);
    let landed = plan.landed.ok_or("no landed cost")?;
    if (ours.cost - told(&landed)).abs() >= ROUNDED {
        return Err(format!("{} is told as {}", ours.cost, told(&landed)));
    }
    let aimed = landed.aim.map(|aimed| float(aimed.amount));
    if aimed != reading.aim().map(|_| ours.aim) {
        return Err(format!("an aim of {} is told as {aimed:?}", ours.aim));
    }
    Ok((ours, landed))
}

fn told(landed: &Landed) -> f64 {
    cents(landed.total) + cents(landed.preferences)
}

fn cents(money: Money) -> f64 {
    float(money.amount_minor)
}

const fn is_proven(landed: &Landed) -> bool {
    landed.gap.amount_minor == 0 && landed.aim_gap.is_none()
}

/// Whether a plan that has so much more than the least admits to that.
fn admits(landed: &Landed, stage: Stage, more: f64) -> Result<(), String> {
    let admitted = match stage {
        // How many units might be served instead, no amount says.
        Stage::Left | Stage::LeftAndCost => return Ok(()),
        Stage::Aim => landed.aim_gap.map_or(0.0, |gap| float(gap.amount)),
        Stage::Cost if landed.aim_gap.is_some() => return Ok(()),
        Stage::Cost => cents(landed.gap) + ROUNDED,
    };
    if more > admitted {
        return Err(format!(
            "{stage:?}: {more} more than the least, and admits to {admitted}"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ours: f64, at_least: f64, found: Option<f64>, their_bound: f64) -> Result<(), String> {
        let theirs = Between {
            at_least: their_bound,
            found,
            is_optimum: false,
        };
        let is_proven = ours <= at_least;
        Bounds {
            ours,
            at_least,
            is_proven,
            theirs,
        }
        .check()
    }

    #[test]
    fn bounds_that_contradict_each_other_are_found() {
        assert_eq!(check(100.0, 90.0, Some(95.0), 92.0), Ok(()));
        assert_eq!(check(100.0, 90.0, None, f64::NEG_INFINITY), Ok(()));
        assert!(check(100.0, 97.0, Some(95.0), 92.0).is_err(), "a plan below our bound");
        assert!(
            check(100.0, 90.0, Some(105.0), 101.0).is_err(),
            "our plan below their bound"
        );
        assert!(check(100.0, 100.0, Some(99.9), 90.0).is_err(), "no optimum");
    }
}
