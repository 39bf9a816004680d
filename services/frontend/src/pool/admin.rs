//! The pool as administrators see it.

use super::Pool;
use crate::admin::{Member, Owned, Pool as Seen, Stage, Unmoved};
use cluster::{Standing, wire::Message};
use domain::Shard;

#[tonic::async_trait]
impl Seen for Pool {
    fn members(&self) -> Vec<Member> {
        let here = self.me();
        let member = |member: &cluster::Member| Member {
            name: member.id.name.to_string(),
            address: member.address.to_string(),
            stage: match member.standing {
                Standing::Joining => Stage::Joining,
                Standing::Serving => Stage::Serving,
                Standing::Draining => Stage::Draining,
            },
            release: member.release.to_string(),
            here: member.id == *here,
            linked: member.linked,
        };
        self.cluster().members().iter().map(member).collect()
    }

    fn shards(&self) -> Vec<Owned> {
        let owned = |state: &cluster::ShardState| Owned {
            shard: state.shard,
            epoch: (state.epoch > 0).then_some(state.epoch),
            owner: state.owner.as_ref().filter(|_| state.alive).map(|owner| owner.name.to_string()),
            next: None,
            pinned: state.pinned.is_some(),
        };
        self.cluster().shard_states().iter().map(owned).collect()
    }

    async fn drain(&self, node: &str) -> Result<(), Unmoved> {
        let members = self.cluster().members();
        let Some(member) = members.iter().find(|member| *member.id.name == *node) else {
            return Err(Unmoved::NoSuchNode(node.to_owned()));
        };
        if !members.iter().any(|other| other.id != member.id && other.standing == Standing::Serving) {
            let text = "no other node serves, so nobody could take its shards; start one first";
            return Err(Unmoved::Cannot(text.to_owned()));
        }
        if member.id == *self.me() {
            self.begin_drain();
            return Ok(());
        }
        let sent = self.cluster().send(&member.id, Message::Drain.encode(None));
        sent.map_err(|_| Unmoved::Unreachable(node.to_owned()))
    }

    async fn move_shard(&self, shard: Shard, node: &str) -> Result<(), Unmoved> {
        let members = self.cluster().members();
        match members.iter().find(|member| *member.id.name == *node) {
            Some(member) if member.standing != Standing::Serving => {
                Err(Unmoved::Cannot(format!("{node} takes no shards; `linnet node list` says why")))
            }
            Some(_) if self.cluster().move_shard(shard, node) => Ok(()),
            Some(_) | None => Err(Unmoved::NoSuchNode(node.to_owned())),
        }
    }
}

impl Pool {
    /// Hands over every shard, and goes on serving the connections that are here until it is stopped.
    pub(super) fn begin_drain(&self) {
        let pool = self.clone();
        self.0.runtime.spawn(async move { pool.cluster().drain().await });
    }
}
