//! Dialogues, as they are read: `C:` what the client sends, `S:` what the server writes, `H:` what the host does,
//! `E:` what the host is told. Each is played whole and in every split of the bytes.

mod limits;
mod management;
mod script;
mod sign_in;
mod trouble;

pub(crate) use script::Play;

use super::*;
use crate::sasl::Channel;
use proptest::prelude::*;

pub(crate) const OPEN: &str = "<?xml version='1.0'?><stream:stream to='example.org' version='1.0' xmlns='jabber:client' \
                               xmlns:stream='http://etherx.jabber.org/streams'>";

/// A channel with both bindings.
pub(crate) fn channel() -> Channel {
    Channel { exporter: Some([7; 32]), end_point: Some(Box::from(&b"hash"[..])) }
}

/// From the first byte to bound, over TLS, without extensions.
pub(crate) const BOUND: &str = "
    C: {open}
    S: …</stream:features>
    C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>
    E: ask password alice@example.org pencil
    H: right
    S: <success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>
    C: {open}
    S: …</stream:features>
    C: <iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>phone</resource></bind></iq>
    E: ask bind alice@example.org/phone
    H: bound
    S: <iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>alice@example.org/phone</jid></bind></iq>
    E: signed in alice@example.org/phone
";

/// The dialogue in one piece, byte by byte, and in pieces of other sizes.
pub(crate) fn play(carrier: &Carrier, scripts: &[&str]) {
    for piece in [usize::MAX, 1, 2, 7, 50] {
        let mut play = Play::new(carrier.clone(), piece);
        for script in scripts {
            play.run(script);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The whole of a client's life, its bytes cut anywhere.
    #[test]
    fn any_split_gives_the_same(cuts in proptest::collection::vec(1_usize..60, 1..200)) {
        let life = "
            C: <enable xmlns='urn:xmpp:sm:3'/><message to='bob@example.org'><body>1 &gt; 0</body></message> <r xmlns='urn:xmpp:sm:3'/><presence/>
            S: <enabled xmlns='urn:xmpp:sm:3'/>
            E: stanza 1 <message to='bob@example.org'><body>1 &gt; 0</body></message>
            E: stanza 2 <presence/>
            H: done 1
            S: <a xmlns='urn:xmpp:sm:3' h='1'/>
            C: <![CDATA[x]]></stream:stream>
            S: <stream:error><restricted-xml xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>
            E: ended
            E: close
        ";
        let mut play = Play::new(Carrier::Tls(channel()), usize::MAX);
        play.cuts = cuts;
        play.run(BOUND);
        play.run(life);
    }

    #[test]
    fn no_bytes_break_a_stream(bytes in proptest::collection::vec(any::<u8>(), 0..200), bound in any::<bool>()) {
        let mut play = Play::new(Carrier::Tls(channel()), usize::MAX);
        if bound {
            play.run(BOUND);
        }
        play.stream.handle(play.now, Input::Bytes(&bytes), &mut play.out);
        prop_assert!(!play.stream.is_closed() || play.out.bytes.ends_with(b"</stream:stream>"));
    }
}

#[test]
fn an_idle_stream_is_small() {
    assert!(size_of::<Stream>() <= 256, "{}", size_of::<Stream>());
    assert!(size_of::<bound::Bound>() <= 256, "{}", size_of::<bound::Bound>());
}
