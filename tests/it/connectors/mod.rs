//! Connectors on the wire, each against what its other side would do.

mod http;
mod oracle;
