//! The checker: it was no part of the play. What was acknowledged is in the log once, in both histories under one id, and
//! was heard by whom it was for, in one order; the log holds nothing that nobody acknowledged.

use crate::{
    log::Numbered,
    records::{Heard, Kept, Records, address, speaker},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
};

/// Problems of one kind that are told; more are counted.
const TOLD: usize = 5;

/// What was counted, and what was wrong.
#[derive(Default)]
pub(crate) struct Verdict {
    pub(crate) said: usize,
    pub(crate) acknowledged: usize,
    pub(crate) delivered: usize,
    pub(crate) doubles: usize,
    pub(crate) problems: BTreeMap<&'static str, Vec<String>>,
}

impl Verdict {
    fn wrong(&mut self, kind: &'static str, what: String) {
        self.problems.entry(kind).or_default().push(what);
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { said, acknowledged, delivered, doubles, .. } = self;
        writeln!(
            f,
            "{said} said, {acknowledged} acknowledged, {delivered} delivered ({doubles} more came again)"
        )?;
        for (kind, problems) in &self.problems {
            writeln!(f, "{kind}: {}", problems.len())?;
            problems.iter().take(TOLD).try_for_each(|problem| writeln!(f, "    {problem}"))?;
        }
        Ok(())
    }
}

/// Looks at everything.
pub(crate) fn check(people: &[Records], log: &BTreeMap<String, Vec<Numbered>>) -> Verdict {
    let mut verdict = Verdict::default();
    for person in people {
        person.faults.iter().for_each(|fault| verdict.wrong("faults", fault.clone()));
        person.untrue.iter().for_each(|seen| verdict.wrong("presence that is not true", seen.clone()));
        acknowledged(person, log, &mut verdict);
        ears(person, &mut verdict);
        archive(person, people, &mut verdict);
        for (conference, kept) in &person.conferences {
            conference_history(conference, kept, people, &mut verdict);
        }
    }
    whole_log(people, log, &mut verdict);
    verdict
}

/// What was acknowledged is in the log once, and was heard.
fn acknowledged(person: &Records, log: &BTreeMap<String, Vec<Numbered>>, verdict: &mut Verdict) {
    for (origin, said) in &person.said {
        verdict.said += 1;
        let found = log.get(origin).map_or(0, Vec::len);
        if said.acknowledged.is_none() {
            verdict.wrong("never acknowledged", format!("{origin} to {}, {found} times in the log", said.to));
            continue;
        }
        verdict.acknowledged += 1;
        match found {
            0 => verdict
                .wrong("lost: acknowledged and not in the log", format!("{origin} to {}, {said:?}", said.to)),
            1 => {}
            _ => verdict.wrong("twice in the log", format!("{origin}: {:?}", log[origin])),
        }
    }
}

/// No message under two ids; numbers of a speaker who was not refused ascend.
fn ears(person: &Records, verdict: &mut Verdict) {
    let mut ids: HashMap<&str, &str> = HashMap::new();
    for heard in &person.heard {
        match ids.insert(&heard.origin, &heard.id) {
            None => verdict.delivered += 1,
            Some(id) if id == heard.id => verdict.doubles += 1,
            Some(id) => verdict.wrong(
                "twice: one message under two ids",
                format!("{} came to {} as {id} and as {}", heard.origin, address(person.person), heard.id),
            ),
        }
    }
}

/// The history of a person is what was acknowledged in its pairs; it was heard in that order.
fn archive(person: &Records, people: &[Records], verdict: &mut Verdict) {
    let me = address(person.person);
    let place = positions(&person.archive);
    let partners: BTreeSet<&str> =
        person.said.values().map(|said| said.to.as_str()).filter(|to| !to.contains("@conference.")).collect();
    for partner in partners {
        let heard: Vec<&Heard> = once(person.heard.iter().filter(|heard| heard.place == partner));
        in_order(&me, &heard, &place, verdict);
        let heard: BTreeSet<&str> = heard.iter().map(|heard| heard.origin.as_str()).collect();
        let to_me =
            people.iter().filter(|other| address(other.person) == partner).flat_map(|other| &other.said);
        let to_me = to_me.filter(|(_, said)| said.to == me && said.acknowledged.is_some());
        for (origin, said) in to_me {
            if !heard.contains(origin.as_str()) {
                let kept = person.archive.iter().any(|kept| kept.origin == *origin);
                let what = format!("{origin} said at {:?} to {me}, in its history: {kept}", said.at);
                verdict.wrong("lost: acknowledged and not delivered", what);
            }
            if !person.archive.iter().any(|kept| kept.origin == *origin) {
                verdict.wrong("not in the reader's history", format!("{origin}, {me}"));
            }
        }
        let mine = person.said.iter().filter(|(_, said)| said.to == partner && said.acknowledged.is_some());
        for (origin, _) in
            mine.filter(|(origin, _)| !person.archive.iter().any(|kept| kept.origin == **origin))
        {
            verdict.wrong("not in the speaker's history", format!("{origin}, {me}"));
        }
    }
    speakers_order(&me, &person.archive, people, verdict);
}

/// What a conference kept is what was acknowledged there; each stay heard an unbroken part of it.
fn conference_history(conference: &str, kept: &[Kept], people: &[Records], verdict: &mut Verdict) {
    let place = positions(kept);
    if place.len() < kept.len() {
        verdict.wrong("twice in a history", conference.to_owned());
    }
    let origins: BTreeSet<&str> = kept.iter().map(|kept| kept.origin.as_str()).collect();
    for person in people {
        let said =
            person.said.iter().filter(|(_, said)| said.to == conference && said.acknowledged.is_some());
        for (origin, said) in said.filter(|(origin, _)| !origins.contains(origin.as_str())) {
            verdict.wrong("not in the conference's history", format!("{origin} said at {:?}", said.at));
        }
        let mut stays: BTreeMap<u32, Vec<&Heard>> = BTreeMap::new();
        for heard in person.heard.iter().filter(|heard| heard.place == conference) {
            if let Some(stay) = heard.stay {
                stays.entry(stay).or_default().push(heard);
            }
        }
        for (stay, heard) in stays {
            let heard = once(heard.into_iter());
            in_order(&address(person.person), &heard, &place, verdict);
            let at: BTreeSet<usize> =
                heard.iter().filter_map(|h| place.get(h.id.as_str()).copied()).collect();
            let to_the_end = person.stays.get(conference) == Some(&stay);
            let end = if to_the_end { Some(kept.len() - 1) } else { at.last().copied() };
            let (Some(first), Some(last)) = (at.first(), end) else { continue };
            let missed: Vec<&str> =
                (*first..=last).filter(|n| !at.contains(n)).map(|n| kept[n].origin.as_str()).collect();
            if !missed.is_empty() {
                let who = address(person.person);
                verdict.wrong(
                    "missed in a conference",
                    format!("{who} in stay {stay} of {conference}: {missed:?}"),
                );
            }
        }
    }
    speakers_order(conference, kept, people, verdict);
}

/// Where each id is in a history.
fn positions(kept: &[Kept]) -> HashMap<&str, usize> {
    kept.iter().enumerate().map(|(at, kept)| (kept.id.as_str(), at)).collect()
}

/// The first of each id, as a client shows it.
fn once<'a>(heard: impl Iterator<Item = &'a Heard>) -> Vec<&'a Heard> {
    let mut seen = BTreeSet::new();
    heard.filter(|heard| seen.insert(heard.id.as_str())).collect()
}

fn in_order(who: &str, heard: &[&Heard], place: &HashMap<&str, usize>, verdict: &mut Verdict) {
    for two in heard.windows(2) {
        let at = |heard: &Heard| place.get(heard.id.as_str()).copied();
        match (at(two[0]), at(two[1])) {
            (Some(one), Some(other)) if one >= other => verdict.wrong(
                "out of order",
                format!(
                    "{who} heard {} at {:?} before {} at {:?}",
                    two[0].origin, two[0].at, two[1].origin, two[1].at
                ),
            ),
            (None, _) => verdict.wrong("heard and not in the history", format!("{who}: {}", two[0].origin)),
            _ => {}
        }
    }
}

/// What one person said to one place, and what was never refused, stands in the order in which it was said.
fn speakers_order(whose: &str, kept: &[Kept], people: &[Records], verdict: &mut Verdict) {
    let mut last: HashMap<(usize, &str), u64> = HashMap::new();
    for kept in kept {
        let Some(speaker) = speaker(&kept.origin) else { continue };
        let Some(said) = people.get(speaker).and_then(|person| person.said.get(&kept.origin)) else {
            continue;
        };
        if said.refused {
            continue;
        }
        if let Some(before) = last.insert((speaker, &said.to), said.number)
            && before >= said.number
        {
            verdict.wrong("out of order in a history", format!("{whose}: {} after {before}", kept.origin));
        }
    }
}

/// Nothing is in the log that nobody acknowledged, and each conversation is numbered without a gap.
fn whole_log(people: &[Records], log: &BTreeMap<String, Vec<Numbered>>, verdict: &mut Verdict) {
    let mut conversations: BTreeMap<&str, Vec<(&Numbered, &str)>> = BTreeMap::new();
    for (origin, found) in log {
        let said = speaker(origin).and_then(|person| people.get(person)).and_then(|p| p.said.get(origin));
        if said.is_none_or(|said| said.acknowledged.is_none()) {
            verdict.wrong("in the log and not acknowledged", origin.clone());
        }
        for numbered in found {
            conversations.entry(&numbered.conversation).or_default().push((numbered, origin));
        }
    }
    for (conversation, mut said) in conversations {
        said.sort_by_key(|(numbered, _)| numbered.offset);
        for (before, after) in said.iter().zip(said.iter().skip(1)) {
            if after.0.number != before.0.number + 1 {
                let tell = |(said, origin): &(&Numbered, &str)| {
                    format!("{origin} as {} at {} in epoch {}", said.number, said.offset, said.epoch)
                };
                let what = format!("{conversation}: {} and then {}", tell(before), tell(after));
                verdict.wrong("numbered with a gap or twice", what);
            }
        }
    }
}
