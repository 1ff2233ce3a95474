//! Purchase orders: what one supplier is asked to ship for one order.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{supplier::RejectReason, text_enum::text_enum};
use crate::ids::{PoLineId, ShopifyOrderId};

text_enum! {
    pub enum PurchaseOrderStatus {
        /// Decided, not sent.
        Draft = "draft",
        /// An Intent is written; the call may be under way.
        Placing = "placing",
        /// The answer was lost and cannot be read back.
        OutcomeUnknown = "outcome_unknown",
        Placed = "placed",
        Accepted = "accepted",
        PartlyShipped = "partly_shipped",
        Shipped = "shipped",
        Rejected = "rejected",
        CancelRequested = "cancel_requested",
        Cancelled = "cancelled",
    }
}

impl PurchaseOrderStatus {
    /// Whether `next` may follow (invariant 4: forward only). Staying is no move.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        use PurchaseOrderStatus as S;
        match self {
            S::Draft => matches!(next, S::Placing | S::Cancelled | S::Rejected),
            S::Placing => !matches!(next, S::Draft | S::Placing),
            S::OutcomeUnknown => !matches!(next, S::Draft | S::Placing | S::OutcomeUnknown),
            S::Placed => matches!(
                next,
                S::Accepted | S::PartlyShipped | S::Shipped | S::Rejected | S::CancelRequested | S::Cancelled
            ),
            S::Accepted => matches!(
                next,
                S::PartlyShipped | S::Shipped | S::Rejected | S::CancelRequested | S::Cancelled
            ),
            S::PartlyShipped => matches!(next, S::Shipped | S::CancelRequested | S::Cancelled),
            // The supplier may refuse, or ship all the same: a parcel is recorded whatever we think of it.
            // It may agree for a part, and not have said a word about the rest.
            S::CancelRequested => matches!(
                next,
                S::Placed | S::Accepted | S::PartlyShipped | S::Shipped | S::Rejected | S::Cancelled
            ),
            // A late parcel for a rejected or cancelled order is still a parcel.
            S::Rejected | S::Cancelled => matches!(next, S::PartlyShipped | S::Shipped),
            S::Shipped => false,
        }
    }

    /// Whether the supplier may still ship something of it.
    #[must_use]
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::Shipped | Self::Rejected | Self::Cancelled)
    }

    /// Where the answer to a request to cancel leads, when something is still to come of the purchase order:
    /// who refuses ships it, and who agrees has still to answer what it had not answered before.
    #[must_use]
    pub fn after_cancel_answer(agreed: bool, lines: &[LineProgress]) -> Self {
        if agreed && lines.iter().all(|line| line.accepted == 0) {
            Self::Placed
        } else {
            Self::Accepted
        }
    }

    /// Where a supplier's report leads. A request to cancel stays until it is
    /// answered, or nothing is left to cancel.
    #[must_use]
    pub fn after_report(self, lines: &[LineProgress]) -> Self {
        match status_from_lines(lines) {
            Some(next) if self == Self::CancelRequested && next.is_live() => self,
            Some(next) if self.may_become(next) => next,
            _ => self,
        }
    }

    /// Whether the supplier can know of it.
    #[must_use]
    pub const fn may_be_known_to_supplier(self) -> bool {
        !matches!(self, Self::Draft)
    }
}

text_enum! {
    /// How the portal sorts a supplier's purchase orders.
    pub enum Bucket {
        /// Not answered yet.
        New = "new",
        ToShip = "to_ship",
        PastShipBy = "past_ship_by",
        CancelRequested = "cancel_requested",
        Done = "done",
    }
}

impl Bucket {
    /// What may be in it.
    #[must_use]
    pub const fn statuses(self) -> &'static [PurchaseOrderStatus] {
        use PurchaseOrderStatus as S;
        match self {
            Self::New => &[S::Placed],
            Self::ToShip => &[S::Accepted, S::PartlyShipped],
            Self::PastShipBy => &[S::Placed, S::Accepted, S::PartlyShipped],
            Self::CancelRequested => &[S::CancelRequested],
            Self::Done => &[S::Shipped, S::Rejected, S::Cancelled],
        }
    }

    /// Whether only what is late is in it.
    #[must_use]
    pub const fn is_overdue(self) -> bool {
        matches!(self, Self::PastShipBy)
    }
}

/// The quantities of one purchase order line. Offer units, not order-line units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineProgress {
    pub quantity: u32,
    pub accepted: u32,
    pub rejected: u32,
    pub shipped: u32,
    pub cancelled: u32,
}

/// What a supplier says to one line: how many it ships, how many it does not, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineAnswer {
    pub line: PoLineId,
    pub accepted: u32,
    pub rejected: u32,
    pub reason: Option<RejectReason>,
    /// For people.
    pub message: Option<String>,
}

/// Why a supplier's report about a line is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    #[error("{asked} units are more than the {open} that are open on this line")]
    MoreThanOpen { asked: u32, open: u32 },
    #[error("a quantity must be at least 1")]
    Zero,
}

impl LineProgress {
    /// What is neither shipped, rejected nor cancelled.
    #[must_use]
    pub const fn open(&self) -> u32 {
        self.quantity
            .saturating_sub(self.shipped + self.rejected + self.cancelled)
    }

    /// What the supplier has not said a word about.
    #[must_use]
    pub fn unanswered(&self) -> u32 {
        self.quantity
            .saturating_sub(self.rejected + self.cancelled + self.accepted.max(self.shipped))
    }

    /// Accepts and rejects parts of the line. Repeating an answer changes nothing, and neither does none
    /// of either: so stands a line in a supplier's books whose cancellation may not be known here yet.
    pub fn acknowledge(mut self, accepted: u32, rejected: u32) -> Result<Self, LineError> {
        let total = accepted.saturating_add(rejected);
        // Said before, perhaps before a cancellation: nothing new.
        if accepted <= self.accepted && rejected <= self.rejected {
            return Ok(self);
        }
        let answerable = self.quantity.saturating_sub(self.cancelled);
        if accepted > answerable || total > self.quantity {
            return Err(LineError::MoreThanOpen {
                asked: total,
                open: answerable,
            });
        }
        // Who rejects a line may count with it what was cancelled of it before.
        let rejected = rejected.min(answerable - accepted);
        let most_rejectable = answerable.saturating_sub(self.shipped);
        if rejected > most_rejectable {
            return Err(LineError::MoreThanOpen {
                asked: rejected,
                open: most_rejectable,
            });
        }
        self.rejected = self.rejected.max(rejected);
        self.accepted = self.accepted.max(accepted).min(answerable - self.rejected);
        Ok(self)
    }

    /// Takes a parcel with `quantity` units of the line, and says how many of
    /// them were rejected or cancelled before: a parcel is recorded whatever we
    /// think of it, but no more can be shipped than was ordered.
    pub fn ship(mut self, quantity: u32) -> Result<(Self, u32), LineError> {
        let unshipped = self.quantity.saturating_sub(self.shipped);
        if quantity == 0 {
            return Err(LineError::Zero);
        }
        if quantity > unshipped {
            return Err(LineError::MoreThanOpen {
                asked: quantity,
                open: unshipped,
            });
        }
        let unexpected = quantity.saturating_sub(self.open());
        let from_cancelled = unexpected.min(self.cancelled);
        self.shipped += quantity;
        self.cancelled -= from_cancelled;
        self.rejected -= (unexpected - from_cancelled).min(self.rejected);
        Ok((self, unexpected))
    }
}

/// The status that the lines' quantities speak for.
#[must_use]
pub fn status_from_lines(lines: &[LineProgress]) -> Option<PurchaseOrderStatus> {
    use PurchaseOrderStatus as S;
    let shipped: u32 = lines.iter().map(|l| l.shipped).sum();
    let open: u32 = lines.iter().map(LineProgress::open).sum();
    let accepted: u32 = lines.iter().map(|l| l.accepted).sum();
    let rejected: u32 = lines.iter().map(|l| l.rejected).sum();
    match (open, shipped) {
        (0, 0) if rejected > 0 => Some(S::Rejected),
        (0, 0) => Some(S::Cancelled),
        (0, _) => Some(S::Shipped),
        (_, 1..) => Some(S::PartlyShipped),
        (_, 0) if accepted > 0 => Some(S::Accepted),
        _ => None,
    }
}

/// A purchase order's number: shop prefix, order name, counter (`DEMO-1001-2`).
/// Unique in the installation, short, and readable on a label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PurchaseOrderNumber(pub String);

/// Letters and digits of an order's name.
const LONGEST_NAME: usize = 20;

impl PurchaseOrderNumber {
    /// Builds the number from the shop's prefix, Shopify's order name and the
    /// how-manieth purchase order of that order it is, counted from 1. A name that is too long, or has nothing
    /// that suits a number, gives way to Shopify's id of the order: shortened it could be another order's.
    #[must_use]
    pub fn new(shop_prefix: &str, order_name: &str, order: ShopifyOrderId, counter: u32) -> Self {
        let name: String = order_name.chars().filter(char::is_ascii_alphanumeric).collect();
        if name.is_empty() || name.len() > LONGEST_NAME {
            return Self::by_id(shop_prefix, order, counter);
        }
        Self(format!("{shop_prefix}-{}-{counter}", name.to_ascii_uppercase()))
    }

    /// The same by Shopify's id, for an order whose name another one has, too.
    #[must_use]
    pub fn by_id(shop_prefix: &str, order: ShopifyOrderId, counter: u32) -> Self {
        Self(format!("{shop_prefix}-{order}-{counter}"))
    }
}

impl fmt::Display for PurchaseOrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The prefix of a shop's purchase order numbers, from its domain: at most
/// twelve upper-case letters and digits. Uniqueness is the store's to keep.
#[must_use]
pub fn shop_prefix(domain: &str) -> String {
    let label = domain.split('.').next().unwrap_or(domain);
    let prefix: String = label.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
    if prefix.is_empty() {
        "SHOP".to_owned()
    } else {
        prefix.to_ascii_uppercase()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_readable() {
        let number = |name| PurchaseOrderNumber::new(&shop_prefix("demo.myshopify.com"), name, ShopifyOrderId(77), 2).0;
        assert_eq!(number("#1001"), "DEMO-1001-2");
        // Shortened, many orders would have one number.
        assert_eq!(number("AMAZON-113-1234567-1234567"), "DEMO-77-2");
        assert_eq!(number("注文"), "DEMO-77-2");
        assert_eq!(shop_prefix("--.myshopify.com"), "SHOP");
    }

    #[test]
    fn nothing_follows_shipped_and_nothing_goes_back_to_draft() {
        for status in PurchaseOrderStatus::ALL {
            assert!(!PurchaseOrderStatus::Shipped.may_become(*status));
            assert!(!status.may_become(PurchaseOrderStatus::Draft));
            assert!(!status.may_become(*status), "{status}");
        }
    }

    #[test]
    fn an_acknowledgement_repeated_changes_nothing() {
        let line = LineProgress {
            quantity: 5,
            ..LineProgress::default()
        };
        let once = line.acknowledge(3, 2).expect("fits");
        assert_eq!(
            once,
            LineProgress {
                quantity: 5,
                accepted: 3,
                rejected: 2,
                ..LineProgress::default()
            }
        );
        assert_eq!(once.acknowledge(3, 2), Ok(once));
        assert_eq!(
            line.acknowledge(4, 2),
            Err(LineError::MoreThanOpen { asked: 6, open: 5 })
        );
        assert_eq!(line.acknowledge(0, 0), Ok(line));
        let cancelled = LineProgress { cancelled: 2, ..line };
        let after = cancelled.acknowledge(0, 5).expect("it ships nothing of it");
        assert_eq!((after.rejected, after.cancelled, after.open()), (3, 2, 0));
        let shipped = LineProgress { shipped: 4, ..line };
        assert_eq!(
            shipped.acknowledge(0, 2),
            Err(LineError::MoreThanOpen { asked: 2, open: 1 })
        );
    }
    #[test]
    fn an_old_acknowledgement_after_a_cancellation_changes_nothing() {
        let line = LineProgress {
            quantity: 5,
            accepted: 3,
            cancelled: 5,
            ..LineProgress::default()
        };
        assert_eq!(line.acknowledge(3, 0), Ok(line));
        assert_eq!(
            line.acknowledge(4, 0),
            Err(LineError::MoreThanOpen { asked: 4, open: 0 })
        );
    }

    #[test]
    fn a_parcel_of_what_was_rejected_or_cancelled_is_taken() {
        let line = LineProgress {
            quantity: 5,
            accepted: 2,
            rejected: 2,
            shipped: 1,
            cancelled: 1,
        };
        assert_eq!(line.open(), 1);
        let (line, unexpected) = line.ship(3).expect("as many as ordered");
        assert_eq!((line.shipped, line.cancelled, line.rejected, unexpected), (4, 0, 1, 2));
        assert_eq!(line.ship(2), Err(LineError::MoreThanOpen { asked: 2, open: 1 }));
        assert_eq!(line.ship(0), Err(LineError::Zero));
    }

    #[test]
    fn a_request_to_cancel_stays_until_it_is_answered() {
        use PurchaseOrderStatus as S;
        let line = |accepted, shipped, rejected| LineProgress {
            quantity: 2,
            accepted,
            shipped,
            rejected,
            cancelled: 0,
        };
        assert_eq!(S::CancelRequested.after_report(&[line(2, 0, 0)]), S::CancelRequested);
        assert_eq!(S::CancelRequested.after_report(&[line(0, 1, 0)]), S::CancelRequested);
        assert_eq!(S::CancelRequested.after_report(&[line(0, 2, 0)]), S::Shipped);
        assert_eq!(S::CancelRequested.after_report(&[line(0, 0, 2)]), S::Rejected);
        assert_eq!(S::Placed.after_report(&[line(0, 0, 0)]), S::Placed);
        assert_eq!(S::Placed.after_report(&[line(1, 0, 0)]), S::Accepted);
        assert_eq!(S::Cancelled.after_report(&[line(0, 1, 0)]), S::PartlyShipped);
        assert_eq!(S::Shipped.after_report(&[line(0, 1, 0)]), S::Shipped);
    }

    proptest! {
        #[test]
        fn no_report_makes_more_units_than_were_ordered(
            quantity in 1_u32..20, reports in prop::collection::vec((0_u8..3, 0_u32..20, 0_u32..20), 0..12),
        ) {
            let mut line = LineProgress { quantity, ..LineProgress::default() };
            for (kind, a, b) in reports {
                let before = line;
                match kind {
                    0 => line = line.acknowledge(a, b).unwrap_or(line),
                    1 => line = line.ship(a).map_or(line, |(line, _)| line),
                    _ => line.cancelled += a.min(line.open()),
                }
                prop_assert!(line.shipped + line.rejected + line.cancelled <= quantity);
                prop_assert!(line.shipped >= before.shipped);
                prop_assert_eq!(line.open() + line.shipped + line.rejected + line.cancelled, quantity);
            }
        }
    }
}
