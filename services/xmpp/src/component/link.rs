//! The connection of a component: header, handshake, then stanzas (XEP-0114 §3). A machine without I/O.
//!
//! Invariants: nothing of a component is heard before it has proved that it knows the secret of its domain; after
//! [`Event::Close`] nothing is written.

use crate::{
    limits::{SIGN_IN_TIME, STANZA_BYTES_BEFORE_SIGN_IN},
    ns,
    stanza::{Stanza, Tag},
    wire::{Framer, Header, Piece, Scope, StreamError},
};
use bytes::Bytes;
use domain::{Address, Timestamp};
use sha1::{Digest as _, Sha1};
use std::{collections::BTreeMap, fmt::Write as _};
use subtle::ConstantTimeEq as _;

/// What a component proves that it knows. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Box<str>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// The domains of components, each with its secret.
pub type Components = BTreeMap<Address, Secret>;

/// What happens on a connection.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "stanzas are the most frequent; a box for each is an allocation"
)]
pub enum Event {
    /// Who is there has proved it: answer with [`Link::accept`] or [`Link::end`].
    Proven,
    /// A handshake was wrong: count it.
    Failed,
    /// A stanza, in `jabber:client` context.
    Stanza(Stanza),
    /// Close the connection after everything written so far.
    Close,
}

/// What comes out of a call. Take and clear all of it each time.
#[derive(Debug, Default)]
pub struct Out {
    /// To be written.
    pub bytes: Vec<u8>,
    /// What else happens, in order.
    pub events: Vec<Event>,
}

/// The machine of one connection.
pub struct Link {
    framer: Framer,
    scope: Scope,
    /// The stream's id, which nobody can guess; part of the proof.
    id: String,
    stanza_bytes: usize,
    /// Whose domain it is.
    domain: Option<Address>,
    stage: Stage,
    deadline: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Header,
    Handshake,
    /// Waits for the host.
    Proven,
    Accepted,
    Closed,
}

impl Link {
    /// A fresh connection. `seed`: random, this connection's alone.
    pub fn new(seed: [u8; 16], stanza_bytes: usize, now: Timestamp) -> Self {
        Self {
            framer: Framer::new(STANZA_BYTES_BEFORE_SIGN_IN),
            scope: Scope::Usual,
            id: hex(&seed),
            stanza_bytes,
            domain: None,
            stage: Stage::Header,
            deadline: now.plus(SIGN_IN_TIME),
        }
    }

    /// Bytes of the component.
    pub fn received(&mut self, bytes: &[u8], components: &Components, out: &mut Out) {
        if self.stage != Stage::Closed {
            self.framer.push(bytes);
            self.read(components, out);
        }
    }

    /// Whose domain it is, once the header has come.
    pub fn domain(&self) -> Option<&Address> {
        self.domain.as_ref()
    }

    /// The component is let in; what it has sent meanwhile is read.
    pub fn accept(&mut self, components: &Components, out: &mut Out) {
        if self.stage == Stage::Proven {
            self.stage = Stage::Accepted;
            self.framer.set_limit(self.stanza_bytes);
            Tag::open(&mut out.bytes, "handshake").empty();
            self.read(components, out);
        }
    }

    /// Whether stanzas come and go.
    pub fn is_accepted(&self) -> bool {
        self.stage == Stage::Accepted
    }

    /// When to call [`Self::tick`].
    pub fn deadline(&self) -> Option<Timestamp> {
        (!matches!(self.stage, Stage::Accepted | Stage::Closed)).then_some(self.deadline)
    }

    /// The deadline may have come.
    pub fn tick(&mut self, now: Timestamp, out: &mut Out) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.end(StreamError::ConnectionTimeout, out);
        }
    }

    /// Ends the stream with this error.
    pub fn end(&mut self, error: StreamError, out: &mut Out) {
        if self.stage == Stage::Header {
            self.write_header(None, out);
        }
        if self.stage != Stage::Closed {
            error.write(None, b"", false, &mut out.bytes);
            self.close(out);
        }
    }

    fn close(&mut self, out: &mut Out) {
        out.bytes.extend_from_slice(b"</stream:stream>");
        self.stage = Stage::Closed;
        self.framer.discard();
        out.events.push(Event::Close);
    }

    fn read(&mut self, components: &Components, out: &mut Out) {
        while !matches!(self.stage, Stage::Proven | Stage::Closed) {
            let read = match self.framer.next_piece() {
                Ok(None) => return,
                Ok(Some(piece)) => self.piece(piece, components, out),
                Err(error) => Err(error),
            };
            if let Err(error) = read {
                self.end(error, out);
            }
        }
    }

    fn piece(&mut self, piece: Piece, components: &Components, out: &mut Out) -> Result<(), StreamError> {
        match piece {
            Piece::Header(bytes) => self.opened(&bytes, components, out),
            Piece::Element(bytes) if self.stage == Stage::Handshake => self.proof(bytes, components, out),
            Piece::Element(bytes) => {
                out.events.push(Event::Stanza(self.stanza(bytes)?));
                Ok(())
            }
            Piece::End => {
                self.close(out);
                Ok(())
            }
        }
    }

    fn opened(&mut self, bytes: &[u8], components: &Components, out: &mut Out) -> Result<(), StreamError> {
        let header = Header::parse_in(bytes, ns::COMPONENT)?;
        self.write_header(header.to.as_deref(), out);
        self.stage = Stage::Handshake;
        let to = header.to.as_deref().ok_or(StreamError::ImproperAddressing)?;
        let domain = Address::parse(to).map_err(|_| StreamError::ImproperAddressing)?;
        if !components.contains_key(&domain) {
            return Err(StreamError::HostUnknown);
        }
        (self.scope, self.domain) = (header.scope, Some(domain));
        Ok(())
    }

    fn write_header(&self, domain: Option<&str>, out: &mut Out) {
        out.bytes.extend_from_slice(b"<?xml version='1.0'?>");
        Tag::open_in(&mut out.bytes, "stream:stream", ns::COMPONENT)
            .attr("xmlns:stream", ns::STREAMS)
            .attr_some("from", domain)
            .attr("id", &self.id)
            .unclosed();
    }

    /// XEP-0114 §3: the SHA-1 of the stream's id and the secret, in hexadecimal.
    fn proof(&mut self, bytes: Bytes, components: &Components, out: &mut Out) -> Result<(), StreamError> {
        let handshake = Stanza::parse(bytes, &self.scope)?;
        let is_one =
            handshake.name() == "handshake" && matches!(handshake.namespace(), ns::CLIENT | ns::COMPONENT);
        let secret = self.domain.as_ref().and_then(|domain| components.get(domain));
        let (true, Some(Secret(secret))) = (is_one, secret) else { return Err(StreamError::NotAuthorized) };
        let expected = hex(&Sha1::digest(format!("{}{secret}", self.id)));
        let said = handshake.text().trim().to_ascii_lowercase();
        if !bool::from(said.as_bytes().ct_eq(expected.as_bytes())) {
            out.events.push(Event::Failed);
            return Err(StreamError::NotAuthorized);
        }
        self.stage = Stage::Proven;
        out.events.push(Event::Proven);
        Ok(())
    }

    fn stanza(&self, bytes: Bytes) -> Result<Stanza, StreamError> {
        let stanza = Stanza::parse(bytes, &self.scope)?;
        if stanza.namespace() != ns::COMPONENT {
            return Ok(stanza);
        }
        // It names the namespace that the others take from the header.
        let mut plain = Vec::new();
        stanza.element().write(ns::COMPONENT, &mut plain);
        Stanza::parse(plain.into(), &Scope::Usual)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("stage", &self.stage).finish_non_exhaustive()
    }
}
