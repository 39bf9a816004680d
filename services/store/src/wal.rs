//! Looks at the write-ahead log before `RocksDB` recovers from it, to tell an unfinished last write, which is cut off and
//! reported, from damage in the middle, which would take acknowledged records with it and is refused.
//!
//! The framing is `RocksDB`'s (its wiki, "Write Ahead Log File Format"): blocks of 32 KiB; in them fragments of a masked
//! CRC-32C, a length, a type (1 whole, 2 first, 3 middle, 4 last) and the bytes. Invariant: only bytes behind the last
//! whole write of the newest file are cut.

use crate::OpenError;
use std::{
    io,
    path::{Path, PathBuf},
};

const BLOCK: usize = 32 * 1024;
const HEADER: usize = 7;
const WHOLE: u8 = 1;
const FIRST: u8 = 2;
const LAST: u8 = 4;

/// An unfinished write at the end of the write-ahead log that was cut off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cut {
    /// In which file.
    pub file: PathBuf,
    /// From which byte on.
    pub at: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// What a file holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Scan {
    /// Bytes of complete writes from the start of the file.
    good: usize,
    /// What comes then is not just the end of the file.
    damaged: bool,
    /// Writes with right checksums that begin behind the damage.
    whole_after: usize,
}

/// Cuts off an unfinished write at the end; an error, and nothing is changed, if more than that is wrong. The caller
/// holds the lock of the database.
pub(crate) fn repair(database: &Path) -> Result<Option<Cut>, OpenError> {
    let failed = |e: io::Error| OpenError::Failed { path: database.into(), what: e.to_string() };
    let mut cut = None;
    for file in files(database).map_err(failed)? {
        let bytes = std::fs::read(&file).map_err(failed)?;
        if bytes.is_empty() {
            continue;
        }
        if let Some(Cut { file, at, .. }) = cut.take() {
            return Err(damaged(file, at, "more files follow"));
        }
        let scan = scan(&bytes);
        let (at, rest) = (scan.good as u64, bytes.len() - scan.good);
        if scan.whole_after > 0 {
            return Err(damaged(file, at, &format!("{} whole writes follow", scan.whole_after)));
        }
        if scan.damaged {
            cut = Some(Cut { file, at, bytes: rest as u64 });
        }
    }
    if let Some(Cut { file, at, .. }) = &cut {
        let file = std::fs::OpenOptions::new().write(true).open(file).map_err(failed)?;
        file.set_len(*at).and_then(|()| file.sync_all()).map_err(failed)?;
    }
    Ok(cut)
}

fn damaged(path: PathBuf, at: u64, follows: &str) -> OpenError {
    let what = format!(
        "the write-ahead log is damaged at byte {at}, and {follows}. Restore a backup, or, to go on without what \
         follows, remove the later .log files, if any, and cut this one: truncate -s {at} {}",
        path.display()
    );
    OpenError::Damaged { path, what }
}

/// The files of the write-ahead log, oldest first.
fn files(database: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(database)? {
        let path = entry?.path();
        let number =
            path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u64>().ok());
        if let Some(number) = number.filter(|_| path.extension().is_some_and(|e| e == "log")) {
            files.push((number, path));
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

/// One fragment.
struct Fragment {
    kind: u8,
    end: usize,
}

enum Next {
    Fragment(Fragment),
    /// The file ends here, within a block's last bytes or in space that was set aside.
    End,
    /// It ends in the middle of a fragment, or the fragment is not what was written; the next may begin there.
    Damage(usize),
}

/// The fragment at `at`, or behind the padding of its block.
fn next(bytes: &[u8], at: usize) -> Next {
    let left = BLOCK - at % BLOCK;
    let at = if left < HEADER { at + left } else { at };
    let Some(header) = bytes.get(at..at + HEADER) else {
        let rest = bytes.get(at..).unwrap_or_default();
        return if rest.iter().all(|b| *b == 0) { Next::End } else { Next::Damage(bytes.len()) };
    };
    let crc = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
    let length = usize::from(u16::from_le_bytes([header[4], header[5]]));
    let block_end = at - at % BLOCK + BLOCK;
    let end = at + HEADER + length;
    if header.iter().all(|b| *b == 0) {
        // Space that was set aside and never written; if anything follows, the power went before it was.
        let untouched = bytes[at..].iter().all(|b| *b == 0);
        return if untouched { Next::End } else { Next::Damage(bytes.len()) };
    }
    if end > block_end {
        return Next::Damage(block_end);
    }
    match bytes.get(at + HEADER - 1..end) {
        Some(checked) if masked(crc32c::crc32c(checked)) == crc => {
            Next::Fragment(Fragment { kind: header[6], end })
        }
        Some(_) => Next::Damage(end),
        None => Next::Damage(bytes.len()),
    }
}

/// `RocksDB` stores checksums turned and shifted, so that a checksum of bytes that hold one stays good.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

fn scan(bytes: &[u8]) -> Scan {
    let (mut at, mut good) = (0, 0);
    loop {
        match next(bytes, at) {
            Next::Fragment(fragment) => {
                at = fragment.end;
                if fragment.kind != FIRST && fragment.kind != LAST - 1 {
                    good = at;
                }
            }
            // A write whose last fragment is not there was not finished.
            Next::End => return Scan { good, damaged: at > good, whole_after: 0 },
            Next::Damage(resume) => {
                return Scan { good, damaged: true, whole_after: whole_after(bytes, resume) };
            }
        }
    }
}

/// Counts the writes that begin from `at` on; where that is not clear, goes on at the next block.
fn whole_after(bytes: &[u8], mut at: usize) -> usize {
    let mut count = 0;
    while at < bytes.len() {
        at = match next(bytes, at) {
            Next::Fragment(fragment) => {
                count += usize::from(fragment.kind == WHOLE || fragment.kind == FIRST);
                fragment.end
            }
            Next::End => break,
            Next::Damage(_) => at - at % BLOCK + BLOCK,
        };
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes framed as `RocksDB` does.
    fn framed(writes: &[&[u8]]) -> Vec<u8> {
        let mut out: Vec<u8> = Vec::new();
        for write in writes {
            let (mut rest, mut first) = (*write, true);
            loop {
                let left = BLOCK - out.len() % BLOCK;
                if left < HEADER {
                    out.resize(out.len() + left, 0);
                    continue;
                }
                let (part, after) = rest.split_at(rest.len().min(left - HEADER));
                let kind = match (first, after.is_empty()) {
                    (true, true) => WHOLE,
                    (true, false) => FIRST,
                    (false, false) => 3,
                    (false, true) => LAST,
                };
                let checked = [&[kind], part].concat();
                out.extend_from_slice(&masked(crc32c::crc32c(&checked)).to_le_bytes());
                out.extend_from_slice(&u16::try_from(part.len()).expect("in a block").to_le_bytes());
                out.extend_from_slice(&checked);
                (rest, first) = (after, false);
                if rest.is_empty() {
                    break;
                }
            }
        }
        out
    }

    /// A write that does not fit into one block.
    fn large() -> Vec<u8> {
        vec![7; 100_000]
    }

    #[test]
    fn what_is_whole_is_good() {
        let bytes = framed(&[b"one", &large(), b"three"]);
        assert_eq!(scan(&bytes), Scan { good: bytes.len(), damaged: false, whole_after: 0 });
        let reserved = [&bytes[..], &[0; 5000]].concat();
        assert_eq!(scan(&reserved), Scan { good: bytes.len(), damaged: false, whole_after: 0 });
        assert_eq!(scan(&[]), Scan { good: 0, damaged: false, whole_after: 0 });
    }

    #[test]
    fn an_unfinished_last_write_is_told_from_what_is_whole() {
        let before = framed(&[b"one", b"two"]).len();
        let bytes = framed(&[b"one", b"two", &large()]);
        for length in [before + 1, before + 8, before + 40_000, bytes.len() - 1] {
            let scan = scan(&bytes[..length]);
            assert_eq!(scan, Scan { good: before, damaged: true, whole_after: 0 }, "cut at {length}");
        }
    }

    #[test]
    fn a_garbled_last_write_is_a_tail_and_one_in_the_middle_is_not() {
        let before = framed(&[b"one"]).len();
        let mut bytes = framed(&[b"one", b"two"]);
        *bytes.last_mut().expect("not empty") ^= 1;
        assert_eq!(scan(&bytes), Scan { good: before, damaged: true, whole_after: 0 });
        let mut bytes = framed(&[b"one", b"two", b"three", &large(), b"five"]);
        bytes[before + HEADER] ^= 1;
        assert_eq!(scan(&bytes), Scan { good: before, damaged: true, whole_after: 3 });
    }
}
