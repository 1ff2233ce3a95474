//! What a failure of the database is about.

use sea_orm::{DbErr, RuntimeErr};

/// Whether it is about what was to be written, so that something else may well be taken: not about the database as a
/// whole, one that is away, has no room, or is not as it should be.
#[must_use]
pub fn is_about_content(error: &DbErr) -> bool {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(told)) | DbErr::Query(RuntimeErr::SqlxError(told)) => {
            let code = told.as_database_error().and_then(sqlx::error::DatabaseError::code);
            code.is_some_and(|code| is_of_content(&code))
        }
        DbErr::Json(_) | DbErr::Type(_) => true,
        _ => false,
    }
}

/// Whether it says nothing of a row: the database is away, busy, has no room or takes too long, or two transactions
/// stood in each other's way. Another time may well be better.
#[must_use]
pub fn is_about_database(error: &DbErr) -> bool {
    use sqlx::Error as E;
    match error {
        // A commit that fails says so in its own words.
        DbErr::Conn(_)
        | DbErr::ConnectionAcquire(_)
        | DbErr::Exec(RuntimeErr::Internal(_))
        | DbErr::Query(RuntimeErr::Internal(_)) => true,
        DbErr::Exec(RuntimeErr::SqlxError(told)) | DbErr::Query(RuntimeErr::SqlxError(told)) => {
            match told.as_database_error() {
                Some(told) => told.code().is_some_and(|code| is_of_database(&code)),
                None => matches!(
                    **told,
                    E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed
                ),
            }
        }
        _ => false,
    }
}

/// As below.
fn is_of_database(code: &str) -> bool {
    if code.len() == 5 {
        // Connections, conflicts, no room, locks, taking too long or going away, trouble of the system.
        return ["08", "40", "53", "55", "57", "58"]
            .iter()
            .any(|class| code.starts_with(class));
    }
    // Busy, out of memory, read-only, I/O, full, cannot be opened.
    code.parse::<u32>()
        .is_ok_and(|code| matches!(code & 0xff, 5 | 7 | 8 | 10 | 13 | 14))
}

/// By the code that the database gives: five characters by `PostgreSQL`, a number with fewer digits by `SQLite`.
fn is_of_content(code: &str) -> bool {
    if code.len() == 5 {
        // Data, constraints, and what is too large.
        return ["22", "23", "54"].iter().any(|class| code.starts_with(class));
    }
    // The last byte is the kind, and the rest of it the finer one: too big, constraint, mismatch.
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 18..=20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_not_taken_is_told_from_a_database_that_takes_nothing() {
        // PostgreSQL: no such text, a constraint, too large; SQLite: too big, a constraint, a trigger's no.
        for code in ["22P05", "23514", "54000", "18", "19", "1811"] {
            assert!(is_of_content(code), "{code}");
        }
        // PostgreSQL: no room, taking too long, going away, no such table; SQLite: any error, busy, no room, I/O.
        for code in ["53100", "57014", "57P01", "42P01", "1", "5", "13", "10", "778", ""] {
            assert!(!is_of_content(code), "{code}");
        }
    }

    #[test]
    fn a_database_that_is_away_is_told_from_one_row_of_it() {
        // PostgreSQL: gone, a deadlock, no room, taking too long, shut down, I/O; SQLite: busy, I/O and a finer kind
        // of it, full.
        for code in [
            "08006", "40P01", "53100", "57014", "57P01", "58030", "5", "10", "778", "13",
        ] {
            assert!(is_of_database(code), "{code}");
        }
        // PostgreSQL: no such text, a constraint; SQLite: any error, a constraint.
        for code in ["22P05", "23514", "1", "19", ""] {
            assert!(!is_of_database(code), "{code}");
        }
    }

    #[test]
    fn who_does_not_answer_says_nothing_of_a_row() {
        let silent = DbErr::Conn(RuntimeErr::Internal("PostgreSQL has not answered".to_owned()));
        assert!(!is_about_content(&silent));
        assert!(is_about_database(&silent));
        assert!(is_about_database(&DbErr::Exec(RuntimeErr::Internal(
            "no room".to_owned()
        ))));
        let unreadable = DbErr::Json("not text".to_owned());
        assert!(is_about_content(&unreadable));
        assert!(!is_about_database(&unreadable));
    }
}
