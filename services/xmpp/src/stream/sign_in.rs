//! The mechanisms, step by step, for both profiles of SASL (RFC 6120 §6.4, XEP-0388 §2.3): whoever the client says
//! it is, it gets the same answers until its proof is wrong.

use super::{Answer, Event, Out, Password, Question, State, Step, Stream, Verdict, negotiation::Pending};
use crate::{
    limits::FAILED_SIGN_INS,
    ns,
    sasl::{Channel, Mechanism, SaslError, ScramFirst, fake_verifier, ht::Initiator, plain::Plain},
    stanza::Tag,
    wire::StreamError,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{Address, Timestamp, account::Token};

/// SCRAM waits for a verifier.
pub(super) struct Asked {
    first: ScramFirst,
    user: Address,
}

/// HT waits for the client's tokens.
pub(super) struct TokenAsked {
    initiator: Initiator,
    user: Address,
    mechanism: Mechanism,
}

impl Stream {
    /// The client has chosen a mechanism, perhaps with its first message.
    pub(super) fn begin(&mut self, mechanism: &str, initial: Option<&[u8]>, out: &mut Out) {
        let Some(mechanism) = self.offered(mechanism) else {
            return self.refuse(SaslError::InvalidMechanism, None, out);
        };
        if let Some(initial) = initial {
            return self.initial(mechanism, initial, out);
        }
        if let State::Negotiating(negotiation) = &mut self.state {
            negotiation.step = Step::Initial(mechanism);
        }
        self.write_sasl("challenge", b"", out);
    }

    /// The client has answered a challenge.
    pub(super) fn respond(&mut self, now: Timestamp, message: &[u8], out: &mut Out) {
        let State::Negotiating(negotiation) = &mut self.state else { return };
        match std::mem::replace(&mut negotiation.step, Step::Choice) {
            Step::Initial(mechanism) => self.initial(mechanism, message, out),
            Step::Proof { scram, user, enabled } => match scram.finish(message) {
                Ok(last) if enabled => self.succeed(now, &user, Some(last.as_bytes()), None, out),
                Ok(_) => self.refuse(SaslError::AccountDisabled, Some(user), out),
                Err(error) => self.refuse(error, Some(user), out),
            },
            _ => self.refuse(SaslError::MalformedRequest, None, out),
        }
    }

    fn initial(&mut self, mechanism: Mechanism, message: &[u8], out: &mut Out) {
        if let Err(error) = self.try_initial(mechanism, message, out) {
            self.refuse(error, None, out);
        }
    }

    fn try_initial(&mut self, mechanism: Mechanism, message: &[u8], out: &mut Out) -> Result<(), SaslError> {
        let channel = self.channel();
        let (question, pending) = match mechanism {
            Mechanism::Scram(hash, plus) => {
                let offered = Mechanism::Scram(hash, true).fits(&channel);
                let first = ScramFirst::parse(hash, plus, offered, message, &channel)?;
                let user = self.user(&first.user, first.authzid.as_deref())?;
                let question = Question::Verifier { user: user.clone(), hash };
                (question, Pending::Verifier(Asked { first, user }))
            }
            Mechanism::Plain => {
                let Plain { authzid, user, password } = Plain::parse(message)?;
                let user = self.user(&user, authzid.as_deref())?;
                let question = Question::Password { user: user.clone(), password: Password(password) };
                (question, Pending::Password(user))
            }
            Mechanism::Ht(binding) => {
                let initiator = Initiator::parse(message, binding, &channel)?;
                let user = self.user(&initiator.user, None)?;
                let client = self.client_id().ok_or(SaslError::MalformedRequest)?;
                let question = Question::Tokens { user: user.clone(), client };
                (question, Pending::Tokens(TokenAsked { initiator, user, mechanism }))
            }
        };
        if let State::Negotiating(negotiation) = &mut self.state {
            negotiation.ask(question, pending, out);
        }
        Ok(())
    }

    pub(super) fn verifier_answered(&mut self, asked: Asked, answer: Answer, out: &mut Out) {
        let Answer::Verifier { verifier, enabled } = answer else {
            return self.refuse(SaslError::TemporaryAuthFailure, Some(asked.user), out);
        };
        let hash = asked.first.hash;
        let fitting = verifier.filter(|verifier| verifier.hash == hash);
        let fake = || fake_verifier(&self.settings.secret, asked.user.as_str(), hash);
        let verifier = fitting.unwrap_or_else(fake);
        let nonce = self.draw_name();
        let (scram, challenge) = asked.first.challenge(verifier, &nonce);
        if let State::Negotiating(negotiation) = &mut self.state {
            negotiation.step = Step::Proof { scram, user: asked.user, enabled };
        }
        self.write_sasl("challenge", challenge.as_bytes(), out);
    }

    pub(super) fn password_answered(
        &mut self,
        now: Timestamp,
        user: Address,
        answer: &Answer,
        out: &mut Out,
    ) {
        let error = match answer {
            Answer::Password(Verdict::Right) => return self.succeed(now, &user, None, None, out),
            Answer::Password(Verdict::Wrong) => SaslError::NotAuthorized,
            Answer::Password(Verdict::Disabled) => SaslError::AccountDisabled,
            _ => SaslError::TemporaryAuthFailure,
        };
        self.refuse(error, Some(user), out);
    }

    pub(super) fn tokens_answered(
        &mut self,
        now: Timestamp,
        asked: TokenAsked,
        answer: Answer,
        out: &mut Out,
    ) {
        let TokenAsked { initiator, user, mechanism } = asked;
        let Answer::Tokens { tokens, enabled } = answer else {
            return self.refuse(SaslError::TemporaryAuthFailure, Some(user), out);
        };
        let mut of_mechanism = tokens.into_iter().filter(|token| token.mechanism == mechanism.name());
        let proven = of_mechanism.find_map(|token| Some((initiator.check(&token)?, token)));
        let error = match proven {
            None => SaslError::NotAuthorized,
            Some((_, token)) if token.expires <= now => SaslError::CredentialsExpired,
            Some((_, token)) if self.is_replay(&token) => SaslError::NotAuthorized,
            Some(_) if !enabled => SaslError::AccountDisabled,
            Some((proof, token)) => return self.succeed(now, &user, Some(&proof), Some(token), out),
        };
        self.refuse(error, Some(user), out);
    }

    /// The client is who it says it is. `last`: the mechanism's last message; `token`: the one that was used.
    fn succeed(
        &mut self,
        now: Timestamp,
        user: &Address,
        last: Option<&[u8]>,
        token: Option<Token>,
        out: &mut Out,
    ) {
        let State::Negotiating(negotiation) = &mut self.state else { return };
        self.framer.set_limit(self.settings.stanza_bytes);
        negotiation.user = Some(user.clone());
        if let Some(request) = negotiation.request.take() {
            return self.succeed2(now, request, user, last, token, out);
        }
        negotiation.step = Step::Header;
        self.write_sasl("success", last.unwrap_or_default(), out);
        self.framer.restart();
    }

    /// Whether a mechanism is under way: to begin another one is a failure, so that nobody begins without end.
    pub(super) fn is_challenged(&self) -> bool {
        matches!(&self.state, State::Negotiating(n) if matches!(n.step, Step::Initial(_) | Step::Proof { .. }))
    }

    /// The sign-in failed; the client may try again, but not for ever. `user`: whom it was tried as, where the step under
    /// way does not say it.
    pub(super) fn refuse(&mut self, error: SaslError, user: Option<Address>, out: &mut Out) {
        let State::Negotiating(negotiation) = &mut self.state else { return };
        let user = user.or(negotiation.abandoned());
        negotiation.step = Step::Choice;
        negotiation.failures += 1;
        let exhausted = negotiation.failures >= FAILED_SIGN_INS;
        let sasl2 = negotiation.request.take().is_some();
        Tag::open_in(&mut out.bytes, "failure", if sasl2 { ns::SASL2 } else { ns::SASL }).content(|out| {
            let condition = Tag::open(out, error.name());
            if sasl2 { condition.attr("xmlns", ns::SASL).empty() } else { condition.empty() }
        });
        out.end_element(self.framed);
        out.event(Event::SignInFailed { user, error });
        if exhausted {
            self.fail(StreamError::PolicyViolation, Some("too many sign-ins failed"), out);
        }
    }

    /// Writes an element of the profile in use, with the mechanism's message.
    fn write_sasl(&self, name: &'static str, message: &[u8], out: &mut Out) {
        let sasl2 = matches!(&self.state, State::Negotiating(n) if n.request.is_some());
        let tag = Tag::open_in(&mut out.bytes, name, if sasl2 { ns::SASL2 } else { ns::SASL });
        match message {
            [] => tag.empty(),
            message => tag.text(&STANDARD.encode(message)),
        }
        out.end_element(self.framed);
    }

    fn offered(&self, name: &str) -> Option<Mechanism> {
        let State::Negotiating(negotiation) = &self.state else { return None };
        let channel = negotiation.channel.as_ref()?;
        let mut passwords = self.settings.mechanisms(channel);
        Mechanism::named(name).filter(|mechanism| match mechanism {
            Mechanism::Ht(_) => negotiation.request.is_some() && mechanism.fits(channel),
            _ => passwords.any(|offered| offered == *mechanism),
        })
    }

    fn channel(&self) -> Channel {
        match &self.state {
            State::Negotiating(negotiation) => negotiation.channel.clone().unwrap_or_default(),
            State::Bound(_) | State::Closed => Channel::default(),
        }
    }

    /// The address of a user name, which the client may also have given in full; nobody acts as somebody else.
    fn user(&self, name: &str, authzid: Option<&str>) -> Result<Address, SaslError> {
        let domain = &self.settings.domain;
        let user = if name.contains('@') {
            Address::parse(name)
        } else {
            Address::from_parts(name, domain.as_str())
        };
        let user = user.map_err(|_| SaslError::NotAuthorized)?;
        if user.local().is_none() || user.domain() != domain.as_str() {
            return Err(SaslError::NotAuthorized);
        }
        match authzid.map(Address::parse) {
            None => Ok(user),
            Some(Ok(authzid)) if authzid == user => Ok(user),
            Some(_) => Err(SaslError::InvalidAuthzid),
        }
    }
}
