//! Binding: the stream becomes an endpoint, by an iq of its own (RFC 6120 §7) or with its sign-in (XEP-0386). The
//! client may wish for a name; with SASL2 the server makes it of the client's tag and id, always the same for a client.

use super::{
    Answer, Event, Out, Question, SignedIn, State, Step, Stream, bound::Bound, negotiation::Pending,
    sasl2::Request,
};
use crate::{
    ns,
    sasl::hmac_sha256,
    stanza::{Condition, Element, Stanza, Tag, write_error},
    wire::StreamError,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Address, EndpointId, EndpointName};

/// What a client asks for with a bind by XEP-0386.
pub(super) struct BindRequest {
    tag: Option<String>,
    carbons: bool,
    /// Stream management, and whether it shall be resumable.
    management: Option<bool>,
    inactive: bool,
}

impl BindRequest {
    pub(super) fn of(bind: &Element) -> Self {
        let management = bind.child("enable", ns::SM);
        Self {
            tag: bind.child("tag", ns::BIND2).map(Element::text),
            carbons: bind.child("enable", ns::CARBONS).is_some(),
            management: management.map(|enable| is_true(enable.attribute("resume"))),
            inactive: bind.child("inactive", ns::CSI).is_some(),
        }
    }
}

/// How the bind was asked for.
pub(super) enum By {
    /// By the iq with this id.
    Iq(Box<str>),
    /// With the sign-in.
    SignIn(Box<Request>, BindRequest),
}

pub(super) fn is_true(value: Option<&str>) -> bool {
    matches!(value, Some("true" | "1"))
}

impl Stream {
    /// An iq before bound: only the one that binds is heard.
    pub(super) fn bind_iq(&mut self, iq: &Stanza, out: &mut Out) {
        let State::Negotiating(negotiation) = &self.state else { return };
        let bind = iq.payload().filter(|payload| payload.is("bind", ns::BIND));
        let (Some(bind), Some("set"), Some(user)) = (bind, iq.type_(), negotiation.user.clone()) else {
            return self.fail(StreamError::NotAuthorized, None, out);
        };
        let wished =
            bind.element().child("resource", ns::BIND).map(Element::text).filter(|name| !name.is_empty());
        let by = By::Iq(iq.id().unwrap_or_default().into());
        match wished.map(|name| EndpointName::parse(&name)) {
            Some(Err(_)) => self.bind_refused(by, Condition::BadRequest, out),
            Some(Ok(name)) => self.ask_bind(EndpointId::new(user, name), by, out),
            None => self.bind(user, by, out),
        }
    }

    /// Binds under a name that the server makes.
    pub(super) fn bind(&mut self, user: Address, by: By, out: &mut Out) {
        let (tag, client) = match &by {
            By::Iq(_) => (None, None),
            By::SignIn(request, bind) => (bind.tag.as_deref(), request.client()),
        };
        let key = match client {
            Some(client) => {
                hmac_sha256(&self.settings.secret, format!("endpoint {user} {client}").as_bytes())
            }
            None => self.draw(),
        };
        let unique = URL_SAFE_NO_PAD.encode(&key[..9]);
        let tagged = tag.and_then(|tag| EndpointName::parse(&format!("{tag}~{unique}")).ok());
        // Twelve letters, digits, `-` and `_` are always a name.
        let Some(name) = tagged.or_else(|| EndpointName::parse(&unique).ok()) else { return };
        self.ask_bind(EndpointId::new(user, name), by, out);
    }

    fn ask_bind(&mut self, endpoint: EndpointId, by: By, out: &mut Out) {
        if let State::Negotiating(negotiation) = &mut self.state {
            let question = Question::Bind { endpoint: endpoint.clone() };
            negotiation.ask(question, Pending::Bind(endpoint, by), out);
        }
    }

    pub(super) fn bind_answered(&mut self, endpoint: EndpointId, by: By, answer: Answer, out: &mut Out) {
        match answer {
            Answer::Bound(Ok(())) => self.bound_as(endpoint, by, out),
            Answer::Bound(Err(refusal)) => self.bind_refused(by, refusal.reason.into(), out),
            _ => self.bind_refused(by, Condition::ResourceConstraint, out),
        }
    }

    /// Not bound, but signed in: the client may ask again.
    fn bind_refused(&mut self, by: By, condition: Condition, out: &mut Out) {
        match by {
            By::Iq(id) => {
                if let State::Negotiating(negotiation) = &mut self.state {
                    negotiation.step = Step::Choice;
                }
                self.iq_tag(out)
                    .attr("type", "error")
                    .attr("id", &id)
                    .content(|out| write_error(condition, None, out));
                out.end_element(self.framed);
            }
            By::SignIn(request, _) => self.go_on(request, out),
        }
    }

    fn bound_as(&mut self, endpoint: EndpointId, by: By, out: &mut Out) {
        let mut bound = Box::new(Bound::new(endpoint.clone()));
        let full = endpoint.to_string();
        let mut signed_in = SignedIn { endpoint, carbons: false, active: true, resumable: None };
        match by {
            By::Iq(id) => {
                self.iq_tag(out).attr("type", "result").attr("id", &id).content(|out| {
                    Tag::open_in(out, "bind", ns::BIND).content(|out| Tag::open(out, "jid").text(&full));
                });
                out.end_element(self.framed);
                self.state = State::Bound(bound);
            }
            By::SignIn(request, bind) => {
                let mut enabled = Vec::new();
                if let Some(resumable) = bind.management {
                    let id = resumable.then(|| self.draw_name().into_boxed_str());
                    signed_in.resumable.clone_from(&id);
                    bound.enable(id, self.settings.resume, &mut enabled);
                }
                request.write_success(&full, &mut out.bytes, |out| {
                    let tag = Tag::open_in(out, "bound", ns::BIND2);
                    match enabled.as_slice() {
                        [] => tag.empty(),
                        enabled => tag.content(|out| out.extend_from_slice(enabled)),
                    }
                });
                out.end_element(self.framed);
                (signed_in.carbons, signed_in.active) = (bind.carbons, !bind.inactive);
                self.state = State::Bound(bound);
                self.write_features(out);
            }
        }
        out.event(Event::SignedIn(signed_in));
    }

    fn iq_tag<'o>(&self, out: &'o mut Out) -> Tag<'o> {
        let tag = Tag::open(&mut out.bytes, "iq");
        if self.framed { tag.attr("xmlns", ns::CLIENT) } else { tag }
    }
}
