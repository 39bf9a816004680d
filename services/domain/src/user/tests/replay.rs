//! Replay: the facts alone, or the rows with the facts after them, give the state that the machine has live.

use super::*;
use crate::{
    account::{Account, Token},
    category::{Access, Categories, Settings},
    endpoint::{CategoryCommand, RosterCommand},
    presentity::Container,
    roster::Roster,
    user::Row,
};
use proptest::prelude::*;

/// What must survive.
type Durable = (Option<Account>, Roster, Categories, Vec<(u64, Arc<Said>)>);

fn durable(user: &User) -> Durable {
    let kept = user.inbox.all_kept_messages().map(|(seq, said)| (seq, Arc::clone(said))).collect();
    (user.account.clone(), user.roster.clone(), user.categories.clone(), kept)
}

/// The rows of one user as a store keeps them: the newest of each key.
#[derive(Default)]
struct Store(BTreeMap<String, Row>);

impl Store {
    fn put(&mut self, row: Row) {
        let (key, is_gone) = match &row {
            Row::Account(value) => ("account".into(), value.is_none()),
            Row::Contact(key, value) => (format!("contact {key}"), value.is_none()),
            Row::Request(key, value) => (format!("request {key}"), value.is_none()),
            Row::Blocked(_) => ("blocked".into(), false),
            Row::Kept(key, value) => (format!("kept {key}"), value.is_none()),
            Row::Category(key, value) => (format!("category {key}"), value.is_none()),
            Row::Item { category, id, item } => (format!("item {category} {id}"), item.is_none()),
        };
        if is_gone {
            self.0.remove(&key);
        } else {
            self.0.insert(key, row);
        }
    }
}

const NAMES: [&str; 3] = ["alice", "bob", "carol"];

fn any_roster_command() -> impl Strategy<Value = RosterCommand> {
    let who = prop::sample::select(NAMES.to_vec()).prop_map(address);
    let steps = prop::sample::select(vec![
        Handshake::Subscribe,
        Handshake::Subscribed,
        Handshake::Unsubscribe,
        Handshake::Unsubscribed,
    ]);
    prop_oneof![
        1 => who.clone().prop_map(|address| RosterCommand::Set { address, name: None, groups: vec!["g".into()] }),
        1 => who.clone().prop_map(|address| RosterCommand::Remove { address }),
        1 => who.clone().prop_map(|address| {
            RosterCommand::Place { address, container: Some(Container::Workgroup) }
        }),
        3 => (who.clone(), steps)
            .prop_map(|(with, step)| RosterCommand::Handshake { with, step, carried: "x".into() }),
        1 => who.clone().prop_map(|who| RosterCommand::Block(vec![who])),
        1 => who.prop_map(|who| RosterCommand::Unblock(vec![who])),
        1 => Just(RosterCommand::Unblock(Vec::new())),
    ]
}

fn any_category_command() -> impl Strategy<Value = CategoryCommand> {
    let category = || prop::sample::select(vec!["nick", "list"]).prop_map(Arc::<str>::from);
    let id = || prop::sample::select(vec!["1", "2", "3", "4"]).prop_map(Arc::<str>::from);
    let settings = || {
        (1u32..4, any::<bool>()).prop_map(|(max_items, persist)| Settings {
            access: Access::Open,
            max_items,
            persist,
            ..Settings::default()
        })
    };
    prop_oneof![
        4 => (category(), id(), 0usize..9).prop_map(|(category, id, size)| CategoryCommand::Publish {
            category,
            id,
            content: vec![b'x'; size].into(),
            settings: None,
        }),
        1 => (category(), id()).prop_map(|(category, id)| CategoryCommand::Retract { category, id, notify: true }),
        1 => category().prop_map(|category| CategoryCommand::Purge { category }),
        1 => category().prop_map(|category| CategoryCommand::Delete { category }),
        2 => (category(), settings())
            .prop_map(|(category, settings)| CategoryCommand::Configure { category, settings }),
        1 => (category(), settings()).prop_map(|(category, settings)| CategoryCommand::Create {
            category,
            settings: Some(settings),
        }),
    ]
}

/// Something that one of the three, or an administrator, does.
#[derive(Clone, Debug)]
enum Deed {
    Ask(endpoint::Command),
    Come,
    Go,
    Admin(Command),
    Wait,
    /// A snapshot is written.
    Save,
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let who = prop::sample::select(NAMES.to_vec()).prop_map(address);
    let token = Token {
        client: "c".into(),
        secret: vec![1],
        mechanism: "HT".into(),
        expires: Timestamp(4000),
        count: 1,
    };
    prop_oneof![
        4 => any_roster_command().prop_map(|command| Deed::Ask(endpoint::Command::Roster(command))),
        3 => any_category_command().prop_map(|command| {
            Deed::Ask(endpoint::Command::Category { owner: address("alice"), command })
        }),
        3 => who.prop_map(|to| {
            let message = Arc::new(message("hello"));
            Deed::Ask(endpoint::Command::Send { to, endpoint: None, message })
        }),
        1 => (0u64..4).prop_map(|serial| Deed::Ask(endpoint::Command::Confirm { serial })),
        1 => prop::option::of(Just(state(Availability::Busy)))
            .prop_map(|state| Deed::Ask(endpoint::Command::SetManual(state))),
        2 => Just(Deed::Ask(endpoint::Command::Publish(state(Availability::Available)))),
        3 => Just(Deed::Come),
        1 => Just(Deed::Go),
        1 => prop::sample::select(vec![
            Command::RemoveAccount,
            Command::CreateAccount { verifiers: Vec::new(), at: Timestamp(3000) },
            Command::SetEnabled(false),
            Command::SetEnabled(true),
            Command::SetPassword { verifiers: Vec::new() },
            Command::SetToken { token },
            Command::RemoveToken { client: "c".into() },
        ]).prop_map(Deed::Admin),
        1 => Just(Deed::Wait),
        1 => Just(Deed::Save),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn replay_and_rows_give_the_live_state(
        deeds in prop::collection::vec((prop::sample::select(NAMES.to_vec()), any_deed()), 0..120),
    ) {
        let mut stage = Stage::with(&NAMES);
        let mut saved: BTreeMap<&str, (Store, usize)> = BTreeMap::new();
        for (who, deed) in deeds {
            let endpoint = format!("{who}/pc");
            match deed {
                Deed::Ask(command) => stage.says(&endpoint, command),
                Deed::Come => stage.attach(&endpoint),
                Deed::Go => stage.detach(&endpoint),
                Deed::Admin(command) => stage.ask(who, command),
                Deed::Wait => {
                    let later = stage.now.0 + 700;
                    stage.tick(who, later);
                }
                Deed::Save => {
                    let logged = stage.facts[&address(who)].len();
                    let (store, up_to) = saved.entry(who).or_default();
                    *up_to = logged;
                    stage.user(who).take_changed(&mut |row| store.put(row));
                }
            }
        }
        for who in NAMES {
            let facts = stage.facts[&address(who)].clone();
            let live = durable(stage.user(who));
            let mut replayed = User::new(address(who), Policy::default());
            for fact in &facts {
                replayed.apply(fact);
            }
            prop_assert!(durable(&replayed) == live, "{who}: replay differs");
            let (store, up_to) = saved.remove(who).unwrap_or_default();
            let mut loaded = User::new(address(who), Policy::default());
            store.0.into_values().for_each(|row| loaded.load(row));
            for fact in &facts[up_to..] {
                loaded.apply(fact);
            }
            prop_assert!(durable(&loaded) == live, "{who}: rows differ");
        }
    }
}
