//! The headers of both sides (RFC 6120 §4.7, RFC 7395 §3.4) and STARTTLS (RFC 6120 §5).

use super::{Event, Out, State, Step, Stream};
use crate::{
    limits::STANZA_BYTES_BEFORE_SIGN_IN,
    ns,
    sasl::Channel,
    stanza::{Stanza, Tag},
    wire::{Framer, Header, Scope, StreamError},
};
use domain::Address;

impl Stream {
    /// The client has opened the stream, for the first time or again.
    pub(super) fn opened(&mut self, header: Header, out: &mut Out) {
        let fault = self.fault(&header);
        self.open(header.from.as_deref(), out);
        self.scope = header.scope;
        if let Some((error, text)) = fault {
            return self.fail(error, Some(text), out);
        }
        let State::Negotiating(negotiation) = &mut self.state else { return };
        negotiation.step = Step::Choice;
        self.write_features(out);
    }

    fn fault(&self, header: &Header) -> Option<(StreamError, &'static str)> {
        let version_fits = self.framed && header.version.is_none()
            || header.version.as_deref().is_some_and(|v| v.starts_with("1."));
        let domain = header.to.as_deref().map(Address::parse);
        match domain {
            _ if !version_fits => Some((StreamError::UnsupportedVersion, "this is a server for XMPP 1.0")),
            None => Some((StreamError::ImproperAddressing, "the header needs a 'to'")),
            Some(Ok(domain)) if domain == self.settings.domain => None,
            Some(_) => Some((StreamError::HostUnknown, "this domain is not served here")),
        }
    }

    /// Writes our header. `to`: what the client calls itself.
    pub(super) fn open(&mut self, to: Option<&str>, out: &mut Out) {
        let id = self.draw_name();
        let name = if self.framed {
            "open"
        } else {
            out.bytes.extend_from_slice(b"<?xml version='1.0'?>");
            "stream:stream"
        };
        let tag = if self.framed {
            Tag::open_in(&mut out.bytes, name, ns::FRAMING)
        } else {
            Tag::open_in(&mut out.bytes, name, ns::CLIENT).attr("xmlns:stream", ns::STREAMS)
        };
        let tag = tag
            .attr("id", &id)
            .attr("from", self.settings.domain.as_str())
            .attr_some("to", to)
            .attr("version", "1.0")
            .attr("xml:lang", "en");
        if self.framed {
            tag.empty();
        } else {
            tag.unclosed();
        }
        out.end_element(self.framed);
        if let State::Negotiating(negotiation) = &mut self.state {
            negotiation.opened = true;
        }
    }

    /// The client asks for TLS. What it has sent after that in clear is not looked at: it may be somebody else's.
    pub(super) fn start_tls(&mut self, element: &Stanza, out: &mut Out) {
        if element.name() != "starttls" {
            return self.fail(StreamError::UnsupportedStanzaType, None, out);
        }
        Tag::open_in(&mut out.bytes, "proceed", ns::TLS).empty();
        self.framer.discard();
        if let State::Negotiating(negotiation) = &mut self.state {
            negotiation.step = Step::Tls;
        }
        out.event(Event::StartTls);
    }

    /// TLS is up: the stream begins anew.
    pub(super) fn secured(&mut self, channel: Channel) {
        let State::Negotiating(negotiation) = &mut self.state else { return };
        if matches!(negotiation.step, Step::Tls) {
            negotiation.channel = Some(channel);
            negotiation.step = Step::Header;
            self.scope = Scope::Usual;
            self.framer = Framer::new(STANZA_BYTES_BEFORE_SIGN_IN);
        }
    }
}
