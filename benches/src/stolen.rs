//! What the host of a virtual machine gives to others: figures of a time in which it gave away much say little.

/// The processors' time so far, all of it and what of it the host kept for others, in ticks.
#[derive(Clone, Copy)]
pub struct Stolen {
    all: u64,
    stolen: u64,
}

impl Stolen {
    /// By the first line of `/proc/stat` (`proc_stat(5)`: the eighth number is *steal*); nothing where there is none.
    pub fn now() -> Self {
        let told = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let numbers = told.lines().next().unwrap_or_default().split_whitespace().skip(1);
        let ticks: Vec<u64> = numbers.take(8).filter_map(|ticks| ticks.parse().ok()).collect();
        Self {
            all: ticks.iter().sum(),
            stolen: ticks.get(7).copied().unwrap_or(0),
        }
    }

    /// In per cent of the time since then.
    #[expect(clippy::cast_precision_loss, reason = "ticks of a run are few")]
    pub fn percent(self) -> f64 {
        let now = Self::now();
        100.0 * (now.stolen - self.stolen) as f64 / (now.all - self.all).max(1) as f64
    }
}
