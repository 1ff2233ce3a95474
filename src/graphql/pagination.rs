//! Pages: opaque cursors that name the last row seen, and a limit on each.

use async_graphql::{
    ObjectType, OutputType,
    connection::{Connection, CursorType as _, Edge, EmptyFields, OpaqueCursor},
};
use serde::{Serialize, de::DeserializeOwned};

use super::errors::Outcome;
use crate::error::AppError;

/// Rows of a page when nothing is said.
const DEFAULT_FIRST: i32 = 25;
const MOST_FIRST: i32 = 100;

/// What a list inside of an object is taken to hold, for the complexity of a query.
pub const NESTED: usize = 5;

/// What a field weighs that asks the database by itself each time it is named,
/// instead of together with its like.
pub const STATEMENT: usize = 500;

pub type Page<K, N, F = EmptyFields> = Connection<OpaqueCursor<K>, N, F>;

/// What was asked for: how many rows, after which.
pub struct Asked<K> {
    first: usize,
    pub seen: Option<K>,
}

impl<K: Serialize + DeserializeOwned + Send + Sync> Asked<K> {
    /// Reads the two arguments that every list has.
    pub fn read(first: Option<i32>, after: Option<&str>) -> Outcome<Self> {
        let first = first.unwrap_or(DEFAULT_FIRST);
        if !(1..=MOST_FIRST).contains(&first) {
            return Err(AppError::invalid("first", format!("first must be between 1 and {MOST_FIRST}")).into());
        }
        let seen = after
            .map(|cursor| OpaqueCursor::<K>::decode_cursor(cursor).map(|cursor| cursor.0))
            .transpose()
            .map_err(|_| AppError::invalid("after", "after must be a cursor of this list"))?;
        Ok(Self {
            first: usize::try_from(first).unwrap_or(1),
            seen,
        })
    }

    /// One row more than asked for tells whether there is a next page.
    pub const fn limit(&self) -> u64 {
        self.first as u64 + 1
    }

    /// The page that the rows make.
    pub fn page<R, N: OutputType>(&self, rows: Vec<R>, key: impl Fn(&R) -> K, node: impl Fn(R) -> N) -> Page<K, N> {
        self.page_with(rows, EmptyFields, key, node)
    }

    /// The page that the rows make, with what the list has besides.
    pub fn page_with<R, N: OutputType, F: ObjectType>(
        &self,
        mut rows: Vec<R>,
        fields: F,
        key: impl Fn(&R) -> K,
        node: impl Fn(R) -> N,
    ) -> Page<K, N, F> {
        let has_next = rows.len() > self.first;
        rows.truncate(self.first);
        let mut page = Connection::with_additional_fields(self.seen.is_some(), has_next, fields);
        page.edges = rows
            .into_iter()
            .map(|row| Edge::new(OpaqueCursor(key(&row)), node(row)))
            .collect();
        page
    }
}

/// What a page weighs: each of its rows may cost what one row costs.
pub fn weight(first: Option<i32>, child: usize) -> usize {
    let first = first.unwrap_or(DEFAULT_FIRST).clamp(1, MOST_FIRST);
    child
        .saturating_mul(usize::try_from(first).unwrap_or(1))
        .saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_whether_more_follows() {
        let asked = Asked::<u32>::read(Some(2), None).expect("good");
        let page: Page<u32, u32> = asked.page(vec![1, 2, 3], |row| *row, |row| row);
        assert!(page.has_next_page && !page.has_previous_page);
        assert_eq!(page.edges.len(), 2);
        let cursor = page.edges[1].cursor.encode_cursor();
        let next = Asked::<u32>::read(Some(2), Some(&cursor)).expect("good");
        assert_eq!(next.seen, Some(2));
        let page: Page<u32, u32> = next.page(vec![3], |row| *row, |row| row);
        assert!(!page.has_next_page && page.has_previous_page);
    }

    #[test]
    fn refuses_what_is_no_page() {
        for first in [0, -1, 101] {
            assert!(Asked::<u32>::read(Some(first), None).is_err(), "{first}");
        }
        assert!(Asked::<u32>::read(None, Some("not a cursor")).is_err());
    }
}
