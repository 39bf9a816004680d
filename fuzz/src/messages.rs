//! Messages between nodes: what can be read can be written, and read again says the same.

use cluster::wire::Message;

/// The bytes as one message.
pub(crate) fn run(data: &[u8]) {
    let Ok((message, from)) = Message::decode(data) else { return };
    let written = message.encode(from);
    let (again, origin) = Message::decode(&written).expect("what was written can be read");
    assert_eq!((format!("{message:?}"), from), (format!("{again:?}"), origin));
    assert_eq!(again.encode(origin), written);
}
