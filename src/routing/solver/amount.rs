//! The numbers that the search counts in: whole, and of two widths. Nearly every order fits into
//! the narrow ones, which are several times as fast; what does not is counted in the wide ones.

use std::{
    fmt::Debug,
    iter::Sum,
    ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign},
};

use super::problem::Score;

/// A cost, in either width.
pub trait Amount:
    Copy
    + Debug
    + Default
    + Ord
    + Add<Output = Self>
    + AddAssign
    + Mul<Output = Self>
    + Neg<Output = Self>
    + Sub<Output = Self>
    + SubAssign
    + Sum
{
    const ZERO: Self;
    const ONE: Self;
    const MAX: Self;
    /// What the costs of a problem, and what its slopes can come to, stay below each: so far from
    /// overflow that a few of them can be added up.
    const ROOM: Self;

    fn of(count: u64) -> Self;
    /// An amount that is known to fit.
    fn narrow(score: Score) -> Self;
    fn wide(self) -> Score;
    /// Towards zero.
    fn over(self, count: u64) -> Self;
    /// Downwards.
    fn floor_over(self, count: u64) -> Self;
    /// Whether `self * times < other * others`, without overflow.
    fn less(self, times: u64, other: Self, others: u64) -> bool;
}

impl Amount for i64 {
    const ZERO: Self = 0;
    const ONE: Self = 1;
    const MAX: Self = Self::MAX;
    const ROOM: Self = 1 << 58;

    fn of(count: u64) -> Self {
        count.cast_signed()
    }

    fn narrow(score: Score) -> Self {
        Self::try_from(score).unwrap_or(Self::MAX)
    }

    fn wide(self) -> Score {
        self.into()
    }

    fn over(self, count: u64) -> Self {
        // Most often there is nothing to divide by, and to divide takes long.
        if count == 1 { self } else { self / count.cast_signed() }
    }

    fn floor_over(self, count: u64) -> Self {
        self.div_euclid(count.cast_signed())
    }

    fn less(self, times: u64, other: Self, others: u64) -> bool {
        i128::from(self) * i128::from(times) < i128::from(other) * i128::from(others)
    }
}

impl Amount for Score {
    const ZERO: Self = 0;
    const ONE: Self = 1;
    const MAX: Self = Self::MAX;
    const ROOM: Self = 1 << 118;

    fn of(count: u64) -> Self {
        count.into()
    }

    fn narrow(score: Score) -> Self {
        score
    }

    fn wide(self) -> Score {
        self
    }

    fn over(self, count: u64) -> Self {
        self / Self::from(count)
    }

    fn floor_over(self, count: u64) -> Self {
        self.div_euclid(Self::from(count))
    }

    fn less(self, times: u64, other: Self, others: u64) -> bool {
        self * Self::from(times) < other * Self::from(others)
    }
}
