//! Which conferences the client is in, as far as this door must know: to tell a ping of itself from one of another
//! (XEP-0410), and to say what a new configuration changed (XEP-0045 §10.2.1).

use crate::limits::JOINED;
use domain::{Address, EndpointName, conversation::Configuration};

/// The conferences that one endpoint is in; at [`JOINED`] the oldest is forgotten, and nothing but those two suffer.
#[derive(Debug, Default)]
pub(crate) struct Joined(Vec<Seat>);

/// One conference.
#[derive(Debug)]
struct Seat {
    conference: Address,
    nick: EndpointName,
    whois_everyone: bool,
    archived: Option<bool>,
}

impl Joined {
    /// The client is in, under this nick.
    pub(crate) fn enter(&mut self, conference: &Address, nick: &EndpointName, whois_everyone: bool) {
        if let Some(seat) = self.find(conference) {
            seat.nick = nick.clone();
            return;
        }
        if self.0.len() >= JOINED {
            self.0.remove(0);
        }
        let (conference, nick) = (conference.clone(), nick.clone());
        self.0.push(Seat { conference, nick, whois_everyone, archived: None });
    }

    /// The client is out.
    pub(super) fn leave(&mut self, conference: &Address) {
        self.0.retain(|seat| seat.conference != *conference);
        if self.0.is_empty() {
            self.clear();
        }
    }

    /// The client is in none.
    pub(crate) fn clear(&mut self) {
        self.0 = Vec::new();
    }

    /// The client's nick there.
    pub(super) fn nick(&self, conference: &Address) -> Option<&EndpointName> {
        self.0.iter().find(|seat| seat.conference == *conference).map(|seat| &seat.nick)
    }

    /// What a new configuration changed, as status codes; 104 stands for all that has none of its own.
    pub(super) fn changed(&mut self, conference: &Address, now: &Configuration) -> Vec<u16> {
        let mut codes = vec![104];
        if let Some(seat) = self.find(conference) {
            if seat.archived.replace(now.archived) != Some(now.archived) {
                codes.push(if now.archived { 170 } else { 171 });
            }
            if seat.whois_everyone != now.whois_everyone {
                codes.push(if now.whois_everyone { 172 } else { 173 });
            }
            seat.whois_everyone = now.whois_everyone;
        }
        codes
    }

    fn find(&mut self, conference: &Address) -> Option<&mut Seat> {
        self.0.iter_mut().find(|seat| seat.conference == *conference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_at_the_limit() {
        let address = |n: usize| Address::parse(&format!("c{n}@conference.example.org")).expect("an address");
        let nick = EndpointName::parse("me").expect("a name");
        let mut joined = Joined::default();
        for n in 0..=JOINED {
            joined.enter(&address(n), &nick, false);
        }
        assert_eq!(joined.nick(&address(0)), None);
        assert_eq!(joined.nick(&address(1)), Some(&nick));
        assert_eq!(joined.0.len(), JOINED);
    }
}
