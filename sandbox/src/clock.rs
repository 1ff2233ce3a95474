//! What time it is in the pretend world. Owns the one reading of the machine's clock, so that a
//! test may run the sandbox on the same hand-wound clock as the program under test. Waiting (retry
//! pauses, delays) is not its business: that is the async runtime's time, scaled by the
//! configuration.

use std::{fmt, sync::Arc};

use chrono::{DateTime, SecondsFormat, Utc};

/// A source of the current time, shared by everything a sandbox stamps or expires.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// A clock that asks `now` for the time.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The machine's clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "the sandbox is another machine's clock, not the program's"
    )]
    pub fn system() -> Self {
        Self::new(|| DateTime::<Utc>::from(std::time::SystemTime::now()))
    }

    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

/// The form in which the Admin API writes a time: whole seconds, `Z`.
pub(crate) fn iso(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The form of `X-Shopify-Triggered-At`: nanoseconds, `Z`.
pub(crate) fn iso_nanos(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Nanos, true)
}
