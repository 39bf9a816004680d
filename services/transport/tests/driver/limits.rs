//! The limits that hold unless somebody configures others, each at its edge.

use crate::scene::{Ask, PATIENCE, Told, play, play_simply};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};
use transport::{
    Admission, Closed, ConnectionLimits, Gate, Listener, Opening, Permit, Refused, Rejected,
    limits::{
        ACCEPT_BACK_OFF, BACKLOG, CONNECTIONS, CONNECTIONS_PER_ADDRESS, EVENTS_PER_ROUND, HANDSHAKE, INBOX,
        LINGER, PENDING_OUTPUT, READ, ROUNDS_PER_TURN, STUCK, UNSIGNED_CONNECTIONS,
    },
};

fn from(address: usize) -> IpAddr {
    Ipv4Addr::from(0x0a00_0000 + u32::try_from(address).expect("few")).into()
}

#[test]
fn the_gate_counts_all_those_of_an_address_and_those_not_signed_in() {
    let gate = Gate::new(Admission::default());
    let mut inside: Vec<Permit> = Vec::new();
    for n in 0..UNSIGNED_CONNECTIONS {
        inside.push(gate.admit(from(n)).expect("let in"));
    }
    assert_eq!(gate.admit(from(1)).err(), Some(Refused::Unsigned));
    inside.iter_mut().for_each(Permit::signed_in);
    let few = CONNECTIONS_PER_ADDRESS - 1;
    for _ in 0..few {
        inside.push(gate.admit(from(0)).expect("let in"));
    }
    assert_eq!(gate.admit(from(0)).err(), Some(Refused::Address));
    inside.iter_mut().skip(UNSIGNED_CONNECTIONS).for_each(Permit::signed_in);
    for n in inside.len()..CONNECTIONS {
        let mut permit = gate.admit(from(n)).expect("let in");
        permit.signed_in();
        inside.push(permit);
    }
    assert_eq!(gate.admit(from(1)).err(), Some(Refused::Total));
    drop(inside);
    assert_eq!((gate.connections(), gate.unsigned()), (0, 0));
}

/// What happens at each of them is in `flow.rs`, `secure.rs` and `gate.rs`, with shorter times.
#[test]
fn a_connection_is_held_to_these_unless_configured_otherwise() {
    let limits = ConnectionLimits::default();
    assert_eq!((limits.handshake, limits.stuck, limits.linger), (HANDSHAKE, STUCK, LINGER));
    assert_eq!((limits.pending_output, limits.inbox), (PENDING_OUTPUT, INBOX));
    assert!(ACCEPT_BACK_OFF < LINGER, "a listener that backed off is there again for whoever waits");
}

#[test]
fn an_inbox_takes_so_many_events_and_gives_back_one_more() {
    play_simply(Opening::StartTls, async |mut house| {
        let mut client = house.knock().await;
        let inbox = house.opened().await;
        // The driver gets no turn meanwhile.
        for _ in 0..INBOX {
            inbox.send(Ask::Say(b"x".to_vec())).expect("taken");
        }
        assert!(matches!(inbox.send(Ask::Close), Err(Rejected::Full(Ask::Close))));
        timeout(PATIENCE, client.read_exact(&mut vec![0; INBOX])).await.expect("in time").expect("all");
    });
}

#[test]
fn a_turn_ends_after_so_many_events_and_goes_on_with_the_rest() {
    let events = 3 * EVENTS_PER_ROUND * ROUNDS_PER_TURN + 1;
    let limits = ConnectionLimits { inbox: events, ..ConnectionLimits::default() };
    play(Opening::StartTls, Admission::default(), limits, async |mut house| {
        let mut client = house.knock().await;
        let inbox = house.opened().await;
        for _ in 0..events {
            inbox.send(Ask::Say(b"x".to_vec())).expect("taken");
        }
        timeout(PATIENCE, client.read_exact(&mut vec![0; events])).await.expect("in time").expect("all");
    });
}

#[test]
fn a_read_brings_so_many_bytes_at_most() {
    play_simply(Opening::StartTls, async |mut house| {
        let mut client = house.knock().await;
        let _inbox = house.opened().await;
        client.write_all(&vec![b'x'; 3 * READ]).await.expect("written");
        let mut all = 0;
        while all < 3 * READ {
            let Told::Received(bytes) = house.told().await else { continue };
            assert!(bytes.len() <= READ, "{}", bytes.len());
            all += bytes.len();
        }
    });
}

/// With output pending and nobody who reads, at most this waits beyond what the kernel took; then the inbox fills.
#[test]
fn output_waits_up_to_the_limit_and_then_in_the_inbox() {
    let limits = ConnectionLimits { inbox: 2, stuck: ACCEPT_BACK_OFF, ..ConnectionLimits::default() };
    play(Opening::StartTls, Admission::default(), limits, async |mut house| {
        let _silent = house.knock().await;
        let inbox = house.opened().await;
        let mut taken = 0;
        // Loopback's buffers hold a few megabytes; without a limit this would be taken for ever.
        while taken < 1_000 {
            match inbox.send(Ask::Say(vec![0; PENDING_OUTPUT])) {
                Ok(()) => taken += 1,
                Err(Rejected::Full(_)) => tokio::task::yield_now().await,
                Err(Rejected::Closed(_)) => break,
            }
        }
        assert!((2..200).contains(&taken), "{taken}");
        assert_eq!(house.closed().await, Closed::Stuck);
    });
}

/// A burst of connections waits in the kernel until they are accepted: more than the 128 that it queues by default.
#[test]
fn a_burst_of_connections_waits_to_be_accepted() {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listeners = Listener::bind(any, Opening::StartTls, 1).expect("bound");
    let address = listeners[0].address().expect("bound");
    let most: i32 = std::fs::read_to_string("/proc/sys/net/core/somaxconn")
        .map_or(128, |text| text.trim().parse().expect("a number"));
    let burst = most.min(BACKLOG).min(400);
    let open: Vec<_> = (0..burst).map(|_| TcpStream::connect_timeout(&address, PATIENCE)).collect();
    assert!(open.iter().all(Result::is_ok), "{burst} wait");
}
