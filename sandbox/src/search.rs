//! Shopify's search syntax, in queries and in filters of webhook subscriptions, as far as the sandbox plays it: `field:value` with comparators, joined
//! by a blank, `AND` or `OR`. A field that is not played is an error; Shopify would ignore it with
//! a warning and match everything, which no caller can want.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// Alternatives of conditions that must all hold.
#[derive(Debug)]
pub(crate) struct Search(Vec<Vec<Term>>);

/// One `field:comparator value`.
#[derive(Debug)]
pub(crate) struct Term {
    pub field: String,
    compare: Compare,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Search {
    pub fn parse(query: &str) -> Self {
        let mut alternatives = vec![Vec::new()];
        for word in words(query) {
            match word.as_str() {
                "OR" => alternatives.push(Vec::new()),
                "AND" => {}
                word => {
                    let term = Term::parse(word.trim_matches(['(', ')']));
                    if let Some(all) = alternatives.last_mut() {
                        all.push(term);
                    }
                }
            }
        }
        Self(alternatives)
    }

    /// The first field that is not among `known`.
    pub fn unknown_field(&self, known: &[&str]) -> Option<&str> {
        let mut terms = self.0.iter().flatten();
        terms
            .find(|term| !known.contains(&term.field.as_str()))
            .map(|term| term.field.as_str())
    }

    /// Does a row fit? `matches` judges one term; `None` means it does not know the field.
    pub fn fits(&self, matches: impl Fn(&Term) -> Option<bool>) -> Result<bool, String> {
        let mut any = false;
        for all in &self.0 {
            let mut every = true;
            for term in all {
                every &= matches(term).ok_or_else(|| term.field.clone())?;
            }
            any |= every;
        }
        Ok(any)
    }
}

impl Term {
    fn parse(word: &str) -> Self {
        let (field, rest) = word.split_once(':').unwrap_or(("", word));
        let (compare, value) = [
            (">=", Compare::GreaterOrEqual),
            ("<=", Compare::LessOrEqual),
            (">", Compare::Greater),
            ("<", Compare::Less),
        ]
        .into_iter()
        .find_map(|(sign, compare)| rest.strip_prefix(sign).map(|value| (compare, value)))
        .unwrap_or((Compare::Equal, rest));
        let value = value.trim_matches(['\'', '"']).to_owned();
        Self {
            field: field.to_owned(),
            compare,
            value,
        }
    }

    pub fn text(&self, actual: &str) -> bool {
        match self.value.strip_suffix('*') {
            Some(prefix) => actual.to_lowercase().starts_with(&prefix.to_lowercase()),
            None => actual.eq_ignore_ascii_case(&self.value),
        }
    }

    pub fn number(&self, actual: i64) -> bool {
        self.value
            .parse::<i64>()
            .is_ok_and(|wanted| self.holds(actual.cmp(&wanted)))
    }

    /// Judges a field of a webhook body: by number where both sides are numbers, else by text.
    pub fn json(&self, body: &Value) -> bool {
        let mut found = vec![body];
        for part in self.field.split('.') {
            found = found
                .into_iter()
                .flat_map(children)
                .filter_map(|value| value.get(part))
                .collect();
        }
        found.into_iter().flat_map(children).any(|value| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match (text.parse::<f64>(), self.value.parse::<f64>()) {
                (Ok(actual), Ok(wanted)) => actual.partial_cmp(&wanted).is_some_and(|order| self.holds(order)),
                _ => self.text(&text),
            }
        })
    }

    pub fn time(&self, actual: DateTime<Utc>) -> bool {
        // The API shows whole seconds and compares by them.
        let wanted = DateTime::parse_from_rfc3339(&self.value)
            .map(|at| at.timestamp())
            .or_else(|_| {
                format!("{}T00:00:00Z", self.value)
                    .parse::<DateTime<Utc>>()
                    .map(|at| at.timestamp())
            });
        wanted.is_ok_and(|wanted| self.holds(actual.timestamp().cmp(&wanted)))
    }

    fn holds(&self, order: std::cmp::Ordering) -> bool {
        match self.compare {
            Compare::Equal => order.is_eq(),
            Compare::Less => order.is_lt(),
            Compare::LessOrEqual => order.is_le(),
            Compare::Greater => order.is_gt(),
            Compare::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// The elements of a list, or the value itself.
fn children(value: &Value) -> Vec<&Value> {
    value
        .as_array()
        .map_or_else(|| vec![value], |items| items.iter().collect())
}

/// Splits at blanks outside of quotes.
fn words(query: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in query.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => {
                quote = None;
                word.push(c);
            }
            (None, '"' | '\'') => {
                quote = Some(c);
                word.push(c);
            }
            (None, c) if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
