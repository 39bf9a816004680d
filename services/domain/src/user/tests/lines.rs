//! What endpoints hear and conversations are told, as lines of text.

use crate::{
    Address, ConversationId, EndpointId,
    category::Change,
    conversation,
    endpoint::{Answer, Event, How},
    presentity::{Notice, State},
};
use std::sync::Arc;

fn short(address: &Address) -> String {
    address.as_str().trim_end_matches("@example.org").trim_end_matches(".example.org").to_owned()
}

pub(super) fn short_endpoint(endpoint: &EndpointId) -> String {
    format!("{}/{}", short(&endpoint.user), endpoint.name)
}

fn shown(state: Option<&Arc<State>>) -> String {
    state.map_or("gone".into(), |s| match s.activity {
        Some(activity) => format!("{:?} {activity:?}", s.availability),
        None => format!("{:?}", s.availability),
    })
}

fn parting(note: Option<&Arc<str>>) -> String {
    note.map_or(String::new(), |note| format!(", {note}"))
}

fn notice(notice: &Notice) -> String {
    let who = notice.endpoint.as_ref().map_or(String::new(), |name| format!("/{name}"));
    let state = shown(notice.state.as_ref()) + &parting(notice.parting.as_ref());
    format!("{}{who} is {state}, in all {:?}", short(&notice.presentity), notice.aggregate.availability)
}

fn answer(answer: &Answer) -> Option<String> {
    Some(match answer {
        Answer::Done => return None,
        Answer::Accepted { number, .. } => format!("accepted as {number}"),
        Answer::Roster(None) => "roster is the same".into(),
        Answer::Roster(Some((contacts, _))) => {
            let contacts: Vec<_> = contacts.iter().map(|c| short(&c.address)).collect();
            format!("roster [{}]", contacts.join(" "))
        }
        Answer::Blocked(entries) => {
            format!("blocked [{}]", entries.iter().map(short).collect::<Vec<_>>().join(" "))
        }
        Answer::Categories(names) => format!("categories [{}]", names.join(" ")),
        Answer::Items { items, complete } => {
            let items: Vec<_> = items.iter().map(|i| i.id.to_string()).collect();
            format!("items [{}]{}", items.join(" "), if *complete { "" } else { " cut" })
        }
        Answer::Settings(settings) => format!("settings {:?} {}", settings.access, settings.max_items),
        Answer::Conference(_) => "conference answers".into(),
    })
}

/// A line for an event; none for a plain "done".
pub(super) fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Done(_, done) => return answer(done),
        Event::Refused(_, refusal) => format!("refused {:?}", refusal.reason),
        Event::Delivery(delivery) => {
            let said = &delivery.said;
            let how = match delivery.how {
                How::Direct => "gets",
                How::ReceivedElsewhere => "copy of received",
                How::SentElsewhere => "copy of sent",
            };
            let body = said.message.body.as_deref().unwrap_or("(no text)");
            let late = if delivery.late { ", late" } else { "" };
            let serial = if delivery.serial > 0 { format!(" #{}", delivery.serial) } else { String::new() };
            format!("{how} \"{body}\" from {}{late}{serial}", short_endpoint(&said.from))
        }
        Event::Notice(seen) => notice(seen),
        Event::Directed { from, state, note } => {
            format!(
                "directly {} is {}{}",
                short_endpoint(from),
                shown(state.as_ref()),
                parting(note.as_ref())
            )
        }
        Event::Handshake { from, step, .. } => format!("{} {step:?}", short(from)),
        Event::ContactChanged { contact, .. } => {
            let sub = contact.subscription;
            let mut line = format!("contact {}", short(&contact.address));
            for (set, word) in
                [(sub.to, "to"), (sub.from, "from"), (sub.asked, "asked"), (sub.approved, "approved")]
            {
                if set {
                    line = format!("{line} {word}");
                }
            }
            line
        }
        Event::ContactRemoved { address, .. } => format!("no contact {}", short(address)),
        Event::BlockChanged { addresses, blocked } => {
            let word = if *blocked { "blocked" } else { "unblocked" };
            format!("{word} now [{}]", addresses.iter().map(short).collect::<Vec<_>>().join(" "))
        }
        Event::Category(notice) => {
            let change = match &notice.change {
                Change::Published(item) => format!("has {}", item.id),
                Change::Retracted(id) => format!("lost {id}"),
                Change::Purged => "is empty".into(),
                Change::Deleted => "is deleted".into(),
            };
            format!("{}'s {} {change}", short(&notice.owner), notice.category)
        }
        Event::Relay { from, payload } => {
            format!("relayed {} from {}", String::from_utf8_lossy(payload), short_endpoint(from))
        }
        Event::Conference { conference, .. } => format!("news of {}", short(conference)),
        Event::Ended(why) => format!("ended, {why:?}"),
    })
}

/// A line for what a conversation is told.
pub(super) fn told(id: &ConversationId, command: &conversation::Command) -> String {
    let id = match id {
        ConversationId::Between(a, b) => format!("{} {}", short(a), short(b)),
        ConversationId::Conference(address) => short(address),
    };
    match command {
        conversation::Command::Standing { of, standing, .. } => {
            format!("[{id}] {} is {standing:?}", short(of))
        }
        conversation::Command::Confirm { by, numbers } => {
            format!("[{id}] {} confirms {numbers:?}", short(by))
        }
        conversation::Command::EndpointGone { endpoint, .. } => {
            format!("[{id}] {} is gone", short_endpoint(endpoint))
        }
        conversation::Command::Conference { from, .. } => format!("[{id}] asked by {}", short_endpoint(from)),
        conversation::Command::Send { .. } | conversation::Command::End => {
            panic!("the stage carries these out itself")
        }
    }
}
