//! What the log itself says, read from its beginning by somebody who is no part of the pool: which messages count.

use domain::{ShardCount, conversation::Fact};
use event_log::{Facts, Log, Offset, Record, Validity, Verdict, codec, kafka::Options};
use std::{collections::BTreeMap, time::Duration};
use tests::{Server, server::DOMAIN};

const PAGE: usize = 512 * 1024;

/// A message that counts.
#[derive(Clone, Debug)]
pub(crate) struct Numbered {
    pub(crate) conversation: String,
    pub(crate) number: u64,
    /// Its place in its shard.
    pub(crate) offset: u64,
    /// In whose term it was written.
    pub(crate) epoch: u64,
}

/// Everything that was said, by origin id; more than one entry: it was accepted more than once.
pub(crate) fn said(server: &Server) -> Result<BTreeMap<String, Vec<Numbered>>, String> {
    let options = Options {
        shards: ShardCount::new(crate::SHARDS).expect("not zero"),
        patience: Duration::from_mins(1),
        ..Options::new(server.kafka().brokers(), server.topics(), DOMAIN)
    };
    let log = Log::connect(options).map_err(|error| error.to_string())?;
    let ends = log.latest().map_err(|error| error.to_string())?;
    let mut found: BTreeMap<String, Vec<Numbered>> = BTreeMap::new();
    for shard in log.shards().all() {
        let mut validity = Validity::default();
        while validity.checkpoint().offset < ends[usize::from(shard.0)] {
            let from = validity.checkpoint().offset;
            let page = log.read(shard, from, PAGE).map_err(|error| format!("{shard:?}: {error}"))?;
            if page.is_empty() {
                return Err(format!("{shard:?} ends at {from:?}, before its end"));
            }
            for (at, bytes) in page {
                let record = codec::decode(bytes).map_err(|error| format!("{shard:?} {at:?}: {error:?}"))?;
                if validity.fold(at, record.stamp(), record.is_claim()) == Verdict::Valid {
                    take(at, &record, &mut found);
                }
            }
        }
    }
    Ok(found)
}

fn take(at: Offset, record: &Record, found: &mut BTreeMap<String, Vec<Numbered>>) {
    let Record::Facts(stamp, entry) = record else { return };
    let Facts::Conversation(facts) = &entry.facts else { return };
    for fact in facts {
        if let Fact::Said { number, message, .. } = fact
            && let Some(origin) = &message.origin_id
        {
            let conversation = format!("{:?}", entry.home);
            let numbered = Numbered { conversation, number: *number, offset: at.0, epoch: stamp.epoch };
            found.entry(origin.to_string()).or_default().push(numbered);
        }
    }
}
