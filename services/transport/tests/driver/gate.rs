//! Who is let in, and how all are let go.

use crate::scene::{Ask, PATIENCE, Told, play, play_simply};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio_rustls::rustls::version::TLS13;
use transport::{Admission, Closed, ConnectionLimits, Opening};

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
