//! How long a stanza takes, per core: `cargo bench -p xmpp`. No harness: a loop and a clock are enough to see it.

#![expect(clippy::disallowed_methods, reason = "a benchmark is no machine: it looks at the clock")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};
use xmpp::{
    stanza::{Stanza, Tag},
    wire::{Framer, Scope},
};

const MESSAGE: &str = "<message to='bob@example.org/phone' from='alice@example.org/desk' id='ktx72v49' type='chat' \
    xml:lang='en'><body>Neither, fair saint, if either thee dislike, and more</body><active \
    xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/><origin-id \
    xmlns='urn:xmpp:sid:0' id='de305d54-75b4-431b-adb2'/></message>";

fn main() {
    println!("{} bytes", MESSAGE.len());
    let mut framer = Framer::new(1 << 18);
    framer.push(b"<stream:stream>");
    let _ = framer.next_piece();
    report("frame", || {
        framer.push(MESSAGE.as_bytes());
        black_box(framer.next_piece()).ok();
    });
    let bytes = bytes::Bytes::from_static(MESSAGE.as_bytes());
    report("read", || {
        black_box(Stanza::parse(bytes.clone(), &Scope::Usual)).ok();
    });
    let mut out = Vec::new();
    report("write", || {
        out.clear();
        Tag::open(&mut out, "message")
            .attr("to", "bob@example.org/phone")
            .attr("from", "alice@example.org/desk")
            .attr("id", "ktx72v49")
            .attr("type", "chat")
            .content(|out| {
                Tag::open(out, "body").text("Neither, fair saint, if either thee dislike, and more");
                out.extend_from_slice(b"<request xmlns='urn:xmpp:receipts'/>");
            });
        black_box(&out);
    });
}

/// The best of some rounds: what the others have more is somebody else's.
fn report(what: &str, mut work: impl FnMut()) {
    const TIMES: u32 = 20_000;
    let round = || {
        let start = Instant::now();
        (0..TIMES).for_each(|_| work());
        start.elapsed()
    };
    let best = std::iter::repeat_with(round).take(20).min().unwrap_or(Duration::ZERO);
    println!("{what}: {:.2} µs", best.as_secs_f64() * 1e6 / f64::from(TIMES));
}
