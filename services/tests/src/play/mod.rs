//! The runner of dialogues: a scene is a table of who says and who hears what, run against a started server.
//!
//! ```text
//! alice/phone signs in
//! bob/desk signs in
//! alice/phone: <message to='{bob}' type='chat' id='1'><body>hello</body></message>
//! bob/desk hears <message from='{alice}/phone' type='chat'><body>hello</body></message>
//! ```
//!
//! Users are new in each scene: `{alice}` is the address of this scene's Alice, `{#tea}` that of its conference, `{d}`
//! the domain. What is heard is matched by [`pattern`]; what no step asks for is passed over, except that the messages
//! of one sender must be asked for in the order in which they came. A line that begins with `<` continues the one
//! before it; one with `--` is a remark.

mod befriend;
mod conference;
mod pattern;
mod steps;
mod table;

use crate::{
    Client, House,
    limits::WAIT,
    server::{DOMAIN, Server},
};
use pattern::Variables;
use std::{
    collections::BTreeMap,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use table::Line;

static SCENES: AtomicU32 = AtomicU32::new(1);

/// The server of a stage.
enum Place<'s> {
    Shared(Arc<Server>),
    Own(&'s Server),
}

impl Deref for Place<'_> {
    type Target = Server;

    fn deref(&self) -> &Server {
        match self {
            Self::Shared(server) => server,
            Self::Own(server) => server,
        }
    }
}

/// A scene: its users, their clients, and what has been learnt so far.
pub struct Stage<'s> {
    server: Place<'s>,
    number: u32,
    clients: BTreeMap<String, Client>,
    /// Who has an account already.
    users: Vec<String>,
    variables: Variables,
    /// The id of each client's last request.
    asked: BTreeMap<String, u32>,
    wait: Duration,
}

/// Plays one scene on the house's server.
pub fn play(house: &House, script: &str) {
    Stage::in_house(house).play(script);
}

impl Stage<'static> {
    /// On a server that other scenes use too.
    pub fn in_house(house: &House) -> Self {
        Self::with(Place::Shared(house.server()))
    }
}

impl<'s> Stage<'s> {
    /// On a server of one's own.
    pub fn on(server: &'s Server) -> Self {
        Self::with(Place::Own(server))
    }

    fn with(server: Place<'s>) -> Self {
        let number = SCENES.fetch_add(1, Ordering::Relaxed);
        let variables = Variables::from([("d".to_owned(), DOMAIN.to_owned())]);
        Self {
            server,
            number,
            clients: BTreeMap::new(),
            users: Vec::new(),
            variables,
            asked: BTreeMap::new(),
            wait: WAIT,
        }
    }

    /// Plays a table; may be called again to go on.
    pub fn play(&mut self, script: &str) -> &mut Self {
        let lines = table::lines(script);
        self.cast(script, &lines);
        for line in &lines {
            if let Err(problem) = self.step(line) {
                self.fail(line, &problem);
            }
        }
        self
    }

    fn fail(&self, line: &Line, problem: &str) -> ! {
        let log = self.server.log();
        panic!("\nline {}: {}\n{problem}\n{log}\n", line.number, line.text);
    }

    /// What a variable stands for.
    pub fn variable(&self, name: &str) -> &str {
        self.variables.get(name).unwrap_or_else(|| panic!("{{{name}}} is not known"))
    }

    /// Sets a variable for the lines to come.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Lets the lines to come learn these anew.
    pub fn forget_variables(&mut self, names: &[&str]) {
        self.variables.retain(|name, _| !names.contains(&name.as_str()));
    }

    /// The client of that name.
    pub fn client(&mut self, who: &str) -> &mut Client {
        self.clients.get_mut(who).unwrap_or_else(|| panic!("{who} is not on the stage"))
    }

    /// The account of a user of this scene, without the domain.
    pub fn account(&self, user: &str) -> String {
        format!("{user}{}", self.number)
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Leaves the server and takes everything along, so that it can be stopped and another stage set with
    /// [`Stage::go_on`].
    pub fn pack(self) -> Packed {
        Packed {
            number: self.number,
            clients: self.clients,
            users: self.users,
            variables: self.variables,
            asked: self.asked,
        }
    }

    /// The same scene on a server that was started again.
    pub fn go_on(server: &'s Server, packed: Packed) -> Self {
        let Packed { number, mut clients, users, variables, asked } = packed;
        for client in clients.values_mut() {
            client.moved(server);
        }
        Self { server: Place::Own(server), number, clients, users, variables, asked, wait: WAIT }
    }

    /// The same scene on a server that still runs; everybody stays connected where he is.
    pub fn stay(server: &'s Server, packed: Packed) -> Self {
        let Packed { number, clients, users, variables, asked } = packed;
        Self { server: Place::Own(server), number, clients, users, variables, asked, wait: WAIT }
    }

    /// Makes the accounts and names that a script speaks of.
    fn cast(&mut self, script: &str, lines: &[Line]) {
        let mut names: Vec<String> = lines.iter().map(|line| line.user().to_owned()).collect();
        for name in table::variables(script) {
            if let Some(conference) = name.strip_prefix('#') {
                let address = format!("{conference}{}@conference.{DOMAIN}", self.number);
                self.variables.entry(name.to_owned()).or_insert(address);
            } else if PEOPLE.contains(&name) {
                names.push(name.to_owned());
            }
        }
        names.sort();
        names.dedup();
        names.retain(|name| PEOPLE.contains(&name.as_str()) && !self.users.contains(name));
        if names.is_empty() {
            return;
        }
        let accounts: Vec<String> = names.iter().map(|name| self.account(name)).collect();
        self.server.add_users(&accounts);
        for (name, account) in names.iter().zip(accounts) {
            self.variables.insert(name.clone(), format!("{account}@{DOMAIN}"));
        }
        self.users.extend(names);
    }
}

/// Who has an account as soon as a script names them. Mallory and nobody have none.
const PEOPLE: [&str; 6] = ["alice", "bob", "carol", "dave", "erin", "admin"];

/// A scene between two servers.
pub struct Packed {
    number: u32,
    clients: BTreeMap<String, Client>,
    users: Vec<String>,
    variables: Variables,
    asked: BTreeMap<String, u32>,
}
