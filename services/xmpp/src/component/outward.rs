//! From homes and conversations here to the component: what is asked of an address of its domain, as stanzas.

use super::{Output, Peer};
use crate::{
    session::{
        message::append_full,
        presence::{whole_state, write_handshake, write_presence},
    },
    stanza::{Kind, Stanza},
    wire::Scope,
};
use bytes::Bytes;
use domain::{
    Address, EndpointId, EndpointName, Reason, Refusal, Ticket, Timestamp, endpoint::Answer,
    presentity::Notice, user::Command,
};

impl Peer {
    /// Something asked of the home of `to`, which is of the component's domain.
    pub fn command(&mut self, now: Timestamp, to: Address, command: Command, out: &mut Vec<Output>) {
        match command {
            Command::Deliver { said, late, .. } => self.deliver(said, late, out),
            Command::AskStanding { conversation, towards } => {
                self.ask_standing(to, conversation, towards, out);
            }
            Command::ForgetConversation { conversation } => self.forget(&conversation),
            Command::Sent { ticket, .. } | Command::Answer { ticket, answer: Ok(_), .. } => {
                self.done(ticket, out);
            }
            Command::Answer { ticket, answer: Err(refusal), .. } => self.refused(ticket, &refusal, out),
            Command::Relay { from, endpoint, ticket, payload } => {
                let answer = self.relay(now, &from, EndpointId::new(to, endpoint), &payload, out);
                answer_to(from, ticket, answer, out);
            }
            Command::Handshake { from, step, carried } => {
                let mut xml = Vec::new();
                write_handshake(&from, &to, step, &carried, &mut xml);
                self.write(xml, out);
            }
            Command::Probe { from } => self.write_presence_stanza(&from, &to, "probe", out),
            Command::Notice { endpoint, notice } => self.notice(&to, endpoint.as_ref(), &notice, out),
            Command::Directed { from, endpoint, state, note } => {
                let mut xml = Vec::new();
                let (from, to) = ((&from.user, Some(&from.name)), (&to, endpoint.as_ref()));
                write_presence(from, to, state.as_deref().ok_or(note.as_ref()), None, &mut xml);
                self.write(xml, out);
            }
            Command::CategoryAsked { from, ticket, .. } => {
                answer_to(from, ticket, Err(Reason::Unavailable.into()), out);
            }
            // What only a home here has; nobody asks it of another domain.
            Command::Category { .. }
            | Command::Conference { .. }
            | Command::Attach { .. }
            | Command::AttachAgain { .. }
            | Command::Detach { .. }
            | Command::Parked { .. }
            | Command::PushAnswered { .. }
            | Command::Endpoint { .. }
            | Command::SetToken { .. }
            | Command::RemoveToken { .. }
            | Command::CreateAccount { .. }
            | Command::SetPassword { .. }
            | Command::SetEnabled(_)
            | Command::RemoveAccount => {}
        }
    }

    fn done(&mut self, ticket: Ticket, out: &mut Vec<Output>) {
        let was_full = !self.wants_more_input();
        self.open.take(ticket);
        if was_full && self.wants_more_input() {
            out.push(Output::Wake);
        }
    }

    fn refused(&mut self, ticket: Ticket, refusal: &Refusal, out: &mut Vec<Output>) {
        if let Some(stanza) = self.open.take(ticket) {
            self.refuse(&stanza, refusal, out);
            out.push(Output::Wake);
        }
    }

    /// An iq of a user for the component, or its answer to one of the component's.
    fn relay(
        &mut self,
        now: Timestamp,
        from: &EndpointId,
        to: EndpointId,
        payload: &Bytes,
        out: &mut Vec<Output>,
    ) -> Result<Answer, Refusal> {
        if !self.connected {
            return Err(Reason::Unavailable.into());
        }
        let mut xml = Vec::with_capacity(128 + payload.len());
        xml.extend_from_slice(b"<iq from='");
        append_full(&from.user, Some(&from.name), &mut xml);
        xml.extend_from_slice(b"' to='");
        append_full(&to.user, Some(&to.name), &mut xml);
        xml.push(b'\'');
        xml.extend_from_slice(payload);
        let iq = Stanza::parse(xml.clone().into(), &Scope::Usual)
            .map_err(|_| Refusal::from(Reason::BadRequest))?;
        let asks = iq.kind() == Kind::Iq && iq.is_request();
        let key = (from.clone(), to, iq.id().unwrap_or_default().into());
        let full = || Refusal::because(Reason::TryLater, "the component is overloaded; try again later");
        if asks && !self.asked.insert(now, key.clone()) {
            return Err(full());
        }
        if self.write(xml, out) {
            return Ok(Answer::Done);
        }
        self.asked.take(&key);
        Err(full())
    }

    fn notice(&mut self, to: &Address, name: Option<&EndpointName>, notice: &Notice, out: &mut Vec<Output>) {
        let whole = &notice.aggregate;
        let state = match (&notice.endpoint, &notice.state) {
            (_, Some(state)) => Some((**state).clone()),
            (Some(_), None) => None,
            (None, None) => whole_state(whole.availability, whole.activity, whole.note.clone()),
        };
        let mut xml = Vec::new();
        let from = (&notice.presentity, notice.endpoint.as_ref());
        write_presence(from, (to, name), state.as_ref().ok_or(notice.parting.as_ref()), None, &mut xml);
        self.write(xml, out);
    }

    fn write_presence_stanza(&mut self, from: &EndpointId, to: &Address, type_: &str, out: &mut Vec<Output>) {
        let mut xml = Vec::new();
        crate::stanza::Tag::open(&mut xml, "presence")
            .attr_shown("from", from)
            .attr("to", to.as_str())
            .attr("type", type_)
            .empty();
        self.write(xml, out);
    }
}

fn answer_to(asker: EndpointId, ticket: Ticket, answer: Result<Answer, Refusal>, out: &mut Vec<Output>) {
    let command = Command::Answer { endpoint: asker.name, ticket, answer };
    out.push(Output::ToUser(asker.user, command));
}
