//! From a setting's text to its value. Each error says what was expected; the caller names the setting.

use domain::Address;
use std::{
    net::{Ipv6Addr, SocketAddr},
    num::NonZeroUsize,
    path::PathBuf,
    time::Duration,
};
use tracing_subscriber::EnvFilter;

/// Hosts in one list at most; more are refused.
const HOSTS: usize = 64;
/// Characters of a node's name at most: it stands in every packet of the gossip.
const NODE_NAME: usize = 128;

pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() || text.contains('\0') {
        return Err("a path is expected".to_owned());
    }
    Ok(PathBuf::from(text))
}

pub(super) fn domain(text: &str) -> Result<Address, String> {
    let address = Address::parse(text).map_err(|error| error.to_string())?;
    match address.local() {
        Some(_) => Err("a domain is expected, without a user".to_owned()),
        None => Ok(address),
    }
}

pub(super) fn users(text: &str) -> Result<Vec<Address>, String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(user).collect()
}

fn user(text: &str) -> Result<Address, String> {
    let address = Address::parse(text).map_err(|error| format!("{text:?}: {error}"))?;
    match address.local() {
        Some(_) => Ok(address),
        None => Err(format!("{text:?}: a user's address is expected, such as alice@example.org")),
    }
}

pub(super) fn listener(text: &str) -> Result<Option<SocketAddr>, String> {
    if text == "off" {
        return Ok(None);
    }
    let address = text.parse();
    address
        .map(Some)
        .map_err(|_| "ADDRESS:PORT is expected (as 0.0.0.0:5222 or [::]:5222), or off".to_owned())
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "ADDRESS:PORT is expected (as 0.0.0.0:7800 or [::]:7800)".to_owned())
}

/// A host by its name or address, and a port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct HostPort {
    /// A name, or an address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl std::fmt::Display for HostPort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            return write!(f, "[{}]:{}", self.host, self.port);
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}

pub(super) fn host(text: &str) -> Result<HostPort, String> {
    let expected = || format!("{text:?}: HOST:PORT is expected");
    let (host, port) = text.rsplit_once(':').ok_or_else(expected)?;
    let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(expected)?;
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let good = match bracketed {
        Some(host) => host.parse::<Ipv6Addr>().is_ok(),
        None => is_name(host, 253),
    };
    let host = bracketed.unwrap_or(host).to_owned();
    if good { Ok(HostPort { host, port }) } else { Err(expected()) }
}

pub(super) fn hosts(text: &str) -> Result<Vec<HostPort>, String> {
    let hosts: Vec<_> = text.split(',').map(|part| host(part.trim())).collect::<Result<_, _>>()?;
    if hosts.len() > HOSTS { Err(format!("more than {HOSTS}")) } else { Ok(hosts) }
}

pub(super) fn node(text: &str) -> Result<String, String> {
    if is_name(text, NODE_NAME) {
        Ok(text.to_owned())
    } else {
        Err(format!("up to {NODE_NAME} letters, digits, dots, hyphens and underscores are expected"))
    }
}

/// RFC 1123 §2.1, and the underscore that some networks of containers have.
fn is_name(text: &str, longest: usize) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !text.is_empty() && text.len() <= longest && text.chars().all(good)
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("on or off is expected".to_owned()),
    }
}

pub(super) fn count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "a number from 1 is expected".to_owned())
}

pub(super) fn days(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(days) if days <= 36_500 => Ok(days),
        _ => Err("a number of days up to 36500 is expected".to_owned()),
    }
}

pub(super) fn some_days(text: &str) -> Result<u32, String> {
    match days(text) {
        Ok(0) | Err(_) => Err("a number of days from 1 to 36500 is expected".to_owned()),
        found => found,
    }
}

pub(super) fn bytes(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 8] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
    ];
    let (number, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))
        .unwrap_or((text.strip_suffix('B').unwrap_or(text), 1));
    let number: Option<u64> = number.trim().parse().ok();
    number
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| "a number of bytes is expected, such as 65536, 256KiB or 1GB".to_owned())
}

pub(super) fn time(text: &str) -> Result<Duration, String> {
    const UNITS: [(&str, u64); 5] =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    UNITS
        .iter()
        .find_map(|(unit, millis)| {
            let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
            number.checked_mul(*millis).map(Duration::from_millis)
        })
        .ok_or_else(|| "a time is expected, such as 30s, 10m or 1h".to_owned())
}

pub(super) fn some_time(text: &str) -> Result<Duration, String> {
    match time(text) {
        Ok(Duration::ZERO) => Err("more than no time is expected".to_owned()),
        found => found,
    }
}

pub(super) fn filter(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_units() {
        for (text, expected) in [
            ("0", 0),
            ("17", 17),
            ("5B", 5),
            ("256KiB", 262_144),
            ("1 GB", 1_000_000_000),
            ("2MiB", 2_097_152),
        ] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "KiB", "-1", "1.5GB", "99999999TiB", "1kb"] {
            assert!(bytes(text).is_err(), "{text}");
        }
        assert_eq!(time("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(time("10m"), Ok(Duration::from_mins(10)));
        assert!(time("10").is_err() && time("m").is_err() && time("-1s").is_err());
    }

    #[test]
    fn a_listener_is_an_address_or_off() {
        assert_eq!(listener("off"), Ok(None));
        assert_eq!(listener("[::1]:5222"), Ok("[::1]:5222".parse().ok()));
        assert!(listener("5222").is_err() && listener("localhost:5222").is_err());
    }

    #[test]
    fn hosts_have_a_name_or_an_address_and_a_port() {
        for good in ["kafka-1.example.org:9092", "10.0.0.1:9092", "[::1]:9092", "linnet_node:7800"] {
            assert_eq!(host(good).map(|host| host.to_string()).as_deref(), Ok(good));
        }
        for bad in
            ["kafka", "kafka:", "kafka:0", "kafka:65536", ":9092", "::1:9092", "[x]:1", "a b:1", "http://a:1"]
        {
            assert!(host(bad).expect_err(bad).contains("HOST:PORT"), "{bad}");
        }
        assert_eq!(hosts("a:1, b:2").map(|list| list.len()), Ok(2));
        assert!(hosts("a:1,").is_err() && hosts("").is_err());
        assert!(
            hosts(&vec!["a:1"; HOSTS].join(",")).is_ok() && hosts(&vec!["a:1"; HOSTS + 1].join(",")).is_err()
        );
    }

    #[test]
    fn a_nodes_name_has_a_limit() {
        assert!(node(&"n".repeat(NODE_NAME)).is_ok() && node(&"n".repeat(NODE_NAME + 1)).is_err());
        assert!(node("linnet-0").is_ok() && node("").is_err() && node("a/b").is_err());
    }

    #[test]
    fn users_and_domains_are_told_apart() {
        assert!(domain("example.org").is_ok() && domain("a@example.org").is_err());
        assert_eq!(users("a@example.org, b@example.org").map(|list| list.len()), Ok(2));
        assert_eq!(users("").map(|list| list.len()), Ok(0));
        assert!(users("example.org").is_err());
    }
}
