//! Goes on with the others where one of many cannot be handled. A job that goes through many would otherwise fail
//! at the same one each time, and nothing after it would ever be looked at.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use sea_orm::DbErr;

use crate::store;

/// What somebody else wrote meanwhile, the second try finds as they left it.
const TRIES: u32 = 2;

/// Does the work on one of many. None where that cannot be done, which is told: a row that cannot be read, a rule
/// that does not parse, a panic. A database that is away, or a lock that was waited for too long, is no fault of this
/// one, and so an error: the job comes again.
pub(super) async fn go_on<T, W>(what: &str, work: impl Fn() -> W) -> Result<Option<T>, DbErr>
where
    W: Future<Output = Result<T, DbErr>>,
{
    for _ in 0..TRIES {
        let done = AssertUnwindSafe(work())
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(DbErr::Custom("it panicked; the log has the place".to_owned())));
        match done {
            Ok(done) => return Ok(Some(done)),
            Err(error) if store::is_about_database(&error) => return Err(error),
            Err(error) => tracing::error!(what, %error, "it cannot be looked after, which holds up none of the others"),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use sea_orm::RuntimeErr;

    use super::*;

    fn panicking() -> Result<(), DbErr> {
        panic!("on purpose")
    }

    #[tokio::test]
    async fn what_cannot_be_handled_is_left_out() {
        let unreadable = || async { Err::<(), _>(DbErr::Custom("no currency".to_owned())) };
        assert_eq!(go_on("an order", unreadable).await, Ok(None));
        assert_eq!(go_on("an order", || async { panicking() }).await, Ok(None));
        assert_eq!(go_on("an order", || async { Ok(7) }).await, Ok(Some(7)));
    }

    #[tokio::test]
    async fn what_was_taken_meanwhile_is_looked_at_once_more() {
        let tries = &Cell::new(0);
        let second = move || async move {
            tries.set(tries.get() + 1);
            if tries.get() == 1 {
                return Err(DbErr::Custom("taken meanwhile".to_owned()));
            }
            Ok(tries.get())
        };
        assert_eq!(go_on("an order", second).await, Ok(Some(2)));
    }

    #[tokio::test]
    async fn a_database_that_is_away_is_an_error_of_all() {
        let tries = &Cell::new(0);
        let away = move || async move {
            tries.set(tries.get() + 1);
            Err::<(), _>(DbErr::Conn(RuntimeErr::Internal("away".to_owned())))
        };
        let done = go_on("an order", away).await;
        assert!(matches!(done, Err(DbErr::Conn(_))), "{done:?}");
        assert_eq!(tries.get(), 1);
    }
}
