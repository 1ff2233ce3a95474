//! What an answer that is not 2xx means, and what a call that got none means.
//!
//! Only what certainly was not taken is `never`, `later` or `after`; anything
//! in doubt is `unknown`, and the contract makes a repetition harmless.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};

use crate::connectors::{ConnectorError, guard::GuardError};

/// Waits that a supplier may ask for; a longer one is cut to this.
const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// For a 429 that does not say when to come back.
const USUAL_WAIT: Duration = Duration::from_mins(1);

/// The error that a status other than 2xx stands for. `code` is the refusal's
/// own, when it has one that may be shown.
pub fn status_error(
    host: &str,
    status: StatusCode,
    headers: &HeaderMap,
    code: Option<&str>,
    now: DateTime<Utc>,
) -> ConnectorError {
    let code = code.map(|code| format!(" (code {code})")).unwrap_or_default();
    let said = |advice: &str| format!("{host} answered {}{code}: {advice}", status.as_u16());
    match status.as_u16() {
        301 | 307 | 308 => ConnectorError::never(said(
            "redirects are not followed; enter the address that it redirects to",
        )),
        401 | 403 => ConnectorError::never(said("it does not accept our signature; compare the signing secret")),
        404 | 405 => ConnectorError::never(said("nothing takes orders there; check the endpoint's address")),
        410 => ConnectorError::never(said("the endpoint is closed; ask the supplier for the new address")),
        // It may refuse what it already has: not ours to guess.
        409 => ConnectorError::unknown(said("it sees a conflict, which may mean that it already has the order")),
        408 => ConnectorError::unknown(said("it gave up while reading the order")),
        425 => ConnectorError::later(said("it asks to be called again")),
        429 => ConnectorError::after(
            retry_after(headers, now).unwrap_or(USUAL_WAIT),
            said("it is called too often"),
        ),
        503 => match retry_after(headers, now) {
            Some(delay) => ConnectorError::after(delay, said("it is not available at the moment")),
            None => ConnectorError::unknown(said("it is not available, and does not say whether it took the order")),
        },
        400..=499 => ConnectorError::never(said("it refuses the call")),
        500..=599 => ConnectorError::unknown(said("it failed, perhaps after taking the order")),
        _ => ConnectorError::unknown(said("that is neither a yes nor a no")),
    }
}

/// The error for a call that got no answer, and that the guard let through.
pub fn call_error(host: &str, error: &reqwest::Error) -> ConnectorError {
    if error.is_builder() {
        ConnectorError::never(format!("{host} cannot be called: the endpoint is not a usable address"))
    } else if error.is_connect() {
        ConnectorError::later(format!("{host} cannot be reached: no connection was made"))
    } else if error.is_timeout() {
        ConnectorError::unknown(format!("{host} did not answer in time"))
    } else {
        ConnectorError::unknown(format!("the connection to {host} broke before its answer was complete"))
    }
}

pub fn guard_error(host: &str, verdict: GuardError) -> ConnectorError {
    ConnectorError::never(format!("the endpoint at {host} is refused: {verdict}"))
}

/// Seconds or a date, as RFC 9110 has it; between one second and a day.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = text.parse::<u64>() {
        Duration::from_secs(seconds)
    } else {
        let at = DateTime::parse_from_rfc2822(text).ok()?;
        at.signed_duration_since(now).to_std().unwrap_or_default()
    };
    Some(wait.clamp(Duration::from_secs(1), LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::ErrorClass as C;

    fn class(status: u16, wait: Option<&str>) -> C {
        let mut headers = HeaderMap::new();
        if let Some(wait) = wait {
            headers.insert(RETRY_AFTER, wait.parse().expect("a header value"));
        }
        let now = DateTime::UNIX_EPOCH + Duration::from_secs(784_111_767);
        let status = StatusCode::from_u16(status).expect("a status");
        status_error("north.example", status, &headers, None, now).class
    }

    #[test]
    fn every_status_has_its_class() {
        for status in [301, 307, 308, 400, 401, 402, 403, 404, 405, 410, 413, 415, 422, 451] {
            assert_eq!(class(status, None), C::Never, "{status}");
        }
        for status in [302, 303, 304, 408, 409, 500, 501, 502, 503, 504, 507, 599] {
            assert_eq!(class(status, None), C::Unknown, "{status}");
        }
        assert_eq!(class(425, None), C::Later);
        assert_eq!(class(429, None), C::After(USUAL_WAIT));
    }

    #[test]
    fn waits_as_long_as_asked_within_limits() {
        let seconds = |s| C::After(Duration::from_secs(s));
        assert_eq!(class(429, Some("120")), seconds(120));
        assert_eq!(class(503, Some("120")), seconds(120));
        assert_eq!(class(429, Some("0")), seconds(1));
        assert_eq!(class(429, Some("99999999")), C::After(LONGEST_WAIT));
        assert_eq!(class(503, Some("Sun, 06 Nov 1994 08:49:37 GMT")), seconds(10));
        assert_eq!(class(503, Some("Sun, 06 Nov 1994 08:49:00 GMT")), seconds(1));
        assert_eq!(class(503, Some("soon")), C::Unknown);
        assert_eq!(class(429, Some("-5")), C::After(USUAL_WAIT));
        assert_eq!(class(500, Some("5")), C::Unknown);
    }

    #[test]
    fn the_message_names_host_status_and_code() {
        let error = status_error(
            "north.example",
            StatusCode::UNPROCESSABLE_ENTITY,
            &HeaderMap::new(),
            Some("BAD_SKU"),
            DateTime::UNIX_EPOCH,
        );
        assert_eq!(
            error.message,
            "north.example answered 422 (code BAD_SKU): it refuses the call"
        );
    }
}
