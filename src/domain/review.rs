//! What a shop wants to look at before it is bought: purchase orders that wait for a person.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{
    money::{Currency, Money},
    rules::same,
};

/// How long an order waits for an assessment of its risk. What is not known by then a person looks at.
pub const PATIENCE_FOR_RISK: TimeDelta = TimeDelta::hours(1);

/// Which purchase orders wait for a review; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReviewHolds {
    /// Those to a supplier that has not taken one of the shop's yet.
    pub first_order: bool,
    /// Those for orders above this total, a decimal in the shop's currency; and those for orders in another.
    pub above: Option<String>,
    /// Those for orders that Shopify advises to look into, or to cancel, or has not assessed after a while.
    pub risk: bool,
    /// Those for orders with any of these tags.
    pub tags: Vec<String>,
}

/// What is known of an order and its supplier.
#[derive(Clone, Copy, Debug)]
pub struct Reviewed<'a> {
    pub total: Money,
    /// The shop's.
    pub currency: Currency,
    /// Shopify's recommendation, in its own word.
    pub risk: Option<&'a str>,
    /// An assessment of it was awaited for long enough.
    pub is_unassessed: bool,
    pub tags: &'a [String],
    pub supplier: &'a str,
    /// The supplier took a purchase order of the shop's before.
    pub is_proven: bool,
}

impl ReviewHolds {
    /// Whether it must be known if a supplier is proven.
    #[must_use]
    pub const fn asks_for_proof(&self) -> bool {
        self.first_order
    }

    /// Why a purchase order waits, for people; nothing if it does not.
    #[must_use]
    pub fn reasons(&self, of: Reviewed<'_>) -> Vec<String> {
        let mut why = Vec::new();
        if self.first_order && !of.is_proven {
            why.push(format!("it is the first order to {}", of.supplier));
        }
        if let Some(above) = &self.above {
            let limit = Money::parse(above, of.currency).ok();
            // A limit that cannot be compared holds: nothing dear slips through.
            if of.total.currency != of.currency {
                let (total, currency) = (of.total, of.currency.code());
                why.push(format!(
                    "the order's total of {total} cannot be compared with {above} {currency}"
                ));
            } else if limit.is_none_or(|limit| of.total.amount_minor > limit.amount_minor) {
                why.push(format!("the order's total of {} is above {above}", of.total));
            }
        }
        if let (true, Some(risk @ ("CANCEL" | "INVESTIGATE"))) = (self.risk, of.risk) {
            let advice = if risk == "CANCEL" { "cancel" } else { "look into" };
            why.push(format!("Shopify advises to {advice} the order"));
        }
        if self.risk && of.is_unassessed {
            why.push("Shopify has not finished assessing the order's risk".to_owned());
        }
        let has = |tag: &&String| of.tags.iter().any(|other| same(other, tag));
        why.extend(
            self.tags
                .iter()
                .filter(has)
                .map(|tag| format!("the order has the tag “{tag}”")),
        );
        why
    }

    /// What is wrong with them, as the setting's name and a sentence.
    #[must_use]
    pub fn problem(&self, currency: Option<Currency>) -> Option<(&'static str, String)> {
        if let Some(above) = &self.above {
            let euro = Currency::parse("EUR").ok();
            let amount = currency
                .or(euro)
                .and_then(|currency| Money::parse(above, currency).ok());
            if amount.is_none_or(|amount| amount.amount_minor < 0) {
                return Some(("above", "an amount is a decimal such as 500.00".to_owned()));
            }
        }
        let fits = |tag: &String| (1..=255).contains(&tag.trim().chars().count());
        if self.tags.len() > 50 || !self.tags.iter().all(fits) {
            return Some(("tags", "at most 50 tags, each of 1 to 255 characters".to_owned()));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn euro() -> Currency {
        Currency::parse("EUR").expect("a currency")
    }

    fn reasons(
        holds: &ReviewHolds,
        total_minor: i64,
        risk: Option<&str>,
        tags: &[&str],
        is_proven: bool,
    ) -> Vec<String> {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        holds.reasons(Reviewed {
            total: Money::new(total_minor, euro()),
            currency: euro(),
            risk,
            is_unassessed: risk.is_none(),
            tags: &tags,
            supplier: "North",
            is_proven,
        })
    }

    #[test]
    fn nothing_waits_by_default() {
        assert!(reasons(&ReviewHolds::default(), 1_000_000, Some("CANCEL"), &["fraud"], false).is_empty());
    }

    #[test]
    fn each_reason_is_named() {
        let holds = ReviewHolds {
            first_order: true,
            above: Some("500.00".to_owned()),
            risk: true,
            tags: vec!["Check".to_owned()],
        };
        let all = reasons(&holds, 50_001, Some("INVESTIGATE"), &["vip", "check"], false);
        assert_eq!(
            all,
            [
                "it is the first order to North",
                "the order's total of 500.01 EUR is above 500.00",
                "Shopify advises to look into the order",
                "the order has the tag “Check”"
            ]
        );
        assert!(reasons(&holds, 50_000, Some("ACCEPT"), &["vip"], true).is_empty());
    }

    #[test]
    fn what_is_never_assessed_is_looked_at_where_risk_is() {
        let holds = |risk| ReviewHolds {
            risk,
            ..ReviewHolds::default()
        };
        assert_eq!(
            reasons(&holds(true), 1, None, &[], true),
            ["Shopify has not finished assessing the order's risk"]
        );
        assert!(reasons(&holds(false), 1, None, &[], true).is_empty());
    }

    #[test]
    fn tags_are_the_same_in_any_case_and_with_blanks_around() {
        let waits = |held: &str, tag: &str| {
            let holds = ReviewHolds {
                tags: vec![held.to_owned()],
                ..ReviewHolds::default()
            };
            !reasons(&holds, 1, None, &[tag], true).is_empty()
        };
        assert!(waits("Überprüfen", "überprüfen") && waits("überprüfen", "ÜBERPRÜFEN"));
        assert!(waits(" vip", "VIP ") && !waits("vip", "vips"));
    }

    #[test]
    fn a_limit_is_in_the_shops_currency() {
        let holds = ReviewHolds {
            above: Some("500.00".to_owned()),
            ..ReviewHolds::default()
        };
        let yen = |total| Reviewed {
            total: Money::new(total, Currency::parse("JPY").expect("a currency")),
            currency: euro(),
            risk: None,
            is_unassessed: false,
            tags: &[],
            supplier: "North",
            is_proven: true,
        };
        // 400 yen are less, and 600 as well: nobody knows the rate.
        for total in [400, 600] {
            let told = format!("the order's total of {total} JPY cannot be compared with 500.00 EUR");
            assert_eq!(holds.reasons(yen(total)), [told]);
        }
    }

    #[test]
    fn a_limit_that_cannot_be_compared_holds() {
        let holds = ReviewHolds {
            above: Some("500.001".to_owned()),
            ..ReviewHolds::default()
        };
        assert_eq!(reasons(&holds, 1, None, &[], true).len(), 1);
        assert_eq!(holds.problem(None).map(|(field, _)| field), Some("above"));
    }
}
