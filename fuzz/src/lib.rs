//! Turns bytes into what the targets read.

pub mod argv;
pub mod value;

/// Bytes that are taken one after the other; at the end there are zeros.
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// The next `most` bytes, or what is left.
    pub fn take(&mut self, most: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// The next bytes as text: the first says how many.
    pub fn text(&mut self) -> String {
        let most = usize::from(self.byte());
        String::from_utf8_lossy(self.take(most)).into_owned()
    }

    /// One of `items`.
    pub fn choose<T: Copy>(&mut self, items: &[T]) -> Option<T> {
        let at = usize::from(self.byte());
        items.get(at.checked_rem(items.len())?).copied()
    }
}
