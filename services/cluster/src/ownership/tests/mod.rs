//! The machine in worlds of several nodes, and alone.

mod world;

use super::*;
use world::{SHARDS, World, ms};

fn settled(world: &mut World, names: &[&str]) -> Vec<usize> {
    let nodes = names.iter().map(|name| world.start(name)).collect();
    let until = world.now + ms(15_000);
    world.run(until);
    assert_eq!(world.trouble(&BTreeMap::new()), None);
    nodes
}

#[test]
fn three_that_start_at_once_share_without_a_fight() {
    for seed in 0..30 {
        let mut world = World::new(seed);
        settled(&mut world, &["a", "b", "c"]);
        assert!(world.claims <= u64::from(SHARDS) * 2, "seed {seed}: {} claims", world.claims);
    }
}

#[test]
fn whatever_happens_each_shard_ends_with_the_one_that_should_have_it_and_there_it_stays() {
    let mut pinned = 0;
    for seed in 0..150 {
        let mut world = World::new(seed);
        settled(&mut world, &["a", "b", "c", "d", "e"]);
        for round in 0..12 {
            mischief(&mut world, round);
            let until = world.now + ms(200) + world.random.below(ms(6_000));
            world.run(until);
        }
        let quiet = world.now + ms(90_000);
        world.run(quiet);
        let pins = world.pins();
        assert_eq!(world.trouble(&pins), None, "seed {seed}");
        pinned += pins.len();
        let claims = world.claims;
        world.run(quiet + ms(60_000));
        assert_eq!(world.claims, claims, "seed {seed}: somebody still claims");
    }
    assert!(pinned > 50, "only {pinned} shards were where an operator had moved them");
}

fn mischief(world: &mut World, round: u32) {
    let alive = world.alive();
    let node = alive[usize::try_from(world.random.draw()).unwrap_or(0) % alive.len()];
    let id = world.nodes[node].id.clone();
    match world.random.draw() % 6 {
        0 if alive.len() > 2 => world.kill(node),
        1 if alive.len() > 2 => {
            // Restarted: the same name, another life.
            world.kill(node);
            world.start(&id.name);
        }
        2 => {
            let length = if world.chance(50) { ms(30_000) } else { ms(2_000) };
            world.pause(node, length);
        }
        3 => {
            world.start(&format!("new-{round}"));
        }
        4 if alive.len() > 3 => world.tell(node, Input::Stand(Standing::Draining)),
        _ => {
            // Told to one node only; the others hear of it.
            let shard = Shard(u16::try_from(world.random.draw() % u64::from(SHARDS)).unwrap_or(0));
            world.tell(alive[0], Input::Move(shard, id));
        }
    }
}

#[test]
fn who_is_met_again_or_late_owns_what_the_rows_say_and_everybody_hears_of_it() {
    let (me, other, third) = (NodeId::new("a", 1), NodeId::new("b", 2), NodeId::new("c", 3));
    let shards = ShardCount::new(4).expect("not none");
    let options = Options { me, shards, expects_others: true, seed: 1 };
    let mut machine = Ownership::new(options, Duration::ZERO);
    let mut hear = |input| {
        let mut out = Vec::new();
        machine.handle(ms(1), input, &mut out);
        out.retain(|output| matches!(output, Output::Changed(_) | Output::Moved(_)));
        (out, machine.owner(Shard(2)))
    };
    hear(Input::Joined(other.clone()));
    let row = Row { epoch: 3, owner: Some(third.clone()) };
    let standing = Standing::Serving;
    let news = News { whole: true, standing, rows: vec![(Shard(2), row)], pins: Vec::new() };
    assert_eq!(hear(Input::Heard(other, news)).1, Owner::Nobody, "nobody has met its owner");
    let met = vec![Output::Changed(Shard(2)), Output::Moved(vec![Shard(2)])];
    let owner = Owner::There { node: third.clone(), epoch: 3 };
    assert_eq!(hear(Input::Joined(third.clone())), (met.clone(), owner.clone()));
    assert_eq!(hear(Input::Joined(third.clone())).0, [], "it was there already");
    assert_eq!(hear(Input::Gone(third.clone())).1, Owner::Nobody);
    assert_eq!(hear(Input::Joined(third)), (met, owner), "nobody has claimed it meanwhile");
}

#[test]
fn half_of_the_nodes_gone_the_rest_has_everything() {
    for seed in 0..30 {
        let mut world = World::new(seed);
        let nodes = settled(&mut world, &["a", "b", "c", "d"]);
        world.kill(nodes[1]);
        world.kill(nodes[3]);
        let until = world.now + ms(5_000);
        world.run(until);
        assert_eq!(world.trouble(&BTreeMap::new()), None, "seed {seed}");
    }
}

#[test]
fn who_comes_takes_its_part_and_nothing_else_moves() {
    for seed in 0..30 {
        let mut world = World::new(seed);
        settled(&mut world, &["a", "b", "c"]);
        let (claims, before) = (world.claims, world.log.clone());
        let new = settled(&mut world, &["d"])[0];
        let changed = before.iter().filter(|(shard, claim)| world.log[shard] != **claim).count();
        assert_eq!(world.claims - claims, changed as u64, "seed {seed}: each moved once");
        assert!(before.iter().all(|(shard, claim)| world.log[shard] == *claim || world.log[shard].1 == new));
        assert!(changed <= usize::from(SHARDS) / 2, "seed {seed}: {changed} of {SHARDS} moved");
    }
}

#[test]
fn who_drains_hands_over_all_and_is_told_so() {
    for seed in 0..30 {
        let mut world = World::new(seed);
        let nodes = settled(&mut world, &["a", "b", "c"]);
        world.tell(nodes[0], Input::Stand(Standing::Draining));
        let until = world.now + ms(8_000);
        world.run(until);
        assert!(world.nodes[nodes[0]].drained && world.nodes[nodes[0]].holds.is_empty(), "seed {seed}");
        assert_eq!(world.trouble(&BTreeMap::new()), None, "seed {seed}");
    }
}

#[test]
fn a_node_that_sleeps_half_a_minute_gets_its_shards_back_by_handing_over() {
    for seed in 0..30 {
        let mut world = World::new(seed);
        let nodes = settled(&mut world, &["a", "b", "c"]);
        world.pause(nodes[0], ms(30_000));
        let until = world.now + ms(30_000);
        world.run(until);
        let claims = world.claims;
        world.run(until + ms(20_000));
        assert_eq!(world.trouble(&BTreeMap::new()), None, "seed {seed}");
        let its = world.nodes[nodes[0]].holds.len() as u64;
        assert_eq!(world.claims - claims, its, "seed {seed}: one claim for each that it has again");
    }
}

#[test]
fn who_drains_waits_a_bounded_time_for_the_others_to_take() {
    let (mut machine, peer) = (alone(false, 1), NodeId::new("b", 2));
    let news = News { whole: true, standing: Standing::Serving, rows: Vec::new(), pins: Vec::new() };
    let mut out = Vec::new();
    for input in [
        Input::Taken(Shard(0), 1),
        Input::Joined(peer.clone()),
        Input::Linked(peer.clone()),
        Input::Heard(peer, news),
        Input::Stand(Standing::Draining),
        Input::Released(Shard(0)),
    ] {
        machine.handle(ms(1), input, &mut out);
    }
    let end = ms(1) + limits::DRAINED;
    while machine.deadline() < end {
        let now = machine.deadline();
        machine.handle(now, Input::Alarm, &mut out);
    }
    assert!(!out.contains(&Output::Drained), "the other has not taken it yet");
    machine.handle(machine.deadline(), Input::Alarm, &mut out);
    assert!(out.contains(&Output::Drained));
}

fn alone(expects_others: bool, shards: u16) -> Ownership {
    let shards = ShardCount::new(shards).expect("not none");
    let me = NodeId::new("a", 1);
    let mut machine = Ownership::new(Options { me, shards, expects_others, seed: 1 }, ms(0));
    machine.handle(ms(0), Input::Stand(Standing::Serving), &mut Vec::new());
    machine
}

fn takes(out: &[Output]) -> Vec<Shard> {
    out.iter()
        .filter_map(|output| if let Output::Take(shard) = output { Some(*shard) } else { None })
        .collect()
}

#[test]
fn a_bounded_number_is_taken_and_handed_over_at_once() {
    let mut machine = Ownership::new(
        Options {
            me: NodeId::new("a", 1),
            shards: ShardCount::new(40).expect("not none"),
            expects_others: false,
            seed: 1,
        },
        ms(0),
    );
    let mut out = Vec::new();
    machine.handle(ms(0), Input::Stand(Standing::Serving), &mut out);
    let first = takes(&out);
    assert_eq!(first.len(), limits::TAKES);
    let mut todo = first;
    let mut taken = 0;
    while let Some(shard) = todo.pop() {
        out.clear();
        machine.handle(ms(1), Input::Taken(shard, 1), &mut out);
        taken += 1;
        let next = takes(&out);
        assert!(next.len() <= 1);
        todo.extend(next);
    }
    assert_eq!((taken, machine.owned()), (40, 40));
    out.clear();
    machine.handle(ms(2), Input::Stand(Standing::Draining), &mut out);
    let released = out.iter().filter(|output| matches!(output, Output::Release(..))).count();
    assert_eq!(released, limits::RELEASES);
}

#[test]
fn who_expects_others_takes_nothing_before_a_bounded_time_unless_it_has_heard_them() {
    let mut machine = alone(true, 40);
    let mut out = Vec::new();
    machine.handle(limits::SETTLE.saturating_sub(ms(1)), Input::Alarm, &mut out);
    assert_eq!(takes(&out), []);
    machine.handle(limits::SETTLE, Input::Alarm, &mut out);
    assert_eq!(takes(&out).len(), limits::TAKES);

    let (mut machine, peer) = (alone(true, 40), NodeId::new("b", 2));
    let news = News { whole: true, standing: Standing::Joining, rows: Vec::new(), pins: Vec::new() };
    for input in [Input::Joined(peer.clone()), Input::Linked(peer.clone())] {
        out.clear();
        machine.handle(ms(5), input, &mut out);
        assert_eq!(takes(&out), []);
    }
    machine.handle(ms(6), Input::Heard(peer, news), &mut out);
    assert_eq!(takes(&out).len(), limits::TAKES);
}

#[test]
fn a_lost_shard_is_left_to_the_owner_that_the_table_names_and_claimed_later_if_there_is_none() {
    let mut machine = alone(false, 4);
    let (peer, shard) = (NodeId::new("b", 2), Shard(0));
    let mut out = Vec::new();
    machine.handle(ms(1), Input::Joined(peer.clone()), &mut out);
    machine.handle(ms(1), Input::Linked(peer.clone()), &mut out);
    machine.handle(ms(1), Input::Taken(shard, 3), &mut out);
    out.clear();
    machine.handle(ms(2), Input::Lost(shard), &mut out);
    assert!(!takes(&out).contains(&shard), "waits first");
    machine.handle(limits::BACK_OFF_FIRST * 2, Input::Alarm, &mut out);
    assert!(takes(&out).contains(&shard), "nobody is named: claimed again");
    machine.handle(ms(900), Input::Lost(shard), &mut out);
    let row = Row { epoch: 4, owner: Some(peer.clone()) };
    let news = News { whole: false, standing: Standing::Joining, rows: vec![(shard, row)], pins: Vec::new() };
    machine.handle(ms(901), Input::Heard(peer.clone(), news), &mut out);
    out.clear();
    machine.handle(pace::SLEPT.saturating_sub(ms(1)), Input::Alarm, &mut out);
    assert!(!takes(&out).contains(&shard), "the peer has it");
    assert_eq!(machine.owner(shard), Owner::There { node: peer.clone(), epoch: 4 });
    machine.handle(pace::SLEPT, Input::Gone(peer), &mut out);
    assert_eq!(machine.owner(shard), Owner::Nobody);
    assert!(takes(&out).contains(&shard), "the peer is gone");
}

#[test]
fn one_more_than_the_members_that_a_pool_may_have_is_not_heard() {
    let mut machine = alone(false, 4);
    for n in 0..=limits::MEMBERS as u64 {
        machine.handle(ms(1), Input::Joined(NodeId::new(&format!("n{n}"), n)), &mut Vec::new());
    }
    let last = NodeId::new(&format!("n{}", limits::MEMBERS), limits::MEMBERS as u64);
    let news = News { whole: true, standing: Standing::Serving, rows: Vec::new(), pins: Vec::new() };
    machine.handle(ms(2), Input::Heard(last.clone(), news), &mut Vec::new());
    assert_eq!(machine.standing(&last), Standing::Joining);
}
