//! Ports of programs that a test starts and has to know the address of beforehand.

use std::net::{Ipv4Addr, TcpListener};

/// A port of the loopback interface that is nobody else's while this lives, whether the program
/// listens there yet or not: two that listen on one port would share its calls.
#[derive(Debug)]
pub struct Port {
    pub number: u16,
    /// The same port of an address that no program is given, which only one can have.
    _claim: TcpListener,
}

const CLAIMS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

impl Port {
    /// Below those that the system gives to clients: one of these may be anybody's at any time.
    pub fn claim() -> Self {
        (0..100)
            .map(|_| rand::random_range(10_000..20_000))
            .find_map(|number| {
                let claim = TcpListener::bind((CLAIMS, number)).ok()?;
                // What belongs to no test claims nothing.
                TcpListener::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
                Some(Self { number, _claim: claim })
            })
            .expect("a free port")
    }
}
