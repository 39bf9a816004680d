//! Aggregation and views: the table of DESIGN section 5 and its invariants.

use super::*;
use crate::Timestamp;
use Availability::*;
use proptest::prelude::*;

fn state(availability: Availability) -> Arc<State> {
    Arc::new(State::of(availability))
}

fn whole(endpoints: &[Arc<State>], sources: &Sources) -> Aggregate {
    aggregate(endpoints.iter(), sources, Some(Timestamp(5)))
}

#[test]
fn the_most_available_active_endpoint_wins() {
    for (endpoints, expected) in [
        (vec![], Offline),
        (vec![Available], Available),
        (vec![Away, Available], Available),
        (vec![Idle, DoNotDisturb], DoNotDisturb),
        (vec![Idle, Away], Idle),
        (vec![BusyIdle, BeRightBack], BusyIdle),
        (vec![Busy, DoNotDisturb, Away], Busy),
        (vec![Offline, Away], Away),
        (vec![Offline], Offline),
    ] {
        let states: Vec<_> = endpoints.iter().map(|a| state(*a)).collect();
        assert_eq!(whole(&states, &Sources::default()).availability, expected, "{endpoints:?}");
    }
}

#[test]
fn an_untouched_device_counts_for_less() {
    let idle = Arc::new(State { idle_since: Some(Timestamp(1)), ..State::clone(&state(Available)) });
    assert_eq!(whole(&[Arc::clone(&idle)], &Sources::default()).availability, Idle);
    assert_eq!(whole(&[idle, state(Busy)], &Sources::default()).availability, Busy);
}

#[test]
fn only_the_absent_have_a_time_last_seen() {
    assert_eq!(whole(&[], &Sources::default()).last_seen, Some(Timestamp(5)));
    assert_eq!(whole(&[state(Away)], &Sources::default()).last_seen, None);
}

#[test]
fn calendar_and_calls_raise_to_busy_whoever_is_there() {
    let in_a_call = Arc::new(State { activity: Some(Activity::OnThePhone), ..State::clone(&state(Busy)) });
    let presenting =
        Arc::new(State { activity: Some(Activity::Presenting), ..State::clone(&state(DoNotDisturb)) });
    for (source, own, expected) in [
        (&in_a_call, Available, Busy),
        (&in_a_call, Idle, BusyIdle),
        (&in_a_call, DoNotDisturb, DoNotDisturb),
        (&in_a_call, Away, Away),
        (&in_a_call, Offline, Offline),
        (&presenting, Busy, DoNotDisturb),
        (&presenting, BusyIdle, DoNotDisturb),
    ] {
        let mut sources = Sources::default();
        sources.set(Source::Call, Some(Arc::clone(source)), None);
        assert_eq!(whole(&[state(own)], &sources).availability, expected, "{own:?}");
    }
    let mut sources = Sources::default();
    sources.set(Source::Calendar, Some(presenting), Some(Timestamp(10)));
    sources.set(Source::Call, Some(in_a_call), None);
    assert_eq!(
        whole(&[state(Available)], &sources).activity,
        Some(Activity::OnThePhone),
        "the call is nearer"
    );
    assert_eq!(sources.deadline(), Some(Timestamp(10)));
    assert!(!sources.expire(Timestamp(9)) && sources.expire(Timestamp(10)));
    assert_eq!(whole(&[state(Available)], &sources).availability, Busy, "the call goes on");
}

#[test]
fn a_state_that_nothing_changes_is_not_copied() {
    let own = state(Available);
    assert!(Arc::ptr_eq(&Sources::default().shown(&own), &own));
    assert!(View::All.state(&own).is_some_and(|seen| Arc::ptr_eq(&seen, &own)));
}

#[test]
fn the_workgroup_sees_through_do_not_disturb_and_the_blocked_see_nothing() {
    let own = state(DoNotDisturb);
    let all = Arc::new(whole(&[Arc::clone(&own)], &Sources::default()));
    let seen = View::of(Container::Workgroup).state(&own).expect("visible");
    assert_eq!((seen.availability, seen.activity), (Busy, Some(Activity::UrgentOnly)));
    assert_eq!(View::of(Container::Workgroup).aggregate(&all).availability, Busy);
    for container in [Container::External, Container::Colleagues, Container::Friends] {
        assert_eq!(View::of(container).state(&own), Some(Arc::clone(&own)));
    }
    assert_eq!(View::of(Container::Blocked).state(&own), None);
    let offline = View::of(Container::Blocked).aggregate(&Arc::new(whole(&[], &Sources::default())));
    assert_eq!((offline.availability, offline.last_seen), (Offline, None));
}

fn any_state() -> impl Strategy<Value = Arc<State>> {
    let availability =
        prop::sample::select(vec![Available, Idle, Busy, BusyIdle, DoNotDisturb, BeRightBack, Away, Offline]);
    let activity = prop::option::of(prop::sample::select(vec![Activity::OnThePhone, Activity::InAMeeting]));
    let note = prop::option::of(prop::sample::select(vec!["tea", "lunch"]));
    (availability, activity, note, prop::option::of(0u64..3), -2i8..3).prop_map(
        |(availability, activity, note, idle, priority)| {
            Arc::new(State {
                activity,
                note: note.map(Into::into),
                idle_since: idle.map(Timestamp),
                priority,
                ..State::clone(&state(availability))
            })
        },
    )
}

fn any_sources() -> impl Strategy<Value = Sources> {
    (prop::option::of(any_state()), prop::option::of(any_state())).prop_map(|(calendar, call)| {
        let mut sources = Sources::default();
        sources.set(Source::Calendar, calendar, None);
        sources.set(Source::Call, call, None);
        sources
    })
}

/// The rank of a whole: what it says is already what it counts for.
fn rank(whole: &Aggregate) -> Rank {
    Rank::of(&state(whole.availability))
}

proptest! {
    #[test]
    fn the_order_of_publications_does_not_matter(
        states in prop::collection::vec(any_state(), 0..6), sources in any_sources(), turn in 0usize..6,
    ) {
        let mut turned = states.clone();
        turned.rotate_left(turn.min(states.len()));
        prop_assert_eq!(whole(&states, &sources), whole(&turned, &sources));
        turned.reverse();
        prop_assert_eq!(whole(&states, &sources), whole(&turned, &sources));
    }

    #[test]
    fn a_better_publication_never_makes_the_whole_worse(
        mut states in prop::collection::vec(any_state(), 1..6), better in any_state(),
    ) {
        let sources = Sources::default();
        let before = rank(&whole(&states, &sources));
        prop_assume!(Rank::of(&better) <= Rank::of(&states[0]) && better.availability != Offline);
        states[0] = better;
        prop_assert!(rank(&whole(&states, &sources)) <= before);
    }

    #[test]
    fn calendar_and_calls_never_make_more_available(
        states in prop::collection::vec(any_state(), 0..6), sources in any_sources(),
    ) {
        let alone = whole(&states, &Sources::default()).availability;
        let with = whole(&states, &sources).availability;
        prop_assert!(with >= alone, "{alone:?} {with:?}");
        prop_assert_eq!(with == Offline, alone == Offline);
    }

    #[test]
    fn a_manual_state_wins_while_an_endpoint_is_there(
        states in prop::collection::vec(any_state(), 0..6), mut sources in any_sources(), manual in any_state(),
    ) {
        sources.set_manual(Some(Arc::clone(&manual)));
        let present = states.iter().any(|s| s.availability != Offline);
        let expected = if present { manual.availability } else { Offline };
        prop_assert_eq!(whole(&states, &sources).availability, expected);
        sources.set_manual(None);
        prop_assert!(sources.manual().is_none());
    }
}
