//! One connection: the transport's session, made of the two XMPP machines and the way to the user's home.

mod again;
mod wire;

use super::{Inbox, Parked, SessionEvent, Sessions, Shared, here};
use crate::{entity::ToUser, router::Busy};
use domain::{
    EndpointId, Reason, Refusal, Ticket, Timestamp,
    endpoint::{Event as EndpointEvent, recall::Recall},
    user::Command,
};
use std::{cell::RefCell, net::IpAddr, sync::Arc};
use transport::{InboxSender, TlsFacts, TlsVersion};
pub(crate) use wire::Sink;
use wire::say_good_bye;
use xmpp::{
    sasl::Channel,
    session::{Output, Session as Door},
    stream::{Carrier, Event, Input, Out, Stream},
    wire::StreamError,
};

/// The session of one connection.
pub struct Client {
    pub(super) shared: Arc<Shared>,
    stream: Stream,
    /// Once the stream is bound.
    door: Option<Box<Door>>,
    pub(super) inbox: Inbox,
    pub(super) peer: IpAddr,
    seed: [u8; 32],
    /// TLS comes before the stream.
    direct: bool,
    /// The endpoint that its home was asked to sign in, until the home is told that it is over.
    me: Option<EndpointId>,
    /// The stream waits to be resumed, under this id until then: the session goes home when the connection is gone, and
    /// not before it has heard all that its inbox had taken.
    leaving: Option<(Box<str>, Timestamp)>,
    /// What the client's proof is checked against, as its user's home numbers it.
    pub(super) credentials: u64,
    /// In a pool.
    recall: Option<Box<Recall>>,
    /// The stanza that is being dealt with, as the client counts it; 0: none.
    stanza: u32,
    /// The home knows under which id the session may be resumed.
    is_resumable_known: bool,
    /// How far the session is, as the home was told last; and when it is told again.
    reported: (u32, u64),
    report_at: Option<Timestamp>,
    /// The home has moved while the client signed in there.
    is_adrift: bool,
}

/// What comes out of the machines in one call; kept by the thread, so that idle connections hold no buffers.
#[derive(Default)]
struct Scratch {
    out: Out,
    events: Vec<Event>,
    outputs: Vec<Output>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Sessions {
    /// The session of a new connection.
    pub fn client(
        &self,
        peer: IpAddr,
        carrier: Carrier,
        events: InboxSender<SessionEvent>,
        now: Timestamp,
    ) -> Client {
        let shared = Arc::clone(self.shared());
        let mut seed = [0; 32];
        // Without randomness no sign-in could be safe, and the kernel has always some after boot.
        getrandom::fill(&mut seed).expect("the system has randomness");
        let inbox = Inbox { session: here(shared.next()), events };
        let recall = shared.front.router().pool().map(|_| Box::default());
        let direct = matches!(carrier, Carrier::Tls(_));
        let stream = Stream::new(Arc::clone(&shared.stream), carrier, seed, now);
        Client {
            shared,
            stream,
            door: None,
            inbox,
            peer,
            seed,
            direct,
            me: None,
            leaving: None,
            credentials: 0,
            recall,
            stanza: 0,
            is_resumable_known: false,
            reported: (0, 0),
            report_at: None,
            is_adrift: false,
        }
    }
}

/// What is known of the TLS under a connection, for channel bindings.
pub(crate) fn channel(facts: &TlsFacts) -> Channel {
    debug_assert!(matches!(facts.version, TlsVersion::V1_2 | TlsVersion::V1_3));
    Channel { exporter: Some(facts.exporter), end_point: facts.endpoint_hash.as_deref().map(Box::from) }
}

impl Client {
    /// Gives the stream an input, and does all that follows.
    pub(crate) fn feed(&mut self, now: Timestamp, input: Input<'_>, sink: &mut impl Sink) {
        SCRATCH.with_borrow_mut(|scratch| {
            self.stream.handle(now, input, &mut scratch.out);
            self.settle(now, scratch, sink);
        });
    }

    /// An event of the inbox.
    pub(crate) fn take(&mut self, now: Timestamp, event: SessionEvent, sink: &mut impl Sink) {
        match event {
            SessionEvent::Stream(ask, answer) => self.feed(now, Input::Answer(ask, answer), sink),
            SessionEvent::Credentials(ask, answer, credentials) => {
                self.credentials = credentials;
                self.feed(now, Input::Answer(ask, answer), sink);
            }
            SessionEvent::Fetched(ask, parked) => self.fetched(now, ask, parked, sink),
            SessionEvent::HandOver(id) => self.hand_over(&id, sink),
            SessionEvent::Endpoint(event) => self.hear(now, event, sink),
            SessionEvent::Adrift => self.attach_again(),
            SessionEvent::Attached => {
                let asked = self.recall.as_mut().map_or_else(Vec::new, |recall| recall.attached());
                for (ticket, stanza, command) in asked {
                    self.ask_again(ticket, stanza, command);
                }
            }
            SessionEvent::Moved(moved) => self.others_moved(now, &moved, sink),
            SessionEvent::Restored(ask, found) => self.restored(now, ask, *found, sink),
            SessionEvent::Session(ask, answer) => {
                self.tell_door(now, sink, |door, outputs| door.answer(now, ask, answer, outputs));
            }
        }
    }

    fn tell_door(
        &mut self,
        now: Timestamp,
        sink: &mut impl Sink,
        tell: impl FnOnce(&mut Door, &mut Vec<Output>),
    ) {
        SCRATCH.with_borrow_mut(|scratch| {
            if let Some(door) = &mut self.door {
                tell(door, &mut scratch.outputs);
                self.settle(now, scratch, sink);
            }
        });
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.stream.deadline().into_iter().chain(self.report_at).min()
    }

    pub(crate) fn wants_input(&self) -> bool {
        self.stream.wants_input() && self.door.as_ref().is_none_or(|door| door.wants_more_input())
    }

    /// How much was written that is not confirmed by itself; see [`Input::Arrived`].
    pub(crate) fn written(&self) -> u64 {
        self.stream.written()
    }

    /// The home says something.
    fn hear(&mut self, now: Timestamp, event: EndpointEvent, sink: &mut impl Sink) {
        let (event, command) = match &mut self.recall {
            Some(recall) => recall.hears(event),
            None => (Some(event), None),
        };
        if let Some(command) = command {
            self.ask_again(Ticket(0), 0, command);
        }
        if let Some(event) = event {
            self.tell_door(now, sink, |door, outputs| door.event(now, event, outputs));
        }
    }

    /// Carries what the machines say from one to the other and outside, until they say nothing more.
    fn settle(&mut self, now: Timestamp, scratch: &mut Scratch, sink: &mut impl Sink) {
        loop {
            if !scratch.out.bytes.is_empty() {
                sink.take(&mut scratch.out.bytes, &mut scratch.out.ends);
            }
            if !scratch.outputs.is_empty() {
                self.outputs(now, scratch);
            } else if !scratch.out.events.is_empty() {
                std::mem::swap(&mut scratch.events, &mut scratch.out.events);
                let mut events = std::mem::take(&mut scratch.events);
                for event in events.drain(..) {
                    self.event(now, event, scratch, sink);
                    if self.recall.is_some() {
                        // What follows from a stanza is told apart by which it is.
                        self.outputs(now, scratch);
                        self.stanza = 0;
                    }
                }
                scratch.events = events;
            } else if scratch.out.bytes.is_empty() {
                break;
            }
        }
        if self.recall.is_some() {
            self.tell_resumable();
            self.look_how_far(now);
        }
    }

    fn outputs(&mut self, now: Timestamp, scratch: &mut Scratch) {
        let mut outputs = std::mem::take(&mut scratch.outputs);
        for output in outputs.drain(..) {
            self.output(now, output, scratch);
        }
        if scratch.outputs.is_empty() {
            scratch.outputs = outputs;
        }
    }

    /// What the door says.
    fn output(&mut self, now: Timestamp, output: Output, scratch: &mut Scratch) {
        match output {
            Output::Send { stanza, serial } => self.stream.send(now, stanza, serial, &mut scratch.out),
            Output::Handled(number) => self.stream.handle(now, Input::Done(number), &mut scratch.out),
            Output::End(error) => self.stream.handle(now, Input::End(error, None), &mut scratch.out),
            Output::Ask(ask, question) => super::questions::ask(self, ask, question),
            Output::Command(ticket, command) => {
                let Some(command) = self.remember(ticket, command) else { return };
                let Some(door) = &mut self.door else { return };
                let me = door.me().clone();
                let (session, stanza) = (self.inbox.session, self.stanza);
                let ask = ToUser::Asked { endpoint: me.name, session, stanza, ticket, command };
                let router = self.shared.front.router();
                if let Err(Busy((user, _))) = router.ask_user(me.user, ask) {
                    if self.recall.is_some() && !router.has_home(&user) {
                        // It is asked again when the home is there.
                        return;
                    }
                    let refusal =
                        Refusal::because(Reason::TryLater, "the server is overloaded; try again later");
                    let event = EndpointEvent::Refused(ticket, refusal);
                    self.recall.as_mut().map(|recall| recall.hears(event.clone()));
                    door.event(now, event, &mut scratch.outputs);
                }
            }
        }
    }

    /// What the stream says.
    fn event(&mut self, now: Timestamp, event: Event, scratch: &mut Scratch, sink: &mut impl Sink) {
        match event {
            Event::StartTls => sink.start_tls(),
            Event::Close => sink.close(),
            Event::Ask(ask, question) => super::sign_in::ask(self, now, ask, question),
            Event::SignInFailed { user, error } => super::sign_in::failed(self, now, user.as_ref(), error),
            Event::SetToken { user, token } => {
                self.shared.tell_surely(user, ToUser::SetToken { token, credentials: self.credentials });
            }
            Event::RemoveToken { user, client } => {
                let command = Command::RemoveToken { client: client.into() };
                self.shared.tell_surely(user, ToUser::Command(command));
            }
            Event::SignedIn(signed_in) => {
                self.welcome(now, sink);
                let mut door = Box::new(Door::new(signed_in.endpoint, Arc::clone(&self.shared.door)));
                door.ask_from(self.inbox.session.number << 32);
                if signed_in.carbons {
                    door.enable_carbons();
                }
                door.client_state(signed_in.active, &mut scratch.outputs);
                self.door = Some(door);
                if std::mem::take(&mut self.is_adrift) {
                    self.attach_again();
                }
            }
            Event::Resumed(_) => self.welcome(now, sink),
            Event::Stanza(number, stanza) => {
                if let Some(door) = &mut self.door {
                    self.stanza = self.stream.count_of(number);
                    door.stanza(now, number, &stanza, &mut scratch.outputs);
                }
            }
            Event::Active(active) => {
                if let Some(door) = &mut self.door {
                    door.client_state(active, &mut scratch.outputs);
                }
            }
            Event::Acked(serial) => {
                if let Some(door) = &mut self.door {
                    door.confirmed(serial, &mut scratch.outputs);
                }
            }
            Event::Parked { id, until } => {
                self.leaving = Some((id, until));
                sink.abandon();
            }
            Event::Ended => self.detach(),
        }
    }

    fn welcome(&mut self, now: Timestamp, sink: &mut impl Sink) {
        sink.signed_in();
        if let Some(me) = &self.me {
            self.shared.guard.succeeded(now, self.peer, &me.user);
        }
        self.shared.front.meters().sign_ins.up();
    }

    /// The home was asked to sign this endpoint in.
    pub(super) fn is_attaching(&mut self, me: EndpointId) {
        self.me = Some(me);
    }

    /// Who signs in or is signed in.
    pub(super) fn me(&self) -> Option<&EndpointId> {
        self.me.as_ref()
    }

    /// Signs the endpoint out at its home, once.
    fn detach(&mut self) {
        if let Some(me) = self.me.take() {
            self.shared
                .tell_surely(me.user, ToUser::Detach { endpoint: me.name, session: self.inbox.session });
        }
    }

    /// The connection is gone, its inbox is empty and the session stays: it goes home.
    fn park(&mut self, now: Timestamp, id: Box<str>, until: Timestamp) {
        if self.recall.is_some() {
            self.report();
        }
        let Some(door) = self.door.take() else { return };
        // What is left here is a stream that has nothing to do any more.
        let stand_in = Stream::new(Arc::clone(&self.shared.stream), Carrier::Tcp, self.seed, now);
        let stream = std::mem::replace(&mut self.stream, stand_in);
        let me = door.me().clone();
        self.me = None;
        let (session, recall) = (self.inbox.session, self.recall.take());
        let parked = Box::new(Parked { id, session, until, stream, door: *door, recall });
        let ask = ToUser::Park { endpoint: me.name, parked };
        self.shared.tell_surely(me.user, ask);
    }

    /// Another connection asks for this session by its id.
    fn hand_over(&mut self, id: &Arc<str>, sink: &mut impl Sink) {
        if self.stream.is_resumable_as(id) {
            say_good_bye(StreamError::Conflict, Some("resumed on another connection"), sink);
            // The session goes home with all that its inbox holds once the connection is gone: at once, since who is
            // asked to let go has mostly lost its network and reads nothing.
            sink.abandon();
        } else if let Some(me) = self.me.clone() {
            let session = self.inbox.session;
            let ask = ToUser::NotWanted { endpoint: me.name, session, id: Arc::clone(id) };
            self.shared.tell_surely(me.user, ask);
        }
    }

    fn fetched(
        &mut self,
        now: Timestamp,
        ask: xmpp::stream::AskId,
        parked: Option<Box<Parked>>,
        sink: &mut impl Sink,
    ) {
        let mut stream = None;
        if let Some(parked) = parked {
            let Parked { stream: mut parked_stream, door, session, recall, .. } = *parked;
            self.inbox.session = session;
            self.recall = recall;
            self.is_resumable_known = true;
            stream = parked_stream.park(&mut Out::default());
            self.me = Some(door.me().clone());
            self.door = Some(Box::new(door));
        }
        self.feed(now, Input::Answer(ask, xmpp::stream::Answer::Parked(stream)), sink);
    }
}
