//! What a user leaves with the server: vCard, avatar, private elements, bookmarks.

use crate::{limits::PRIVATE_NAMES, xep::script::play};

const SETTINGS: &str = "with Open 1 persist retract";

#[test]
fn a_card_is_kept_and_read() {
    play(&format!(
        "C: set - <vCard xmlns='vcard-temp'><FN>Alice</FN></vCard>
         D: publish alice@example.org vcard-temp current <vCard xmlns='vcard-temp'><FN>Alice</FN></vCard> {SETTINGS}
         d: done
         D: read alice@example.org urn:xmpp:avatar:metadata [] max 1
         d: no NotFound
         S: ok"
    ));
    play(
        "C: get bob@example.org <vCard xmlns='vcard-temp'/>
         D: read bob@example.org vcard-temp [] max 1
         d: items current <vCard xmlns='vcard-temp'><FN>Bob</FN></vCard>
         S: <vCard xmlns='vcard-temp'><FN>Bob</FN></vCard>",
    );
}

#[test]
fn no_card_and_no_user_look_the_same() {
    for answer in ["no NotFound", "items"] {
        play(&format!(
            "C: get bob@example.org <vCard xmlns='vcard-temp'/>
             D: read bob@example.org vcard-temp [] max 1
             d: {answer}
             S: ! cancel item-not-found"
        ));
    }
    play(
        "C: get - <vCard xmlns='vcard-temp'/>
         D: read alice@example.org vcard-temp [] max 1
         d: no NotFound
         S: <vCard xmlns='vcard-temp'/>",
    );
    play("C: set bob@example.org <vCard xmlns='vcard-temp'/>\nS: ! auth forbidden");
}

#[test]
fn the_picture_of_a_card_becomes_the_avatar() {
    // SHA-1 of "abc".
    let id = "a9993e364706816aba3e25717850c26c9cd0d89d";
    let card =
        "<vCard xmlns='vcard-temp'><PHOTO><TYPE>image/gif</TYPE><BINVAL>YW\nJj</BINVAL></PHOTO></vCard>";
    let card = card.replace('\n', "");
    play(&format!(
        "C: set - {card}
         D: publish alice@example.org vcard-temp current {card} {SETTINGS}
         d: done
         D: read alice@example.org urn:xmpp:avatar:metadata [] max 1
         d: no NotFound
         D: publish alice@example.org urn:xmpp:avatar:data {id} <data xmlns='urn:xmpp:avatar:data'>YWJj</data>
         d: done
         D: publish alice@example.org urn:xmpp:avatar:metadata {id} <metadata xmlns='urn:xmpp:avatar:metadata'><info id='{id}' bytes='3' type='image/gif'/></metadata>
         d: done
         S: ok"
    ));
    play(&format!(
        "C: set - {card}
         D: publish alice@example.org vcard-temp current {card} {SETTINGS}
         d: done
         D: read alice@example.org urn:xmpp:avatar:metadata [] max 1
         d: items {id} <metadata xmlns='urn:xmpp:avatar:metadata'><info id='{id}'/></metadata>
         S: ok"
    ));
}

#[test]
fn a_card_without_a_picture_ends_the_avatar() {
    play(&format!(
        "C: set - <vCard xmlns='vcard-temp'/>
         D: publish alice@example.org vcard-temp current <vCard xmlns='vcard-temp'/> {SETTINGS}
         d: done
         D: read alice@example.org urn:xmpp:avatar:metadata [] max 1
         d: items x <metadata xmlns='urn:xmpp:avatar:metadata'><info id='x'/></metadata>
         D: publish alice@example.org urn:xmpp:avatar:metadata current <metadata xmlns='urn:xmpp:avatar:metadata'/>
         d: done
         S: ok"
    ));
}

#[test]
fn the_avatar_becomes_the_picture_of_the_card() {
    let metadata = "<metadata xmlns='urn:xmpp:avatar:metadata'><info id='x' type='image/gif'/></metadata>";
    let publish = |item: &str| {
        format!(
            "C: set - <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:avatar:metadata'><item id='x'>{item}</item></publish></pubsub>
             D: publish alice@example.org urn:xmpp:avatar:metadata x {item}
             d: done"
        )
    };
    let done = "S: <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:avatar:metadata'><item id='x'/></publish></pubsub>";
    play(&format!(
        "{}
         D: read alice@example.org urn:xmpp:avatar:data [x]
         d: items x <data xmlns='urn:xmpp:avatar:data'>YWJj</data>
         D: read alice@example.org vcard-temp [] max 1
         d: items current <vCard xmlns='vcard-temp'><FN>Alice</FN><PHOTO><EXTVAL>old</EXTVAL></PHOTO></vCard>
         D: publish alice@example.org vcard-temp current <vCard xmlns='vcard-temp'><FN>Alice</FN><PHOTO><TYPE>image/gif</TYPE><BINVAL>YWJj</BINVAL></PHOTO></vCard> {SETTINGS}
         d: done
         {done}",
        publish(metadata)
    ));
    play(&format!(
        "{}
         D: read alice@example.org urn:xmpp:avatar:data [x]
         d: no NotFound
         {done}",
        publish(metadata)
    ));
    play(&format!(
        "{}
         D: read alice@example.org vcard-temp [] max 1
         d: items current <vCard xmlns='vcard-temp'><FN>Alice</FN><PHOTO><BINVAL>YWJj</BINVAL></PHOTO></vCard>
         D: publish alice@example.org vcard-temp current <vCard xmlns='vcard-temp'><FN>Alice</FN></vCard> {SETTINGS}
         d: no LimitReached
         {done}",
        publish("<metadata xmlns='urn:xmpp:avatar:metadata'/>")
    ));
}

#[test]
fn private_elements_are_their_owners_alone() {
    play(&format!(
        "C: set - <query xmlns='jabber:iq:private'><a xmlns='urn:n'>x</a></query>
         D: publish alice@example.org private urn:n a <a xmlns='urn:n'>x</a> with Whitelist {PRIVATE_NAMES} persist
         d: done
         S: ok"
    ));
    play(
        "C: get - <query xmlns='jabber:iq:private'><a xmlns='urn:n'/></query>
         D: read alice@example.org private urn:n [a]
         d: items a <a xmlns='urn:n'>x</a>
         S: <query xmlns='jabber:iq:private'><a xmlns='urn:n'>x</a></query>",
    );
    play(
        "C: get - <query xmlns='jabber:iq:private'><a xmlns='urn:n'/></query>
         D: read alice@example.org private urn:n [a]
         d: no NotFound
         S: <query xmlns='jabber:iq:private'><a xmlns='urn:n'/></query>",
    );
    play(
        "C: get bob@example.org <query xmlns='jabber:iq:private'><a xmlns='urn:n'/></query>\nS: ! auth forbidden",
    );
    play("C: get - <query xmlns='jabber:iq:private'/>\nS: ! modify bad-request");
}

#[test]
fn bookmarks_are_the_same_in_both_places() {
    let read = "D: read alice@example.org urn:xmpp:bookmarks:1 []";
    let tea = "tea@conference.example.org <conference xmlns='urn:xmpp:bookmarks:1' name='Tea' autojoin='true'><nick>al</nick><extensions><x xmlns='urn:n'/></extensions></conference>";
    play(&format!(
        "C: get - <query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>
         {read}
         d: items {tea}
         S: <query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><conference jid='tea@conference.example.org' name='Tea' autojoin='true'><nick>al</nick></conference></storage></query>"
    ));
    play(&format!(
        "C: set - <query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><conference jid='tea@conference.example.org' name='Tea'/><conference jid='new@conference.example.org'/></storage></query>
         {read}
         d: items {tea} | old@conference.example.org <conference xmlns='urn:xmpp:bookmarks:1'/>
         D: create alice@example.org urn:xmpp:bookmarks:1 with Whitelist 1000 persist retract
         d: no Conflict
         D: retract alice@example.org urn:xmpp:bookmarks:1 old@conference.example.org true
         d: done
         D: publish alice@example.org urn:xmpp:bookmarks:1 tea@conference.example.org <conference xmlns='urn:xmpp:bookmarks:1' name='Tea'><extensions><x xmlns='urn:n'/></extensions></conference>
         d: done
         D: publish alice@example.org urn:xmpp:bookmarks:1 new@conference.example.org <conference xmlns='urn:xmpp:bookmarks:1'/>
         d: done
         S: ok"
    ));
    play(
        "C: set - <query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><conference name='nowhere'/></storage></query>
         S: ! modify bad-request",
    );
}
