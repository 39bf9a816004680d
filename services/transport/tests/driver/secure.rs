//! TLS: STARTTLS and direct, both versions, channel bindings (RFC 9266, RFC 5929), resumption, reload, refusals.

use crate::scene::{Ask, PATIENCE, Told, play, play_simply};
use sha2::{Digest as _, Sha256};
use std::time::{Duration, SystemTime};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    client::TlsStream,
    rustls::version::{TLS12, TLS13},
};
use transport::{Admission, Closed, ConnectionLimits, Opening, TlsFacts, TlsVersion};

async fn expect(client: &mut TlsStream<TcpStream>, bytes: &[u8]) {
    let mut got = vec![0; bytes.len()];
    timeout(PATIENCE, client.read_exact(&mut got)).await.expect("in time").expect("bytes");
    assert_eq!(got, bytes);
}

/// Both sides bind to the same.
fn assert_bound(facts: &TlsFacts, client: &TlsStream<TcpStream>) {
    let (_, connection) = client.get_ref();
    let exporter = connection.export_keying_material([0_u8; 32], b"EXPORTER-Channel-Binding", Some(&[]));
    assert_eq!(facts.exporter, exporter.expect("exported"));
    let certificate = &connection.peer_certificates().expect("sent")[0];
    assert_eq!(facts.endpoint_hash.as_deref(), Some(Sha256::digest(certificate).as_slice()));
}

#[test]
fn starttls_upgrades_the_connection_and_both_sides_bind_to_the_same() {
    for version in [&TLS12, &TLS13] {
        play_simply(Opening::StartTls, async |mut house| {
            let mut clear = house.knock().await;
            let inbox = house.opened().await;
            // What comes behind the request in clear is an injection; it must not come out of TLS.
            clear.write_all(b"tls and more").await.expect("written");
            let mut go = [0; 2];
            clear.read_exact(&mut go).await.expect("answered");
            assert_eq!(&go, b"go");
            let mut client = house.secure(clear, version).await;
            let facts = house.secured().await;
            assert_eq!(facts.version == TlsVersion::V1_3, version == &TLS13);
            assert_bound(&facts, &client);
            expect(&mut client, b"hello").await;
            client.write_all(b"ping").await.expect("written");
            inbox.send(Ask::Say(b"pong".to_vec())).expect("taken");
            expect(&mut client, b"pong").await;
            let received = loop {
                match house.told().await {
                    Told::Received(bytes) => break bytes,
                    Told::Flushed => {}
                    other => panic!("unexpected {other:?}"),
                }
            };
            assert_eq!(received, b"ping");
        });
    }
}

#[test]
fn direct_tls_begins_with_the_handshake_and_resumes_without_the_server_remembering() {
    for version in [&TLS12, &TLS13] {
        play_simply(Opening::Direct, async |mut house| {
            let mut exporters = Vec::new();
            for resumed in [false, true] {
                let stream = house.knock().await;
                let mut client = house.secure(stream, version).await;
                let _inbox = house.opened().await;
                let facts = house.secured().await;
                assert_eq!(facts.resumed, resumed);
                assert_bound(&facts, &client);
                exporters.push(facts.exporter);
                expect(&mut client, b"hello").await;
                client.shutdown().await.expect("closed");
                assert_eq!(house.closed().await, Closed::ByPeer);
            }
            assert_ne!(exporters[0], exporters[1]);
        });
    }
}

#[test]
fn a_reload_gives_new_connections_the_new_certificate_and_leaves_the_old_alone() {
    play_simply(Opening::Direct, async |mut house| {
        let stream = house.knock().await;
        let mut old = house.secure(stream, &TLS13).await;
        let inbox = house.opened().await;
        let before = house.secured().await;
        assert!(!house.tls.reload().expect("readable"));
        house
            .authority
            .ensure(&["localhost".to_owned(), "example.org".to_owned()], SystemTime::now())
            .expect("renewed");
        assert!(house.tls.reload().expect("readable"));
        let stream = house.knock().await;
        let new = house.secure(stream, &TLS13).await;
        let facts = loop {
            match house.told().await {
                Told::Secured(facts) => break facts,
                Told::Flushed | Told::Opened(_) => {}
                other => panic!("unexpected {other:?}"),
            }
        };
        // Not resumed, since the binding to the old certificate would differ on the two sides.
        assert!(!facts.resumed);
        assert_bound(&facts, &new);
        assert_ne!(facts.endpoint_hash, before.endpoint_hash);
        expect(&mut old, b"hello").await;
        inbox.send(Ask::Say(b"still here".to_vec())).expect("taken");
        expect(&mut old, b"still here").await;
        std::fs::write(house.authority.key(), "no key").expect("written");
        assert!(house.tls.reload().is_err());
        house.forget_sessions();
        let stream = house.knock().await;
        house.secure(stream, &TLS13).await;
    });
}

#[test]
fn a_client_that_is_silent_in_the_handshake_is_let_go() {
    let limits = ConnectionLimits { handshake: Duration::from_millis(50), ..ConnectionLimits::default() };
    play(Opening::Direct, Admission::default(), limits, async |mut house| {
        let mut stream = house.knock().await;
        let _inbox = house.opened().await;
        assert_eq!(house.closed().await, Closed::HandshakeTimedOut);
        assert_eq!(stream.read(&mut [0; 16]).await.expect("ended"), 0);
    });
}

#[test]
fn what_is_no_handshake_gets_an_alert() {
    play_simply(Opening::Direct, async |mut house| {
        let mut stream = house.knock().await;
        let _inbox = house.opened().await;
        stream.write_all(b"<?xml version='1.0'?><stream:stream to='example.org'>").await.expect("written");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("ended");
        assert_eq!(answer.first(), Some(&21), "a TLS alert record");
        assert_eq!(house.closed().await, Closed::Tls);
    });
}

#[test]
fn a_large_flow_passes_both_ways_unharmed() {
    play_simply(Opening::Direct, async |mut house| {
        let stream = house.knock().await;
        let (mut read, mut write) = tokio::io::split(house.secure(stream, &TLS13).await);
        let inbox = house.opened().await;
        house.secured().await;
        let flow: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
        inbox.send(Ask::Say(flow.clone())).expect("taken");
        let sent = flow.clone();
        let writing = tokio::task::spawn_local(async move {
            write.write_all(&sent).await.expect("written");
            write.flush().await.expect("flushed");
            write
        });
        let mut greeting = [0; 5];
        read.read_exact(&mut greeting).await.expect("greeted");
        let mut got = vec![0; flow.len()];
        timeout(PATIENCE, read.read_exact(&mut got)).await.expect("in time").expect("all of it");
        assert!(got == flow, "what the client got is what the session said");
        let mut heard = Vec::new();
        while heard.len() < flow.len() {
            if let Told::Received(bytes) = house.told().await {
                heard.extend_from_slice(&bytes);
            }
        }
        assert!(heard == flow, "what the session got is what the client said");
        drop(writing.await.expect("no panic"));
    });
}
