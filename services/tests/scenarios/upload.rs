//! Files (XEP-0363): a slot is asked for over XMPP, filled and read over HTTPS; nothing else comes in.

use std::{path::Path, time::Instant};
use tests::{House, Stage, wire};

static HOUSE: House = House::new(&["--upload-max", "100KiB", "--upload-quota", "150KiB"]);

const SLOT: &str = "<slot xmlns='urn:xmpp:http:upload:0'><put url='{put}'>\
     <header name='Authorization'>{token}</header></put><get url='{get}'/></slot>";

/// Asks for a slot and says where to put and get, and with which header.
fn slot(stage: &mut Stage<'_>, name: &str, size: usize) -> (String, String, String) {
    let ask = format!(
        "<request xmlns='urn:xmpp:http:upload:0' filename='{name}' size='{size}' content-type='image/png'/>"
    );
    stage.forget_variables(&["put", "token", "get"]);
    stage.play(&format!("alice/phone gets from upload.{{d}}: {ask}\nalice/phone is told {SLOT}"));
    let path = |url: &str| {
        let path = url.splitn(4, '/').nth(3).unwrap_or_else(|| panic!("{url} is no URL"));
        format!("/{path}")
    };
    (path(stage.variable("put")), stage.variable("token").to_owned(), path(stage.variable("get")))
}

/// Begins to put a file of this size, and goes no further than these bytes of it.
fn begin(stage: &Stage<'_>, path: &str, token: &str, size: usize, body: &[u8]) -> wire::Socket {
    let server = stage.server();
    let mut socket = wire::Socket::connect(server.ports().http).expect("connects");
    socket.secure(server.trust(), b"http/1.1").expect("secured");
    let head = format!(
        "PUT {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: {token}\r\nContent-Length: {size}\r\n\r\n",
        tests::server::DOMAIN
    );
    socket.write(head.as_bytes()).expect("written");
    socket.write(body).expect("written");
    socket
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + tests::limits::WAIT;
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        std::thread::yield_now();
    }
}

fn put(stage: &Stage<'_>, path: &str, token: &str, body: &[u8]) -> u16 {
    let headers = [
        format!("Authorization: {token}"),
        format!("Content-Length: {}", body.len()),
        "Content-Type: image/png".to_owned(),
    ];
    let server = stage.server();
    let reply = wire::request(server.ports().http, server.trust(), &format!("PUT {path}"), &headers, body);
    reply.expect("an answer").status
}

fn get(stage: &Stage<'_>, path: &str) -> wire::Reply {
    let server = stage.server();
    wire::request(server.ports().http, server.trust(), &format!("GET {path}"), &[], &[]).expect("an answer")
}

#[test]
fn a_file_goes_up_and_comes_down_again() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play(
        "alice/phone signs in
         alice/phone gets from {d}: <query xmlns='http://jabber.org/protocol/disco#items'/>
         alice/phone is told <query xmlns='http://jabber.org/protocol/disco#items'><item jid='upload.{d}'/></query>
         alice/phone gets from upload.{d}: <query xmlns='http://jabber.org/protocol/disco#info'/>
         alice/phone is told <query xmlns='http://jabber.org/protocol/disco#info'><identity category='store' type='file'/>
            <feature var='urn:xmpp:http:upload:0'/><x xmlns='jabber:x:data' type='result'>
            <field var='max-file-size'><value>102400</value></field></x></query>",
    );
    let body: Vec<u8> = (0..70_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let (to, token, from) = slot(&mut stage, "très jolie.png", body.len());
    assert_eq!(get(&stage, &from).status, 404, "nothing is there yet");
    assert_eq!(put(&stage, &to, &token, &body), 201);
    let found = get(&stage, &from);
    assert_eq!((found.status, found.body.len()), (200, body.len()));
    assert!(found.body == body, "the same bytes");
    let head = found.head.to_ascii_lowercase();
    assert!(
        head.contains("content-type: image/png") && head.contains("x-content-type-options: nosniff"),
        "{head}"
    );
    assert!(head.contains("content-security-policy: default-src 'none'"), "{head}");
}

#[test]
fn a_slot_takes_what_it_was_given_for_once() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play("alice/phone signs in");
    let (to, token, from) = slot(&mut stage, "a.png", 10);
    assert_eq!(put(&stage, &to, "Bearer guess", b"0123456789"), 403);
    assert_eq!(put(&stage, &to, &token, b"01234567890"), 400, "more than was said");
    assert_eq!(get(&stage, &from).status, 404);
    let (to, token, from) = slot(&mut stage, "a.png", 10);
    assert_eq!(put(&stage, &to, &token, b"0123456789"), 201);
    assert_eq!(put(&stage, &to, &token, b"9876543210"), 403, "used");
    assert_eq!(get(&stage, &from).body, b"0123456789");
}

#[test]
fn there_is_a_limit_to_a_file_and_to_all_of_them() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play(
        "alice/phone signs in
         alice/phone gets from upload.{d}: <request xmlns='urn:xmpp:http:upload:0' filename='a' size='102401'/>
         alice/phone is refused: modify not-acceptable <file-too-large xmlns='urn:xmpp:http:upload:0'><max-file-size>102400</max-file-size></file-too-large>
         alice/phone gets from upload.{d}: <request xmlns='urn:xmpp:http:upload:0' size='1'/>
         alice/phone is refused: modify bad-request",
    );
    let (to, token, _) = slot(&mut stage, "a", 100_000);
    assert_eq!(put(&stage, &to, &token, &vec![7; 100_000]), 201);
    stage.play(
        "alice/phone gets from upload.{d}: <request xmlns='urn:xmpp:http:upload:0' filename='b' size='100000'/>
         alice/phone is refused: modify policy-violation",
    );
}

#[test]
fn an_upload_counts_from_its_beginning_and_leaves_nothing_if_it_is_cut_off() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play("alice/phone signs in");
    let (to, token, _) = slot(&mut stage, "a", 100_000);
    let mut socket = begin(&stage, &to, &token, 100_000, &vec![7; 99_999]);
    let id = Path::new(&to).parent().and_then(Path::file_name).expect("/upload/id/name");
    let folder = stage.server().data().join("upload").join(id);
    wait_until("it has begun", || folder.exists());
    assert_eq!(put(&stage, &to, &token, b"again"), 403, "it is being filled");
    stage.play(
        "alice/phone gets from upload.{d}: <request xmlns='urn:xmpp:http:upload:0' filename='b' size='100000'/>
         alice/phone is refused: modify policy-violation",
    );
    socket.shut();
    wait_until("it is removed", || !folder.exists());
    let (to, token, _) = slot(&mut stage, "b", 100_000);
    assert_eq!(put(&stage, &to, &token, &vec![7; 100_000]), 201);
}

#[test]
fn who_asks_for_health_metrics_and_ways_in_is_answered() {
    let stage = Stage::in_house(&HOUSE);
    assert_eq!(get(&stage, "/health/live").status, 200);
    assert_eq!(get(&stage, "/health/ready").status, 200);
    let metrics = String::from_utf8(get(&stage, "/metrics").body).expect("text");
    assert!(metrics.lines().any(|line| line.starts_with("linnet_")), "{metrics}");
    let meta = String::from_utf8(get(&stage, "/.well-known/host-meta.json").body).expect("text");
    assert!(meta.contains("urn:xmpp:alt-connections:websocket") && meta.contains("wss://"), "{meta}");
    assert_eq!(get(&stage, "/upload/none/none").status, 404);
    assert_eq!(get(&stage, "/upload/..%2F..%2Fsecret/x").status, 404);
}
