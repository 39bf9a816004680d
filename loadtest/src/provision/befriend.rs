//! Making contacts over XMPP: every user asks for the contacts that it lacks and approves whoever asks
//! (RFC 6121 §3.1).

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::time::Duration;

use crate::cli::ServerArgs;
use crate::crowd::{Crowd, From};
use crate::progress::Progress;
use crate::scenario::audience::Circle;
use crate::session::{Ear, Session};
use crate::target::Target;
use crate::trouble::Trouble;
use crate::wire::stanza::Stanza;

/// Who has whom by now.
struct Befriend {
    circle: Circle,
    /// By user: the contacts that have approved it.
    approved: Vec<RefCell<HashSet<usize>>>,
    /// By user: the contacts that have approved it and are approved.
    mutual: Vec<RefCell<HashSet<usize>>>,
    rosters: Cell<usize>,
    approvals: Cell<usize>,
}

/// Makes the contacts of all users and checks that they are there.
pub(crate) async fn contacts(
    server: &ServerArgs,
    contacts: usize,
    window: usize,
    wait: u64,
) -> Result<(), Trouble> {
    let target = Rc::new(Target::new(server)?);
    let circle = Circle::new(server.first, server.users, contacts)?;
    let befriend = Rc::new(Befriend::new(circle));
    let ear: Rc<dyn Ear> = Rc::clone(&befriend) as _;
    let crowd = Crowd::sign_in(&target, 0..server.users, server.at_once, From::Connecting, &ear).await?;
    let wait = Duration::from_secs(wait);
    if !crowd.wait_until(wait, || befriend.rosters.get() >= server.users).await? {
        return Err(Trouble::Slow { what: "fetching the rosters", seconds: wait.as_secs(), flag: "--wait" });
    }
    befriend.ask(&crowd, &target, window, wait).await?;
    crowd.wait_until(wait, || befriend.lacking().is_none()).await?;
    befriend.lacking().map_or(Ok(()), Err)?;
    crowd.sign_out().await
}

impl Befriend {
    fn new(circle: Circle) -> Self {
        let none = || (0..circle.users).map(|_| RefCell::default()).collect();
        Self { circle, approved: none(), mutual: none(), rosters: Cell::new(0), approvals: Cell::new(0) }
    }

    /// Asks for every contact that is not there, with so many requests waiting at a time.
    async fn ask(
        &self,
        crowd: &Crowd,
        target: &Target,
        window: usize,
        wait: Duration,
    ) -> Result<(), Trouble> {
        let lacks = |user: usize, contact: &usize| !self.approved[user].borrow().contains(contact);
        let of = |user| self.circle.contacts_of(user).filter(move |contact| lacks(user, contact));
        let requests: Vec<(usize, usize)> =
            (0..self.circle.users).flat_map(|user| of(user).map(move |contact| (user, contact))).collect();
        let progress = Progress::new("contacts", requests.len() as u64);
        for (asked, (user, contact)) in requests.into_iter().enumerate() {
            if !crowd.wait_until(wait, || asked < self.approvals.get() + window).await? {
                return Err(Trouble::Slow {
                    what: "asking for contacts",
                    seconds: wait.as_secs(),
                    flag: "--wait",
                });
            }
            crowd.sessions[user]
                .say(&format!("<presence type='subscribe' to='{}'/>", target.address_of(contact)));
            progress.at(asked as u64);
        }
        Ok(())
    }

    fn lacking(&self) -> Option<Trouble> {
        let wanted = self.circle.contacts;
        let has = |user: usize| self.mutual[user].borrow().len();
        let user = (0..self.circle.users).find(|&user| has(user) < wanted)?;
        Some(Trouble::Contacts { user, has: has(user), wanted })
    }

    /// Notes the contacts in a roster or a roster push.
    fn note(&self, session: &Session, stanza: Stanza<'_>) {
        let addresses = stanza.attributes_of("item", "jid");
        for (address, state) in addresses.zip(stanza.attributes_of("item", "subscription")) {
            let Some(contact) = self.circle.index_of(address) else { continue };
            if !self.circle.are_contacts(session.user, contact) {
                continue;
            }
            if matches!(state, "to" | "both") {
                self.approved[session.user].borrow_mut().insert(contact);
            }
            if state == "both" {
                self.mutual[session.user].borrow_mut().insert(contact);
            }
        }
    }
}

impl Ear for Befriend {
    fn signed_in(&self, session: &Session) {
        session.say("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
        session.say("<presence/>");
    }

    fn heard(&self, session: &Session, stanza: Stanza<'_>) {
        match (stanza.name(), stanza.attribute("type"), stanza.attribute("from")) {
            (b"presence", Some("subscribe"), Some(from)) => {
                session.say(&format!("<presence type='subscribed' to='{from}'/>"));
            }
            (b"presence", Some("subscribed"), _) => self.approvals.set(self.approvals.get() + 1),
            (b"iq", Some("set"), _) => self.note(session, stanza),
            (b"iq", Some("result"), _) if stanza.attribute("id") == Some("roster") => {
                self.note(session, stanza);
                self.rosters.set(self.rosters.get() + 1);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mutual_contacts_count() {
        let befriend = Befriend::new(Circle::new(0, 5, 2).unwrap());
        let roster = "<iq type='result' id='roster'><query xmlns='jabber:iq:roster'>\
            <item jid='u1@d' subscription='both'/><item jid='u4@d' subscription='to'><group>g</group></item>\
            <item jid='u2@d' subscription='both'/></query></iq>";
        befriend.heard(&Session::new(0), Stanza::new(roster.as_bytes()));
        assert!(matches!(befriend.lacking(), Some(Trouble::Contacts { user: 0, has: 1, wanted: 2 })));
        let push = "<iq type='set' id='1'><query xmlns='jabber:iq:roster'>\
            <item subscription='both' jid='u4@d'/></query></iq>";
        assert!(befriend.approved[0].borrow().contains(&4));
        befriend.heard(&Session::new(0), Stanza::new(push.as_bytes()));
        assert!(matches!(befriend.lacking(), Some(Trouble::Contacts { user: 1, .. })));
    }
}
