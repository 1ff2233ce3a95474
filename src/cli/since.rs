//! A point in time as operators write it: a date, a time, or how long ago.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

/// Reads `2026-11-20`, `2026-11-20T08:00:00Z`, `90m`, `36h`, `7d` or `2w`, as the argument `of` says.
pub fn read(of: &str, text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    let since = ago(text)
        .and_then(|ago| now.checked_sub_signed(ago))
        .or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()))
        .or_else(|| {
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            Some(date.and_time(NaiveTime::MIN).and_utc())
        });
    match since {
        Some(since) if since <= now => Ok(since),
        Some(_) => Err(format!("{of}: {text} is still to come")),
        None => Err(format!(
            "{of}: “{text}” is neither a date (2026-11-20), a time (2026-11-20T08:00:00Z) nor how long ago (36h, 7d)"
        )),
    }
}

fn ago(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| *number >= 0)?;
    match unit {
        's' => TimeDelta::try_seconds(number),
        'm' => TimeDelta::try_minutes(number),
        'h' => TimeDelta::try_hours(number),
        'd' => TimeDelta::try_days(number),
        'w' => TimeDelta::try_weeks(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<&str>) {
        let now: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().expect("a time");
        let expect = expect.map(|time| time.parse::<DateTime<Utc>>().expect("a time"));
        assert_eq!(read("--since", text, now).ok(), expect, "{text}");
    }

    #[test]
    fn reads_dates_times_and_how_long_ago() {
        check("2026-11-20", Some("2026-11-20T00:00:00Z"));
        check("2026-11-20T08:00:00+01:00", Some("2026-11-20T07:00:00Z"));
        check("90m", Some("2026-11-21T10:30:00Z"));
        check("36h", Some("2026-11-20T00:00:00Z"));
        check(" 1w ", Some("2026-11-14T12:00:00Z"));
        check("2026-11-22", None);
        check("-3d", None);
        check("99999999999999999d", None);
        check("yesterday", None);
        check("", None);
    }
}
