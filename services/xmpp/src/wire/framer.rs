//! Where the stream header, each stanza and the stream end in a flow of bytes (RFC 6120 §4). Bytes may come in any
//! split: the pieces and the error are the same, and no byte is looked at twice.
//!
//! Only tags, quotes and CDATA are seen here; whatever else is wrong with a piece is found when it is read.

use super::StreamError;
use crate::limits::{DEPTH, HEADER_BYTES};
use bytes::{Buf, Bytes, BytesMut};

/// A complete part of the stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// The opening tag of the stream, with the XML declaration if there was one; read it by [`super::Header`].
    Header(Bytes),
    /// An element directly below the stream; read it by [`crate::stanza::Stanza`].
    Element(Bytes),
    /// The closing tag of the stream.
    End,
}

/// Cuts a stream into pieces. White space between elements (keep-alives) is taken in and left out.
#[derive(Debug)]
pub struct Framer {
    bytes: BytesMut,
    /// Bytes of the piece that need not be looked at again.
    seen: usize,
    place: Place,
    /// Elements that are open in the piece.
    depth: u32,
    /// The most bytes that an element may have.
    limit: u32,
    header_read: bool,
}

/// What the byte at `seen` stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Text,
    StartTag,
    Quoted(u8),
    EndTag,
    Cdata,
    Declaration,
}

impl Framer {
    /// For a new stream, with elements of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            bytes: BytesMut::new(),
            seen: 0,
            place: Place::Text,
            depth: 0,
            limit: u32::try_from(limit).unwrap_or(u32::MAX),
            header_read: false,
        }
    }

    /// From now on elements may have this many bytes.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = u32::try_from(limit).unwrap_or(u32::MAX);
    }

    /// Expects a stream header next, as after SASL (RFC 6120 §6.4.6); bytes that are there already are kept.
    pub fn restart(&mut self) {
        self.header_read = false;
    }

    /// Takes in bytes. Call [`Self::next_piece`] until it has no more before the next call: only an unfinished piece
    /// is kept, so that memory has the bound of one element and one read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether nothing of an unfinished piece is here.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Forgets what came and was not read (after `<starttls/>`: it was not protected, RFC 6120 §5.4.3.3).
    pub fn discard(&mut self) {
        self.bytes = BytesMut::new();
        (self.seen, self.place, self.depth) = (0, Place::Text, 0);
    }

    /// The next complete piece; `None` until more bytes come. After an error the stream is of no use.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, StreamError> {
        if self.depth == 0 && self.place == Place::Text {
            self.skip_space()?;
        }
        while let Some(step) = self.step()? {
            if let Some(piece) = step {
                return Ok(Some(piece));
            }
        }
        if self.bytes.len() > self.most() {
            return Err(StreamError::PolicyViolation);
        }
        if self.bytes.is_empty() {
            // Idle streams hold no buffer.
            self.bytes = BytesMut::new();
        }
        Ok(None)
    }

    fn most(&self) -> usize {
        if self.header_read { self.limit as usize } else { HEADER_BYTES }
    }

    /// White space between pieces is dropped at once; anything else there that is no tag is an error.
    fn skip_space(&mut self) -> Result<(), StreamError> {
        let space = self.bytes.iter().position(|&b| !super::chars::is_space(b)).unwrap_or(self.bytes.len());
        self.bytes.advance(space);
        match self.bytes.first() {
            None | Some(b'<') => Ok(()),
            Some(_) if self.header_read => Err(StreamError::BadFormat),
            Some(_) => Err(StreamError::NotWellFormed),
        }
    }

    /// Goes on to the next place of interest. `None`: not there yet; `Some(None)`: go on; else a piece is complete.
    #[expect(
        clippy::option_option,
        reason = "wait, go on and done are the three outcomes, private to this file"
    )]
    fn step(&mut self) -> Result<Option<Option<Piece>>, StreamError> {
        let most = self.most();
        let visible = &self.bytes[..self.bytes.len().min(most)];
        let rest = visible.get(self.seen..).unwrap_or_default();
        match self.place {
            Place::Text => return self.text_step(),
            Place::StartTag => match memchr::memchr3(b'>', b'\'', b'"', rest) {
                Some(at) if rest[at] == b'>' => {
                    let empty = visible[self.seen + at - 1] == b'/';
                    self.reach(at + 1, Place::Text);
                    return self.tag_ended(empty).map(Some);
                }
                Some(at) => {
                    let quote = rest[at];
                    self.reach(at + 1, Place::Quoted(quote));
                }
                None => return Ok(self.wait(rest.len())),
            },
            Place::Quoted(quote) => match memchr::memchr(quote, rest) {
                Some(at) => self.reach(at + 1, Place::StartTag),
                None => return Ok(self.wait(rest.len())),
            },
            Place::EndTag => match memchr::memchr(b'>', rest) {
                Some(at) => {
                    self.reach(at + 1, Place::Text);
                    return self.element_ended().map(Some);
                }
                None => return Ok(self.wait(rest.len())),
            },
            Place::Cdata => match memchr::memmem::find(rest, b"]]>") {
                Some(at) => self.reach(at + 3, Place::Text),
                None => return Ok(self.wait(rest.len().saturating_sub(2))),
            },
            Place::Declaration => match memchr::memmem::find(rest, b"?>") {
                Some(at) => {
                    self.reach(at + 2, Place::Text);
                }
                None => return Ok(self.wait(rest.len().saturating_sub(1))),
            },
        }
        Ok(Some(None))
    }

    fn reach(&mut self, by: usize, place: Place) {
        self.seen += by;
        self.place = place;
    }

    fn wait<T>(&mut self, by: usize) -> Option<T> {
        self.seen += by;
        None
    }

    /// In text: finds the next tag and what kind it is.
    #[expect(clippy::option_option, reason = "see `step`")]
    fn text_step(&mut self) -> Result<Option<Option<Piece>>, StreamError> {
        let visible = &self.bytes[..self.bytes.len().min(self.most())];
        let rest = visible.get(self.seen..).unwrap_or_default();
        let Some(at) = memchr::memchr(b'<', rest) else { return Ok(self.wait(rest.len())) };
        self.seen += at;
        let tag = &rest[at..];
        match tag.get(1) {
            None => return Ok(None),
            Some(b'/') => {
                if self.depth == 0 && !self.header_read {
                    return Err(StreamError::NotWellFormed);
                }
                self.reach(2, Place::EndTag);
            }
            Some(b'!') => {
                const CDATA: &[u8] = b"<![CDATA[";
                let begun = tag.len().min(CDATA.len());
                if tag[..begun] != CDATA[..begun] || self.depth == 0 {
                    return Err(StreamError::RestrictedXml);
                }
                if begun < CDATA.len() {
                    return Ok(None);
                }
                self.reach(CDATA.len(), Place::Cdata);
            }
            Some(b'?') => {
                if self.header_read || self.seen > 0 {
                    return Err(StreamError::RestrictedXml);
                }
                self.reach(2, Place::Declaration);
            }
            Some(_) => {
                self.depth += 1;
                if self.depth as usize > DEPTH {
                    return Err(StreamError::PolicyViolation);
                }
                self.reach(1, Place::StartTag);
            }
        }
        Ok(Some(None))
    }

    fn tag_ended(&mut self, empty: bool) -> Result<Option<Piece>, StreamError> {
        if !self.header_read {
            if empty {
                return Err(StreamError::BadFormat);
            }
            self.header_read = true;
            self.depth = 0;
            return Ok(Some(Piece::Header(self.cut())));
        }
        if empty {
            self.depth -= 1;
        }
        Ok((self.depth == 0).then(|| Piece::Element(self.cut())))
    }

    fn element_ended(&mut self) -> Result<Option<Piece>, StreamError> {
        if self.depth == 0 {
            let tag = self.cut();
            return if ends_stream(&tag) { Ok(Some(Piece::End)) } else { Err(StreamError::NotWellFormed) };
        }
        self.depth -= 1;
        Ok((self.depth == 0).then(|| Piece::Element(self.cut())))
    }

    fn cut(&mut self) -> Bytes {
        let piece = self.bytes.split_to(self.seen).freeze();
        self.seen = 0;
        piece
    }
}

/// Whether this end tag can be that of `<stream:stream>`, whose prefix the client chose.
fn ends_stream(tag: &[u8]) -> bool {
    let name =
        tag.trim_ascii().strip_prefix(b"</").and_then(|tag| tag.strip_suffix(b">")).unwrap_or_default();
    name.trim_ascii_end().rsplit(|byte| *byte == b':').next() == Some(b"stream")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "<?xml version='1.0'?>\n<stream:stream a='>'>";

    fn pieces(text: &str, limit: usize, size: usize) -> (Vec<String>, Option<StreamError>) {
        let mut framer = Framer::new(limit);
        let mut found = Vec::new();
        for part in text.as_bytes().chunks(size) {
            framer.push(part);
            loop {
                match framer.next_piece() {
                    Ok(Some(Piece::Header(bytes) | Piece::Element(bytes))) => {
                        found.push(String::from_utf8(bytes.to_vec()).expect("UTF-8"));
                    }
                    Ok(Some(Piece::End)) => found.push("end".to_owned()),
                    Ok(None) => break,
                    Err(error) => return (found, Some(error)),
                }
            }
        }
        (found, None)
    }

    #[test]
    fn pieces_are_the_same_in_any_split() {
        let elements = ["<a b='/>' c=\"'>\"><b/><![CDATA[</a>]]]></a>", "<r/>", "<x><x></x></x>"];
        let text = format!("{HEADER}{} \n{}{}\n</stream:stream>", elements[0], elements[1], elements[2]);
        for size in 1..=text.len() {
            let (found, error) = pieces(&text, 100, size);
            assert_eq!(found, [HEADER, elements[0], elements[1], elements[2], "end"], "{size}");
            assert_eq!(error, None);
        }
    }

    #[test]
    fn an_element_has_a_limit_to_the_byte() {
        let element = |length: usize| format!("<a>{}</a>", "x".repeat(length - 7));
        for size in [1, 3, 1000] {
            assert_eq!(pieces(&format!("{HEADER}{}", element(50)), 50, size).1, None);
            let over = pieces(&format!("{HEADER}{}", element(51)), 50, size);
            assert_eq!((over.0.len(), over.1), (1, Some(StreamError::PolicyViolation)));
        }
    }

    #[test]
    fn elements_inside_each_other_have_a_limit() {
        let nested = |depth: usize| format!("{HEADER}{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        assert_eq!(pieces(&nested(DEPTH), 10_000, 10).1, None);
        assert_eq!(pieces(&nested(DEPTH + 1), 10_000, 10).1, Some(StreamError::PolicyViolation));
    }

    #[test]
    fn an_idle_stream_holds_no_bytes() {
        let mut framer = Framer::new(100);
        framer.push(format!("{HEADER}<a/>  \n").as_bytes());
        while framer.next_piece().expect("good").is_some() {}
        assert!(framer.is_empty());
        assert_eq!(framer.bytes.capacity(), 0);
    }
}
