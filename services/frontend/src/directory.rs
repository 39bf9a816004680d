//! Lists of everybody: who has an account, which conferences show themselves. In a pool every owner is asked for those in
//! its shards, and what comes back is merged.
//!
//! Invariant: a list is whole, or it is an error.

use crate::{
    limits,
    pool::Pool,
    shard::{ShardActor, WriteDown},
};
use actix::Addr;
use cluster::wire::{Answer, ListedConference, Listing};
use domain::{Address, ConversationId, Home, Shard};
use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};
use store::{RowError, Store};
use tokio::sync::oneshot;
use xmpp::session::Listed;

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum Unlisted {
    /// The rows cannot be read.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// A shard had no owner for too long, or its owner did not answer.
    #[error("not every shard has an owner that answers now; try again later")]
    Incomplete,
}

/// See the module.
pub(crate) struct Directory {
    store: Store,
    pool: Option<Pool>,
    /// Of Standard Edition.
    shards: OnceLock<Vec<Addr<ShardActor>>>,
    /// When the latest writing down for a reader began.
    written_down: tokio::sync::Mutex<Option<Instant>>,
}

impl Directory {
    pub(crate) fn new(store: Store, pool: Option<Pool>) -> Self {
        Self { store, pool, shards: OnceLock::new(), written_down: tokio::sync::Mutex::default() }
    }

    /// Standard Edition has taken all shards.
    pub(crate) fn open(&self, shards: Vec<Addr<ShardActor>>) {
        // It starts once.
        let _ = self.shards.set(shards);
    }

    /// The shards that are owned here.
    pub(crate) fn homes(&self) -> Vec<Addr<ShardActor>> {
        match &self.pool {
            Some(pool) => pool.homes(),
            None => self.shards.get().cloned().unwrap_or_default(),
        }
    }

    /// A page of the users, in the order of their addresses.
    pub(crate) async fn users(&self, after: Option<&Address>, max: usize) -> Result<Vec<Address>, Unlisted> {
        let page = |after, max| Listing::Users { after, max };
        let take = |answer| match answer {
            Answer::Users { addresses, more } => Some((addresses, more)),
            _ => None,
        };
        self.pages(after, max, page, take, |address: &Address| address).await
    }

    /// The first of the conferences that show themselves, in the order of their addresses.
    pub(crate) async fn conferences(&self) -> Result<Vec<Listed>, Unlisted> {
        let page = |after, max| Listing::Conferences { after, max };
        let take = |answer| match answer {
            Answer::Conferences { conferences, more } => Some((conferences, more)),
            _ => None,
        };
        let all = self
            .pages(None, limits::LISTED_CONFERENCES, page, take, |listed: &ListedConference| &listed.address);
        let listed = |ListedConference { address, name, occupants }| Listed { address, name, occupants };
        Ok(all.await?.into_iter().map(listed).collect())
    }

    /// How many have an account.
    pub(crate) async fn count_users(&self) -> Result<u64, Unlisted> {
        let count = |answer| match answer {
            Answer::Count(count) => Some(count),
            _ => None,
        };
        let answers = self.ask(&Listing::CountUsers).await?;
        answers.into_iter().map(|answer| count(answer).ok_or(Unlisted::Incomplete)).sum()
    }

    /// Page by page, until there are `max`.
    async fn pages<T>(
        &self,
        after: Option<&Address>,
        max: usize,
        page: impl Fn(Option<Address>, u32) -> Listing,
        take: impl Fn(Answer) -> Option<(Vec<T>, bool)>,
        address: impl Fn(&T) -> &Address,
    ) -> Result<Vec<T>, Unlisted> {
        let (mut all, mut after) = (Vec::new(), after.cloned());
        while all.len() < max {
            let wanted = (max - all.len()).min(limits::LISTED_AT_ONCE);
            let answers = self.ask(&page(after, u32::try_from(wanted).unwrap_or(u32::MAX))).await?;
            let parts: Option<Vec<_>> = answers.into_iter().map(&take).collect();
            let (entries, more) = merge(parts.ok_or(Unlisted::Incomplete)?, &address);
            after = entries.last().map(|last| address(last).clone());
            all.extend(entries);
            if !more || after.is_none() {
                break;
            }
        }
        all.truncate(max);
        Ok(all)
    }

    /// An answer of every owner.
    async fn ask(&self, listing: &Listing) -> Result<Vec<Answer>, Unlisted> {
        match &self.pool {
            Some(pool) => pool.ask_owners(listing).await,
            None => Ok(vec![self.answer(None, listing.clone()).await?]),
        }
    }

    /// From the rows of these shards, `None`: of all, with what has just changed.
    pub(crate) async fn answer(
        &self,
        shards: Option<Vec<Shard>>,
        listing: Listing,
    ) -> Result<Answer, RowError> {
        self.refresh().await;
        let store = self.store.clone();
        let read = tokio::task::spawn_blocking(move || {
            let count = store.shards();
            let is_of = |home: Home| shards.as_ref().is_none_or(|of| of.contains(&home.shard(count)));
            let has_user = |address: &Address| is_of(Home::User(address.clone()));
            let has_conference =
                |address: &Address| is_of(Home::Conversation(ConversationId::Conference(address.clone())));
            match listing {
                Listing::Users { after, max } => list_users(&store, after, max, has_user),
                Listing::Conferences { after, max } => list_conferences(&store, after, max, has_conference),
                Listing::CountUsers => count_users(&store, has_user).map(Answer::Count),
            }
        });
        // A panic there ends the process.
        read.await.unwrap_or(Ok(Answer::NotOwner))
    }

    /// Writes down what has changed until now, for somebody who reads it then. Who asks while it is done for others waits
    /// for the next time, together with all who do: how many ask costs nothing.
    async fn refresh(&self) {
        let asked = Instant::now();
        let mut begun = self.written_down.lock().await;
        if begun.is_none_or(|begun| begun < asked) {
            *begun = Some(Instant::now());
            self.write_down(false, Duration::from_secs(5)).await;
        }
    }

    /// Writes down what has changed; with `close`, the shards then stop. Waits at most that long.
    pub(crate) async fn write_down(&self, close: bool, patience: Duration) {
        let homes = self.homes();
        let mut answers = Vec::with_capacity(homes.len());
        for shard in &homes {
            let (done, answer) = oneshot::channel();
            if shard.send(WriteDown { done, close }).await.is_ok() {
                answers.push(answer);
            }
        }
        let all = async {
            for answer in answers {
                // A shard that stopped has written down what it had.
                drop(answer.await);
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!("not all state could be written down; the next start replays it from the log");
        }
    }
}

/// One page of several, and whether there may be more behind it: beyond the end of a part that goes on, others are not
/// complete.
fn merge<T>(parts: Vec<(Vec<T>, bool)>, address: impl Fn(&T) -> &Address) -> (Vec<T>, bool) {
    let ends = parts.iter().filter(|(_, more)| *more).filter_map(|(part, _)| part.last());
    let end = ends.map(|last| address(last).clone()).min();
    let mut all: Vec<T> = parts.into_iter().flat_map(|(part, _)| part).collect();
    all.sort_by(|one, other| address(one).cmp(address(other)));
    if let Some(end) = &end {
        all.retain(|entry| address(entry) <= end);
    }
    (all, end.is_some())
}

fn list_users(
    store: &Store,
    mut after: Option<Address>,
    max: u32,
    has: impl Fn(&Address) -> bool,
) -> Result<Answer, RowError> {
    let max = (max as usize).clamp(1, limits::LISTED_AT_ONCE);
    let mut addresses = Vec::new();
    loop {
        let page = store.users(after.as_ref(), limits::LISTED_AT_ONCE)?;
        let Some((last, _)) = page.last() else { return Ok(Answer::Users { addresses, more: false }) };
        after = Some(last.clone());
        for (address, _) in page.into_iter().filter(|(address, _)| has(address)) {
            addresses.push(address);
            if addresses.len() == max {
                return Ok(Answer::Users { addresses, more: true });
            }
        }
    }
}

fn list_conferences(
    store: &Store,
    mut after: Option<Address>,
    max: u32,
    has: impl Fn(&Address) -> bool,
) -> Result<Answer, RowError> {
    let max = (max as usize).clamp(1, limits::LISTED_AT_ONCE);
    let mut conferences = Vec::new();
    loop {
        let page = store.conferences(after.as_ref(), limits::LISTED_AT_ONCE)?;
        let Some((last, _)) = page.last() else {
            return Ok(Answer::Conferences { conferences, more: false });
        };
        after = Some(last.clone());
        for (address, head) in
            page.into_iter().filter(|(address, head)| head.configuration.public && has(address))
        {
            let occupants = store.count_occupants(&address)?;
            conferences.push(ListedConference { address, name: head.configuration.name, occupants });
            if conferences.len() == max {
                return Ok(Answer::Conferences { conferences, more: true });
            }
        }
    }
}

fn count_users(store: &Store, has: impl Fn(&Address) -> bool) -> Result<u64, RowError> {
    let (mut count, mut after) = (0, None);
    loop {
        let page = store.users(after.as_ref(), limits::LISTED_AT_ONCE)?;
        let Some((last, _)) = page.last() else { return Ok(count) };
        after = Some(last.clone());
        count += page.iter().filter(|(address, _)| has(address)).count() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(names: &[&str], more: bool) -> (Vec<Address>, bool) {
        let address = |name: &&str| Address::parse(&format!("{name}@linnet.test")).expect("an address");
        (names.iter().map(address).collect(), more)
    }

    #[test]
    fn a_page_ends_where_the_first_part_of_it_does_that_goes_on() {
        let merged = |parts| merge(parts, |address: &Address| address);
        assert_eq!(
            merged(vec![part(&["b", "d"], false), part(&["a", "c"], false)]),
            part(&["a", "b", "c", "d"], false)
        );
        assert_eq!(
            merged(vec![part(&["b", "f"], true), part(&["a", "c", "g"], false)]),
            part(&["a", "b", "c", "f"], true)
        );
        assert_eq!(
            merged(vec![part(&["b", "f"], true), part(&["a", "c"], true)]),
            part(&["a", "b", "c"], true)
        );
        assert_eq!(merged(vec![part(&[], false), part(&[], false)]), part(&[], false));
    }
}
