//! By when a supplier is to hand over what it is sent: the end of a day on the shop's calendar, so many days
//! after the day on which it is sent.

use chrono::{DateTime, Utc};
use jiff::{SignedDuration, Timestamp, ToSpan as _, tz::TimeZone};
use sea_orm::DbErr;

use crate::{
    domain::goods::Service,
    ids::SupplierId,
    store::{self, Recall, connections, shops},
};

/// Days that a supplier takes where nothing is agreed with it.
const USUAL_DAYS: u32 = 1;

/// For what is sent to a supplier at a time, as it is agreed then.
pub async fn of_supplier(
    db: &impl Recall,
    shop: &shops::Model,
    supplier: SupplierId,
    sent_at: DateTime<Utc>,
) -> Result<DateTime<Utc>, DbErr> {
    let agreed = connections::with_suppliers(db, shop.id, vec![supplier]).await?;
    let terms = agreed
        .first()
        .map(|row| (&row.service.0, store::units(row.handling_days)));
    Ok(by_terms(&shop.time_zone, terms, sent_at))
}

/// The same by a supplier's service and handling days, in the shop's time zone; UTC where it is unknown.
#[must_use]
pub fn by_terms(zone: &str, terms: Option<(&Service, u32)>, sent_at: DateTime<Utc>) -> DateTime<Utc> {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let end = || {
        let here = Timestamp::from_second(sent_at.timestamp()).ok()?.to_zoned(zone.clone());
        let hour = u32::try_from(here.hour()).ok();
        let days = terms.map_or(USUAL_DAYS, |(service, handling)| service.days_to_ship(handling, hour));
        let next = here.date().checked_add(i64::from(days).saturating_add(1).days()).ok()?;
        // Not every day has 24 hours, and not every one begins at midnight.
        let begins = next.to_zoned(zone.clone()).ok()?.timestamp();
        let last = begins.checked_sub(SignedDuration::from_secs(1)).ok()?;
        DateTime::from_timestamp(last.as_second(), 0)
    };
    end().unwrap_or(sent_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(zone: &str, time: &str, (cutoff_hour, handling): (Option<u32>, u32), expect: &str) {
        let service = Service {
            cutoff_hour,
            ..Service::default()
        };
        let at: DateTime<Utc> = time.parse().expect("a time");
        let expect: DateTime<Utc> = expect.parse().expect("a time");
        let found = by_terms(zone, Some((&service, handling)), at);
        assert_eq!(found, expect, "{zone} {time} {handling}");
    }

    #[test]
    fn it_is_the_end_of_a_day_of_the_shops() {
        let berlin = "Europe/Berlin";
        check(berlin, "2026-11-23T10:00:00Z", (None, 0), "2026-11-23T22:59:59Z");
        check(berlin, "2026-11-23T10:00:00Z", (None, 2), "2026-11-25T22:59:59Z");
        // It is the next day there already, or still the day before.
        check(berlin, "2026-11-23T23:30:00Z", (None, 0), "2026-11-24T22:59:59Z");
        let west = "America/Los_Angeles";
        check(west, "2026-11-23T03:00:00Z", (None, 0), "2026-11-23T07:59:59Z");
        check(
            "Nowhere/AtAll",
            "2026-11-23T10:00:00Z",
            (None, 1),
            "2026-11-24T23:59:59Z",
        );
        let at: DateTime<Utc> = "2026-11-23T10:00:00Z".parse().expect("a time");
        assert_eq!(by_terms(berlin, None, at).to_rfc3339(), "2026-11-24T22:59:59+00:00");
    }

    #[test]
    fn what_is_sent_after_the_cutoff_is_the_next_days() {
        let berlin = "Europe/Berlin";
        check(berlin, "2026-11-23T12:59:00Z", (Some(14), 0), "2026-11-23T22:59:59Z");
        check(berlin, "2026-11-23T13:00:00Z", (Some(14), 0), "2026-11-24T22:59:59Z");
    }

    #[test]
    fn clocks_that_are_put_forward_or_back_end_the_day_all_the_same() {
        let berlin = "Europe/Berlin";
        check(berlin, "2026-10-24T10:00:00Z", (None, 1), "2026-10-25T22:59:59Z");
        check(berlin, "2026-03-28T10:00:00Z", (None, 1), "2026-03-29T21:59:59Z");
        // No midnight there on 6 September 2026.
        let santiago = "America/Santiago";
        check(santiago, "2026-09-05T12:00:00Z", (None, 0), "2026-09-06T03:59:59Z");
    }
}
