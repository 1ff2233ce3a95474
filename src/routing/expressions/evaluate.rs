//! The answer of a condition for one order. Without loops in the language the work
//! is bounded by its length; the lists that an order brings are bounded by steps.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::{
    MOST_STEPS,
    fields::Field,
    parser::{Comparison, Node},
};
pub use crate::domain::costs::postcode;
use crate::domain::rules::same;

/// What an order says about itself.
pub trait Facts {
    /// `None` where it does not say.
    fn value(&self, field: Field) -> Option<Value<'_>>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Text(Cow<'a, str>),
    Number(Decimal),
    List(&'a [String]),
    Flag(bool),
    /// It is known that there is none: no comparison holds but that it is another than any value.
    Nothing,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    Yes,
    No,
    /// It cannot be said, for want of this fact; `None` where it took too many steps.
    Unknown(Option<Field>),
}

impl From<bool> for Truth {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

pub fn holds(root: &Node, facts: &impl Facts) -> Truth {
    Evaluation {
        facts,
        left: MOST_STEPS,
    }
    .truth(root)
}

struct Evaluation<'a, F> {
    facts: &'a F,
    left: u32,
}

impl<F: Facts> Evaluation<'_, F> {
    fn step(&mut self, steps: usize) -> Result<(), Truth> {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.left = self.left.checked_sub(steps).ok_or(Truth::Unknown(None))?;
        Ok(())
    }

    fn truth(&mut self, node: &Node) -> Truth {
        self.decide(node).unwrap_or_else(|unknown| unknown)
    }

    /// An error is an unknown that a value within caused.
    fn decide(&mut self, node: &Node) -> Result<Truth, Truth> {
        self.step(1)?;
        let truth = match node {
            Node::All(parts) => self.first(parts, Truth::No, Truth::Yes),
            Node::Any(parts) => self.first(parts, Truth::Yes, Truth::No),
            Node::Not(inner) => match self.truth(inner) {
                Truth::Yes => Truth::No,
                Truth::No => Truth::Yes,
                unknown @ Truth::Unknown(_) => unknown,
            },
            Node::Compare(comparison, left, right) => {
                let same = sameness([left, right]);
                let (left, right) = (self.value(left)?, self.value(right)?);
                compare(*comparison, &left, &right, same).into()
            }
            Node::In(item, list) => {
                let same = sameness([item, list]);
                let item = self.value(item)?;
                let many = self.items(list)?.len();
                self.step(many)?;
                let Value::Text(item) = item else { return Ok(Truth::No) };
                self.items(list)?.iter().any(|other| same(&item, other)).into()
            }
            Node::StartsWith(text, start) => match self.value(text)? {
                Value::Text(value) if is_postcode(text) => postcode(&value).starts_with(&postcode(start)).into(),
                Value::Text(text) => text.to_lowercase().starts_with(&start.to_lowercase()).into(),
                _ => Truth::No,
            },
            Node::Between(value, low, high) => {
                let (value, low, high) = (self.value(value)?, self.value(low)?, self.value(high)?);
                between(&value, &low, &high).into()
            }
            Node::Field(field) => match self.facts.value(*field) {
                Some(Value::Flag(yes)) => yes.into(),
                _ => Truth::Unknown(Some(*field)),
            },
            // The parser lets none of these be a condition.
            Node::Text(_) | Node::Number(_) | Node::List(_) => Truth::No,
        };
        Ok(truth)
    }

    /// `settled` as soon as a part is that; unknown if a part is; otherwise the rest.
    fn first(&mut self, parts: &[Node], settled: Truth, otherwise: Truth) -> Truth {
        let mut answer = otherwise;
        for part in parts {
            let truth = self.truth(part);
            if truth == settled {
                return settled;
            }
            if truth != otherwise && answer == otherwise {
                answer = truth;
            }
        }
        answer
    }

    fn value<'n>(&mut self, node: &'n Node) -> Result<Value<'n>, Truth>
    where
        Self: 'n,
    {
        self.step(1)?;
        match node {
            Node::Text(text) => Ok(Value::Text(Cow::Borrowed(text))),
            Node::Number(number) => Ok(Value::Number(*number)),
            Node::Field(field) => match self.facts.value(*field) {
                Some(Value::Text(text)) => Ok(Value::Text(Cow::Owned(text.into_owned()))),
                Some(Value::Number(number)) => Ok(Value::Number(number)),
                Some(Value::Nothing) => Ok(Value::Nothing),
                Some(Value::List(_) | Value::Flag(_)) | None => Err(Truth::Unknown(Some(*field))),
            },
            _ => Err(Truth::Unknown(None)),
        }
    }

    fn items<'n>(&'n self, node: &'n Node) -> Result<&'n [String], Truth> {
        match node {
            Node::List(items) => Ok(items),
            Node::Field(field) => match self.facts.value(*field) {
                Some(Value::List(items)) => Ok(items),
                _ => Err(Truth::Unknown(Some(*field))),
            },
            _ => Err(Truth::Unknown(None)),
        }
    }
}

/// People write the same postcode with blanks and hyphens or without.
fn same_postcode(a: &str, b: &str) -> bool {
    postcode(a) == postcode(b)
}

const fn is_postcode(node: &Node) -> bool {
    matches!(node, Node::Field(Field::Postcode))
}

/// How texts are compared where one of these is a field.
fn sameness(nodes: [&Node; 2]) -> fn(&str, &str) -> bool {
    if nodes.into_iter().any(is_postcode) {
        same_postcode
    } else {
        same
    }
}

fn compare(comparison: Comparison, left: &Value<'_>, right: &Value<'_>, same: fn(&str, &str) -> bool) -> bool {
    match (left, right) {
        (Value::Nothing, _) | (_, Value::Nothing) => comparison == Comparison::NotEqual,
        (Value::Text(left), Value::Text(right)) => same(left, right) == (comparison == Comparison::Equal),
        (Value::Number(left), Value::Number(right)) => match comparison {
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
            Comparison::Less => left < right,
            Comparison::AtMost => left <= right,
            Comparison::More => left > right,
            Comparison::AtLeast => left >= right,
        },
        _ => false,
    }
}

fn between(value: &Value<'_>, low: &Value<'_>, high: &Value<'_>) -> bool {
    match (value, low, high) {
        (Value::Number(value), Value::Number(low), Value::Number(high)) => low <= value && value <= high,
        (Value::Text(value), Value::Text(low), Value::Text(high)) => {
            let (value, low, high) = (postcode(value), postcode(low), postcode(high));
            // All that begins with the end of the range is within it: SW1 up to SW9.
            low <= value && (value <= high || value.starts_with(&high))
        }
        _ => false,
    }
}
