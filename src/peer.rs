//! Where calls come from.

use std::net::IpAddr;

use axum::http::HeaderMap;

/// Where a call came from. A peer on a private network is a proxy in front of
/// us, which appends the address that it saw to the list.
#[must_use]
pub fn client_address(peer: Option<IpAddr>, headers: &HeaderMap) -> String {
    let is_proxy = peer.is_none_or(|peer| match peer.to_canonical() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    });
    let forwarded = headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|list| list.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    match (is_proxy, forwarded, peer) {
        (true, Some(client), _) => client.to_string(),
        (_, _, Some(peer)) => peer.to_string(),
        (_, _, None) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn believes_the_last_proxy_alone() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("198.51.100.7, 203.0.113.9"));
        let address = |peer: &str| client_address(peer.parse().ok(), &headers);
        assert_eq!(address("10.0.0.2"), "203.0.113.9");
        assert_eq!(address("192.0.2.1"), "192.0.2.1");
        assert_eq!(client_address("10.0.0.2".parse().ok(), &HeaderMap::new()), "10.0.0.2");
    }
}
