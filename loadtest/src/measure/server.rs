//! What the server's processes use: CPU time and resident memory of the given processes and all their descendants,
//! from `/proc` (proc(5): `/proc/PID/stat` fields 4, 14 and 15, `/proc/PID/status` `VmRSS`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use crate::trouble::Trouble;

/// Ticks in a second in `/proc/PID/stat`: `USER_HZ`, which is 100 on every architecture that Debian runs on.
const TICK: Duration = Duration::from_millis(10);

/// The processes of the server under load; without any, nothing is measured.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerProcesses {
    roots: Vec<u32>,
}

/// What the processes have used so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    /// User and system time, to 10 ms.
    pub(crate) cpu: Duration,
    /// Resident memory in KiB.
    pub(crate) rss_kib: u64,
}

impl ServerProcesses {
    /// Observes these processes; each must be there.
    pub(crate) fn new(roots: &[u32]) -> Result<Self, Trouble> {
        for &pid in roots {
            fs::read_to_string(format!("/proc/{pid}/stat"))
                .map_err(|source| Trouble::Process { pid, source })?;
        }
        Ok(Self { roots: roots.to_vec() })
    }

    /// What they have used until now, or none if no process was named or one has ended.
    pub(crate) fn usage(&self) -> Option<Usage> {
        if self.roots.is_empty() {
            return None;
        }
        let all = all_processes();
        if self.roots.iter().any(|pid| !all.contains_key(pid)) {
            return None;
        }
        let family = with_descendants(&self.roots, &all);
        let ticks: u64 = family.iter().filter_map(|pid| all.get(pid)).map(|stat| stat.ticks).sum();
        let rss_kib = family.iter().filter_map(|&pid| resident(pid)).sum();
        Some(Usage { cpu: TICK * u32::try_from(ticks).unwrap_or(u32::MAX), rss_kib })
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    ticks: u64,
}

fn all_processes() -> BTreeMap<u32, Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return BTreeMap::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: u32| {
        Some((pid, parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?))
    })
    .collect()
}

/// The command's name is in parentheses and may hold anything, so fields are counted from the last `)`.
fn parse_stat(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.get(text.rfind(')')? + 1..)?.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Stat { parent: u32::try_from(number(4)?).ok()?, ticks: number(14)? + number(15)? })
}

fn with_descendants(roots: &[u32], all: &BTreeMap<u32, Stat>) -> BTreeSet<u32> {
    let mut family: BTreeSet<u32> = roots.iter().copied().collect();
    loop {
        let children = all.iter().filter(|(_, stat)| family.contains(&stat.parent)).map(|(pid, _)| *pid);
        let grown: BTreeSet<u32> = family.iter().copied().chain(children).collect();
        if grown.len() == family.len() {
            return family;
        }
        family = grown;
    }
}

fn resident(pid: u32) -> Option<u64> {
    parse_resident(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

fn parse_resident(status: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_fields_whatever_the_name() {
        let line = "42 (a) (b c) S 7 1 1 0 -1 4194304 10 0 0 0 150 25 3 4 20 0 1 0 100 0 0";
        assert_eq!(parse_stat(line), Some(Stat { parent: 7, ticks: 175 }));
        assert_eq!(parse_stat("42"), None);
        assert_eq!(parse_resident("Name:\tx\nVmRSS:\t   1234 kB\n"), Some(1234));
    }

    #[test]
    fn counts_descendants() {
        let stat = |parent| Stat { parent, ticks: 1 };
        let all = BTreeMap::from([(1, stat(0)), (5, stat(1)), (6, stat(5)), (7, stat(6)), (8, stat(1))]);
        assert_eq!(with_descendants(&[5], &all), BTreeSet::from([5, 6, 7]));
    }

    #[test]
    fn observes_this_process() {
        let here = ServerProcesses::new(&[std::process::id()]).unwrap();
        assert!(here.usage().unwrap().rss_kib > 0);
        assert_eq!(ServerProcesses::default().usage(), None);
        assert!(ServerProcesses::new(&[u32::MAX]).unwrap_err().to_string().contains("--server-pid"));
    }
}
