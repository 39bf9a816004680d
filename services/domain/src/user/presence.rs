//! Presence on its way out: each audience is told what its view shows, in one notice that all of it share.

use super::{Audiences, Command, Effect, User, UserOut};
use crate::{
    Address, EndpointName,
    endpoint::Event,
    policy::default_container,
    presentity::{Aggregate, Availability, Container, Notice, State, View, aggregate},
};
use std::{collections::BTreeMap, sync::Arc};

impl User {
    /// The whole as it is now.
    pub(super) fn whole(&self) -> Arc<Aggregate> {
        let states = self.endpoints.values().filter_map(|e| e.state.as_ref());
        let last_seen = self.account.as_ref().and_then(|a| a.last_seen);
        Arc::new(aggregate(states, &self.sources, last_seen))
    }

    /// What an endpoint publishes, the other sources taken in; `None` if it is not available.
    fn shown(&self, name: &EndpointName) -> Option<Arc<State>> {
        self.endpoints.get(name)?.state.as_ref().map(|own| self.sources.shown(own))
    }

    /// Which audience this watcher belongs to.
    fn container_of(&self, watcher: &Address) -> Container {
        if self.roster.blocked.contains(watcher) {
            return Container::Blocked;
        }
        let chosen = self.roster.contacts.get(watcher).and_then(|c| c.container);
        chosen.unwrap_or_else(|| default_container(&self.address, watcher))
    }

    /// What this watcher sees.
    pub(super) fn view_of(&self, watcher: &Address) -> View {
        View::of(self.container_of(watcher))
    }

    /// The watchers by what they see.
    fn audiences(&mut self) -> Audiences {
        if let Some(audiences) = &self.audiences {
            return Arc::clone(audiences);
        }
        let mut by_view: BTreeMap<View, Vec<Address>> = BTreeMap::new();
        for contact in self.roster.watchers() {
            by_view.entry(self.view_of(&contact.address)).or_default().push(contact.address.clone());
        }
        let audiences: Audiences = by_view.into_iter().map(|(view, who)| (view, who.into())).collect();
        self.audiences = Some(Arc::clone(&audiences));
        audiences
    }

    fn notice(
        &self,
        name: &EndpointName,
        state: Option<&Arc<State>>,
        whole: &Arc<Aggregate>,
        view: View,
    ) -> Notice {
        Notice {
            presentity: self.address.clone(),
            endpoint: Some(name.clone()),
            state: state.and_then(|state| view.state(state)),
            parting: None,
            aggregate: view.aggregate(whole),
        }
    }

    /// Tells all watchers and the user's own endpoints, itself among them (RFC 6121 §4.2.2, §4.4.2), what this endpoint
    /// shows now.
    pub(super) fn announce(&mut self, name: &EndpointName, out: &mut UserOut) {
        let shown = self.shown(name);
        let whole = self.whole();
        self.tell_watchers(|user, view| Arc::new(user.notice(name, shown.as_ref(), &whole, view)), out);
        let own = Arc::new(Notice {
            presentity: self.address.clone(),
            endpoint: Some(name.clone()),
            state: shown,
            parting: None,
            aggregate: whole,
        });
        self.tell_endpoints(|e| e.state.is_some(), Event::Notice(own), out);
    }

    /// A source beside the endpoints changed, and so what each endpoint shows.
    pub(super) fn announce_all(&mut self, out: &mut UserOut) {
        for name in self.available() {
            self.announce(&name, out);
        }
    }

    /// Tells all watchers and the user's other endpoints that this endpoint is gone, and its parting note (RFC 6121
    /// §4.5.2).
    pub(super) fn announce_gone(&mut self, name: &EndpointName, note: Option<&Arc<str>>, out: &mut UserOut) {
        let mut whole = Aggregate::clone(&self.whole());
        if whole.availability == Availability::Offline {
            whole.note = note.cloned();
        }
        let whole = Arc::new(whole);
        let notice = |user: &Self, view| {
            Arc::new(Notice { parting: note.cloned(), ..user.notice(name, None, &whole, view) })
        };
        self.tell_watchers(notice, out);
        let notice = notice(self, View::All);
        self.tell_endpoints(|e| e.state.is_some(), Event::Notice(Arc::clone(&notice)), out);
        if self.endpoints.contains_key(name) {
            out.effects.push(Effect::ToEndpoint(name.clone(), Event::Notice(notice)));
        }
    }

    /// Tells each audience what it may see.
    fn tell_watchers(&mut self, notice: impl Fn(&Self, View) -> Arc<Notice>, out: &mut UserOut) {
        for (view, watchers) in self.audiences().iter().filter(|(view, _)| *view != View::Nothing) {
            let command = Command::Notice { endpoint: None, notice: notice(self, *view) };
            out.effects.push(Effect::ToUsers(Arc::clone(watchers), command));
        }
    }

    /// The presence of the user's other endpoints.
    pub(super) fn siblings_of(&self, name: &EndpointName) -> Vec<Arc<Notice>> {
        let whole = self.whole();
        let own = |other: &EndpointName| {
            Arc::new(Notice {
                presentity: self.address.clone(),
                endpoint: Some(other.clone()),
                state: self.shown(other),
                parting: None,
                aggregate: Arc::clone(&whole),
            })
        };
        self.available().iter().filter(|other| *other != name).map(own).collect()
    }

    /// Shows everything to one watcher, or to one endpoint of it.
    pub(super) fn show_to(&self, to: &Address, endpoint: Option<&EndpointName>, out: &mut UserOut) {
        let (view, whole) = (self.view_of(to), self.whole());
        let mut tell = |notice| {
            let command = Command::Notice { endpoint: endpoint.cloned(), notice };
            out.effects.push(Effect::ToUser(to.clone(), command));
        };
        let available = self.available();
        if available.is_empty() {
            let aggregate = view.aggregate(&whole);
            tell(Arc::new(Notice {
                presentity: self.address.clone(),
                endpoint: None,
                state: None,
                parting: None,
                aggregate,
            }));
        }
        for name in &available {
            tell(Arc::new(self.notice(name, self.shown(name).as_ref(), &whole, view)));
        }
        self.show_items_to(to, endpoint, out);
    }

    /// Lets it look to one watcher as if every endpoint were gone.
    pub(super) fn hide_from(&self, to: &Address, out: &mut UserOut) {
        let whole = self.whole();
        for name in self.available() {
            let notice = Arc::new(self.notice(&name, None, &whole, View::Nothing));
            let command = Command::Notice { endpoint: None, notice };
            out.effects.push(Effect::ToUser(to.clone(), command));
        }
    }

    /// The endpoints that publish something.
    fn available(&self) -> Vec<EndpointName> {
        self.endpoints.iter().filter(|(_, e)| e.state.is_some()).map(|(name, _)| name.clone()).collect()
    }
}
