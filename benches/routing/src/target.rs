//! What is to be reached, and whether it is.

use std::fmt;

/// A number that was measured, and the most that it may be.
pub struct Target {
    pub what: String,
    pub measured: f64,
    pub most: f64,
    pub unit: &'static str,
}

impl Target {
    pub fn new(what: impl Into<String>, measured: f64, most: f64, unit: &'static str) -> Self {
        Self {
            what: what.into(),
            measured,
            most,
            unit,
        }
    }

    pub fn is_met(&self) -> bool {
        self.measured <= self.most
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            measured,
            most,
            unit,
        } = self;
        let word = if self.is_met() { "met   " } else { "missed" };
        write!(f, "{word}  {what}: {measured:.3} {unit}, at most {most} {unit}")
    }
}

/// Tells each target, and says whether all are met.
pub fn tell(targets: &[Target]) -> bool {
    for target in targets {
        println!("{target}");
    }
    targets.iter().all(Target::is_met)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_up_to_its_limit() {
        let target = |measured| Target::new("p99", measured, 2.0, "ms");
        assert!(target(2.0).is_met() && !target(2.001).is_met());
        assert!(!target(f64::NAN).is_met(), "what was not measured is not met");
        assert_eq!(target(1.5).to_string(), "met     p99: 1.500 ms, at most 2 ms");
        assert_eq!(target(2.5).to_string(), "missed  p99: 2.500 ms, at most 2 ms");
    }
}
