//! Fuzz targets for every parser and every machine (DESIGN §7): each takes any bytes, and panics only if an invariant
//! is broken.
//!
//! `tools/fuzz.sh` runs them under libFuzzer, from the corpus in `corpus/`; `tests/corpus.rs` replays that corpus in
//! the ordinary tests. The bytes of a machine's target are a play: see [`draw`].

pub mod draw;
mod homes;
mod messages;
mod people;
mod records;
mod rows;
mod talk;
mod targets;

/// Something to fuzz.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name of its folder below `corpus/`.
    pub name: &'static str,
    /// Whether what it takes is text, so that its corpus can be read.
    pub is_text: bool,
    /// Takes any bytes.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 10] = [
    text("wire", xmpp::fuzz::wire),
    text("stanza", xmpp::fuzz::stanza),
    text("stream", xmpp::fuzz::stream),
    text("sasl", xmpp::fuzz::sasl),
    text("session", targets::session::run),
    text("user", targets::user::run),
    text("conversation", targets::conversation::run),
    Target { name: "record", is_text: false, run: records::run },
    Target { name: "row", is_text: false, run: store::fuzz::row },
    Target { name: "cluster_message", is_text: false, run: messages::run },
];

const fn text(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, is_text: true, run }
}
