//! A mixed-integer programme as numbers, and its text in CPLEX's LP format.

use std::fmt::Write as _;

/// A sum of variables, each with its factor.
pub type Sum = Vec<(usize, f64)>;

/// What a sum comes to at these values.
pub fn total(sum: &Sum, value: impl Fn(usize) -> f64) -> f64 {
    sum.iter().map(|(variable, factor)| factor * value(*variable)).sum()
}

/// Find whole numbers that keep every constraint and make some sum, mostly that of their costs, as small as can be.
#[derive(Debug, Default)]
pub struct Milp {
    variables: Vec<Variable>,
    constraints: Vec<(Sum, &'static str, f64)>,
}

#[derive(Debug)]
struct Variable {
    cost: f64,
    most: u32,
}

impl Milp {
    /// A whole number from 0 to `most`, each of which costs so much.
    pub fn count(&mut self, cost: f64, most: u32) -> usize {
        self.variables.push(Variable { cost, most });
        self.variables.len() - 1
    }

    pub fn at_most(&mut self, sum: impl Into<Sum>, limit: f64) {
        self.constraints.push((sum.into(), "<=", limit));
    }

    pub fn at_least(&mut self, sum: impl Into<Sum>, limit: f64) {
        self.constraints.push((sum.into(), ">=", limit));
    }

    pub fn exactly(&mut self, sum: impl Into<Sum>, value: f64) {
        self.constraints.push((sum.into(), "=", value));
    }

    /// What each of the variables costs, in their order.
    #[must_use]
    pub fn costs(&self) -> Sum {
        let costs = self.variables.iter().map(|variable| variable.cost);
        costs.enumerate().collect()
    }

    /// The programme that makes the sum as small as can be, as text; the variables are `x0`, `x1` and so on.
    #[must_use]
    pub fn to_lp(&self, sum: &Sum) -> String {
        let mut text = format!("Minimize\n obj:{}\nSubject To\n", terms(sum));
        for (index, (sum, relation, limit)) in self.constraints.iter().enumerate() {
            // Nothing to write into a string can fail.
            let _ = writeln!(text, " c{index}:{} {relation} {limit}", terms(sum));
        }
        text.push_str("Bounds\n");
        for (index, variable) in self.variables.iter().enumerate() {
            let _ = writeln!(text, " 0 <= x{index} <= {}", variable.most);
        }
        text.push_str("General\n");
        for index in 0..self.variables.len() {
            let _ = writeln!(text, " x{index}");
        }
        text.push_str("End\n");
        text
    }
}

/// Terms on lines of bearable length: the format allows no endless ones.
fn terms(sum: &Sum) -> String {
    let mut text = String::new();
    for (place, (variable, factor)) in sum.iter().enumerate() {
        if place % 8 == 7 {
            text.push_str("\n  ");
        }
        let sign = if *factor < 0.0 { '-' } else { '+' };
        let _ = write!(text, " {sign} {} x{variable}", factor.abs());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_the_format_wants() {
        let mut milp = Milp::default();
        let (a, b) = (milp.count(2.5, 3), milp.count(-1.0, 1));
        milp.at_least([(a, 1.0), (b, -0.5)], 2.0);
        let expect = "Minimize\n obj: + 2.5 x0 - 1 x1\nSubject To\n c0: + 1 x0 - 0.5 x1 >= 2\n\
                      Bounds\n 0 <= x0 <= 3\n 0 <= x1 <= 1\nGeneral\n x0\n x1\nEnd\n";
        assert_eq!(milp.to_lp(&milp.costs()), expect);
    }
}
