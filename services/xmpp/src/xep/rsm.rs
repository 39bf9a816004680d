//! Paging (result set management, XEP-0059 1.0.1): which part of a long answer is wanted, and which part was given.

use crate::stanza::Element;

/// The namespace of result set management.
pub const NS: &str = "http://jabber.org/protocol/rsm";

/// Which page is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wish {
    /// At most so many items; 0 asks for the count only.
    pub max: Option<u32>,
    /// From where on.
    pub place: Place,
}

/// From where on a page begins.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Place {
    /// At the beginning.
    #[default]
    Start,
    /// After the item of this id.
    After(String),
    /// Before the item of this id, going back.
    Before(String),
    /// The last page.
    End,
    /// At the item of this number, from 0.
    Index(u32),
}

/// The wish cannot be understood (XEP-0059 §2: bad-request).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a page request")]
pub struct BadWish;

impl Wish {
    /// Reads the `<set/>` among the children of `parent`; without one, everything from the start is wanted.
    pub fn within(parent: &Element) -> Result<Self, BadWish> {
        match parent.child("set", NS) {
            Some(set) => Self::parse(set),
            None => Ok(Self::default()),
        }
    }

    fn parse(set: &Element) -> Result<Self, BadWish> {
        let text = |name| set.child(name, NS).map(Element::text);
        let number =
            |text: Option<String>| text.map(|t| t.trim().parse::<u32>()).transpose().map_err(|_| BadWish);
        let max = number(text("max"))?;
        let place = match (text("after"), text("before"), number(text("index"))?) {
            (None, None, None) => Place::Start,
            (Some(id), None, None) if id.is_empty() => Place::Start,
            (Some(id), None, None) => Place::After(id),
            (None, Some(id), None) if id.is_empty() => Place::End,
            (None, Some(id), None) => Place::Before(id),
            (None, None, Some(index)) => Place::Index(index),
            _ => return Err(BadWish),
        };
        Ok(Self { max, place })
    }

    /// Cuts the wished page out of a list that is here as a whole. `None`: the item that it builds on is not there
    /// (§2.2: item-not-found).
    pub fn cut<'l, T>(&self, all: &'l [T], cap: u32, id: impl Fn(&T) -> &str) -> Option<Cut<'l, T>> {
        let max = self.max.unwrap_or(cap).min(cap) as usize;
        let find = |wanted: &str| all.iter().position(|item| id(item) == wanted);
        let start = match &self.place {
            Place::Start => 0,
            Place::After(wanted) => find(wanted)? + 1,
            Place::Before(wanted) => find(wanted)?.saturating_sub(max),
            Place::End => all.len().saturating_sub(max),
            Place::Index(index) => Some(*index as usize).filter(|at| *at < all.len().max(1))?,
        };
        let end = match &self.place {
            Place::Before(wanted) => find(wanted)?,
            _ => (start + max).min(all.len()),
        };
        Some(Cut { items: &all[start..end], index: start, count: all.len() })
    }
}

/// A page of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cut<'l, T> {
    /// What is in it.
    pub items: &'l [T],
    /// The place of the first one in the whole list.
    pub index: usize,
    /// How long the whole list is.
    pub count: usize,
}

impl<T> Cut<'_, T> {
    /// The `<set/>` that goes with the page.
    pub fn to_element(&self, id: impl Fn(&T) -> &str) -> Element {
        let ends = self.items.first().zip(self.items.last());
        let ends = ends.map(|(first, last)| (id(first).to_owned(), id(last).to_owned()));
        set(ends, Some(self.index), Some(self.count))
    }
}

/// The `<set/>` of an answer: the ids of the first and the last item of the page, the place of the first one and the
/// count of all, where they are known.
pub fn set(ends: Option<(String, String)>, index: Option<usize>, count: Option<usize>) -> Element {
    let text = |name: &'static str, text: String| Element::new(name, NS).with_text(text);
    let mut set = Element::new("set", NS);
    if let Some((first, last)) = ends {
        let index = index.map(|index| index.to_string());
        set = set.with_child(text("first", first).with_some("index", index)).with_child(text("last", last));
    }
    set.with_children(count.map(|count| text("count", count.to_string())))
}
