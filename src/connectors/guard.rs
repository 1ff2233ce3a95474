//! Where calls to suppliers may go: the public internet, and the private
//! networks that the operator allowed. Nothing else.
//!
//! Two checks are needed. The resolver sees every name at the moment of
//! connecting, so a name cannot change its address after the check; but it is
//! not asked about addresses written in the URL, which [`Guard::check_url`]
//! covers. The client that carries the guard must follow no redirects and use
//! no proxy, because either would go around both.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Decides about addresses. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Guard {
    allowed: Arc<[IpNet]>,
    public: bool,
}

/// Why an address may not be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    #[error("it must begin with https:// (http:// only for a private network named in SUPPLIER_NETWORKS)")]
    Scheme,
    #[error("it names no host")]
    NoHost,
    #[error("it must not hold a user name or password")]
    Credentials,
    #[error("it points into a private or reserved network; the operator can allow that network with SUPPLIER_NETWORKS")]
    Forbidden,
}

impl Guard {
    /// Permits the public internet and the networks given.
    #[must_use]
    pub fn public_and(networks: &[IpNet]) -> Self {
        Self {
            allowed: networks.into(),
            public: true,
        }
    }

    /// Permits the networks given, and nothing else.
    #[must_use]
    pub fn only(networks: &[IpNet]) -> Self {
        Self {
            allowed: networks.into(),
            public: false,
        }
    }

    /// Whether a connection to this address may be made.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = embedded(address);
        self.allowed.iter().any(|network| network.contains(&address)) || (self.public && is_public(address))
    }

    /// Checks what the resolver will not be asked about: the URL's form, and an
    /// address written in it in any of the spellings that a URL allows.
    pub fn check_url(&self, url: &Url) -> Result<(), GuardError> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(GuardError::Credentials);
        }
        let address = match url.host().ok_or(GuardError::NoHost)? {
            Host::Domain(_) => return Ok(()),
            Host::Ipv4(address) => IpAddr::V4(address),
            Host::Ipv6(address) => IpAddr::V6(address),
        };
        if self.permits(address) {
            Ok(())
        } else {
            Err(GuardError::Forbidden)
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let permitted: Vec<SocketAddr> = found.filter(|address| guard.permits(address.ip())).collect();
            if permitted.is_empty() {
                return Err(GuardError::Forbidden.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

/// The guard's verdict inside an error of the client, if it was the guard's.
#[must_use]
pub fn verdict(error: &reqwest::Error) -> Option<GuardError> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(verdict) = error.downcast_ref::<GuardError>() {
            return Some(*verdict);
        }
        cause = error.source();
    }
    None
}

/// The IPv4 address inside an IPv6 one that only wraps it.
fn embedded(address: IpAddr) -> IpAddr {
    const NAT64: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);
    match address.to_canonical() {
        IpAddr::V6(v6) if NAT64.contains(&v6) => {
            let [.., a, b, c, d] = v6.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        }
        canonical => canonical,
    }
}

/// Whether the address belongs to a host on the public internet, by the IANA
/// registries of special-purpose addresses.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|network| network.contains(&v4)),
        IpAddr::V6(v6) => GLOBAL_V6.contains(&v6) && !SPECIAL_V6.iter().any(|network| network.contains(&v6)),
    }
}

const fn v4(a: u8, b: u8, c: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), prefix)
}

const fn v6(a: u16, b: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

const SPECIAL_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 8),       // this network
    v4(10, 0, 0, 8),      // private
    v4(100, 64, 0, 10),   // carrier-grade NAT
    v4(127, 0, 0, 8),     // loopback
    v4(169, 254, 0, 16),  // link-local: the clouds' metadata services
    v4(172, 16, 0, 12),   // private
    v4(192, 0, 0, 24),    // protocol assignments
    v4(192, 0, 2, 24),    // documentation
    v4(192, 88, 99, 24),  // 6to4 relays
    v4(192, 168, 0, 16),  // private
    v4(198, 18, 0, 15),   // benchmarking
    v4(198, 51, 100, 24), // documentation
    v4(203, 0, 113, 24),  // documentation
    v4(224, 0, 0, 4),     // multicast
    v4(240, 0, 0, 4),     // reserved, and broadcast
];

/// All that is assigned for global unicast; what lies outside is not public.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);

const SPECIAL_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 23),      // protocol assignments, with Teredo
    v6(0x2001, 0x0db8, 32), // documentation
    v6(0x2002, 0, 16),      // 6to4: wraps any IPv4 address
    v6(0x3fff, 0, 20),      // documentation
];

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(list: &[&str]) -> Vec<IpNet> {
        list.iter().map(|text| text.parse().expect("a network")).collect()
    }

    fn check(guard: &Guard, url: &str, expect: Result<(), GuardError>) {
        assert_eq!(guard.check_url(&url.parse().expect("a URL")), expect, "{url}");
    }

    #[test]
    fn refuses_private_addresses_in_every_spelling() {
        let guard = Guard::public_and(&[]);
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "127.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "192.0.0.192",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::a00:1]",
            "[64:ff9b:1::a00:1]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[ff02::1]",
            "[2001::1]",
            "[2001:db8::1]",
            "[2002:7f00:1::]",
        ] {
            check(&guard, &format!("https://{host}/orders"), Err(GuardError::Forbidden));
        }
    }

    #[test]
    fn permits_public_addresses() {
        let guard = Guard::public_and(&[]);
        for host in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "[2606:4700::1111]",
            "[64:ff9b::101:101]",
            "[::ffff:1.1.1.1]",
        ] {
            check(&guard, &format!("https://{host}/orders"), Ok(()));
        }
    }

    #[test]
    fn permits_what_the_operator_allowed_and_not_its_neighbours() {
        let guard = Guard::public_and(&networks(&["127.0.0.0/8", "10.20.0.0/16", "fd00:1::/32"]));
        check(&guard, "https://127.0.0.1:9001/orders", Ok(()));
        check(&guard, "https://[::ffff:127.0.0.1]/orders", Ok(()));
        check(&guard, "https://10.20.3.4/", Ok(()));
        check(&guard, "https://[fd00:1::5]/", Ok(()));
        check(&guard, "https://10.21.3.4/", Err(GuardError::Forbidden));
        check(&guard, "https://[::1]/", Err(GuardError::Forbidden));
        let private = Guard::only(&networks(&["127.0.0.0/8"]));
        check(&private, "http://127.0.0.1/", Ok(()));
        check(&private, "http://1.1.1.1/", Err(GuardError::Forbidden));
    }

    #[test]
    fn refuses_credentials() {
        let guard = Guard::public_and(&[]);
        check(&guard, "https://user@north.example/", Err(GuardError::Credentials));
        check(&guard, "https://:pass@north.example/", Err(GuardError::Credentials));
        check(&guard, "https://north.example/", Ok(()));
        check(&guard, "mailto:orders@north.example", Err(GuardError::NoHost));
    }

    #[tokio::test]
    async fn the_resolver_drops_forbidden_addresses() {
        let name = || "localhost".parse::<Name>().expect("a name");
        let refused = Guard::public_and(&[]).resolve(name()).await.err().expect("refused");
        assert!(refused.downcast_ref::<GuardError>().is_some(), "{refused}");
        let guard = Guard::only(&networks(&["127.0.0.0/8"]));
        let found: Vec<SocketAddr> = guard.resolve(name()).await.expect("resolved").collect();
        assert!(!found.is_empty());
        assert!(found.iter().all(SocketAddr::is_ipv4), "{found:?}");
    }
}
