//! Traffic shaping for a client that nobody looks at (XEP-0352 1.0.0): presence, typing and PEP notices wait, the newest
//! of each source only; they go out when the client is looked at again, or with the next thing that cannot wait.
//! What goes out keeps its order, and nothing but what a newer one replaced is ever left out.

use crate::limits::{HELD_BYTES, HELD_STANZAS};

/// Whether something may wait.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Urgency {
    /// A message, an answer, anything that somebody waits for.
    Now,
    /// Only the newest of this slot matters.
    Latest(Slot),
}

/// What replaces what: the kind of thing and where it comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Slot {
    /// The kind.
    pub(crate) class: Class,
    /// Where it comes from, such as the full address of a presence or the owner and node of an item.
    pub(crate) source: Box<str>,
}

/// The kinds of things that may wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    /// Presence of a contact or of an occupant.
    Presence,
    /// A typing state (XEP-0085).
    Typing,
    /// A notice of PEP (XEP-0163).
    Category,
}

/// What waits for one client. Small while the client is active.
#[derive(Debug)]
pub(crate) struct Shaper<T> {
    held: Option<Box<Held<T>>>,
}

#[derive(Debug)]
struct Held<T> {
    items: Vec<(Slot, usize, T)>,
    bytes: usize,
}

impl<T> Default for Shaper<T> {
    fn default() -> Self {
        Self { held: None }
    }
}

impl<T> Shaper<T> {
    /// Whether everything passes at once: the caller need not work out urgencies.
    pub(crate) fn is_active(&self) -> bool {
        self.held.is_none()
    }

    /// The client said `<active/>` or `<inactive/>` (or was resumed, which makes it active: XEP-0352 §5).
    pub(crate) fn set_active(&mut self, active: bool, out: &mut Vec<T>) {
        if active {
            self.flush(out);
            self.held = None;
        } else if self.held.is_none() {
            self.held = Some(Box::new(Held { items: Vec::new(), bytes: 0 }));
        }
    }

    /// Sends or holds one stanza of `size` bytes. At [`HELD_STANZAS`] or [`HELD_BYTES`] all that is held goes out.
    pub(crate) fn pass(&mut self, urgency: Urgency, size: usize, item: T, out: &mut Vec<T>) {
        let Some(held) = &mut self.held else { return out.push(item) };
        match urgency {
            Urgency::Now => {
                self.flush(out);
                out.push(item);
            }
            Urgency::Latest(slot) => {
                held.replace(slot, size, item);
                if held.items.len() >= HELD_STANZAS || held.bytes >= HELD_BYTES {
                    self.flush(out);
                }
            }
        }
    }

    fn flush(&mut self, out: &mut Vec<T>) {
        if let Some(held) = &mut self.held {
            held.bytes = 0;
            out.extend(std::mem::take(&mut held.items).into_iter().map(|(_, _, item)| item));
        }
    }
}

impl<T> Held<T> {
    fn replace(&mut self, slot: Slot, size: usize, item: T) {
        if let Some(at) = self.items.iter().position(|(known, _, _)| *known == slot) {
            let (_, old, _) = self.items.remove(at);
            self.bytes -= old;
        }
        self.bytes += size;
        self.items.push((slot, size, item));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presence(source: &str) -> Urgency {
        Urgency::Latest(Slot { class: Class::Presence, source: source.into() })
    }

    fn typing(source: &str) -> Urgency {
        Urgency::Latest(Slot { class: Class::Typing, source: source.into() })
    }

    /// What comes out at each step, the steps separated by `|`.
    fn play(steps: &[(&str, Option<Urgency>)]) -> String {
        let mut shaper = Shaper::default();
        let mut lines = Vec::new();
        for (item, urgency) in steps {
            let mut out = Vec::new();
            match (*item, urgency) {
                ("inactive", _) => shaper.set_active(false, &mut out),
                ("active", _) => shaper.set_active(true, &mut out),
                (item, urgency) => shaper.pass(urgency.clone().unwrap_or(Urgency::Now), 10, item, &mut out),
            }
            lines.push(out.join(" "));
        }
        lines.join("|")
    }

    #[test]
    fn an_active_client_gets_everything_at_once() {
        assert_eq!(play(&[("p1", Some(presence("a"))), ("m1", None)]), "p1|m1");
    }

    #[test]
    fn notices_wait_for_a_message_and_only_the_newest_of_a_source_goes_out() {
        let steps = [
            ("inactive", None),
            ("p1", Some(presence("a"))),
            ("t1", Some(typing("a"))),
            ("p2", Some(presence("b"))),
            ("p3", Some(presence("a"))),
            ("m1", None),
            ("m2", None),
            ("p4", Some(presence("a"))),
            ("active", None),
            ("p5", Some(presence("a"))),
        ];
        assert_eq!(play(&steps), "|||||t1 p2 p3 m1|m2||p4|p5");
    }

    #[test]
    fn saying_inactive_twice_loses_nothing() {
        let steps = [("inactive", None), ("p1", Some(presence("a"))), ("inactive", None), ("active", None)];
        assert_eq!(play(&steps), "|||p1");
    }

    #[test]
    fn at_the_limit_of_stanzas_all_go_out() {
        let mut shaper = Shaper::default();
        let mut out = Vec::new();
        shaper.set_active(false, &mut out);
        for number in 0..HELD_STANZAS {
            assert!(out.is_empty());
            shaper.pass(presence(&number.to_string()), 1, number, &mut out);
        }
        assert_eq!(out, (0..HELD_STANZAS).collect::<Vec<_>>());
    }

    #[test]
    fn at_the_limit_of_bytes_all_go_out() {
        let mut shaper = Shaper::default();
        let mut out = Vec::new();
        shaper.set_active(false, &mut out);
        shaper.pass(presence("a"), HELD_BYTES - 1, 1, &mut out);
        shaper.pass(presence("a"), HELD_BYTES - 1, 2, &mut out);
        assert!(out.is_empty());
        shaper.pass(presence("b"), 1, 3, &mut out);
        assert_eq!(out, [2, 3]);
    }
}
