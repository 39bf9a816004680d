//! Who is let in, and how all are let go.

use crate::scene::{Ask, PATIENCE, Told, play, play_behind_balancer, play_simply};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::rustls::version::TLS13;
use transport::{Admission, Closed, ConnectionLimits, Opening, limits::PROXY_WAITING};

#[test]
fn one_connection_too_many_is_closed_at_once() {
    for admission in [
        Admission { connections: 1, ..Admission::default() },
        Admission { per_address: 1, ..Admission::default() },
        Admission { unsigned: 1, ..Admission::default() },
    ] {
        play(Opening::StartTls, admission, ConnectionLimits::default(), async |mut house| {
            let first = house.knock().await;
            let _inbox = house.opened().await;
            let mut second = house.knock().await;
            assert_eq!(second.read(&mut [0; 1]).await.expect("ended"), 0);
            drop(first);
            assert_eq!(house.closed().await, Closed::ByPeer);
            let _third = house.knock().await;
            house.opened().await;
        });
    }
}

#[test]
fn who_signs_in_makes_room_for_the_next() {
    let admission = Admission { unsigned: 1, ..Admission::default() };
    play(Opening::StartTls, admission, ConnectionLimits::default(), async |mut house| {
        let mut first = house.knock().await;
        let inbox = house.opened().await;
        inbox.send(Ask::SignIn).expect("taken");
        inbox.send(Ask::Say(b"welcome".to_vec())).expect("taken");
        first.read_exact(&mut [0; 7]).await.expect("signed in");
        let _second = house.knock().await;
        assert!(matches!(house.told().await, Told::Flushed));
        house.opened().await;
    });
}

#[test]
fn a_drain_tells_every_session_and_ends_the_listener() {
    play_simply(Opening::Direct, async |mut house| {
        let mut clients = Vec::new();
        for _ in 0..5 {
            let stream = house.knock().await;
            let mut client = house.secure(stream, &TLS13).await;
            client.read_exact(&mut [0; 5]).await.expect("greeted");
            clients.push(client);
        }
        let leaving = tokio::task::spawn_local(async move {
            for mut client in clients {
                let mut last = Vec::new();
                client.read_to_end(&mut last).await.expect("a clean end, with close_notify");
                assert_eq!(last, b"bye");
            }
        });
        assert_eq!(house.gate.drain(PATIENCE).await, 0);
        leaving.await.expect("no panic");
        let (mut told, mut closed) = (0, 0);
        while closed < 5 {
            match house.told().await {
                Told::Draining => told += 1,
                Told::Closed(why) => {
                    assert_eq!(why, Closed::BySession);
                    closed += 1;
                }
                _ => {}
            }
        }
        assert_eq!(told, 5);
        house.stopped().await;
    });
}

#[test]
fn a_drain_does_not_wait_for_ever() {
    let limits = ConnectionLimits { linger: PATIENCE, ..ConnectionLimits::default() };
    play(Opening::StartTls, Admission::default(), limits, async |mut house| {
        let _stays = house.knock().await;
        let _inbox = house.opened().await;
        assert_eq!(house.gate.drain(Duration::from_millis(50)).await, 1);
    });
}

/// A header of the PROXY protocol, version 2: somebody connects from this address.
fn announced(from: [u8; 4]) -> Vec<u8> {
    let start = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c";
    [&start[..], &from, &[127, 0, 0, 1], &[200, 0, 20, 102]].concat()
}

#[test]
fn behind_a_balancer_those_are_counted_who_connect_to_it() {
    let admission = Admission { per_address: 1, ..Admission::default() };
    play_behind_balancer(admission, async |mut house| {
        let mut stay = Vec::new();
        for from in [[192, 0, 2, 1], [192, 0, 2, 2]] {
            let mut client = house.knock().await;
            client.write_all(&[&announced(from)[..], b"hi"].concat()).await.expect("written");
            house.opened().await;
            let Told::Received(bytes) = house.told().await else { panic!("it said something") };
            assert_eq!(bytes, b"hi", "the header is not for the session");
            stay.push(client);
        }
        let mut third = house.knock().await;
        third.write_all(&announced([192, 0, 2, 1])).await.expect("written");
        assert_eq!(third.read(&mut [0; 1]).await.expect("ended"), 0, "one from there is in");
        // The balancer asks for itself whether anybody is there.
        let mut balancer = house.knock().await;
        balancer.write_all(b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0").await.expect("written");
        house.opened().await;
        assert_eq!(house.gate.connections(), 3);
    });
}

#[test]
fn who_does_not_say_who_connects_is_not_let_in_and_holds_up_nobody() {
    play_behind_balancer(Admission::default(), async |mut house| {
        let _silent = house.knock().await;
        for wrong in [&b"PROXY TCP4 192.0.2.1 127.0.0.1 51200 5222\r\n"[..], b"<?xml version='1.0'?>"] {
            let mut client = house.knock().await;
            client.write_all(wrong).await.expect("written");
            // What it wrote is not read, so the end may be a reset.
            assert_eq!(client.read(&mut [0; 1]).await.unwrap_or(0), 0);
        }
        assert_eq!(house.gate.connections(), 0);
        let mut client = house.knock().await;
        client.write_all(&announced([192, 0, 2, 1])).await.expect("written");
        house.opened().await;
    });
}

/// Those who say nothing do not take descriptors without end: one more waits until one of them is given up.
#[test]
fn so_many_wait_for_their_header_and_others_come_after_them() {
    play_behind_balancer(Admission::default(), async |mut house| {
        let mut silent = Vec::new();
        for _ in 0..PROXY_WAITING {
            silent.push(house.knock().await);
        }
        let mut client = house.knock().await;
        client.write_all(&announced([192, 0, 2, 1])).await.expect("written");
        tokio::task::yield_now().await;
        drop(silent);
        house.opened().await;
    });
}
