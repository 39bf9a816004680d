//! SASL2 (XEP-0388 1.0): sign-in, token (XEP-0484 0.2), resumption (XEP-0198 §9) and bind (XEP-0386 1.0) in one round
//! trip. A resumption that succeeds makes the bind unnecessary; one that fails leaves it to be done.

use super::{
    Event, Out, Question, State, Step, Stream,
    bind::{BindRequest, By},
    negotiation::Pending,
    resume::{Reply, write_failed},
    sasl1::decode,
};
use crate::{
    limits::CLIENT_ID_BYTES,
    ns,
    sasl::{Mechanism, SaslError, ht},
    stanza::{Condition, Element, Stanza, Tag},
    wire::StreamError,
    xep::datetime,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{Address, Timestamp, account::Token};

/// What a client asks for with its sign-in, and what is to be said when it is done.
#[derive(Default)]
pub(super) struct Request {
    /// The client's own stable id.
    client: Option<Box<str>>,
    resume: Option<(Box<str>, u32)>,
    bind: Option<BindRequest>,
    /// It wants a new token for this mechanism.
    token: Option<Mechanism>,
    /// It signs in with a token: the counter of its use.
    count: Option<u64>,
    /// The token shall not be used again.
    invalidate: bool,
    /// The mechanism's last message, as base64.
    additional: Option<String>,
    /// Elements for `<success/>`.
    extra: Vec<u8>,
}

impl Request {
    fn of(authenticate: &Element) -> Self {
        let client = authenticate.child("user-agent", ns::SASL2).and_then(|agent| agent.attribute("id"));
        let fast = authenticate.child("fast", ns::FAST);
        let token =
            authenticate.child("request-token", ns::FAST).and_then(|asked| asked.attribute("mechanism"));
        let resume = authenticate.child("resume", ns::SM).and_then(|resume| {
            let previous = resume.attribute("previd")?;
            Some((previous.into(), resume.attribute("h")?.parse().ok()?))
        });
        Self {
            client: client.filter(|id| !id.is_empty() && id.len() <= CLIENT_ID_BYTES).map(Box::from),
            resume,
            bind: authenticate.child("bind", ns::BIND2).map(BindRequest::of),
            token: token.and_then(Mechanism::named).filter(|mechanism| matches!(mechanism, Mechanism::Ht(_))),
            count: fast.and_then(|fast| fast.attribute("count")).and_then(|count| count.parse().ok()),
            invalidate: fast
                .and_then(|fast| fast.attribute("invalidate"))
                .is_some_and(|v| matches!(v, "true" | "1")),
            additional: None,
            extra: Vec::new(),
        }
    }

    pub(super) fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    /// Writes `<success/>` for this address, with what `inner` adds.
    pub(super) fn write_success(
        &self,
        identifier: &str,
        out: &mut Vec<u8>,
        inner: impl FnOnce(&mut Vec<u8>),
    ) {
        Tag::open_in(out, "success", ns::SASL2).content(|out| {
            if let Some(additional) = &self.additional {
                Tag::open(out, "additional-data").text(additional);
            }
            Tag::open(out, "authorization-identifier").text(identifier);
            out.extend_from_slice(&self.extra);
            inner(out);
        });
    }

    /// The session that was asked for cannot be resumed.
    pub(super) fn resume_failed(&mut self) {
        write_failed(Condition::ItemNotFound, &mut self.extra);
    }
}

impl Stream {
    pub(super) fn sasl2(&mut self, now: Timestamp, element: &Stanza, out: &mut Out) {
        let is_challenged = self.is_challenged();
        let State::Negotiating(negotiation) = &mut self.state else { return };
        match element.name() {
            "authenticate" if is_challenged => self.refuse(SaslError::MalformedRequest, None, out),
            "authenticate" => {
                let authenticate = element.element();
                negotiation.request = Some(Box::new(Request::of(&authenticate)));
                let initial = authenticate.child("initial-response", ns::SASL2).map(|e| decode(&e.text()));
                match initial.transpose() {
                    Ok(initial) => {
                        let mechanism = authenticate.attribute("mechanism").unwrap_or_default();
                        self.begin(mechanism, initial.as_deref(), out);
                    }
                    Err(error) => self.refuse(error, None, out),
                }
            }
            "response" => match decode(&element.text()) {
                Ok(message) if negotiation.request.is_some() => self.respond(now, &message, out),
                Ok(_) => self.refuse(SaslError::MalformedRequest, None, out),
                Err(error) => self.refuse(error, None, out),
            },
            "abort" => self.refuse(SaslError::Aborted, None, out),
            _ => self.fail(StreamError::UnsupportedStanzaType, None, out),
        }
    }

    /// The client's stable id, where it has given one.
    pub(super) fn client_id(&self) -> Option<Box<str>> {
        let State::Negotiating(negotiation) = &self.state else { return None };
        negotiation.request.as_ref()?.client.clone()
    }

    /// Whether a token's use has been seen before (XEP-0484 §3.2).
    pub(super) fn is_replay(&self, token: &Token) -> bool {
        let State::Negotiating(negotiation) = &self.state else { return true };
        let count = negotiation.request.as_ref().and_then(|request| request.count);
        count.is_some_and(|count| count <= token.count)
    }

    /// The proof was right: tokens first, then whatever else was asked for.
    pub(super) fn succeed2(
        &mut self,
        now: Timestamp,
        mut request: Box<Request>,
        user: &Address,
        last: Option<&[u8]>,
        spent: Option<Token>,
        out: &mut Out,
    ) {
        request.additional = last.map(|last| STANDARD.encode(last));
        if let Some(client) = request.client.clone() {
            self.renew_token(now, &mut request, user, client, spent, out);
        }
        self.go_on(request, out);
    }

    /// Counts the use of a token; gives out a new one where the client asks, or the one used is half over.
    fn renew_token(
        &mut self,
        now: Timestamp,
        request: &mut Request,
        user: &Address,
        client: Box<str>,
        spent: Option<Token>,
        out: &mut Out,
    ) {
        let life = self.settings.token_life;
        let old = spent.as_ref().filter(|token| token.expires.since(now) < life / 2);
        let renewed = old.and_then(|token| Mechanism::named(&token.mechanism));
        if request.invalidate && spent.is_some() {
            out.event(Event::RemoveToken { user: user.clone(), client: client.clone() });
        } else if let (Some(mut token), Some(count)) = (spent, request.count) {
            token.count = count;
            out.event(Event::SetToken { user: user.clone(), token });
        }
        let wanted = request.token.or(renewed.filter(|_| !request.invalidate));
        let Some(mechanism) = wanted.filter(|mechanism| self.fits(*mechanism)) else { return };
        let token = Token {
            client: client.into(),
            secret: self.draw().to_vec(),
            mechanism: mechanism.name().to_owned(),
            expires: now.plus(life),
            count: 0,
        };
        Tag::open_in(&mut request.extra, "token", ns::FAST)
            .attr("expiry", &datetime::format(token.expires))
            .attr("token", &ht::wire_form(&token.secret))
            .empty();
        out.event(Event::SetToken { user: user.clone(), token });
    }

    fn fits(&self, mechanism: Mechanism) -> bool {
        matches!(&self.state, State::Negotiating(n) if n.channel.as_ref().is_some_and(|c| mechanism.fits(c)))
    }

    /// Resumes, binds or just succeeds: what of these was asked for and is not done.
    pub(super) fn go_on(&mut self, mut request: Box<Request>, out: &mut Out) {
        let State::Negotiating(negotiation) = &mut self.state else { return };
        let Some(user) = negotiation.user.clone() else { return };
        if let Some((id, h)) = request.resume.take() {
            let reply = Reply { id: id.clone(), h, request: Some(request) };
            return negotiation.ask(Question::Resume { user, id, h }, Pending::Resume(reply), out);
        }
        if let Some(bind) = request.bind.take() {
            return self.bind(user, By::SignIn(request, bind), out);
        }
        negotiation.step = Step::Choice;
        request.write_success(user.as_str(), &mut out.bytes, |_| ());
        out.end_element(self.framed);
        self.write_features(out);
    }
}
