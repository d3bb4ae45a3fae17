//! Which hosts may a process in somebody else's network ask? Only public ones, when
//! [`HttpClientBuilder::public_hosts_only`](super::HttpClientBuilder::public_hosts_only) says so:
//! otherwise whoever writes an address into the settings could have that network explored.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Hosts below these domains are asked wherever they are: their owners are known.
const TRUSTED: [&str; 35] = [
    // Port's own
    "getport.io",
    "port.io",
    // systems that integrations read
    "aikido.dev",
    "amplication.com",
    "armorcode.com",
    "atlassian.com",
    "atlassian.net",
    "azure.com",
    "bitbucket.org",
    "checkmarx.net",
    "coderabbit.ai",
    "datadoghq.com",
    "dynatrace.com",
    "earlywarning.io",
    "firehydrant.io",
    "github.com",
    "gitlab.com",
    "komodor.com",
    "launchdarkly.com",
    "linear.app",
    "management.azure.com",
    "newrelic.com",
    "octopus.com",
    "okta.com",
    "opsgenie.com",
    "pagerduty.com",
    "sentinelone.net",
    "sentry.io",
    "service-now.com",
    "servicenow.com",
    "snyk.io",
    "sonarqube.org",
    "statuspage.io",
    "terraform.io",
    "wiz.io",
];

/// Hosts that are trusted themselves, with what is below them.
const TRUSTED_HOSTS: [&str; 1] = ["api.anthropic.com"];

/// The networks that are nobody's public address, with the number of bits that tell them.
const PRIVATE_V4: [(Ipv4Addr, u32); 10] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    (Ipv4Addr::BROADCAST, 32),
];

const PRIVATE_V6: [(Ipv6Addr, u32); 8] = [
    (Ipv6Addr::UNSPECIFIED, 128),
    (Ipv6Addr::LOCALHOST, 128),
    // A translator of the network itself, which may reach anything in it.
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),
];

/// A host that must not be asked.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{host}` has the address {address}, which is not public; \
     OCEAN__DISABLE_IP_OUTBOUND_BLOCKER=true allows it"
)]
pub(super) struct NotPublic {
    host: String,
    address: IpAddr,
}

/// Refuses a host when any of its addresses is not public: which of them a connection would use is
/// not ours to choose.
pub(super) fn check(host: &str, addresses: &[IpAddr]) -> Result<(), NotPublic> {
    let refused = addresses.iter().find(|address| is_private(**address));
    match refused {
        Some(address) if !is_trusted(host) => Err(NotPublic {
            host: host.to_owned(),
            address: *address,
        }),
        _ => Ok(()),
    }
}

/// Whether a host is below one of the trusted domains; a domain ends at a dot.
fn is_trusted(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_below = |domain: &str| {
        let rest = host.strip_suffix(domain);
        rest.is_some_and(|rest| rest.ends_with('.'))
    };
    TRUSTED.into_iter().chain(TRUSTED_HOSTS).any(is_below) || TRUSTED_HOSTS.contains(&host.as_str())
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => {
            let bits = u128::from(address);
            let mut networks = PRIVATE_V6.into_iter();
            networks.any(|(network, length)| {
                bits >> (128 - length) == u128::from(network) >> (128 - length)
            }) || carried(address).is_some_and(is_private_v4)
        }
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    let mut networks = PRIVATE_V4.into_iter();
    networks.any(|(network, length)| bits >> (32 - length) == u32::from(network) >> (32 - length))
}

/// The IPv4 address that an IPv6 address stands for, where a network translates or tunnels it.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        // mapped, compatible, and translated without state
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => {
            Some(join(high, low))
        }
        // NAT64
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        // 6to4
        [0x2002, high, low, ..] => Some(join(high, low)),
        // Teredo hides it by turning every bit
        [0x2001, 0, .., high, low] => Some(join(!high, !low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_private_networks_are_told_from_public_ones() {
        const PRIVATE: &str = "0.0.0.0 10.1.2.3 100.64.0.1 100.127.255.255 127.0.0.1 169.254.169.254 \
             172.16.0.1 172.31.255.255 192.168.1.1 224.0.0.1 239.1.1.1 240.0.0.1 \
             255.255.255.255 :: ::1 100::1 2001:db8::1 fc00::1 fd12::1 fe80::1 \
             febf::1 ff02::1 ::ffff:127.0.0.1 ::ffff:0:10.0.0.1 ::169.254.169.254 \
             64:ff9b::10.0.0.1 64:ff9b:1::1 2002:a9fe:a9fe::1 2001::f5ff:fffe";
        const PUBLIC: &str = "1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 \
             172.15.255.255 172.32.0.0 192.169.0.0 223.255.255.255 2606:4700::1111 \
             100:0:0:1::1 fec0::1 ::ffff:1.1.1.1 64:ff9b::1.1.1.1 2002:101:101::1 \
             2001::fefe:fefe";
        for (addresses, private) in [(PRIVATE, true), (PUBLIC, false)] {
            for address in addresses.split_whitespace() {
                let parsed: IpAddr = address.parse().expect(address);
                assert_eq!(is_private(parsed), private, "{address}");
            }
        }
    }

    #[test]
    fn a_host_is_trusted_below_a_domain_and_not_beside_it() {
        for (host, trusted) in [
            ("acme.atlassian.net", true),
            ("ACME.Atlassian.net.", true),
            ("api.us.getport.io", true),
            ("api.anthropic.com", true),
            ("x.api.anthropic.com", true),
            ("evil-api.anthropic.com", false),
            ("evilapi.anthropic.com", false),
            ("atlassian.net", false),
            ("eviltlassian.net", false),
            ("evilatlassian.net", false),
            ("atlassian.net.evil.example", false),
            ("localhost", false),
        ] {
            assert_eq!(is_trusted(host), trusted, "{host}");
        }
    }

    #[test]
    fn one_private_address_among_public_ones_is_enough() {
        let addresses = ["1.1.1.1", "10.0.0.1"].map(|address| address.parse().expect("an address"));
        let refused = check("a.example", &addresses).expect_err("private");
        assert_eq!(
            refused.to_string(),
            "`a.example` has the address 10.0.0.1, which is not public; \
             OCEAN__DISABLE_IP_OUTBOUND_BLOCKER=true allows it"
        );
        assert!(check("acme.atlassian.net", &addresses).is_ok());
        assert!(check("a.example", &addresses[..1]).is_ok());
    }
}
