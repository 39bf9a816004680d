//! Result set management.

use crate::{
    stanza::Element,
    xep::rsm::{BadWish, Cut, Place, Wish},
};
use proptest::prelude::*;

fn wish(inside: &str) -> Result<Wish, BadWish> {
    let xml = format!("<q xmlns='urn:n'><set xmlns='http://jabber.org/protocol/rsm'>{inside}</set></q>");
    Wish::within(&Element::parse(xml.as_bytes()).expect("well-formed"))
}

#[test]
fn wishes_are_read() {
    for (inside, max, place) in [
        ("", None, Place::Start),
        ("<max>10</max>", Some(10), Place::Start),
        ("<max>0</max>", Some(0), Place::Start),
        ("<after>a</after>", None, Place::After("a".into())),
        ("<before>a</before>", None, Place::Before("a".into())),
        ("<before/>", None, Place::End),
        ("<after/>", None, Place::Start),
        ("<index>3</index>", None, Place::Index(3)),
    ] {
        assert_eq!(wish(inside), Ok(Wish { max, place }), "{inside}");
    }
    assert_eq!(Wish::within(&Element::new("q", "urn:n")), Ok(Wish::default()));
}

#[test]
fn what_makes_no_sense_is_refused() {
    for inside in [
        "<max>-1</max>",
        "<max/>",
        "<index>x</index>",
        "<after>a</after><before>b</before>",
        "<index>1</index><after>a</after>",
    ] {
        assert_eq!(wish(inside), Err(BadWish), "{inside}");
    }
}

#[test]
fn a_page_that_builds_on_nothing_is_none() {
    let all = ["a", "b"];
    for place in [Place::After("x".into()), Place::Before("x".into()), Place::Index(2)] {
        assert_eq!(Wish { max: None, place }.cut(&all, 10, |id| id), None);
    }
    let empty: [&str; 0] = [];
    let nothing = Cut { items: &empty[..], index: 0, count: 0 };
    assert_eq!(Wish::default().cut(&empty, 10, |id| id), Some(nothing));
}

/// All pages one after the other, each from where the one before ended.
fn walk(all: &[String], max: u32, forward: bool) -> Vec<String> {
    let mut seen = Vec::new();
    let mut place = if forward { Place::Start } else { Place::End };
    loop {
        let cut = Wish { max: Some(max), place }.cut(all, 7, |id| id).expect("it is there");
        assert!(cut.items.len() <= max.min(7) as usize && cut.count == all.len());
        assert_eq!(cut.items, &all[cut.index..cut.index + cut.items.len()]);
        let (Some(first), Some(last)) = (cut.items.first(), cut.items.last()) else { return seen };
        if forward {
            seen.extend_from_slice(cut.items);
            place = Place::After(last.clone());
        } else {
            seen.splice(0..0, cut.items.iter().cloned());
            place = Place::Before(first.clone());
        }
    }
}

proptest! {
    #[test]
    fn pages_together_are_the_whole_in_both_directions(count in 0_usize..40, max in 1_u32..12) {
        let all: Vec<String> = (0..count).map(|at| at.to_string()).collect();
        prop_assert_eq!(walk(&all, max, true), all.clone());
        prop_assert_eq!(walk(&all, max, false), all);
    }
}
