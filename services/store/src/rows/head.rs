//! What there is once in a conversation, as a row: `linnet.state.v1.Head`.

use super::RowError;
use domain::conversation::{ConferenceHead, Head, Remembered, Topic};
use event_log::codec::{CodecError, Wire, need};
use prost::Message as _;
use proto::state;

pub(crate) fn encode(head: &Head) -> Vec<u8> {
    let remembered =
        |id: &Remembered| state::Remembered { hash: id.hash, number: id.number, at: id.at.to_proto() };
    state::Head {
        number: head.number,
        last_at: head.last_at.to_proto(),
        session: head.session,
        session_open: head.session_open,
        remembered: head.remembered.iter().map(remembered).collect(),
        conference: head.conference.as_ref().map(conference),
    }
    .encode_to_vec()
}

fn conference(head: &ConferenceHead) -> state::ConferenceHead {
    let topic = |topic: &Topic| state::Topic {
        text: topic.text.to_proto(),
        by: topic.by.to_proto(),
        at: topic.at.to_proto(),
    };
    state::ConferenceHead {
        created: head.created.to_proto(),
        seed: head.seed,
        open: head.open,
        configuration: Some(head.configuration.to_proto()),
        topic: head.topic.as_ref().map(topic),
    }
}

pub(crate) fn decode(value: &[u8]) -> Result<Head, RowError> {
    let row = state::Head::decode(value)?;
    let remembered = |id: state::Remembered| {
        Ok(Remembered { hash: id.hash, number: id.number, at: Wire::from_proto(id.at)? })
    };
    Ok(Head {
        number: row.number,
        last_at: Wire::from_proto(row.last_at)?,
        session: row.session,
        session_open: row.session_open,
        remembered: row.remembered.into_iter().map(remembered).collect::<Result<_, CodecError>>()?,
        conference: row.conference.map(from_conference).transpose()?,
    })
}

fn from_conference(row: state::ConferenceHead) -> Result<ConferenceHead, CodecError> {
    Ok(ConferenceHead {
        created: Wire::from_proto(row.created)?,
        seed: row.seed,
        open: row.open,
        configuration: Wire::from_proto(need(row.configuration, "configuration")?)?,
        topic: row.topic.map(from_topic).transpose()?,
    })
}

fn from_topic(row: state::Topic) -> Result<Topic, CodecError> {
    Ok(Topic {
        text: Wire::from_proto(row.text)?,
        by: Wire::from_proto(row.by)?,
        at: Wire::from_proto(row.at)?,
    })
}
