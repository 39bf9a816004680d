//! Whatever happens in whatever order, the invariants hold: contiguous numbers, one order, one answer for each
//! ticket, nothing of what was refused, and the same state by living, replaying and loading.

use super::*;
use crate::conversation::{Affiliation, Role};
use proptest::{
    collection::{btree_set, vec},
    option,
    prelude::*,
};
use std::collections::BTreeSet;

const PAIR: [&str; 2] = ["alice/phone", "bob/desk"];
const SIDES: [&str; 2] = ["alice", "bob"];

#[derive(Clone, Debug)]
enum Step {
    Send { side: usize, id: Option<u8>, relayed: bool },
    Stand { side: usize, standing: Standing },
    Confirm { side: usize, numbers: BTreeSet<u64> },
    Pass(u64),
    Due,
    Save,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let standing = prop_oneof![
        3 => Just(Standing::Reachable),
        1 => Just(Standing::Blocked),
        1 => Just(Standing::Offline),
        1 => Just(Standing::Unknown),
    ];
    prop_oneof![
        8 => (0..2_usize, option::of(0..6_u8), prop::bool::weighted(0.2))
            .prop_map(|(side, id, relayed)| Step::Send { side, id, relayed }),
        4 => (0..2_usize, standing).prop_map(|(side, standing)| Step::Stand { side, standing }),
        4 => (0..2_usize, btree_set(1..30_u64, 0..8))
            .prop_map(|(side, numbers)| Step::Confirm { side, numbers }),
        2 => (0..100_000_u64).prop_map(Step::Pass),
        2 => Just(Step::Due),
        1 => Just(Step::Save),
        1 => Just(Step::Restart),
    ]
}

/// What the two saw.
#[derive(Default)]
struct Witness {
    open: BTreeSet<u64>,
    answered: [Vec<u64>; 2],
    refused: BTreeSet<u64>,
    received: [Vec<u64>; 2],
}

impl Witness {
    fn see(&mut self, play: &Play, effects: &[Effect]) {
        for effect in effects {
            let Effect::Tell { user, command } = effect else { continue };
            let side = usize::from(*user == who("bob"));
            match command {
                user::Command::Deliver { said, late, .. } => {
                    let ticket: u64 =
                        said.message.body.as_deref().and_then(|b| b.parse().ok()).expect("ours");
                    assert!(!self.refused.contains(&ticket), "handed out after a refusal");
                    assert_ne!(said.from.user, *user, "to the other");
                    if said.number > 0 {
                        assert!(has_said(play, said.number), "handed out without its fact");
                        if !late {
                            self.received[side].push(said.number);
                        }
                    }
                }
                user::Command::Sent { ticket, said, again } => {
                    self.answer(side, *ticket);
                    assert!(!again || has_said(play, said.number), "again, but never before");
                }
                user::Command::Answer { ticket, answer, .. } => {
                    assert!(answer.is_err());
                    self.answer(side, *ticket);
                    self.refused.insert(ticket.0);
                }
                user::Command::ForgetConversation { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn answer(&mut self, side: usize, ticket: Ticket) {
        assert!(self.open.remove(&ticket.0), "answered twice");
        self.answered[side].push(ticket.0);
    }
}

fn has_said(play: &Play, wanted: u64) -> bool {
    play.log.iter().any(|fact| matches!(fact, Fact::Said { number, .. } if *number == wanted))
}

fn numbers(play: &Play) -> Vec<u64> {
    let number = |fact: &Fact| match fact {
        Fact::Said { number, .. } => Some(*number),
        _ => None,
    };
    play.log.iter().filter_map(number).collect()
}

fn take_step(play: &mut Play, witness: &mut Witness, step: Step) {
    let command = match step {
        Step::Send { side, id, relayed } => {
            let ticket = play.ticket();
            witness.open.insert(ticket.0);
            let message = Message {
                body: Some(ticket.0.to_string().into()),
                origin_id: id.map(|id| id.to_string().into()),
                traits: if relayed { Traits::NO_STORE } else { Traits::default() },
                ..Message::default()
            };
            let (from, to) = (endpoint(PAIR[side]), who(SIDES[1 - side]));
            Command::Send { from, to, endpoint: None, ticket, message: Arc::new(message) }
        }
        Step::Stand { side, standing } => {
            Command::Standing { of: who(SIDES[side]), towards: who(SIDES[1 - side]), standing }
        }
        Step::Confirm { side, numbers } => {
            Command::Confirm { by: who(SIDES[side]), numbers: numbers.into_iter().collect() }
        }
        Step::Pass(millis) => return play.passes(Duration::from_millis(millis)),
        Step::Save => return play.save(),
        Step::Due => {
            let Some(due) = play.conversation.deadline() else { return };
            play.now = play.now.max(due);
            let effects = play.turn_raw(Conversation::tick);
            return witness.see(play, &effects);
        }
        Step::Restart => {
            play.save();
            play.conversation = play.loaded();
            // What waited for a standing is lost with the node, and its tickets with the sessions there.
            witness.open.clear();
            let effects =
                play.turn_raw(|conversation, now, out| conversation.resumed(now, Survivors::None, out));
            return witness.see(play, &effects);
        }
    };
    let effects = play.turn_raw(|conversation, now, out| conversation.handle(now, command, out));
    witness.see(play, &effects);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn two_people_talk(steps in vec(step(), 1..60)) {
        let mut play = Play::between("alice", "bob");
        let mut witness = Witness::default();
        for step in steps {
            take_step(&mut play, &mut witness, step);
        }
        // What waits is given up in time.
        for _ in 0..4 {
            take_step(&mut play, &mut witness, Step::Due);
        }
        prop_assert!(witness.open.is_empty(), "a ticket without an answer: {:?}", witness.open);
        for answered in &witness.answered {
            prop_assert!(answered.is_sorted(), "one sender's messages overtook each other");
        }
        let numbers = numbers(&play);
        prop_assert_eq!(&numbers, &(1..=numbers.len() as u64).collect::<Vec<_>>());
        for received in &witness.received {
            prop_assert!(received.windows(2).all(|two| two[0] < two[1]), "out of order: {:?}", received);
        }
        prop_assert_eq!(witness.received.concat().len(), numbers.len(), "handed out once");
        play.is_durable();
    }
}

const PEOPLE: [&str; 6] = ["alice/phone", "alice/desk", "bob/phone", "bob/desk", "carol/pad", "dora/pad"];
const NICKS: [&str; 4] = ["A", "B", "C", "D"];

fn conference_command() -> impl Strategy<Value = ConferenceCommand> {
    let name = || prop::sample::select(&NICKS[..]).prop_map(nick);
    let person = || prop::sample::select(&PEOPLE[..]).prop_map(|text| endpoint(text).user);
    let affiliation = prop::sample::select(vec![
        Affiliation::Outcast,
        Affiliation::None,
        Affiliation::Member,
        Affiliation::Admin,
        Affiliation::Owner,
    ]);
    let role = prop::sample::select(vec![Role::None, Role::Visitor, Role::Participant, Role::Moderator]);
    let configuration = (any::<[bool; 4]>(), 1..5_u32).prop_map(|(flags, most)| {
        let mut configuration = Policy::default().configuration();
        [
            configuration.persistent,
            configuration.members_only,
            configuration.moderated,
            configuration.whispers,
        ] = flags;
        configuration.max_occupants = most;
        ConferenceCommand::Configure { configuration: Box::new(configuration) }
    });
    prop_oneof![
        8 => name().prop_map(|nick| join(nick.as_str())),
        2 => name().prop_map(|nick| ConferenceCommand::Show { nick, state: available() }),
        2 => Just(ConferenceCommand::Leave { note: None }),
        8 => option::of(0..4_u8).prop_map(|id| ConferenceCommand::Say {
            message: id.map_or_else(|| text("hi"), |id| text_with_id("hi", &id.to_string())),
        }),
        2 => name().prop_map(|nick| ConferenceCommand::Whisper { nick, message: text("psst") }),
        1 => Just(topic("tea")),
        3 => (name(), role)
            .prop_map(|(nick, role)| ConferenceCommand::SetRole { nick, role, reason: None }),
        4 => vec((person(), affiliation), 1..3).prop_map(|changes| ConferenceCommand::SetAffiliations {
            changes: changes.into_iter().map(|(who, what)| (who, what, None)).collect(),
        }),
        4 => configuration,
        1 => option::of(name()).prop_map(|nick| ConferenceCommand::ReserveNick { nick }),
        1 => person().prop_map(|who| ConferenceCommand::Invite { who, reason: None, continues: None }),
        1 => person().prop_map(|to| ConferenceCommand::Decline { to, reason: None }),
        1 => Just(ConferenceCommand::CancelConfiguration),
        1 => prop::bool::weighted(0.3).prop_map(|really| if really {
            ConferenceCommand::Destroy { alternate: None, reason: None }
        } else {
            ConferenceCommand::Describe
        }),
        1 => (person(), vec(person(), 0..2)).prop_map(|(with, invite)| ConferenceCommand::Escalate {
            with, invite, nick: nick("A"), state: available(), thread: None,
        }),
    ]
}

#[derive(Clone, Debug)]
enum Turn {
    Ask(usize, ConferenceCommand),
    Gone(usize),
    Restart(bool),
    Save,
}

fn conference_turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        40 => (0..PEOPLE.len(), conference_command()).prop_map(|(from, ask)| Turn::Ask(from, ask)),
        2 => (0..PEOPLE.len()).prop_map(Turn::Gone),
        1 => any::<bool>().prop_map(Turn::Restart),
        2 => Just(Turn::Save),
    ]
}

/// Asks, and checks what one turn must keep: one answer, and nothing beside it if that is a refusal.
fn ask(play: &mut Play, from: &str, command: ConferenceCommand) {
    let ticket = play.ticket();
    let (logged, in_before) = (play.log.len(), seated(play));
    let command = Command::Conference { from: endpoint(from), ticket, command };
    let effects = play.turn_raw(|conversation, now, out| conversation.handle(now, command, out));
    let mut answers = 0;
    let mut delivered = BTreeMap::<u64, Vec<EndpointId>>::new();
    for effect in &effects {
        let Effect::Tell { user, command } = effect else { panic!("{effect:?}") };
        match command {
            user::Command::Answer { ticket: theirs, answer, .. } => {
                assert_eq!(*theirs, ticket);
                answers += 1;
                assert!(answer.is_ok() || (effects.len() == 1 && play.log.len() == logged), "half done");
            }
            user::Command::Deliver { endpoint: Some(name), said, late: false } if said.to.is_none() => {
                delivered.entry(said.number).or_default().push(EndpointId::new(user.clone(), name.clone()));
            }
            _ => {}
        }
    }
    assert_eq!(answers, 1);
    for (number, to) in delivered {
        assert!(has_said(play, number));
        let to: BTreeSet<EndpointId> = to.into_iter().collect();
        assert_eq!(to, in_before, "to all who are in, once");
    }
}

fn seated(play: &Play) -> BTreeSet<EndpointId> {
    match &play.conversation.0 {
        Kind::Focus(focus) => focus.seats.keys().cloned().collect(),
        Kind::Pair(_) => BTreeSet::new(),
    }
}

fn is_sane(play: &Play) {
    let Kind::Focus(focus) = &play.conversation.0 else { panic!("a conference") };
    let owned = focus.affiliations.values().any(|known| known.affiliation == Affiliation::Owner);
    assert_eq!(owned, focus.made.is_some(), "a conference has an owner");
    let listed: usize = focus.attendees.values().map(|attendee| attendee.seats.len()).sum();
    assert_eq!(listed, focus.seats.len());
    for (endpoint, nick) in &focus.seats {
        let attendee = &focus.attendees[nick];
        assert_eq!(attendee.user, endpoint.user, "a nick is one person's");
        assert_ne!(attendee.role, Role::None);
        assert_ne!(focus.affiliation(&endpoint.user), Affiliation::Outcast);
    }
    if let Some(made) = &focus.made {
        let stays = made.open && made.configuration.persistent;
        assert!(stays || !focus.attendees.is_empty(), "nobody is in, and it is not persistent");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn people_meet(turns in vec(conference_turn(), 1..80)) {
        let mut play = Play::conference();
        play.joins("alice/phone", "A");
        play.configures("alice/phone", |configuration| configuration.persistent = true);
        for turn in turns {
            play.passes(Duration::from_secs(1));
            match turn {
                Turn::Ask(from, command) => ask(&mut play, PEOPLE[from], command),
                Turn::Gone(who) => {
                    let (endpoint, how) = (endpoint(PEOPLE[who]), Departure::Vanished);
                    play.does(Command::EndpointGone { endpoint, how });
                }
                Turn::Restart(all_gone) => {
                    play.restarted(if all_gone { Survivors::None } else { Survivors::Ask });
                }
                Turn::Save => play.save(),
            }
            is_sane(&play);
        }
        let numbers = numbers(&play);
        prop_assert_eq!(&numbers, &(1..=numbers.len() as u64).collect::<Vec<_>>());
        play.is_durable();
    }
}
