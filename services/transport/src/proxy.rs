//! Who is behind a load balancer: the header that it sends before a connection's first byte (the PROXY protocol,
//! version 2, by haproxy; its specification's section 2.2).
//!
//! Invariant: never a byte is read that lies behind the header, and whoever sends none, another version or one that is
//! malformed is not let in.

use crate::limits::{PROXY_HEADER, PROXY_WAIT};
use std::{
    io,
    net::{IpAddr, SocketAddr},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    time::timeout,
};

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family and protocol, length of the rest.
const FIXED: usize = 16;

/// Why a connection to a port behind a balancer was not let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Unannounced {
    /// No header, or one of another version.
    #[error("no header of version 2")]
    Missing,
    /// A header that breaks the protocol, is not about TCP, or is longer than [`PROXY_HEADER`].
    #[error("a header that is no good")]
    Malformed,
    /// Not all of it within [`PROXY_WAIT`].
    #[error("no header in time")]
    Timeout,
    /// The connection ended before it was complete.
    #[error("the connection ended before the header did")]
    Closed,
}

/// What the bytes so far say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Header {
    /// So many bytes are wanted in all, as far as is known.
    Wants(usize),
    /// Complete; who connects, if it says so: a balancer also connects for itself.
    Complete(Option<SocketAddr>),
}

/// Reads the header, and nothing behind it. `None`: the balancer itself connects.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<SocketAddr>, Unannounced> {
    timeout(PROXY_WAIT, read_patiently(stream)).await.unwrap_or(Err(Unannounced::Timeout))
}

async fn read_patiently(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<SocketAddr>, Unannounced> {
    let (mut header, mut have) = ([0; PROXY_HEADER], 0);
    loop {
        let wants = match parse(&header[..have])? {
            Header::Complete(from) => return Ok(from),
            Header::Wants(wants) => wants,
        };
        // A connection that breaks has ended, too.
        let read: io::Result<usize> = stream.read(&mut header[have..wants]).await;
        match read {
            Ok(count) if count > 0 => have += count,
            _ => return Err(Unannounced::Closed),
        }
    }
}

/// What follows the address, the TLVs (section 2.2), says nothing that is needed here.
fn parse(bytes: &[u8]) -> Result<Header, Unannounced> {
    let signed = bytes.len().min(SIGNATURE.len());
    if bytes[..signed] != SIGNATURE[..signed] {
        return Err(Unannounced::Missing);
    }
    let Some((fixed, rest)) = bytes.split_first_chunk::<FIXED>() else { return Ok(Header::Wants(FIXED)) };
    let (version, command) = (fixed[12] >> 4, fixed[12] & 0xf);
    if version != 2 {
        return Err(Unannounced::Missing);
    }
    let length = usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    if command > 1 || FIXED + length > PROXY_HEADER {
        return Err(Unannounced::Malformed);
    }
    if rest.len() < length {
        return Ok(Header::Wants(FIXED + length));
    }
    match (command, fixed[13]) {
        // LOCAL, whatever it says of addresses, and UNSPEC.
        (0, _) | (1, 0x00) => Ok(Header::Complete(None)),
        (1, 0x11) => address::<4>(rest),
        (1, 0x21) => address::<16>(rest),
        _ => Err(Unannounced::Malformed),
    }
}

/// The first of two addresses and of the two ports behind them.
fn address<const N: usize>(rest: &[u8]) -> Result<Header, Unannounced>
where
    IpAddr: From<[u8; N]>,
{
    let ip = rest.first_chunk::<N>();
    let port = rest.get(2 * N..).and_then(|ports| ports.split_first_chunk::<2>());
    match (ip, port) {
        (Some(ip), Some((port, [_, _, ..]))) => {
            Ok(Header::Complete(Some((IpAddr::from(*ip), u16::from_be_bytes(*port)).into())))
        }
        _ => Err(Unannounced::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_is_given_up() {
        let (_silent, mut stream) = tokio::io::duplex(64);
        let since = tokio::time::Instant::now();
        assert!(matches!(read(&mut stream).await, Err(Unannounced::Timeout)));
        assert_eq!(since.elapsed(), PROXY_WAIT);
    }

    fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).expect("short").to_be_bytes();
        [&SIGNATURE[..], &[0x20 | command, family], &length, rest].concat()
    }

    fn announcing(from: SocketAddr, tlvs: &[u8]) -> Vec<u8> {
        let port = from.port().to_be_bytes();
        let (family, ip) = match from.ip() {
            IpAddr::V4(ip) => (0x11, ip.octets().to_vec()),
            IpAddr::V6(ip) => (0x21, ip.octets().to_vec()),
        };
        let to = vec![7; ip.len()];
        header(1, family, &[&ip[..], &to, &port, &[0, 7], tlvs].concat())
    }

    proptest! {
        #[test]
        fn who_connects_is_read_however_the_bytes_come(
            from in any::<SocketAddr>().prop_map(|from| SocketAddr::new(from.ip(), from.port())),
            tlvs in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            let bytes = announcing(from, &tlvs);
            for cut in 0..bytes.len() {
                let Ok(Header::Wants(wants)) = parse(&bytes[..cut]) else { panic!("complete at {cut}") };
                prop_assert!(cut < wants && wants <= bytes.len(), "never beyond the header");
            }
            prop_assert_eq!(parse(&bytes), Ok(Header::Complete(Some(from))));
        }

        #[test]
        fn whatever_comes_is_refused_or_wants_a_bounded_number_of_bytes(
            start in 0..=FIXED, noise in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let good = announcing(([192, 0, 2, 1], 7).into(), &[]);
            let bytes = [&good[..start], &noise].concat();
            if let Ok(Header::Wants(wants)) = parse(&bytes) {
                prop_assert!(bytes.len() < wants && wants <= PROXY_HEADER);
            }
        }
    }

    #[test]
    fn a_balancer_that_connects_for_itself_or_does_not_know_says_nobody() {
        assert_eq!(parse(&header(0, 0, &[])), Ok(Header::Complete(None)));
        assert_eq!(parse(&header(0, 0x11, &[1; 12])), Ok(Header::Complete(None)));
        assert_eq!(parse(&header(1, 0, &[9; 5])), Ok(Header::Complete(None)));
    }

    #[test]
    fn other_versions_other_networks_and_short_addresses_are_refused() {
        assert_eq!(parse(b"PROXY TCP4 192.0.2.1"), Err(Unannounced::Missing));
        assert_eq!(parse(b"<?xml version"), Err(Unannounced::Missing));
        assert_eq!(parse(b"\x16\x03\x01"), Err(Unannounced::Missing));
        let mut third = header(1, 0x11, &[1; 12]);
        third[12] = 0x31;
        assert_eq!(parse(&third), Err(Unannounced::Missing));
        for wrong in [
            header(2, 0x11, &[1; 12]),
            header(1, 0x12, &[1; 12]),
            header(1, 0x31, &[1; 216]),
            header(1, 0x11, &[1; 11]),
            header(1, 0x21, &[1; 35]),
        ] {
            assert_eq!(parse(&wrong), Err(Unannounced::Malformed), "{wrong:?}");
        }
    }

    #[test]
    fn a_header_takes_so_many_bytes_and_no_more() {
        let from = ([192, 0, 2, 1], 7).into();
        let most = announcing(from, &[0; PROXY_HEADER - FIXED - 12]);
        assert_eq!(parse(&most), Ok(Header::Complete(Some(from))));
        let more = announcing(from, &[0; PROXY_HEADER - FIXED - 11]);
        assert_eq!(parse(&more[..FIXED]), Err(Unannounced::Malformed));
    }

    #[tokio::test(start_paused = true)]
    async fn what_lies_behind_it_is_left_and_who_waits_is_given_up() {
        let from = ([192, 0, 2, 1], 7).into();
        let bytes = [&announcing(from, &[4, 0, 1, 0])[..], b"hello"].concat();
        let mut stream = &bytes[..];
        assert_eq!(read(&mut stream).await, Ok(Some(from)));
        assert_eq!(stream, b"hello");
        let mut short = &bytes[..20];
        assert_eq!(read(&mut short).await, Err(Unannounced::Closed));
        let (mut silent, _other) = tokio::io::duplex(1);
        let begun = tokio::time::Instant::now();
        assert_eq!(read(&mut silent).await, Err(Unannounced::Timeout));
        assert!(begun.elapsed() >= PROXY_WAIT && begun.elapsed() < 2 * PROXY_WAIT);
    }
}
