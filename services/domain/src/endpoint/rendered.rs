//! What a door wrote for one reader, kept for the next: a message to 250 occupants is rendered once.
//!
//! Invariant: it is a cache of what its owner says anyway, so it takes no part in equality and a clone starts empty.

use bytes::Bytes;
use std::sync::OnceLock;

/// A place beside something shared for the bytes that a door makes of it. The first door to use it keeps it; another
/// door renders for itself each time.
#[derive(Default)]
pub struct Rendered(OnceLock<(&'static str, Bytes)>);

impl Rendered {
    /// The bytes of `door` (the design's word for it: `xmpp`, `sip`, `web`), made by `render` if they are not here.
    /// What depends on the reader must not be among them.
    pub fn by(&self, door: &'static str, render: impl Fn() -> Bytes) -> Bytes {
        let (owner, bytes) = self.0.get_or_init(|| (door, render()));
        if *owner == door { bytes.clone() } else { render() }
    }
}

impl Clone for Rendered {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Rendered {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Rendered {}

impl std::fmt::Debug for Rendered {
    /// Shows whether there is something, not what: it is content.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.get().is_some() { "Rendered(..)" } else { "Rendered" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn one_door_renders_once_and_another_for_itself() {
        let (rendered, times) = (Rendered::default(), Cell::new(0));
        let render = |text: &'static str| {
            times.set(times.get() + 1);
            Bytes::from_static(text.as_bytes())
        };
        assert_eq!(rendered.by("xmpp", || render("a")), "a");
        assert_eq!(rendered.by("xmpp", || render("b")), "a");
        assert_eq!(rendered.by("sip", || render("c")), "c");
        assert_eq!(rendered.by("xmpp", || render("d")), "a");
        assert_eq!(times.get(), 2);
    }

    #[test]
    fn it_is_no_part_of_what_it_stands_beside() {
        let used = Rendered::default();
        used.by("xmpp", || Bytes::from_static(b"secret"));
        assert_eq!(used, Rendered::default());
        assert!(!format!("{used:?}").contains("secret"));
        assert_eq!(used.clone().by("xmpp", || Bytes::from_static(b"new")), "new");
    }
}
