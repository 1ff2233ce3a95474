//! What the law and carriers want to know of goods, and what a supplier does about it.

use serde::{Deserialize, Serialize};

/// What cannot be right of a SKU: it stands in files of one line a row, on labels and in web addresses.
///
/// # Errors
/// What is wrong, for people.
pub fn check_sku(sku: &str) -> Result<(), &'static str> {
    if sku.contains(|letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')) {
        return Err("this must not have line breaks, tabs or other control characters");
    }
    Ok(())
}

/// Of one piece of an offer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Goods {
    /// Dangerous goods, such as batteries and aerosols.
    pub dangerous: bool,
    /// Years that the recipient must have.
    pub minimum_age: Option<u32>,
    /// Length, width and height, in millimetres.
    pub size_mm: Option<[u32; 3]>,
}

/// The oldest that a recipient may have to be, in years.
pub const MOST_AGE: u32 = 99;
/// The longest side there is, in millimetres.
pub const MOST_MM: u32 = 100_000;

impl Goods {
    /// In millimetres.
    #[must_use]
    pub fn longest_side_mm(&self) -> Option<u32> {
        self.size_mm.map(|sides| sides.into_iter().fold(0, u32::max))
    }

    /// The longest side, and once around the other two: what carriers limit, in millimetres.
    #[must_use]
    pub fn girth_mm(&self) -> Option<u32> {
        let sides = self.size_mm?;
        let sum = sides.iter().fold(0_u32, |sum, side| sum.saturating_add(*side));
        let longest = self.longest_side_mm()?;
        Some((sum - longest).saturating_mul(2).saturating_add(longest))
    }

    /// What cannot be right: the field, and why.
    ///
    /// # Errors
    /// The first value that is out of its range.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if self.minimum_age.is_some_and(|age| !(1..=MOST_AGE).contains(&age)) {
            return Err(("minimum_age", format!("an age is between 1 and {MOST_AGE} years")));
        }
        let sides = self.size_mm.iter().flatten();
        if sides.into_iter().any(|side| !(1..=MOST_MM).contains(side)) {
            return Err(("size_mm", format!("each side is between 1 and {MOST_MM} mm")));
        }
        Ok(())
    }
}

/// How a supplier ships for one shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Service {
    /// What is ordered from this hour on, in the shop's time zone, counts as the next day's.
    pub cutoff_hour: Option<u32>,
    /// Whether it may ship dangerous goods.
    pub dangerous_goods: bool,
    /// Whether it has the recipient's age checked.
    pub checks_age: bool,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            cutoff_hour: None,
            dangerous_goods: true,
            checks_age: false,
        }
    }
}

impl Service {
    /// Days until what is ordered at an hour of the shop's day is handed over.
    #[must_use]
    pub fn days_to_ship(&self, handling_days: u32, hour: Option<u32>) -> u32 {
        let too_late = self.cutoff_hour.zip(hour).is_some_and(|(cutoff, hour)| cutoff <= hour);
        handling_days.saturating_add(u32::from(too_late))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn girth_goes_around_the_short_sides() {
        let goods = |size_mm| Goods {
            size_mm: Some(size_mm),
            ..Goods::default()
        };
        assert_eq!(goods([200, 1_000, 300]).longest_side_mm(), Some(1_000));
        assert_eq!(goods([200, 1_000, 300]).girth_mm(), Some(2_000));
        assert_eq!(Goods::default().girth_mm(), None);
        assert!(goods([0, 1, 1]).check().is_err());
        assert!(goods([1, 1, 1]).check().is_ok());
    }

    #[test]
    fn what_comes_at_the_cutoff_is_the_next_days() {
        let service = Service {
            cutoff_hour: Some(14),
            ..Service::default()
        };
        let days = [Some(13), Some(14), None].map(|hour| service.days_to_ship(2, hour));
        assert_eq!(days, [2, 3, 2]);
        assert_eq!(Service::default().days_to_ship(2, Some(23)), 2);
    }
}
