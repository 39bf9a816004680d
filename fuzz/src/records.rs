//! Records of the log: what can be read can be written and read again, and every reader agrees on what counts.

use bytes::Bytes;
use domain::Home;
use event_log::{Checkpoint, Facts, Offset, Record, Stamp, Validity, Verdict, codec};

/// The bytes as one record, and as a shard of many: records of which each has its length before it.
pub(crate) fn run(data: &[u8]) {
    read(data);
    let (mut shard, mut rest) = (Vec::new(), data);
    while let Some((&length, behind)) = rest.split_first() {
        let (record, behind) = behind.split_at(usize::from(length).min(behind.len()));
        shard.extend(read(record));
        rest = behind;
    }
    fold(&shard);
}

/// A record that can be read is of one kind, and its bytes say the same again.
fn read(data: &[u8]) -> Option<(Stamp, bool)> {
    let record = codec::decode(Bytes::copy_from_slice(data)).ok()?;
    let stamp = record.stamp();
    let written = match &record {
        Record::Claim(stamp) => codec::encode_claim(*stamp),
        Record::Facts(stamp, entry) => {
            let user = (matches!(entry.home, Home::User(_)), matches!(entry.facts, Facts::User(_)));
            assert_eq!(user.0, user.1, "facts of another kind than their home");
            entry.encode(*stamp)
        }
    };
    let again = codec::decode(written.clone()).expect("what was written can be read");
    assert_eq!(format!("{record:?}"), format!("{again:?}"));
    Some((stamp, record.is_claim()))
}

/// A reader that starts in the middle, from the checkpoint of one that read all, agrees with it.
fn fold(shard: &[(Stamp, bool)]) {
    let verdict =
        |validity: &mut Validity, at: usize| validity.fold(Offset(at as u64), shard[at].0, shard[at].1);
    let mut whole = Validity::default();
    let mut checkpoints: Vec<Checkpoint> = Vec::new();
    let mut verdicts: Vec<Verdict> = Vec::new();
    for at in 0..shard.len() {
        checkpoints.push(whole.checkpoint());
        let epoch = whole.checkpoint().current.epoch;
        verdicts.push(verdict(&mut whole, at));
        assert!(whole.checkpoint().current.epoch >= epoch, "an older claim counts again");
    }
    for (from, checkpoint) in checkpoints.into_iter().enumerate() {
        let mut late = Validity::from(checkpoint);
        let seen: Vec<Verdict> = (from..shard.len()).map(|at| verdict(&mut late, at)).collect();
        assert_eq!(seen, verdicts[from..]);
    }
}
