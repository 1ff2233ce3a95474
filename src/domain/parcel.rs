//! A parcel as a supplier reports it: what is accepted as a reference, a
//! carrier, a number, a link, and when two reports tell of the same parcel.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use url::Url;

use crate::ids::PoLineId;

const MAX_REFERENCE: usize = 100;
const MAX_CARRIER: usize = 100;
const MAX_TRACKING_NUMBER: usize = 100;
const MAX_TRACKING_URL: usize = 1000;
const MAX_LINES: usize = 500;
/// Clocks differ, and labels are printed the evening before.
const MOST_AHEAD: TimeDelta = TimeDelta::days(2);

/// A parcel as reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parcel {
    /// The supplier's own name for it, unique per purchase order.
    pub reference: String,
    pub tracking: Tracking,
    pub shipped_at: Option<DateTime<Utc>>,
    pub lines: Vec<ParcelLine>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ParcelLine {
    pub line: PoLineId,
    /// Offer units.
    pub quantity: u32,
}

/// Who carries a parcel, and how to follow it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tracking {
    pub carrier: Option<String>,
    pub number: Option<String>,
    pub url: Option<String>,
}

/// What of a report cannot be used, by the field's name in the supplier API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct ParcelError {
    pub field: String,
    pub problem: String,
}

impl ParcelError {
    fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

impl Parcel {
    /// Trims and checks a report; the quantities are judged by the lines.
    pub fn checked(self, now: DateTime<Utc>) -> Result<Self, ParcelError> {
        let reference = required("reference", Some(self.reference), MAX_REFERENCE)?;
        if self.lines.is_empty() || self.lines.len() > MAX_LINES {
            return Err(ParcelError::new("lines", format!("must hold 1 to {MAX_LINES} lines")));
        }
        for (index, line) in self.lines.iter().enumerate() {
            let earlier = self.lines.iter().take(index);
            if earlier.into_iter().any(|other| other.line == line.line) {
                let problem = "is named twice; add the quantities up";
                return Err(ParcelError::new(format!("lines[{index}].line_id"), problem));
            }
        }
        if self.shipped_at.is_some_and(|at| at > now + MOST_AHEAD) {
            return Err(ParcelError::new("shipped_at", "lies more than two days ahead"));
        }
        Ok(Self {
            reference,
            tracking: self.tracking.checked()?,
            ..self
        })
    }

    /// The report in one spelling: two of the same content have the same.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut lines = self.lines.clone();
        lines.sort_unstable();
        let lines: Vec<String> = lines
            .iter()
            .map(|line| format!("{}={}", line.line, line.quantity))
            .collect();
        // A control character cannot stand in a checked text, so it separates them.
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        [
            text(&self.tracking.carrier),
            text(&self.tracking.number),
            text(&self.tracking.url),
            self.shipped_at
                .map(|at| at.timestamp_millis().to_string())
                .unwrap_or_default(),
            lines.join(","),
        ]
        .join("\u{1f}")
    }
}

impl Tracking {
    /// Trims and checks; an empty text is none.
    pub fn checked(self) -> Result<Self, ParcelError> {
        let url = optional("tracking_url", self.url, MAX_TRACKING_URL)?;
        let usable =
            |url: &String| Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if url.as_ref().is_some_and(|url| !usable(url)) {
            return Err(ParcelError::new(
                "tracking_url",
                "must be a link that begins with https://",
            ));
        }
        Ok(Self {
            carrier: optional("carrier", self.carrier, MAX_CARRIER)?,
            number: optional("tracking_number", self.number, MAX_TRACKING_NUMBER)?,
            url,
        })
    }
}

fn optional(field: &str, text: Option<String>, longest: usize) -> Result<Option<String>, ParcelError> {
    let Some(text) = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.chars().count() > longest {
        return Err(ParcelError::new(
            field,
            format!("must have at most {longest} characters"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(ParcelError::new(field, "must not hold control characters"));
    }
    Ok(Some(text))
}

fn required(field: &str, text: Option<String>, longest: usize) -> Result<String, ParcelError> {
    optional(field, text, longest)?.ok_or_else(|| ParcelError::new(field, "must not be empty"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel() -> Parcel {
        Parcel {
            reference: " P-1 ".to_owned(),
            tracking: Tracking {
                carrier: Some("UPS".to_owned()),
                number: Some(" 1Z ".to_owned()),
                url: Some(String::new()),
            },
            shipped_at: None,
            lines: vec![ParcelLine {
                line: PoLineId::generate(),
                quantity: 1,
            }],
        }
    }

    fn check(change: impl FnOnce(&mut Parcel), field: &str) {
        let mut parcel = parcel();
        change(&mut parcel);
        let error = parcel.checked(DateTime::UNIX_EPOCH).expect_err(field);
        assert_eq!(error.field, field, "{error}");
    }

    #[test]
    fn trims_and_drops_empty_texts() {
        let parcel = parcel().checked(DateTime::UNIX_EPOCH).expect("good");
        assert_eq!(parcel.reference, "P-1");
        assert_eq!(parcel.tracking.number.as_deref(), Some("1Z"));
        assert_eq!(parcel.tracking.url, None);
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        check(|parcel| parcel.reference = "  ".to_owned(), "reference");
        check(|parcel| parcel.reference = "x".repeat(101), "reference");
        check(|parcel| parcel.reference = "a\nb".to_owned(), "reference");
        check(|parcel| parcel.tracking.carrier = Some("x".repeat(101)), "carrier");
        check(
            |parcel| parcel.tracking.number = Some("1\u{1f}2".to_owned()),
            "tracking_number",
        );
        for url in ["javascript:alert(1)", "data:text/html,x", "track", "https://"] {
            check(|parcel| parcel.tracking.url = Some(url.to_owned()), "tracking_url");
        }
        check(|parcel| parcel.lines.clear(), "lines");
        check(|parcel| parcel.lines.push(parcel.lines[0]), "lines[1].line_id");
        check(
            |parcel| parcel.shipped_at = Some(DateTime::UNIX_EPOCH + TimeDelta::days(3)),
            "shipped_at",
        );
    }

    #[test]
    fn the_order_of_lines_makes_no_difference_and_everything_else_does() {
        let mut one = parcel().checked(DateTime::UNIX_EPOCH).expect("good");
        one.lines.push(ParcelLine {
            line: PoLineId::generate(),
            quantity: 2,
        });
        let mut turned = one.clone();
        turned.lines.reverse();
        assert_eq!(one.canonical(), turned.canonical());
        let changes: [fn(&mut Parcel); 5] = [
            |parcel| parcel.tracking.carrier = None,
            |parcel| parcel.tracking.number = Some("1Z2".to_owned()),
            |parcel| parcel.tracking.url = Some("https://track.example/1Z".to_owned()),
            |parcel| parcel.shipped_at = Some(DateTime::UNIX_EPOCH),
            |parcel| parcel.lines[0].quantity += 1,
        ];
        for change in changes {
            let mut other = one.clone();
            change(&mut other);
            assert_ne!(one.canonical(), other.canonical());
        }
    }
}
