//! Stock that says when it was counted.

use chrono::{DateTime, Utc};

use super::*;

const MUG: &str = "stock: 120, ";

fn counted(stock: &str, at: &str) -> String {
    FILE.replace(MUG, &format!("stock: {stock}, counted_at: {at}, "))
}

#[test]
fn the_later_count_is_taken_and_an_earlier_one_is_not() {
    let known = planned(&counted("120", "2026-11-20T08:00:00Z"), &installed(), Unnamed::Keep).after;
    let later: DateTime<Utc> = "2026-11-21T08:00:00Z".parse().expect("a time");
    let check = |stock: &str, at: &str, expect: &[&str], counts: Option<DateTime<Utc>>| {
        let plan = planned(&counted(stock, at), &known, Unnamed::Keep);
        assert_eq!(lines(&plan), expect, "{stock} at {at}");
        for change in &plan.changes {
            let Step::Offer { counted_at, .. } = &change.step else {
                panic!("{change}");
            };
            assert_eq!(*counted_at, counts, "{stock} at {at}");
        }
    };
    check("120", "2026-11-20T08:00:00Z", &[], None);
    check(
        "120",
        "2026-11-21T09:00:00+01:00",
        &["~ offer north NT-MUG: counted_at 2026-11-20T08:00:00Z → 2026-11-21T08:00:00Z"],
        Some(later),
    );
    check(
        "100",
        "2026-11-21T08:00:00Z",
        &["~ offer north NT-MUG: stock 120 → 100, counted_at 2026-11-20T08:00:00Z → 2026-11-21T08:00:00Z"],
        Some(later),
    );
    // A correction of the same count.
    let same = "2026-11-20T08:00:00Z".parse().ok();
    check(
        "100",
        "2026-11-20T08:00:00Z",
        &["~ offer north NT-MUG: stock 120 → 100"],
        same,
    );
    check("100", "2026-11-19T08:00:00Z", &[], None);
    // Without a time another number is another number.
    let plan = planned(&FILE.replace(MUG, "stock: 7, "), &known, Unnamed::Keep);
    assert_eq!(lines(&plan), ["~ offer north NT-MUG: stock 120 → 7"]);
}

#[test]
fn a_suppliers_time_is_that_of_its_stock() {
    let all = "    counted_at: 2026-11-20T08:00:00Z\n    offers:";
    let file = FILE.replacen("    offers:", all, 1);
    assert_ne!(file, FILE);
    let known = planned(&file, &installed(), Unnamed::Keep).after;
    assert_eq!(
        lines(&planned(&counted("120", "2026-11-20T08:00:00Z"), &known, Unnamed::Keep)),
        Vec::<String>::new()
    );
    // What has no stock was not counted, whenever the rest was.
    let uncounted = file.replace(MUG, "");
    let there = planned(&uncounted, &installed(), Unnamed::Keep).after;
    let offers = there.suppliers.values().flat_map(|supplier| supplier.offers.values());
    assert!(offers.into_iter().all(|offer| offer.counted_at.is_none()));
}

#[test]
fn a_count_needs_a_time_and_a_stock() {
    for (file, expect) in [
        (counted("120", "2026-11-20"), "suppliers[0].offers[0].counted_at"),
        (counted("120", "2026-11-20T08:00:00"), "is not a time with its zone"),
        (
            FILE.replace(MUG, "counted_at: 2026-11-20T08:00:00Z, "),
            "this needs the stock that was counted beside it",
        ),
    ] {
        let found = mistakes(&file);
        assert!(found.iter().any(|line| line.contains(expect)), "{expect}: {found:#?}");
    }
}
