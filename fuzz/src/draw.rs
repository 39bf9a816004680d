//! Choices drawn from bytes: what a target does next is what the next byte says. A byte counts modulo the number of
//! choices, so that any bytes are a play, printable ones too, and a play that ends early only chooses 0.

/// The bytes that are left.
#[derive(Debug)]
pub struct Draw<'a>(&'a [u8]);

impl<'a> Draw<'a> {
    /// From the first of these.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether anything is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A number below `choices`; 0 at the end.
    pub fn below(&mut self, choices: u8) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        byte % choices.max(1)
    }

    /// True once in `times`, and never at the end.
    pub fn once_in(&mut self, times: u8) -> bool {
        self.below(times) + 1 == times
    }

    /// One of these; the first at the end.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::from(self.below(u8::try_from(of.len()).unwrap_or(u8::MAX)))]
    }

    /// Something, or nothing, as often as not.
    pub fn option<T>(&mut self, some: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.once_in(2).then(|| some(self))
    }

    /// Up to `most` of something.
    pub fn list<T>(&mut self, most: u8, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| one(self)).collect()
    }
}
