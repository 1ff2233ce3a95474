//! Decides what is large before anything is written. An order of many lines takes long to decide, several
//! that are decided together longer still, and whoever has a write transaction open keeps others waiting: on
//! `SQLite` all of them. So what is asked is read in one transaction, answered in none, and carried out in
//! another, as long as it still asks the same.

use crate::{failpoint, routing::RouteRequest};

/// Alternatives of all lines together, above which an order is decided ahead. A few milliseconds, with all that is
/// explained.
const LARGE: usize = 100;
/// Answers that may be out of date when they are wanted.
const MOST_TRIES: u32 = 2;

/// The answer to a question that was asked before, if there is one.
#[derive(Debug)]
pub struct Ahead<Q, A> {
    known: Option<(Q, A)>,
    tries: u32,
    /// Tries after which it is answered on the spot, however long that takes.
    most_tries: Option<u32>,
    decide: fn(&Q) -> A,
}

impl<Q: PartialEq, A> Ahead<Q, A> {
    /// Nothing was asked yet. What changes every time is answered on the spot in the end.
    pub const fn of(decide: fn(&Q) -> A) -> Self {
        Self::with(decide, Some(MOST_TRIES))
    }

    /// For what may as well be asked another time: what takes long is never decided on the spot.
    pub const fn unhurried(decide: fn(&Q) -> A) -> Self {
        Self::with(decide, None)
    }

    const fn with(decide: fn(&Q) -> A, most_tries: Option<u32>) -> Self {
        Self {
            known: None,
            tries: 0,
            most_tries,
            decide,
        }
    }

    /// The answer to what is asked now, unless it would take too long: then the question is to be
    /// [worked out](Self::work_out), and asked again.
    pub fn answer(&mut self, asked: &Q, alternatives: usize) -> Option<A> {
        let known = self.known.take().filter(|(before, _)| before == asked);
        match known {
            Some((_, answer)) => Some(answer),
            None if alternatives <= LARGE || self.most_tries.is_some_and(|most| self.tries >= most) => {
                Some((self.decide)(asked))
            }
            None => None,
        }
    }

    /// Whether it was worked out so often that another time is better.
    pub const fn changes_too_often(&self) -> bool {
        self.tries >= MOST_TRIES
    }
}

impl<Q: Send + 'static, A: Send + 'static> Ahead<Q, A> {
    /// Works out the answer, off the threads that answer calls. No transaction may be open.
    pub async fn work_out(&mut self, asked: Q) {
        failpoint::hit("ahead.before_decision");
        self.tries += 1;
        let decide = self.decide;
        let done = tokio::task::spawn_blocking(move || {
            let answer = decide(&asked);
            (asked, answer)
        });
        // What panics there does so again on the spot, where the end of a job is told.
        self.known = done.await.ok();
    }
}

/// The alternatives of all lines of an order.
pub fn alternatives(request: &RouteRequest) -> usize {
    request.lines.iter().map(|line| line.alternatives.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::{Ahead, LARGE, MOST_TRIES};

    fn doubling() -> Ahead<u32, u32> {
        Ahead::of(|asked| asked * 2)
    }

    #[test]
    fn what_is_small_is_answered_at_once() {
        assert_eq!(doubling().answer(&4, LARGE), Some(8));
    }

    #[tokio::test]
    async fn what_is_large_is_answered_when_it_was_worked_out() {
        let mut ahead = doubling();
        assert_eq!(ahead.answer(&4, LARGE + 1), None);
        ahead.work_out(4).await;
        assert_eq!(ahead.answer(&4, LARGE + 1), Some(8));
    }

    #[tokio::test]
    async fn an_answer_to_something_else_does_not_count() {
        let mut ahead = doubling();
        ahead.work_out(4).await;
        assert_eq!(ahead.answer(&5, LARGE + 1), None);
        ahead.work_out(5).await;
        assert_eq!(ahead.answer(&5, LARGE + 1), Some(10));
    }

    #[tokio::test]
    async fn what_changes_every_time_is_answered_on_the_spot() {
        let mut ahead = doubling();
        for asked in 0..MOST_TRIES {
            assert_eq!(ahead.answer(&asked, LARGE + 1), None);
            ahead.work_out(asked + 1_000).await;
        }
        assert_eq!(ahead.answer(&7, LARGE + 1), Some(14));
    }

    #[tokio::test]
    async fn what_has_time_is_never_answered_on_the_spot() {
        let mut ahead: Ahead<u32, u32> = Ahead::unhurried(|asked| asked * 2);
        for asked in 0..MOST_TRIES {
            assert!(!ahead.changes_too_often());
            ahead.work_out(asked + 1_000).await;
            assert_eq!(ahead.answer(&asked, LARGE + 1), None);
        }
        assert!(ahead.changes_too_often());
    }
}
