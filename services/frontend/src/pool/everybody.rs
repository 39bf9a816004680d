//! Lists of everybody: all owners are asked, and each answers for the shards that it owns now.
//!
//! Invariant: each shard is in exactly one answer, or there is none.

use super::{Pool, questions::Asked};
use crate::{directory::Unlisted, limits};
use cluster::{
    NodeId, Owner,
    wire::{Answer, Listing, Message},
};
use domain::Shard;
use std::{collections::BTreeMap, time::Duration};

/// What did not come this time is asked for again after this, or when shards have moved.
const AGAIN: Duration = Duration::from_millis(100);

impl Pool {
    /// An answer of every owner, for each shard one.
    pub(crate) async fn ask_owners(&self, listing: &Listing) -> Result<Vec<Answer>, Unlisted> {
        let all = async {
            loop {
                let moved = self.0.moved.notified();
                if let Some(answers) = self.ask_once(listing).await {
                    return answers;
                }
                // Whichever comes first.
                drop(tokio::time::timeout(AGAIN, moved).await);
            }
        };
        tokio::time::timeout(limits::LISTING, all).await.map_err(|_| Unlisted::Incomplete)
    }

    async fn ask_once(&self, listing: &Listing) -> Option<Vec<Answer>> {
        let (mut here, mut there) = (Vec::new(), BTreeMap::<NodeId, Vec<Shard>>::new());
        for shard in self.cluster().shards().all() {
            match self.cluster().owner(shard) {
                Owner::Here { .. } => here.push(shard),
                Owner::There { node, .. } => there.entry(node).or_default().push(shard),
                Owner::Nobody => return None,
            }
        }
        let mut asked = Vec::with_capacity(there.len());
        for (node, shards) in there {
            let question = self.0.questions.list(shards.clone());
            let message = Message::List { id: question.id(), shards, listing: listing.clone() };
            self.cluster().send(&node, message.encode(None)).ok()?;
            asked.push(question);
        }
        let mut answers = Vec::with_capacity(asked.len() + 1);
        if !here.is_empty() {
            answers.push(self.list(here, listing.clone()).await);
        }
        for question in asked {
            answers.push(Asked::answer(question).await?);
        }
        (!answers.contains(&Answer::NotOwner)).then_some(answers)
    }

    /// Answers for these shards, if all of them are owned here from beginning to end.
    async fn list(&self, shards: Vec<Shard>, listing: Listing) -> Answer {
        let is_ours = || shards.iter().all(|shard| self.home(*shard).is_some());
        let (Some(started), Ok(_place)) = (self.started(), self.0.listings.try_acquire()) else {
            return Answer::NotOwner;
        };
        if !is_ours() {
            return Answer::NotOwner;
        }
        match started.directory.answer(Some(shards.clone()), listing).await {
            Ok(answer) if is_ours() => answer,
            Ok(_) => Answer::NotOwner,
            Err(error) => {
                tracing::error!(%error, "the rows of this node cannot be read");
                Answer::NotOwner
            }
        }
    }

    /// Another node asks.
    pub(super) fn hear_listing(&self, from: &NodeId, id: u64, shards: Vec<Shard>, listing: Listing) {
        let (pool, from) = (self.clone(), from.clone());
        self.0.runtime.spawn(async move {
            let answer = pool.list(shards, listing).await;
            pool.tell_node(&from, Message::Answer { id, answer });
        });
    }
}
