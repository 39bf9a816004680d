//! History as dialogues (XEP-0313).

use crate::{
    limits::HISTORY_IDS,
    xep::{
        script::{address, me, play, spoken, text},
        service::Step,
    },
};
use domain::{
    ConversationId, Message,
    endpoint::Said,
    history::{HistoryId, Page, Record},
    message::MessageKind,
};

/// The id of bob's message of this number.
fn id(number: u64) -> String {
    HistoryId::of(&spoken(number, "")).to_string()
}

fn query(inside: &str) -> String {
    format!("C: set - <query xmlns='urn:xmpp:mam:2' queryid='q'>{inside}</query>")
}

fn form(fields: &str) -> String {
    format!(
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field>{fields}</x>"
    )
}

fn set(inside: &str) -> String {
    format!("<set xmlns='http://jabber.org/protocol/rsm'>{inside}</set>")
}

fn result(number: u64, text: &str) -> String {
    let id = id(number);
    format!(
        "S: <message from='alice@example.org' to='alice@example.org/desk'><result xmlns='urn:xmpp:mam:2' queryid='q' id='{id}'>\
         <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='1970-01-01T00:00:0{number}Z'/>\
         <message xmlns='jabber:client' to='alice@example.org' from='bob@example.org/phone'><body>{text}</body>\
         <stanza-id xmlns='urn:xmpp:sid:0' by='alice@example.org' id='{id}'/></message></forwarded></result></message>"
    )
}

fn fin(complete: &str, first: u64, last: u64) -> String {
    let set = set(&format!("<first>{}</first><last>{}</last>", id(first), id(last)));
    format!("S: <fin xmlns='urn:xmpp:mam:2'{complete}>{set}</fin>")
}

#[test]
fn a_page_and_its_end() {
    let question = "H: history User(alice@example.org) max 250\nh: page complete one two\n";
    let lines =
        [query(""), question.into(), result(1, "one"), result(2, "two"), fin(" complete='true'", 1, 2)];
    play(&lines.join("\n"));
}

#[test]
fn the_newest_page_first_and_flipped() {
    let ask = query(&format!("{}<flip-page/>", set("<max>2</max><before/>")));
    let question = "H: history User(alice@example.org) max 2 last page\nh: page partial one two\n";
    play(&[ask, question.into(), result(2, "two"), result(1, "one"), fin("", 1, 2)].join("\n"));
}

#[test]
fn every_filter_is_understood() {
    for (fields, set_inside, expected) in [
        (
            "<field var='with'><value>Bob@example.org/phone</value></field>",
            String::new(),
            " with bob@example.org".into(),
        ),
        (
            "<field var='start'><value>1970-01-01T00:00:01Z</value></field><field var='end'><value>1970-01-01T00:00:02Z</value></field>",
            String::new(),
            " start 1000 end 2000".to_owned(),
        ),
        ("", format!("<after>{}</after>", id(3)), format!(" after {}", id(3))),
        ("", format!("<before>{}</before>", id(3)), format!(" before {} last page", id(3))),
    ] {
        play(&format!(
            "{}
             H: history User(alice@example.org) max 250{expected}
             h: page complete
             S: <fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'/></fin>",
            query(&(form(fields) + &set(&set_inside)))
        ));
    }
}

#[test]
fn ids_narrow_what_a_page_reaches() {
    let fields = format!(
        "<field var='after-id'><value>{}</value></field><field var='before-id'><value>{}</value></field>\
         <field var='ids'><value>{}</value><value>{}</value></field>",
        id(2),
        id(8),
        id(4),
        id(5)
    );
    play(&format!(
        "{}
         H: history User(alice@example.org) max 250 after {} before {} ids {},{}
         h: page complete
         S: <fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'/></fin>",
        query(&(form(&fields) + &set(&format!("<after>{}</after>", id(1))))),
        id(2),
        id(8),
        id(4),
        id(5)
    ));
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let many = "<value>000000000000000000000</value>".repeat(HISTORY_IDS + 1);
    for (inside, error) in [
        (form("<field var='color'><value>red</value></field>"), "cancel feature-not-implemented"),
        (form("<field var='start'><value>yesterday</value></field>"), "modify bad-request"),
        (form("<field var='with'><value>a b</value></field>"), "modify jid-malformed"),
        (form("<field var='after-id'><value>x</value></field>"), "cancel item-not-found"),
        (form(&format!("<field var='ids'>{many}</field>")), "modify not-acceptable"),
        (set("<after>nonsense</after>"), "cancel item-not-found"),
        (set("<max>many</max>"), "modify bad-request"),
        (set("<index>3</index>"), "cancel feature-not-implemented"),
    ] {
        play(&format!("{}\nS: ! {error}", query(&inside)));
    }
    play("C: set bob@example.org <query xmlns='urn:xmpp:mam:2'/>\nS: ! auth forbidden");
}

#[test]
fn a_page_is_at_most_so_long() {
    let ask = query(&set("<max>100000</max>"));
    let question = "H: history User(alice@example.org) max 250\nh: page partial one\n";
    play(&[ask, question.into(), result(1, "one"), fin("", 1, 1)].join("\n"));
}

#[test]
fn asking_for_nothing_tells_whether_there_is_something() {
    play(&format!(
        "{}
         H: history User(alice@example.org) max 1
         h: page complete one
         S: <fin xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'/></fin>",
        query(&set("<max>0</max>"))
    ));
}

#[test]
fn a_conferences_history_is_asked_for_with_its_leave() {
    let may = "D: tea@conference.example.org ReadHistory";
    let owner = "Conference { address: tea@conference.example.org, since: Timestamp(500) }";
    play(&format!(
        "C: set tea@conference.example.org <query xmlns='urn:xmpp:mam:2'/>
         {may}
         d: since 500
         H: history {owner} max 250
         h: page complete
         S: <fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'/></fin>"
    ));
    play(&format!(
        "C: get tea@conference.example.org <metadata xmlns='urn:xmpp:mam:2'/>
         {may}
         d: since 500
         H: HistoryEnds({owner})
         h: no NotFound
         S: ! cancel item-not-found"
    ));
    for (answer, error) in
        [("no Forbidden", "auth forbidden"), ("no Unavailable", "cancel service-unavailable")]
    {
        for request in [
            "set tea@conference.example.org <query",
            "get tea@conference.example.org <query",
            "get tea@conference.example.org <metadata",
        ] {
            play(&format!("C: {request} xmlns='urn:xmpp:mam:2'/>\n{may}\nd: {answer}\nS: ! {error}"));
        }
    }
    let with = form("<field var='with'><value>bob@example.org</value></field>");
    play(&format!(
        "C: set tea@conference.example.org <query xmlns='urn:xmpp:mam:2'>{with}</query>
         S: ! cancel feature-not-implemented"
    ));
    play(
        "C: get tea@conference.example.org <prefs xmlns='urn:xmpp:mam:2'/>\nS: ! cancel feature-not-implemented",
    );
}

#[test]
fn a_whisper_stands_in_each_ones_own_history_as_they_sent_or_heard_it() {
    let id = HistoryId::of(&whispered("alice@example.org/desk", "Bob"));
    let result = |from: &str, to: &str, nested: &str| {
        format!(
            "<message from='alice@example.org' to='alice@example.org/desk'><result xmlns='urn:xmpp:mam:2' id='{id}'>\
             <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='1970-01-01T00:00:03Z'/>\
             <message xmlns='jabber:client' to='{to}' from='{from}' type='chat'><body>psst</body>\
             <x xmlns='http://jabber.org/protocol/muc#user'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='o'/>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='alice@example.org' id='{id}'/></message></forwarded></result></message>{nested}"
        )
    };
    for (speaker, to_nick, expected) in [
        (
            "alice@example.org/desk",
            "Bob",
            result("alice@example.org/desk", "tea@conference.example.org/Bob", ""),
        ),
        ("bob@example.org/pad", "Alice", result("tea@conference.example.org/me", "alice@example.org", "")),
    ] {
        let said = std::sync::Arc::new(whispered(speaker, to_nick));
        let page = Page { records: vec![Record { id, said }], complete: true };
        let wanted = super::page::Wanted {
            from: address("alice@example.org"),
            query_id: None,
            flipped: false,
            count_only: false,
        };
        let Step::Reply(stanzas, _) = wanted.reply(&me(), &page) else { panic!("no reply") };
        assert_eq!(stanzas.iter().map(|stanza| text(stanza)).collect::<Vec<_>>(), [expected]);
    }
}

fn whispered(from: &str, to: &str) -> Said {
    let (user, name) = domain::address::parse_full(from).expect("an address");
    let name_of = |text| domain::EndpointName::parse(text).expect("a name");
    let message = Message { body: Some("psst".into()), kind: MessageKind::Chat, ..Message::default() };
    Said {
        conversation: ConversationId::Conference(address("tea@conference.example.org")),
        from: domain::EndpointId::new(user, name.expect("full")),
        nick: Some(name_of("me")),
        to: Some(name_of(to)),
        occupant_id: Some("o".into()),
        message: std::sync::Arc::new(message),
        ..spoken(3, "")
    }
}

#[test]
fn the_ends_are_told() {
    play(&format!(
        "C: get - <metadata xmlns='urn:xmpp:mam:2'/>
         H: HistoryEnds(User(alice@example.org))
         h: ends
         S: <metadata xmlns='urn:xmpp:mam:2'><start id='{}' timestamp='1970-01-01T00:00:01Z'/><end id='{}' timestamp='1970-01-01T00:00:09Z'/></metadata>",
        id(1),
        id(9)
    ));
}

#[test]
fn everything_is_kept_and_that_is_said_honestly() {
    let kept = "S: <prefs xmlns='urn:xmpp:mam:2' default='always'><always/><never/></prefs>";
    play(&format!("C: get - <prefs xmlns='urn:xmpp:mam:2'/>\n{kept}"));
    play(&format!(
        "C: set - <prefs xmlns='urn:xmpp:mam:2' default='always'><always/><never/></prefs>\n{kept}"
    ));
    for other in [
        "<prefs xmlns='urn:xmpp:mam:2' default='never'/>",
        "<prefs xmlns='urn:xmpp:mam:2' default='always'><never><jid>bob@example.org</jid></never></prefs>",
    ] {
        play(&format!("C: set - {other}\nS: ! cancel feature-not-implemented"));
    }
}
