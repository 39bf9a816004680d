//! What a conference tells those who are in it, and its answers.

use super::{
    error::Fault,
    part::{Part, boxed, choice, read, record, wrapped},
};
use domain::{
    Address, EndpointName,
    conversation::{Affiliation, ConferenceAnswer, ConferenceEvent, Occupant},
};
use proto::cluster::{Belonging, conference_answer, conference_event};

choice!(
    ConferenceEvent,
    conference_event::Event,
    fields {
        Present: Present { occupant, own, created, whois_everyone, nick_assigned },
        Gone: Gone { occupant, own, how },
        Renamed: Renamed { occupant, nick, own },
        Topic: Topic { topic, by, at, said },
        Affiliated: Affiliated { who, affiliation },
        Invited: Invited { from, reason, password, continues },
        Declined: Declined { from, reason },
        VoiceRequested: VoiceRequested { endpoint, nick },
        Relay: RelayFromNick { nick, payload },
    }
    lone { Reconfigured { configuration } }
    one {}
    nothing {}
);
wrapped!(ConferenceEvent, ConferenceEvent.event);
boxed!(ConferenceEvent, proto::cluster::ConferenceEvent);

record!(Occupant, Occupant { nick, endpoint, occupant_id, affiliation, role, state });

choice!(
    ConferenceAnswer,
    conference_answer::Answer,
    fields { Description: Description { configuration, occupants, topic } }
    lone { History { since } }
    one { Configuration, Affiliations, Roles, ReservedNick, Occupants }
    nothing {}
);
wrapped!(ConferenceAnswer, ConferenceAnswer.answer);

wrapped!(Vec<Belongs>, Affiliations.list);
wrapped!(Vec<Occupant>, Occupants.occupants);
wrapped!(Vec<EndpointName>, Nicks.nicks);
wrapped!(Option<EndpointName>, ReservedNick.nick);

/// Who, how, and with which reserved nick.
type Belongs = (Address, Affiliation, Option<EndpointName>);

impl Part<Belonging> for Belongs {
    fn out(&self) -> Belonging {
        let (who, affiliation, nick) = self;
        Belonging { who: who.out(), affiliation: affiliation.out(), nick: nick.out() }
    }

    fn back(proto: Belonging) -> Result<Self, Fault> {
        Ok((
            read(proto.who, "Belonging.who")?,
            read(proto.affiliation, "Belonging.affiliation")?,
            read(proto.nick, "Belonging.nick")?,
        ))
    }
}
