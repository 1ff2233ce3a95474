//! How a supplier's system says that a purchase order stands, and what of that is news here.
//!
//! Quantities only grow and parcels only come, so what is older than our books changes nothing.

use chrono::{DateTime, Utc};

use super::{
    parcel::{Parcel, Tracking},
    purchase_order::{LineAnswer, LineProgress, PurchaseOrderStatus},
};
use crate::ids::PoLineId;

/// A purchase order as the supplier has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SupplierState {
    /// The supplier's own number for it.
    pub reference: Option<String>,
    pub lines: Vec<LineState>,
    /// Every parcel that left.
    pub parcels: Vec<Parcel>,
}

/// Totals of one line, in offer units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineState {
    pub answer: LineAnswer,
    /// What it will not ship because it was asked not to.
    pub cancelled: u32,
}

/// The same purchase order as our books have it.
#[derive(Clone, Debug)]
pub struct Known {
    pub status: PurchaseOrderStatus,
    pub reference: Option<String>,
    pub lines: Vec<KnownLine>,
    /// Parcels by the supplier's reference.
    pub parcels: Vec<(String, Tracking)>,
}

#[derive(Clone, Copy, Debug)]
pub struct KnownLine {
    pub line: PoLineId,
    pub progress: LineProgress,
    /// What the supplier was asked not to ship, and has not answered.
    pub asked_back: u32,
}

/// What the supplier knows and had not reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// It has the purchase order, of which that was not known.
    pub stands: bool,
    pub reference: Option<String>,
    pub answers: Vec<LineAnswer>,
    pub parcels: Vec<Parcel>,
    pub tracking: Vec<(String, Tracking)>,
    /// It agreed to what it was asked not to ship.
    pub agreed_to_cancel: bool,
    /// Parts that contradict our books, or themselves.
    pub unusable: Vec<String>,
}

impl News {
    /// Whether there is nothing to write down.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let unsaid = Self {
            unusable: Vec::new(),
            ..self.clone()
        };
        unsaid == Self::default()
    }

    /// In a few words, for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let said = |is: bool, text: &str| is.then(|| text.to_owned());
        let rejects = self.answers.iter().any(|answer| answer.rejected > 0);
        let parts = [
            said(self.stands, "has it"),
            said(self.reference.is_some(), "gave it a number"),
            said(!self.answers.is_empty() && !rejects, "accepted it"),
            said(rejects, "rejected some of it"),
            (!self.parcels.is_empty()).then(|| format!("shipped parcels: {}", self.parcels.len())),
            said(!self.tracking.is_empty(), "changed tracking"),
            said(self.agreed_to_cancel, "cancelled it"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Compares what a supplier says with what is known.
#[must_use]
pub fn compare(known: &Known, state: &SupplierState, now: DateTime<Utc>) -> News {
    let mut news = News {
        stands: known.status == PurchaseOrderStatus::OutcomeUnknown,
        reference: state
            .reference
            .clone()
            .filter(|said| known.reference.as_ref() != Some(said)),
        ..News::default()
    };
    let mut after = known.lines.clone();
    for line in &state.lines {
        take_line(&mut after, line, &mut news);
    }
    for parcel in &state.parcels {
        take_parcel(known, &mut after, parcel, now, &mut news);
    }
    news.agreed_to_cancel = agreed_to_cancel(&after, state);
    news
}

fn take_line(after: &mut [KnownLine], said: &LineState, news: &mut News) {
    let Some(line) = after.iter_mut().find(|line| line.line == said.answer.line) else {
        news.unusable
            .push(format!("{} is not a line of this purchase order", said.answer.line));
        return;
    };
    let before = line.progress;
    // What was taken back is accepted no more, whether it counts that so or not.
    let gone = before
        .cancelled
        .max(said.cancelled.min(before.cancelled + line.asked_back));
    let rejected = said.answer.rejected;
    let acceptable = before.quantity.saturating_sub(gone + rejected);
    let answer = LineAnswer {
        accepted: said.answer.accepted.min(acceptable),
        ..said.answer.clone()
    };
    if answer.accepted + rejected == 0 {
        return;
    }
    match before.acknowledge(answer.accepted, rejected) {
        Ok(progress) if progress != before => {
            line.progress = progress;
            news.answers.push(answer);
        }
        Ok(_) => {}
        Err(error) => news.unusable.push(format!("line {}: {error}", line.line)),
    }
}

fn take_parcel(known: &Known, after: &mut [KnownLine], parcel: &Parcel, now: DateTime<Utc>, news: &mut News) {
    let reference = parcel.reference.trim();
    if let Some((reference, standing)) = known.parcels.iter().find(|(known, _)| known == reference) {
        match parcel.tracking.clone().checked() {
            // One that is not there yet, or no longer, takes nothing away.
            Ok(said) if said.number.is_some() && said != *standing => news.tracking.push((reference.clone(), said)),
            Ok(_) => {}
            Err(error) => news.unusable.push(format!("parcel {reference}: {error}")),
        }
        return;
    }
    let Some(parcel) = usable(parcel, now, news) else {
        return;
    };
    let mut shipped = after.to_vec();
    for part in &parcel.lines {
        let line = shipped.iter_mut().find(|line| line.line == part.line);
        let Some((line, progress)) = line.and_then(|line| {
            let (progress, _) = line.progress.ship(part.quantity).ok()?;
            Some((line, progress))
        }) else {
            let why = "holds what was not ordered, or more of it";
            news.unusable.push(format!("parcel {reference} {why}"));
            return;
        };
        line.progress = progress;
    }
    after.copy_from_slice(&shipped);
    news.parcels.push(parcel);
}

/// A new parcel as it can be recorded: without what of its tracking is of no use.
fn usable(parcel: &Parcel, now: DateTime<Utc>, news: &mut News) -> Option<Parcel> {
    let error = match parcel.clone().checked(now) {
        Ok(parcel) => return Some(parcel),
        Err(error) => error,
    };
    news.unusable
        .push(format!("parcel {}: {error}", parcel.reference.trim()));
    let without_link = Tracking {
        url: None,
        ..parcel.tracking.clone()
    };
    let with = |tracking| Parcel {
        tracking,
        ..parcel.clone()
    };
    let mut less = [without_link, Tracking::default()].into_iter().map(with);
    less.find_map(|parcel| parcel.checked(now).ok())
}

/// Everything that it was asked not to ship, and can still not ship, it counts as cancelled.
fn agreed_to_cancel(after: &[KnownLine], state: &SupplierState) -> bool {
    let mut asked = false;
    for line in after {
        let wanted = line.asked_back.min(line.progress.open());
        if wanted == 0 {
            continue;
        }
        asked = true;
        let said = state.lines.iter().find(|said| said.answer.line == line.line);
        if said.is_none_or(|said| said.cancelled < line.progress.cancelled + wanted) {
            return false;
        }
    }
    asked
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::parcel::ParcelLine;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
    }

    fn id(number: u128) -> PoLineId {
        PoLineId(Uuid::from_u128(number))
    }

    fn line(number: u128, accepted: u32, rejected: u32, cancelled: u32) -> LineState {
        LineState {
            answer: LineAnswer {
                line: id(number),
                accepted,
                rejected,
                reason: None,
                message: None,
            },
            cancelled,
        }
    }

    fn parcel(reference: &str, number: Option<&str>, quantity: u32) -> Parcel {
        Parcel {
            reference: reference.to_owned(),
            tracking: tracking(number),
            shipped_at: None,
            lines: vec![ParcelLine { line: id(1), quantity }],
        }
    }

    fn tracking(number: Option<&str>) -> Tracking {
        Tracking {
            number: number.map(str::to_owned),
            ..Tracking::default()
        }
    }

    fn known(progress: LineProgress, asked_back: u32) -> Known {
        Known {
            status: PurchaseOrderStatus::Placed,
            reference: Some("SO-1".to_owned()),
            lines: vec![KnownLine {
                line: id(1),
                progress: LineProgress {
                    quantity: 3,
                    ..progress
                },
                asked_back,
            }],
            parcels: vec![("P-1".to_owned(), tracking(Some("T-1")))],
        }
    }

    fn said(lines: Vec<LineState>, parcels: Vec<Parcel>) -> SupplierState {
        SupplierState {
            reference: Some("SO-1".to_owned()),
            lines,
            parcels,
        }
    }

    #[test]
    fn what_is_known_is_no_news() {
        let progress = LineProgress {
            accepted: 3,
            shipped: 1,
            ..LineProgress::default()
        };
        let state = said(vec![line(1, 3, 0, 0)], vec![parcel("P-1", Some("T-1"), 1)]);
        assert!(compare(&known(progress, 0), &state, now()).is_empty());
        // Older than our books: nothing goes back.
        let older = said(vec![line(1, 0, 0, 0)], Vec::new());
        assert!(compare(&known(progress, 0), &older, now()).is_empty());
        let untold = said(Vec::new(), vec![parcel("P-1", None, 1)]);
        assert!(compare(&known(progress, 0), &untold, now()).is_empty());
    }

    #[test]
    fn tells_what_was_not_reported() {
        let state = said(
            vec![line(1, 2, 1, 0)],
            vec![parcel("P-1", Some("T-2"), 1), parcel("P-2", Some("T-3"), 2)],
        );
        let news = compare(&known(LineProgress::default(), 0), &state, now());
        assert_eq!((news.answers.len(), news.parcels.len(), news.tracking.len()), (1, 1, 1));
        assert_eq!(news.unusable, Vec::<String>::new());
        assert_eq!(
            news.summary(),
            "rejected some of it, shipped parcels: 1, changed tracking"
        );
    }

    #[test]
    fn a_supplier_that_answers_has_what_nobody_knew_to_stand() {
        let unknown = Known {
            status: PurchaseOrderStatus::OutcomeUnknown,
            ..known(LineProgress::default(), 0)
        };
        let news = compare(&unknown, &said(Vec::new(), Vec::new()), now());
        assert!(news.stands && !news.is_empty());
    }

    #[test]
    fn it_agrees_to_cancel_by_counting_all_of_it_as_cancelled() {
        let progress = LineProgress {
            accepted: 3,
            ..LineProgress::default()
        };
        let agrees = |accepted, cancelled| {
            compare(
                &known(progress, 2),
                &said(vec![line(1, accepted, 0, cancelled)], Vec::new()),
                now(),
            )
            .agreed_to_cancel
        };
        assert!(agrees(1, 2));
        assert!(agrees(3, 2), "whether it still counts it as accepted or not");
        assert!(!agrees(2, 1));
        let unasked = compare(&known(progress, 0), &said(vec![line(1, 1, 0, 2)], Vec::new()), now());
        assert!(!unasked.agreed_to_cancel, "nobody asked");
    }

    #[test]
    fn a_parcel_is_taken_without_what_of_its_tracking_is_of_no_use() {
        let mut bad_link = parcel("P-2", Some("T-2"), 1);
        bad_link.tracking.url = Some("n/a".to_owned());
        let bad_number = parcel("P-3", Some(&"9".repeat(5000)), 1);
        let nothing = Parcel {
            lines: Vec::new(),
            ..parcel("P-4", None, 1)
        };
        let state = said(Vec::new(), vec![bad_link, bad_number, nothing, parcel("P-5", None, 1)]);
        let news = compare(&known(LineProgress::default(), 0), &state, now());
        let taken: Vec<_> = news
            .parcels
            .iter()
            .map(|parcel| (parcel.reference.as_str(), parcel.tracking.clone()))
            .collect();
        let untracked = tracking(None);
        let expected = [
            ("P-2", tracking(Some("T-2"))),
            ("P-3", untracked.clone()),
            ("P-5", untracked),
        ];
        assert_eq!(taken, expected);
        assert_eq!(news.unusable.len(), 3, "{news:?}");
    }

    #[test]
    fn what_contradicts_our_books_is_told_and_not_taken() {
        let state = said(
            vec![line(1, 0, 4, 0), line(2, 1, 0, 0)],
            vec![parcel("P-2", None, 4), parcel("P-3", None, 1)],
        );
        let news = compare(&known(LineProgress::default(), 0), &state, now());
        assert_eq!(news.unusable.len(), 3, "{news:?}");
        assert_eq!(news.parcels.len(), 1, "the others are taken");
    }
}
