//! Cuts the bytes of an XML stream into its header, its first-level elements and its end (RFC 6120 §4).
//!
//! Invariant: any split of the same bytes gives the same frames; never more than one stanza limit is buffered.

use memchr::{memchr, memchr3};

use crate::limits;

/// One piece of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// The start tag of `<stream:stream>`.
    Open(&'a [u8]),
    /// A whole first-level element.
    Element(&'a [u8]),
    /// The end tag of the stream.
    Close,
}

/// Bytes that cannot be a server's stream.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScanError {
    #[error("a stanza of more than {} bytes", limits::STANZA)]
    TooLong,
    #[error("a comment, CDATA section or document type, which XMPP servers do not send")]
    Markup,
    #[error("an end tag without its start")]
    Unbalanced,
}

/// What a piece of markup does to the depth.
enum Tag {
    Start,
    Empty,
    End,
    Declaration,
}

/// The reader of one stream.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    buffer: Vec<u8>,
    /// Where the current frame begins.
    start: usize,
    /// Up to where the current frame has been read.
    cursor: usize,
    depth: usize,
}

impl Scanner {
    /// Where the host appends what it has read.
    pub(crate) fn space(&mut self) -> &mut Vec<u8> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.cursor -= self.start;
            self.start = 0;
        }
        self.buffer.reserve(4096);
        &mut self.buffer
    }

    /// Forgets everything: a new stream begins (after TLS or SASL, RFC 6120 §4.3.3).
    pub(crate) fn restart(&mut self) {
        *self = Self { buffer: std::mem::take(&mut self.buffer), ..Self::default() };
        self.buffer.clear();
    }

    /// The next whole frame, or none until more bytes arrive.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Frame<'_>>, ScanError> {
        loop {
            let Some(at) = memchr(b'<', &self.buffer[self.cursor..]) else {
                self.cursor = self.buffer.len();
                return self.wait();
            };
            let open = self.cursor + at;
            self.cursor = open;
            let Some((tag, end)) = read_tag(&self.buffer, open)? else { return self.wait() };
            if self.depth <= 1 {
                self.start = open;
            }
            self.cursor = end;
            let from = self.start;
            match (tag, self.depth) {
                (Tag::Declaration, _) => self.start = end,
                (Tag::Start, 0) => {
                    self.depth = 1;
                    self.start = end;
                    return Ok(Some(Frame::Open(&self.buffer[from..end])));
                }
                (Tag::Start, _) => self.depth += 1,
                (Tag::Empty, 1) => {
                    self.start = end;
                    return Ok(Some(Frame::Element(&self.buffer[from..end])));
                }
                (Tag::Empty, _) => {}
                (Tag::End, 0) => return Err(ScanError::Unbalanced),
                (Tag::End, 1) => {
                    self.depth = 0;
                    self.start = end;
                    return Ok(Some(Frame::Close));
                }
                (Tag::End, 2) => {
                    self.depth = 1;
                    self.start = end;
                    return Ok(Some(Frame::Element(&self.buffer[from..end])));
                }
                (Tag::End, _) => self.depth -= 1,
            }
        }
    }

    fn wait(&mut self) -> Result<Option<Frame<'_>>, ScanError> {
        if self.depth <= 1 && self.cursor == self.buffer.len() {
            self.start = self.cursor;
        }
        if self.buffer.len() - self.start > limits::STANZA { Err(ScanError::TooLong) } else { Ok(None) }
    }
}

/// The tag that opens at `open` and the place after it, or none if it is not whole yet.
fn read_tag(buffer: &[u8], open: usize) -> Result<Option<(Tag, usize)>, ScanError> {
    let Some(&first) = buffer.get(open + 1) else { return Ok(None) };
    if first == b'!' {
        return Err(ScanError::Markup);
    }
    let mut at = open + 1;
    loop {
        let Some(found) = memchr3(b'>', b'"', b'\'', &buffer[at..]) else { return Ok(None) };
        let byte = buffer[at + found];
        at += found + 1;
        if byte == b'>' {
            break;
        }
        let Some(close) = memchr(byte, &buffer[at..]) else { return Ok(None) };
        at += close + 1;
    }
    let tag = match (first, buffer[at - 2]) {
        (b'?', _) => Tag::Declaration,
        (b'/', _) => Tag::End,
        (_, b'/') => Tag::Empty,
        _ => Tag::Start,
    };
    Ok(Some((tag, at)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' from='a>b'>\
        <stream:features><bind xmlns=\"x/\"/><a>t</a></stream:features> \n<r xmlns='urn:xmpp:sm:3'/>\
        <message to='u1'><body>a &gt; b / </body><x a='/'></x></message></stream:stream>";

    /// The frames as text, with the stream fed in the given pieces.
    fn frames(pieces: &[&[u8]]) -> Result<Vec<String>, ScanError> {
        let mut scanner = Scanner::default();
        let mut seen = Vec::new();
        for piece in pieces {
            scanner.space().extend_from_slice(piece);
            while let Some(frame) = scanner.next_frame()? {
                seen.push(match frame {
                    Frame::Open(_) => "open".into(),
                    Frame::Element(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    Frame::Close => "close".into(),
                });
            }
        }
        Ok(seen)
    }

    #[test]
    fn cuts_header_elements_and_end() {
        let seen = frames(&[STREAM.as_bytes()]).unwrap();
        assert_eq!(seen.len(), 5);
        assert_eq!(seen[0], "open");
        assert!(seen[1].starts_with("<stream:features>") && seen[1].ends_with("</stream:features>"));
        assert_eq!(seen[2], "<r xmlns='urn:xmpp:sm:3'/>");
        assert!(seen[3].starts_with("<message") && seen[3].ends_with("</message>"));
        assert_eq!(seen[4], "close");
    }

    #[test]
    fn refuses_what_is_not_a_stream() {
        assert_eq!(frames(&[b"<s><!-- x --></s>"]), Err(ScanError::Markup));
        assert_eq!(frames(&[b"</s>"]), Err(ScanError::Unbalanced));
        let long = vec![b'a'; limits::STANZA + 1];
        assert_eq!(frames(&[b"<s><m>", &long]), Err(ScanError::TooLong));
    }

    #[test]
    fn white_space_between_stanzas_is_not_kept() {
        let mut scanner = Scanner::default();
        scanner.space().extend_from_slice(b"<s>");
        assert!(matches!(scanner.next_frame(), Ok(Some(Frame::Open(_)))));
        for _ in 0..100 {
            scanner.space().extend_from_slice(&[b' '; 10_000]);
            assert_eq!(scanner.next_frame(), Ok(None));
        }
        assert_eq!(scanner.space().len(), 0);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_frames(mut cuts in proptest::collection::vec(0..STREAM.len(), 0..12)) {
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts {
                pieces.push(&STREAM.as_bytes()[from..cut]);
                from = cut;
            }
            pieces.push(&STREAM.as_bytes()[from..]);
            prop_assert_eq!(frames(&pieces), frames(&[STREAM.as_bytes()]));
        }
    }
}
