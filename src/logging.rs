//! Structured logs on standard error: text for people, JSON where asked.
//!
//! Nothing logs bodies, headers, queries or SQL, so secrets and customer data
//! have no way in.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::LogConfig;

/// Starts logging; warnings alone by default where `quiet`. A second start in one process changes nothing.
pub fn start(quiet: bool) {
    let config = LogConfig::from_environment(quiet);
    let filter = EnvFilter::try_new(&config.filter).unwrap_or_else(|_| EnvFilter::new(LogConfig::DEFAULT_FILTER));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Colours are for eyes: a file or a collector would store escape codes.
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = if config.json {
        builder.json().try_init()
    } else {
        builder.compact().try_init()
    };
    drop(started);
}
