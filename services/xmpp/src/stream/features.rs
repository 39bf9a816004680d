//! What a stream offers at each stage (RFC 6120 §4.3.2, XEP-0388 §2.2, XEP-0386 §3, XEP-0440, XEP-0484 §3.1).

use super::{Out, Settings, State, Stream};
use crate::{
    ns,
    sasl::{Channel, Mechanism},
    stanza::Tag,
};

impl Settings {
    /// The password mechanisms on such a channel, strongest first.
    pub(super) fn mechanisms(&self, channel: &Channel) -> impl Iterator<Item = Mechanism> {
        let plain = self.plain;
        let offered = move |mechanism: &Mechanism| plain || *mechanism != Mechanism::Plain;
        Mechanism::PASSWORD.into_iter().filter(|mechanism| mechanism.fits(channel)).filter(offered)
    }
}

impl Stream {
    /// Writes `<stream:features/>` for where the stream is now.
    pub(super) fn write_features(&self, out: &mut Out) {
        let tag = Tag::open(&mut out.bytes, "stream:features");
        let tag =
            if self.framed { tag.attr("xmlns", ns::CLIENT).attr("xmlns:stream", ns::STREAMS) } else { tag };
        tag.content(|out| match &self.state {
            State::Negotiating(negotiation) => match (&negotiation.channel, &negotiation.user) {
                (None, _) => {
                    Tag::open_in(out, "starttls", ns::TLS).content(|out| Tag::open(out, "required").empty());
                }
                (Some(channel), None) => self.write_sign_in(channel, out),
                (Some(_), Some(_)) => {
                    Tag::open_in(out, "bind", ns::BIND).content(|out| Tag::open(out, "required").empty());
                    Tag::open_in(out, "session", ns::SESSION)
                        .content(|out| Tag::open(out, "optional").empty());
                    self.write_session(true, out);
                }
            },
            State::Bound(bound) => self.write_session(bound.management.is_none(), out),
            State::Closed => {}
        });
        out.end_element(self.framed);
    }

    fn write_sign_in(&self, channel: &Channel, out: &mut Vec<u8>) {
        let mechanisms = |out: &mut Vec<u8>| {
            self.settings.mechanisms(channel).for_each(|m| Tag::open(out, "mechanism").text(m.name()));
        };
        Tag::open_in(out, "mechanisms", ns::SASL).content(mechanisms);
        Tag::open_in(out, "authentication", ns::SASL2).content(|out| {
            mechanisms(out);
            Tag::open(out, "inline").content(|out| write_inline(channel, out));
        });
        if channel.types().next().is_some() {
            Tag::open_in(out, "sasl-channel-binding", ns::CHANNEL_BINDING).content(|out| {
                channel.types().for_each(|kind| Tag::open(out, "channel-binding").attr("type", kind).empty());
            });
        }
    }

    fn write_session(&self, management: bool, out: &mut Vec<u8>) {
        if management {
            Tag::open_in(out, "sm", ns::SM).empty();
        }
        Tag::open_in(out, "csi", ns::CSI).empty();
        out.extend_from_slice(&self.settings.features);
    }
}

fn write_inline(channel: &Channel, out: &mut Vec<u8>) {
    Tag::open_in(out, "bind", ns::BIND2).content(|out| {
        Tag::open(out, "inline").content(|out| {
            for feature in [ns::CARBONS, ns::CSI, ns::SM] {
                Tag::open(out, "feature").attr("var", feature).empty();
            }
        });
    });
    Tag::open_in(out, "sm", ns::SM).empty();
    Tag::open_in(out, "fast", ns::FAST).content(|out| {
        let fitting = Mechanism::TOKEN.into_iter().filter(|mechanism| mechanism.fits(channel));
        fitting.for_each(|mechanism| Tag::open(out, "mechanism").text(mechanism.name()));
    });
}
