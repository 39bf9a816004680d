//! From the first stream header to a bound session, or to a registered account, as a machine without I/O
//! (RFC 6120 §4.3 negotiation, §5 STARTTLS, §6 SASL, §7 binding; XEP-0198 §3; XEP-0077 §3.1).
//!
//! Invariant: no credential is written before TLS.

use crate::target::Target;
use crate::trouble::Trouble;
use crate::wire::SM;
use crate::wire::scanner::Frame;
use crate::wire::scram::Scram;
use crate::wire::stanza::Stanza;

/// What the stream is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To sign in an account that exists.
    SignIn,
    /// To make the account with the given password (XEP-0077).
    Register,
}

/// What the host does next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Write the output and read on.
    More,
    /// Do the TLS handshake, then call [`SignIn::open`] again with a fresh scanner.
    StartTls,
    /// Write the output; what is read next is a new stream.
    Restart,
    /// The purpose is reached.
    Done,
}

#[derive(Debug, PartialEq, Eq)]
enum Await {
    Features { tls: bool, authenticated: bool },
    Proceed,
    Challenge,
    Success,
    Bound,
    Enabled,
    Registered,
}

/// The negotiation of one stream.
pub(crate) struct SignIn<'a> {
    target: &'a Target,
    user: String,
    purpose: Purpose,
    scram: Scram,
    await_: Await,
    managed: bool,
}

impl<'a> SignIn<'a> {
    /// A negotiation for an account; the nonce is fresh for each.
    pub(crate) fn new(target: &'a Target, user: &str, nonce: &str, purpose: Purpose) -> Self {
        let scram = Scram::new(target.keys.mechanism(), user, nonce);
        let await_ = Await::Features { tls: false, authenticated: false };
        Self { target, user: user.into(), purpose, scram, await_, managed: false }
    }

    /// Writes a stream header.
    pub(crate) fn open(&self, out: &mut String) {
        out.push_str("<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' to='");
        out.push_str(&self.target.domain);
        out.push_str("' xmlns:stream='http://etherx.jabber.org/streams'>");
    }

    /// Takes one frame from the server.
    pub(crate) fn handle(&mut self, frame: &Frame<'_>, out: &mut String) -> Result<Step, Trouble> {
        let stanza = match frame {
            Frame::Open(_) => return Ok(Step::More),
            Frame::Close => return Err(Trouble::Closed("during sign-in")),
            Frame::Element(bytes) => Stanza::new(bytes),
        };
        match (&self.await_, stanza.name()) {
            (_, b"stream:error") => Err(refused("the stream", stanza)),
            (&Await::Features { tls, authenticated }, b"stream:features") => {
                self.features(stanza, tls, authenticated, out)
            }
            (Await::Proceed, b"proceed") => {
                self.await_ = Await::Features { tls: true, authenticated: false };
                Ok(Step::StartTls)
            }
            (Await::Challenge, b"challenge") => self.challenge(stanza, out),
            (Await::Success, b"success") => self.success(stanza, out),
            (Await::Bound, b"iq") => self.bound(stanza, out),
            (Await::Enabled, b"enabled") => Ok(Step::Done),
            (Await::Registered, b"iq") => Self::registered(stanza),
            (Await::Challenge | Await::Success, b"failure") => Err(refused("the sign-in", stanza)),
            (_, b"failure" | b"failed") => Err(refused("the negotiation", stanza)),
            _ => Ok(Step::More),
        }
    }

    fn features(
        &mut self,
        offer: Stanza<'_>,
        tls: bool,
        done: bool,
        out: &mut String,
    ) -> Result<Step, Trouble> {
        if !tls {
            if !offer.has("<starttls") {
                return Err(Trouble::NotOffered("STARTTLS".into()));
            }
            out.push_str("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
            self.await_ = Await::Proceed;
        } else if done {
            self.managed = offer.has(SM);
            out.push_str("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>");
            out.push_str("<resource>load</resource></bind></iq>");
            self.await_ = Await::Bound;
        } else if self.purpose == Purpose::Register {
            out.push_str("<iq type='set' id='g'><query xmlns='jabber:iq:register'><username>");
            out.extend([
                &*self.user,
                "</username><password>",
                &self.target.password,
                "</password></query></iq>",
            ]);
            self.await_ = Await::Registered;
        } else {
            self.authenticate(offer, out)?;
        }
        Ok(Step::More)
    }

    fn authenticate(&mut self, offer: Stanza<'_>, out: &mut String) -> Result<(), Trouble> {
        let name = self.target.keys.mechanism().name();
        if !offer.has(&format!(">{name}</")) {
            return Err(Trouble::NotOffered(format!("{name}; change --mechanism")));
        }
        let first = self.scram.first();
        out.extend([
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='",
            name,
            "'>",
            &first,
            "</auth>",
        ]);
        self.await_ = Await::Challenge;
        Ok(())
    }

    fn challenge(&mut self, stanza: Stanza<'_>, out: &mut String) -> Result<Step, Trouble> {
        let answer =
            self.scram.respond(stanza.text_of("challenge").unwrap_or_default(), &self.target.keys)?;
        out.extend(["<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>", &answer, "</response>"]);
        self.await_ = Await::Success;
        Ok(Step::More)
    }

    fn success(&mut self, stanza: Stanza<'_>, out: &mut String) -> Result<Step, Trouble> {
        self.scram.verify(stanza.text_of("success").unwrap_or_default())?;
        self.open(out);
        self.await_ = Await::Features { tls: true, authenticated: true };
        Ok(Step::Restart)
    }

    fn bound(&mut self, stanza: Stanza<'_>, out: &mut String) -> Result<Step, Trouble> {
        if stanza.attribute("type") != Some("result") {
            return Err(refused("the resource", stanza));
        }
        if !self.managed {
            return Err(Trouble::NotOffered("stream management (XEP-0198)".into()));
        }
        out.extend(["<enable xmlns='", SM, "'/>"]);
        self.await_ = Await::Enabled;
        Ok(Step::More)
    }

    fn registered(stanza: Stanza<'_>) -> Result<Step, Trouble> {
        let there = stanza.attribute("type") == Some("result") || stanza.condition() == "conflict";
        if there { Ok(Step::Done) } else { Err(refused("the registration", stanza)) }
    }
}

fn refused(what: &'static str, stanza: Stanza<'_>) -> Trouble {
    let condition = match stanza.name() {
        b"failure" => ["not-authorized", "temporary-auth-failure", "account-disabled", "invalid-mechanism"]
            .into_iter()
            .find(|condition| stanza.has(condition))
            .map_or_else(|| stanza.condition(), Into::into),
        _ => stanza.condition(),
    };
    Trouble::Refused { what, condition }
}

#[cfg(test)]
#[path = "sign_in_tests.rs"]
mod tests;
