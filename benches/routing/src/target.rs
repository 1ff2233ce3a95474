//! What is to be reached, and whether it is.

use std::fmt;

/// A number that was measured, and the most that it may be.
pub struct Target {
    pub what: String,
    pub measured: f64,
    pub most: f64,
    pub unit: &'static str,
    /// `--check` fails where it is missed; otherwise it is only told.
    pub is_gate: bool,
}

impl Target {
    pub fn new(what: impl Into<String>, measured: f64, most: f64, unit: &'static str) -> Self {
        Self {
            what: what.into(),
            measured,
            most,
            unit,
            is_gate: true,
        }
    }

    /// The same, to be told and not to fail a run.
    pub fn only_told(self) -> Self {
        Self { is_gate: false, ..self }
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
            is_gate,
        } = self;
        let word = if self.is_met() { "met   " } else { "missed" };
        let gate = if *is_gate { "" } else { " (only told)" };
        write!(f, "{word}  {what}: {measured:.3} {unit}, at most {most} {unit}{gate}")
    }
}

/// Tells each target, and says whether all that are gates are met.
pub fn tell(targets: &[Target]) -> bool {
    for target in targets {
        println!("{target}");
    }
    targets.iter().all(|target| target.is_met() || !target.is_gate)
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
        let told = target(2.5).only_told();
        assert_eq!(told.to_string(), "missed  p99: 2.500 ms, at most 2 ms (only told)");
        assert!(tell(&[target(1.0), told]));
        assert!(!tell(&[target(1.0), target(2.5)]));
    }
}
