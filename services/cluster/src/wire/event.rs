//! What a user's home tells its endpoints, answers included.

use super::{
    error::Fault,
    part::{Part, choice, named, needed, read, record, wrapped},
};
use domain::{
    Refusal,
    endpoint::{Answer, Delivery, Ending, Event, How},
    roster::Contact,
};
use proto::cluster::{Outcome, Roster, answer, event, outcome};
use std::sync::Arc;

choice!(
    Event,
    event::Event,
    fields {
        Directed: DirectedFrom { from, state, note },
        Handshake: HandshakeFrom { from, step, carried },
        ContactChanged: ContactChanged { contact, version },
        ContactRemoved: ContactRemoved { address, version },
        BlockChanged: BlockChanged { addresses, blocked },
        Relay: RelayFrom { from, payload },
        Conference: ConferenceTold { conference, event },
    }
    tuple {
        Done: Done { ticket, answer },
        Refused: Refused { ticket, refusal },
    }
    lone {}
    one { Delivery, Notice, Category, Ended }
    nothing {}
);
wrapped!(Event, Event.event);
needed!(Event, proto::cluster::Event);

record!(Delivery, Delivery { said, how, late, serial });
named!(How, How { Direct, ReceivedElsewhere, SentElsewhere });
named!(Ending, Ending { Replaced, AccountChanged, LimitReached, TooSlow, Draining, HomeMoved });

choice!(
    Answer,
    answer::Answer,
    fields {
        Accepted: Accepted { number, at },
        Items: Items { items, complete },
    }
    lone {}
    one { Roster, Blocked, Categories, Settings, Conference }
    nothing { Done }
);
wrapped!(Answer, Answer.answer);
needed!(Answer, proto::cluster::Answer);

type Contacts = (Vec<Arc<Contact>>, u64);

wrapped!(Option<Contacts>, RosterAnswer.roster);

impl Part<Roster> for Contacts {
    fn out(&self) -> Roster {
        Roster { contacts: self.0.out(), version: self.1 }
    }

    fn back(proto: Roster) -> Result<Self, Fault> {
        Ok((read(proto.contacts, "Roster.contacts")?, proto.version))
    }
}

wrapped!(Vec<Arc<str>>, Names.names);

/// The answer to a ticket, or the polite no.
impl Part<Option<Outcome>> for Result<Answer, Refusal> {
    fn out(&self) -> Option<Outcome> {
        let result = match self {
            Ok(answer) => outcome::Result::Answer(answer.out()),
            Err(refusal) => outcome::Result::Refused(refusal.out()),
        };
        Some(Outcome { result: Some(result) })
    }

    fn back(proto: Option<Outcome>) -> Result<Self, Fault> {
        Ok(match proto.and_then(|outcome| outcome.result).ok_or_else(Fault::missing)? {
            outcome::Result::Answer(answer) => Ok(read(answer, "Outcome.answer")?),
            outcome::Result::Refused(refusal) => Err(read(refusal, "Outcome.refused")?),
        })
    }
}
