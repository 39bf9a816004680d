//! Links over real sockets: connections that break, receivers that are full, strangers, certificates.

mod play;

use bytes::Bytes;
use cluster::{Cluster, NodeId, Tls, limits};
use play::{Log, Node, proxy::Proxy, until};
use proto::cluster::{Deployment, Frame, Hello, frame, links_client::LinksClient};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// Two nodes; the first dials the second through the proxy.
fn pair(proxy: &Proxy) -> (Node, Node) {
    let log = Arc::new(Log::default());
    let first = play::start(play::options("a", &[]), &log);
    let mut options = play::options("b", &[first.cluster.address().to_owned()]);
    options.advertise = proxy.address.to_string();
    let second = play::start(options, &log);
    proxy.lead(second.cluster.bound());
    until("they are linked", || linked(&first) && linked(&second));
    (first, second)
}

fn linked(node: &Node) -> bool {
    node.cluster.numbers().links == 1
}

fn message(number: u32) -> Bytes {
    Bytes::copy_from_slice(&number.to_be_bytes())
}

fn messages(count: u32) -> Vec<Bytes> {
    (0..count).map(message).collect()
}

fn heard(node: &Node) -> Vec<Bytes> {
    node.received().into_iter().map(|(_, message)| message).collect()
}

#[test]
fn nothing_is_lost_or_doubled_or_out_of_order_over_a_hundred_cuts() {
    const CUTS: u32 = 100;
    const EACH: u32 = 200;
    let proxy = Proxy::new();
    let (first, second) = pair(&proxy);
    let (to_first, to_second) = (first.cluster.me().clone(), second.cluster.me().clone());
    for cut in 0..CUTS {
        for number in cut * EACH..(cut + 1) * EACH {
            first.cluster.send(&to_second, message(number)).expect("there is room");
            second.cluster.send(&to_first, message(number)).expect("there is room");
        }
        // Cut while messages are on the way; every tenth time once some have come since the last cut.
        if cut % 10 == 9 {
            let before = heard(&second).len();
            until("some come", || {
                heard(&second).len() > before || heard(&second).len() == (cut * EACH) as usize
            });
        }
        proxy.cut();
    }
    let all = (CUTS * EACH) as usize;
    until("all have come", || heard(&first).len() >= all && heard(&second).len() >= all);
    assert_eq!(heard(&first), messages(CUTS * EACH));
    assert_eq!(heard(&second), messages(CUTS * EACH));
    assert_eq!(first.cluster.numbers().links_lost + second.cluster.numbers().links_lost, 0);
    until("all is acknowledged", || first.cluster.numbers().queued + second.cluster.numbers().queued == 0);
    assert!(first.notes().iter().all(|note| note != "gone b"), "{:?}", first.notes());
}

#[test]
fn a_receiver_that_takes_nothing_costs_bounded_memory_and_gets_all_in_order_later() {
    let proxy = Proxy::new();
    let (first, second) = pair(&proxy);
    let to = second.cluster.me().clone();
    *second.host.refusing.lock().expect("not poisoned") = true;
    let mut sent = 0;
    while first.cluster.send(&to, message(sent)).is_ok() {
        sent += 1;
    }
    let numbers = first.cluster.numbers();
    assert!(
        (limits::QUEUE_MESSAGES..=limits::QUEUE_MESSAGES + limits::NEWS_WAITING).contains(&numbers.queued)
    );
    assert_eq!(numbers.sent_back, 1);
    assert!(heard(&second).is_empty());
    *second.host.refusing.lock().expect("not poisoned") = false;
    until("all have come", || heard(&second).len() >= sent as usize);
    assert_eq!(heard(&second), messages(sent));
}

#[test]
fn a_link_that_stays_stuck_is_lost_once_and_begins_anew() {
    let proxy = Proxy::new();
    let (first, second) = pair(&proxy);
    let to = second.cluster.me().clone();
    proxy.hold(true);
    proxy.cut();
    until("the old connection is gone", || {
        // Nothing is taken any more, and nothing breaks.
        first.cluster.send(&to, message(1)).expect("there is room");
        first.cluster.numbers().queued > 0
    });
    let waits = Instant::now();
    while first.cluster.numbers().links_lost == 0 {
        assert!(waits.elapsed() < limits::STUCK * 2, "it is never lost");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(first.cluster.numbers().queued, 0);
    proxy.hold(false);
    proxy.cut();
    until("they are linked anew", || linked(&first) && linked(&second));
    let before = heard(&second).len();
    first.cluster.send(&to, message(2)).expect("there is room");
    until("it has come", || heard(&second).len() > before);
    assert_eq!(heard(&second).last(), Some(&message(2)));
    assert_eq!(first.cluster.numbers().links_lost, 1);
}

#[test]
fn garbage_and_silence_on_the_port_are_closed_and_cost_nobody_else_anything() {
    let nodes = play::pool(2);
    until("they are linked", || nodes.iter().all(linked));
    let port = nodes[0].cluster.bound();
    for garbage in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0; 4096],
        &[0xff; 4096],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff",
    ] {
        let mut stream = TcpStream::connect(port).expect("listens");
        stream.write_all(garbage).expect("is read");
        stream.set_read_timeout(Some(limits::HELLO * 2)).expect("can be");
        // It is closed, at once or when the hello is late; whatever was said before is an end of the conversation.
        let _reset = stream.read_to_end(&mut Vec::new());
    }
    // More that say nothing than may be there at once: the others are closed, and all are in the end.
    let silent: Vec<TcpStream> =
        (0..limits::GREETING + 8).map(|_| TcpStream::connect(port).expect("listens")).collect();
    for mut stream in silent {
        stream.set_read_timeout(Some(limits::HELLO * 2)).expect("can be");
        let end = stream.read_to_end(&mut Vec::new());
        assert!(!matches!(&end, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock), "still open");
    }
    assert!(nodes[0].cluster.numbers().strangers >= 8, "{:?}", nodes[0].cluster.numbers());
    let peer = nodes[1].cluster.me().clone();
    nodes[0].cluster.send(&peer, message(1)).expect("there is room");
    until("it has come", || heard(&nodes[1]).len() == 1);
}

/// What the node at this port says to a hello.
fn greet(port: SocketAddr, hello: Hello) -> tonic::Status {
    play::block_on(async {
        let mut client = LinksClient::connect(format!("http://{port}")).await.expect("connects");
        let frame = Frame { frame: Some(frame::Frame::Hello(hello)) };
        client.link(tokio_stream::iter([frame])).await.expect_err("is refused")
    })
}

fn hello(protocol: u32, name: &str, domain: &str) -> Hello {
    Hello {
        protocol,
        release: "9.0.0".into(),
        node: Some(proto::cluster::Node { name: name.into(), incarnation: 1 }),
        deployment: Some(Deployment { domain: domain.into(), shards: 64 }),
        session: 1,
        known: 0,
        handled: 0,
    }
}

#[test]
fn another_version_or_deployment_is_refused_by_name() {
    let nodes = play::pool(1);
    let port = nodes[0].cluster.bound();
    let refusal = greet(port, hello(3, "z", "example.org"));
    assert_eq!(refusal.code(), tonic::Code::FailedPrecondition);
    assert!(refusal.message().contains("version 3") && refusal.message().contains("front-0"), "{refusal}");
    let refusal = greet(port, hello(1, "z", "example.net"));
    assert!(refusal.message().contains("example.net"), "{refusal}");
    let refusal = greet(port, hello(1, "front-0", "example.org"));
    assert!(refusal.message().contains("itself"), "{refusal}");
    assert_eq!(nodes[0].cluster.numbers().strangers, 3);
    // One apart is spoken with; this one gossip does not know.
    assert_eq!(greet(port, hello(2, "z", "example.org")).code(), tonic::Code::Unavailable);
}

#[test]
fn a_frame_larger_than_any_that_could_be_is_refused_before_it_is_read() {
    let nodes = play::pool(1);
    let mut large = hello(1, "z", "example.org");
    large.release = "r".repeat(limits::FRAME_BYTES);
    assert_eq!(greet(nodes[0].cluster.bound(), large).code(), tonic::Code::OutOfRange);
}

#[test]
fn who_leaves_waits_a_bounded_time_for_what_the_others_have_not_taken() {
    let nodes = play::pool(2);
    until("they are linked", || nodes.iter().all(linked));
    *nodes[1].host.refusing.lock().expect("not poisoned") = true;
    nodes[0].cluster.send(nodes[1].cluster.me(), message(1)).expect("there is room");
    let took = play::seconds(|| play::block_on(nodes[0].cluster.leave()));
    assert!((limits::FLUSH..limits::FLUSH * 3).contains(&took), "{took:?}");
}

/// An authority, and a certificate of it for 127.0.0.1.
fn certify(folder: &Path) -> Tls {
    fs::create_dir_all(folder).expect("can be made");
    let mut ca = CertificateParams::new(Vec::new()).expect("names");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().expect("a key")).expect("signed");
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("names");
    params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
    let certificate = params.signed_by(&key, &ca).expect("signed");
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).expect("written");
        path
    };
    Tls {
        ca: write("ca.pem", ca.pem()),
        certificate: write("certificate.pem", certificate.pem()),
        key: write("key.pem", key.serialize_pem()),
    }
}

#[test]
fn a_certificate_of_another_authority_gets_no_link_and_a_renewed_one_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let (good, bad) = (certify(&folder.path().join("good")), certify(&folder.path().join("bad")));
    let log = Arc::new(Log::default());
    let node = |name: &str, tls: &Tls, join: &[String]| {
        let mut options = play::options(name, join);
        options.tls = Some(tls.clone());
        play::start(options, &log)
    };
    let first = node("b", &good, &[]);
    let seed = [first.cluster.address().to_owned()];
    let second = node("c", &good, &seed);
    until("they are linked", || linked(&first) && linked(&second));

    // One that dials, and one that is dialled.
    let strangers = [node("a", &bad, &seed), node("d", &bad, &seed)];
    until("gossip knows them", || first.cluster.members().len() == 4);
    until("they are turned away", || first.cluster.numbers().strangers > 0);
    assert!(linked(&first) && linked(&second));
    let reaches = |from: &Node, to: &NodeId| {
        from.cluster.members().iter().any(|member| member.id == *to && member.linked)
    };
    for stranger in &strangers {
        assert!(!reaches(&first, stranger.cluster.me()) && !reaches(stranger, first.cluster.me()));
    }
    // The files are replaced by good ones: no restart is needed.
    for (from, to) in [(&good.ca, &bad.ca), (&good.certificate, &bad.certificate), (&good.key, &bad.key)] {
        fs::copy(from, to).expect("copied");
    }
    until("they are linked too", || strangers.iter().all(|stranger| reaches(&first, stranger.cluster.me())));
}

#[test]
fn certificates_that_cannot_be_used_are_said_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let tls = certify(folder.path());
    let start = || {
        let mut options = play::options("a", &[]);
        options.tls = Some(tls.clone());
        Cluster::start(options, play::deaf()).err().map(|error| error.to_string())
    };
    assert_eq!(start(), None);
    // A file that is larger than any such file is not read to its end.
    let good = fs::read_to_string(&tls.certificate).expect("readable");
    let padding = "#".repeat(usize::try_from(limits::PEM_BYTES).expect("fits"));
    fs::write(&tls.certificate, format!("{padding}\n{good}")).expect("written");
    assert!(start().expect("is refused").contains("no certificate in it"));
    fs::remove_file(&tls.ca).expect("was there");
    assert!(start().expect("is refused").contains("ca.pem"));
}
