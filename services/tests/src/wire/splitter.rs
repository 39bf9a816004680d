//! Where elements end in the server's stream. It writes no comments, no CDATA and no `>` inside attributes' quotes that
//! matter here, except that quotes are respected.

/// A part of the stream.
pub(super) enum Cut {
    Header(String),
    Element(Vec<u8>),
    End,
}

/// Cuts a stream of bytes.
#[derive(Default)]
pub(super) struct Splitter {
    bytes: Vec<u8>,
    /// How far the bytes were looked at.
    seen: usize,
    depth: usize,
    opened: bool,
}

impl Splitter {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Expects a header next.
    pub(super) fn restart(&mut self) {
        self.opened = false;
    }

    pub(super) fn next(&mut self) -> Option<Cut> {
        if self.depth == 0 && self.seen == 0 {
            let space = self.bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.bytes.drain(..space);
        }
        loop {
            let start = self.seen + self.bytes[self.seen..].iter().position(|&byte| byte == b'<')?;
            let end = start + tag_end(&self.bytes[start..])?;
            let tag = &self.bytes[start..=end];
            self.seen = end + 1;
            if tag.starts_with(b"<?") {
                self.take();
                continue;
            }
            if tag.starts_with(b"<stream:stream") && self.depth == 0 && !self.opened {
                self.opened = true;
                return Some(Cut::Header(String::from_utf8_lossy(&self.take()).into_owned()));
            }
            if tag.starts_with(b"</") {
                if self.depth == 0 {
                    self.take();
                    return Some(Cut::End);
                }
                self.depth -= 1;
            } else if !tag.ends_with(b"/>") {
                self.depth += 1;
            }
            if self.depth == 0 {
                return Some(Cut::Element(self.take()));
            }
        }
    }

    fn take(&mut self) -> Vec<u8> {
        let rest = self.bytes.split_off(self.seen);
        self.seen = 0;
        std::mem::replace(&mut self.bytes, rest)
    }
}

/// The place of the `>` that ends a tag, quotes respected.
fn tag_end(bytes: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, &byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'\'' | b'"') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}
