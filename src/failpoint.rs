//! Named places where a test may kill the process, or have it stand still or panic, to prove that nothing is
//! lost or doubled between two steps. Without the feature they are nothing.

/// Ends the process at once when the test asked for a crash here, or panics if it asked for that, or has the job
/// wait while a file is there: the test stops the process meanwhile, as when its machine is put to sleep.
///
/// # Panics
/// When the test asked for it.
#[cfg(feature = "failpoints")]
pub fn hit(name: &str) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static HITS: AtomicU32 = AtomicU32::new(0);
    #[expect(
        clippy::disallowed_methods,
        reason = "only in test builds, and no setting of the product"
    )]
    let Ok(wanted) = std::env::var("ORDERYARD_FAILPOINT") else {
        return;
    };
    // `name` or `name:N`, for the N-th time the place is reached.
    let (place, nth) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if place != name || HITS.fetch_add(1, Ordering::SeqCst) + 1 != nth.parse().unwrap_or(1) {
        return;
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "only in test builds, and no setting of the product"
    )]
    if let Some(file) = std::env::var_os("ORDERYARD_FAILPOINT_STOPS") {
        tracing::warn!(name, "failpoint: the job stands still here");
        tokio::task::block_in_place(|| {
            while std::path::Path::new(&file).exists() {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
        });
        return;
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "only in test builds, and no setting of the product"
    )]
    let panics = std::env::var_os("ORDERYARD_FAILPOINT_PANICS").is_some();
    assert!(!panics, "failpoint: a panic at {name}");
    tracing::warn!(name, "failpoint: the process ends here");
    std::process::abort();
}

#[cfg(not(feature = "failpoints"))]
#[inline]
pub const fn hit(_name: &str) {}

/// Every place there is.
pub const PLACES: &[&str] = &[
    "receive.before_commit",
    "receive.after_commit",
    "process.before_commit",
    "import.before_write",
    "import.before_commit",
    "route.before_commit",
    "place.before_call",
    "place.after_call",
    "place.before_commit",
    "ship.before_commit",
    "fulfil.before_intent",
    "fulfil.before_call",
    "fulfil.after_call",
    "fulfil.before_commit",
    "cancel.before_call",
    "cancel.after_call",
    "track.before_call",
    "track.after_call",
    "reconcile.before_commit",
    "ahead.before_decision",
];

/// Those that every order comes by, for the test that crashes at each of them.
pub fn on_every_way() -> impl Iterator<Item = &'static str> {
    let elsewhere = ["cancel.", "track.", "reconcile.", "ahead."];
    let is_elsewhere = move |place: &&&str| elsewhere.iter().any(|part| place.starts_with(part));
    PLACES.iter().filter(move |place| !is_elsewhere(place)).copied()
}
