//! Conferences (XEP-0045, 0249, 0410, 0421).

use super::{Cast, address, delivery, endpoint, name, play, said, text};
use domain::{
    Message,
    conversation::{Affiliation, ConferenceAnswer, ConferenceEvent, Departure, Occupant, Policy, Role},
    endpoint::{Answer, Event, How},
    message::MessageKind,
    presentity::{Availability, State},
};
use std::sync::Arc;

const TEA: &str = "tea@conference.example.org";

fn occupant(nick: &str, known: bool) -> Occupant {
    Occupant {
        nick: name(nick),
        endpoint: known.then(|| endpoint(&format!("{nick}@example.org/desk"))),
        occupant_id: format!("id-{nick}").into(),
        affiliation: Affiliation::Member,
        role: Role::Participant,
        state: Arc::new(State::of(Availability::Available)),
    }
}

fn event(event: ConferenceEvent) -> Event {
    Event::Conference { conference: address(TEA), event: Arc::new(event) }
}

fn present(nick: &str, own: bool) -> ConferenceEvent {
    ConferenceEvent::Present {
        occupant: occupant(nick, !own),
        own,
        created: own,
        whois_everyone: own,
        nick_assigned: own,
    }
}

fn gone(own: bool, how: Departure) -> Event {
    let mut occupant = occupant("bob", false);
    occupant.role = Role::None;
    event(ConferenceEvent::Gone { occupant, own, how })
}

#[test]
fn somebody_comes_in_shows_a_state_and_leaves() {
    play(
        &Cast::default(),
        "C: <presence to='tea@conference.example.org/ali'><x xmlns='http://jabber.org/protocol/muc'><password>pw</password><history maxstanzas='5' maxchars='100' seconds='60' since='2026-11-21T11:00:00Z'/></x></presence>
         D: 1 tea@conference.example.org Join { nick: ali, state: State { availability: Available, activity: None, eager: false, extended: false, idle_since: None, note: None, priority: 0, carried: b\"\" }, password: Some(\"pw\"), history: HistoryWish { messages: Some(5), bytes: Some(100), within: Some(60s), since: Some(Timestamp(1795258800000)) } }
         d: 1 !LimitReached
         S: <presence type='error' from='tea@conference.example.org/ali' to='alice@example.org/desk'><error type='wait'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         H: 1
         C: <presence to='tea@conference.example.org/ali'><show>dnd</show></presence>
         D: 2 tea@conference.example.org Show { nick: ali, state: State { availability: DoNotDisturb, activity: None, eager: false, extended: false, idle_since: None, note: None, priority: 0, carried: b\"\" } }
         C: <presence to='tea@conference.example.org/ali' type='unavailable'><status>bye</status></presence>
         D: 3 tea@conference.example.org Leave { note: Some(\"bye\") }
         C: <presence to='tea@conference.example.org'/>
         S: <presence type='error' from='tea@conference.example.org' to='alice@example.org/desk'><error type='modify'><jid-malformed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         H: 4",
    );
}

#[test]
fn occupants_are_shown_with_all_that_is_known_of_them() {
    let cast = Cast {
        events: vec![
            ("bob", event(present("bob", false))),
            ("ali", event(present("ali", true))),
            (
                "renamed",
                event(ConferenceEvent::Renamed {
                    occupant: occupant("ali", false),
                    nick: name("al"),
                    own: true,
                }),
            ),
        ],
        ..Cast::default()
    };
    play(
        &cast,
        "E: bob
         S: <presence from='tea@conference.example.org/bob' to='alice@example.org/desk'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='member' role='participant' jid='bob@example.org/desk'/></x><occupant-id xmlns='urn:xmpp:occupant-id:0' id='id-bob'/></presence>
         E: ali
         S: <presence from='tea@conference.example.org/ali' to='alice@example.org/desk'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='member' role='participant'/><status code='110'/><status code='100'/><status code='201'/><status code='210'/></x><occupant-id xmlns='urn:xmpp:occupant-id:0' id='id-ali'/></presence>
         E: renamed
         S: <presence from='tea@conference.example.org/ali' to='alice@example.org/desk' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='member' role='participant' nick='al'/><status code='303'/><status code='110'/></x><occupant-id xmlns='urn:xmpp:occupant-id:0' id='id-ali'/></presence>
         C: <iq type='get' id='1' to='tea@conference.example.org/al'><ping xmlns='urn:xmpp:ping'/></iq>
         D: 1 tea@conference.example.org SelfPing { nick: al }
         d: 1
         S: <iq type='result' id='1' from='tea@conference.example.org/al' to='alice@example.org/desk'></iq>
         H: 1
         C: <iq type='get' id='2' to='tea@conference.example.org/bob'><ping xmlns='urn:xmpp:ping'/></iq>
         D: 2 tea@conference.example.org Relay { nick: bob, payload: b\" type='get' id='2'><ping xmlns='urn:xmpp:ping'/></iq>\" }",
    );
}

#[test]
fn how_somebody_left_is_told_by_its_code() {
    let kicked = Departure::Kicked { by: name("ali"), reason: Some("enough".into()) };
    let destroyed =
        Departure::Destroyed { alternate: Some(address("x@conference.example.org")), reason: None };
    for (how, own, item, after) in [
        (Departure::Left { note: None }, false, "/>", ""),
        (Departure::Vanished, false, "/>", "<status code='333'/>"),
        (Departure::Shutdown, true, "/>", "<status code='110'/><status code='332'/>"),
        (Departure::NotMember, true, "/>", "<status code='110'/><status code='321'/><status code='322'/>"),
        (
            kicked,
            true,
            "><actor nick='ali'/><reason>enough</reason></item>",
            "<status code='110'/><status code='307'/>",
        ),
        (Departure::Banned { by: None, reason: None }, false, "></item>", "<status code='301'/>"),
        (destroyed, false, "/>", "<destroy jid='x@conference.example.org'></destroy>"),
    ] {
        let script = format!(
            "E: gone
             S: <presence from='tea@conference.example.org/bob' to='alice@example.org/desk' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='member' role='none'{item}{after}</x><occupant-id xmlns='urn:xmpp:occupant-id:0' id='id-bob'/></presence>"
        );
        play(&Cast { events: vec![("gone", gone(own, how))], ..Cast::default() }, &script);
    }
}

#[test]
fn something_is_said_to_all_and_whispered_to_one() {
    let new_topic = Message {
        id: Some("t1".into()),
        subject: Some("Milk".into()),
        kind: MessageKind::Conference,
        ..Message::default()
    };
    let new_topic = Arc::new(said(TEA, "bob@example.org/bob", 0, new_topic));
    let whisper = said(TEA, "bob@example.org/bob", 0, text(MessageKind::Chat, "psst"));
    let cast = Cast {
        events: vec![
            ("whisper", delivery(whisper, How::Direct, 0)),
            (
                "topic",
                event(ConferenceEvent::Topic {
                    topic: "Tea".into(),
                    by: Some(name("bob")),
                    at: Some(super::NOW),
                    said: None,
                }),
            ),
            (
                "new topic",
                event(ConferenceEvent::Topic {
                    topic: "Milk".into(),
                    by: Some(name("bob")),
                    at: None,
                    said: Some(new_topic),
                }),
            ),
        ],
        ..Cast::default()
    };
    play(
        &cast,
        "C: <message to='tea@conference.example.org' type='groupchat' id='1'><body>hello</body></message>
         D: 1 tea@conference.example.org Say Conference id=\"1\" body=\"hello\"
         C: <message to='tea@conference.example.org' type='groupchat'><subject>Tea</subject></message>
         D: 2 tea@conference.example.org SetTopic Tea
         C: <message to='tea@conference.example.org/bob' type='chat'><body>psst</body><x xmlns='http://jabber.org/protocol/muc#user'/></message>
         D: 3 tea@conference.example.org Whisper bob Chat body=\"psst\"
         C: <message to='tea@conference.example.org/bob' type='groupchat' id='4'><body>x</body></message>
         S: <message type='error' id='4' from='tea@conference.example.org/bob' to='alice@example.org/desk'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         H: 4
         E: whisper
         S: <message to='alice@example.org/desk' from='tea@conference.example.org/bob' type='chat'><body>psst</body><x xmlns='http://jabber.org/protocol/muc#user'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='id'/></message>
         E: topic
         S: <message type='groupchat' from='tea@conference.example.org/bob' to='alice@example.org/desk'><subject>Tea</subject><delay xmlns='urn:xmpp:delay' from='tea@conference.example.org' stamp='2026-11-21T11:00:00Z'/></message>
         E: new topic
         S: <message to='alice@example.org/desk' from='tea@conference.example.org/bob' id='t1' type='groupchat'><subject>Milk</subject><occupant-id xmlns='urn:xmpp:occupant-id:0' id='id'/></message>",
    );
}

#[test]
fn people_are_invited_one_after_the_other_and_may_decline() {
    let invited = ConferenceEvent::Invited {
        from: endpoint("bob@example.org/desk"),
        reason: Some("tea".into()),
        password: Some("pw".into()),
        continues: Some("thread".into()),
    };
    let declined = ConferenceEvent::Declined { from: address("bob@example.org"), reason: None };
    let cast =
        Cast { events: vec![("invited", event(invited)), ("declined", event(declined))], ..Cast::default() };
    play(
        &cast,
        "C: <message to='tea@conference.example.org'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='bob@example.org'><reason>tea</reason><continue thread='t'/></invite><invite to='carol@example.org/desk'/></x></message>
         D: 1 tea@conference.example.org Invite { who: bob@example.org, reason: Some(\"tea\"), continues: Some(\"t\") }
         d: 1
         D: 2 tea@conference.example.org Invite { who: carol@example.org, reason: None, continues: None }
         d: 2
         H: 1
         C: <message to='tea@conference.example.org'><x xmlns='http://jabber.org/protocol/muc#user'><decline to='bob@example.org'><reason>no</reason></decline></x></message>
         D: 3 tea@conference.example.org Decline { to: bob@example.org, reason: Some(\"no\") }
         E: invited
         S: <message from='tea@conference.example.org' to='alice@example.org/desk'><x xmlns='http://jabber.org/protocol/muc#user'><invite from='bob@example.org/desk'><reason>tea</reason><continue thread='thread'/></invite><password>pw</password></x><x xmlns='jabber:x:conference' jid='tea@conference.example.org' password='pw' reason='tea' continue='true' thread='thread'/></message>
         E: declined
         S: <message from='tea@conference.example.org' to='alice@example.org/desk'><x xmlns='http://jabber.org/protocol/muc#user'><decline from='bob@example.org'></decline></x></message>",
    );
}

#[test]
fn a_voice_is_asked_for_and_given() {
    let asked =
        ConferenceEvent::VoiceRequested { endpoint: endpoint("bob@example.org/desk"), nick: name("bob") };
    play(
        &Cast { events: vec![("asked", event(asked))], ..Cast::default() },
        "C: <message to='tea@conference.example.org'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field><field var='muc#role'><value>participant</value></field></x></message>
         D: 1 tea@conference.example.org RequestVoice
         E: asked
         S: <message from='tea@conference.example.org' to='alice@example.org/desk'><x xmlns='jabber:x:data' type='form'><title>Voice request</title><instructions>Approve this request for a voice in the conference?</instructions><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#request</value></field><field var='muc#role' type='text-single' label='Requested role'><value>participant</value></field><field var='muc#jid' type='jid-single' label='Address'><value>bob@example.org/desk</value></field><field var='muc#roomnick' type='text-single' label='Nickname'><value>bob</value></field><field var='muc#request_allow' type='boolean' label='Give this person a voice?'><value>0</value></field></x></message>
         C: <message to='tea@conference.example.org'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field><field var='muc#roomnick'><value>bob</value></field><field var='muc#request_allow'><value>true</value></field></x></message>
         D: 2 tea@conference.example.org SetRole { nick: bob, role: Participant, reason: None }",
    );
}

#[test]
fn an_instant_conference_is_opened_with_what_holds() {
    let configuration = Box::new(Policy::default().configuration());
    let cast = Cast {
        answers: vec![("now", Answer::Conference(ConferenceAnswer::Configuration(configuration.clone())))],
        ..Cast::default()
    };
    let script = format!(
        "C: <iq type='set' id='1' to='{TEA}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>
         D: 1 {TEA} GetConfiguration
         d: 1 now
         D: 2 {TEA} Configure {{ configuration: {configuration:?} }}
         d: 2
         S: <iq type='result' id='1' from='{TEA}' to='alice@example.org/desk'></iq>
         H: 1
         C: <iq type='set' id='2' to='{TEA}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='cancel'/></query></iq>
         D: 3 {TEA} CancelConfiguration
         C: <iq type='set' id='3' to='{TEA}'><query xmlns='http://jabber.org/protocol/muc#owner'><destroy jid='x@conference.example.org'><reason>over</reason></destroy></query></iq>
         D: 4 {TEA} Destroy {{ alternate: Some(x@conference.example.org), reason: Some(\"over\") }}"
    );
    play(&cast, &script);
}

#[test]
fn roles_and_affiliations_are_listed_and_changed() {
    let people = vec![(address("bob@example.org"), Affiliation::Owner, Some(name("bob")))];
    let cast = Cast {
        answers: vec![
            ("people", Answer::Conference(ConferenceAnswer::Affiliations(people))),
            ("occupants", Answer::Conference(ConferenceAnswer::Roles(vec![occupant("bob", true)]))),
        ],
        ..Cast::default()
    };
    play(
        &cast,
        "C: <iq type='get' id='1' to='tea@conference.example.org'><query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='owner'/></query></iq>
         D: 1 tea@conference.example.org ListAffiliation { affiliation: Owner }
         d: 1 people
         S: <iq type='result' id='1' from='tea@conference.example.org' to='alice@example.org/desk'><query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='owner' jid='bob@example.org' nick='bob'/></query></iq>
         H: 1
         C: <iq type='get' id='2' to='tea@conference.example.org'><query xmlns='http://jabber.org/protocol/muc#admin'><item role='participant'/></query></iq>
         D: 2 tea@conference.example.org ListRole { role: Participant }
         d: 2 occupants
         S: <iq type='result' id='2' from='tea@conference.example.org' to='alice@example.org/desk'><query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='member' role='participant' nick='bob' jid='bob@example.org/desk'/></query></iq>
         H: 2
         C: <iq type='set' id='3' to='tea@conference.example.org'><query xmlns='http://jabber.org/protocol/muc#admin'><item nick='bob' role='none'><reason>enough</reason></item></query></iq>
         D: 3 tea@conference.example.org SetRole { nick: bob, role: None, reason: Some(\"enough\") }
         d: 3 !Forbidden
         S: <iq type='error' id='3' from='tea@conference.example.org' to='alice@example.org/desk'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         H: 3",
    );
}

#[test]
fn the_service_and_a_conference_say_what_they_are() {
    let mut configuration = Policy::default().configuration();
    configuration.name = "Tea".into();
    configuration.description = "About tea".into();
    configuration.language = "en".into();
    configuration.members_only = true;
    let description = ConferenceAnswer::Description {
        configuration: Box::new(configuration),
        occupants: 2,
        topic: "Milk".into(),
    };
    let listed = crate::session::Listed { address: address(TEA), name: "Tea".into(), occupants: 2 };
    let cast = Cast {
        answers: vec![
            ("tea", Answer::Conference(description)),
            ("nicks", Answer::Conference(ConferenceAnswer::Occupants(vec![name("bob")]))),
            ("nick", Answer::Conference(ConferenceAnswer::ReservedNick(Some(name("ali"))))),
        ],
        told: vec![("list", super::Answer::Conferences(vec![listed]))],
        ..Cast::default()
    };
    play(
        &cast,
        "C: <iq type='get' id='1' to='conference.example.org'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>
         Q: 1 Conferences
         q: 1 list
         S: <iq type='result' id='1' from='conference.example.org' to='alice@example.org/desk'><query xmlns='http://jabber.org/protocol/disco#items'><item jid='tea@conference.example.org' name='Tea'/></query></iq>
         H: 1
         C: <iq type='get' id='2' to='tea@conference.example.org'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>
         D: 2 tea@conference.example.org Occupants
         d: 2 nicks
         S: <iq type='result' id='2' from='tea@conference.example.org' to='alice@example.org/desk'><query xmlns='http://jabber.org/protocol/disco#items'><item jid='tea@conference.example.org/bob'/></query></iq>
         H: 2
         C: <iq type='get' id='3' to='tea@conference.example.org'><query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'/></iq>
         D: 3 tea@conference.example.org ReservedNick
         d: 3 nick
         S: <iq type='result' id='3' from='tea@conference.example.org' to='alice@example.org/desk'><query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'><identity category='conference' name='ali' type='text'/></query></iq>
         H: 3
         C: <iq type='get' id='4' to='tea@conference.example.org'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>
         D: 4 tea@conference.example.org Describe
         d: 4 tea
         S: <iq type='result' id='4' from='tea@conference.example.org' to='alice@example.org/desk'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='conference' type='text' name='Tea'/><feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/><feature var='http://jabber.org/protocol/muc#request'/><feature var='urn:xmpp:ping'/><feature var='urn:xmpp:sid:0'/><feature var='urn:xmpp:occupant-id:0'/><feature var='http://jabber.org/protocol/muc#stable_id'/><feature var='http://jabber.org/protocol/muc#self-ping-optimization'/><feature var='jabber:iq:register'/><feature var='muc_temporary'/><feature var='muc_public'/><feature var='muc_membersonly'/><feature var='muc_unmoderated'/><feature var='muc_semianonymous'/><feature var='muc_unsecured'/><feature var='urn:xmpp:mam:2'/><feature var='urn:xmpp:mam:2#extended'/><x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#roominfo</value></field><field var='muc#roominfo_description'><value>About tea</value></field><field var='muc#roominfo_occupants'><value>2</value></field><field var='muc#roominfo_lang'><value>en</value></field><field var='muc#roominfo_subject'><value>Milk</value></field><field var='muc#maxhistoryfetch'><value>20</value></field></x></query></iq>
         H: 4",
    );
}

#[test]
fn a_new_configuration_says_what_it_changed() {
    let mut open = Policy::default().configuration();
    let event_of = |configuration: &domain::conversation::Configuration| {
        event(ConferenceEvent::Reconfigured { configuration: Box::new(configuration.clone()) })
    };
    let first = event_of(&open);
    open.whois_everyone = true;
    let second = event_of(&open);
    let mut joined = present("ali", true);
    if let ConferenceEvent::Present { whois_everyone, created, nick_assigned, .. } = &mut joined {
        (*whois_everyone, *created, *nick_assigned) = (false, false, false);
    }
    let cast =
        Cast { events: vec![("in", event(joined)), ("first", first), ("second", second)], ..Cast::default() };
    play(
        &cast,
        "E: in
         S: <presence from='tea@conference.example.org/ali' to='alice@example.org/desk'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='member' role='participant'/><status code='110'/></x><occupant-id xmlns='urn:xmpp:occupant-id:0' id='id-ali'/></presence>
         E: first
         S: <message from='tea@conference.example.org' to='alice@example.org/desk' type='groupchat'><x xmlns='http://jabber.org/protocol/muc#user'><status code='104'/><status code='170'/></x></message>
         E: second
         S: <message from='tea@conference.example.org' to='alice@example.org/desk' type='groupchat'><x xmlns='http://jabber.org/protocol/muc#user'><status code='104'/><status code='172'/></x></message>",
    );
}
