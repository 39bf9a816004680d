//! One pass over one complete element: tags, attributes, text, CDATA; everything that XML 1.0 or RFC 6120 §11.1
//! forbids is an error. Names are checked, references are checked but not resolved.

use super::{StreamError, chars, escape::check_references};

/// What stands at the current place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Token<'a> {
    /// `<name`: now read its attributes by [`Tokens::attribute`] until it says how the tag ends.
    Start(Name<'a>),
    /// `</name>`.
    End(&'a str),
    /// Character data, its references unresolved.
    Text(&'a str),
    /// The inside of a CDATA section.
    Cdata(&'a str),
}

/// A name with its optional prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Name<'a> {
    /// As written: what an end tag must repeat.
    pub(crate) whole: &'a str,
    /// Where the colon is; 0 if there is none.
    colon: usize,
}

impl<'a> Name<'a> {
    /// Before the colon; empty if there is none.
    pub(crate) fn prefix(&self) -> &'a str {
        &self.whole[..self.colon]
    }

    /// After the colon.
    pub(crate) fn local(&self) -> &'a str {
        if self.colon == 0 { self.whole } else { &self.whole[self.colon + 1..] }
    }
}

/// Whether two short names are equal; most that are not differ in length or in their first byte.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.as_bytes().first() == b.as_bytes().first() && (a.len() < 2 || a == b)
}

/// The next thing in a start tag.
pub(crate) enum InTag<'a> {
    /// An attribute, its value unresolved.
    Attribute(Name<'a>, &'a str),
    /// `>`: content follows.
    Open,
    /// `/>`: no content, no end tag.
    Empty,
}

/// The place in the text.
pub(crate) struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    /// From the beginning of `text`, which [`super::checked`] has seen.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// How many bytes were read.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The next token; `None` at the end of the text.
    pub(crate) fn next(&mut self) -> Result<Option<Token<'a>>, StreamError> {
        let rest = &self.text[self.at..];
        let Some(&first) = rest.as_bytes().first() else { return Ok(None) };
        if first != b'<' {
            return self.character_data(rest).map(Some);
        }
        match rest.as_bytes().get(1) {
            Some(b'/') => self.end_tag().map(Some),
            Some(b'!') => self.cdata(rest).map(Some),
            Some(b'?') => Err(StreamError::RestrictedXml),
            _ => {
                self.at += 1;
                self.name().map(|name| Some(Token::Start(name)))
            }
        }
    }

    /// After the last end tag: nothing may follow but white space.
    pub(crate) fn finish(&self) -> Result<(), StreamError> {
        let rest = self.text.as_bytes()[self.at..].trim_ascii();
        if rest.is_empty() { Ok(()) } else { Err(StreamError::NotWellFormed) }
    }

    /// The next attribute of the start tag just begun, or its end.
    pub(crate) fn attribute(&mut self) -> Result<InTag<'a>, StreamError> {
        let spaced = self.skip_space();
        match self.peek() {
            Some(b'>') => {
                self.at += 1;
                Ok(InTag::Open)
            }
            Some(b'/') if self.text.as_bytes().get(self.at + 1) == Some(&b'>') => {
                self.at += 2;
                Ok(InTag::Empty)
            }
            _ if !spaced => Err(StreamError::NotWellFormed),
            _ => {
                let name = self.name()?;
                self.skip_space();
                self.expect(b'=')?;
                self.skip_space();
                Ok(InTag::Attribute(name, self.quoted()?))
            }
        }
    }

    fn character_data(&mut self, rest: &'a str) -> Result<Token<'a>, StreamError> {
        let end = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
        let text = &rest[..end];
        check_references(text)?;
        // XML 1.0 §2.4: this sequence ends a CDATA section and stands nowhere else.
        if memchr::memchr_iter(b']', text.as_bytes()).any(|at| text.as_bytes()[at..].starts_with(b"]]>")) {
            return Err(StreamError::NotWellFormed);
        }
        self.at += end;
        Ok(Token::Text(text))
    }

    fn end_tag(&mut self) -> Result<Token<'a>, StreamError> {
        self.at += 2;
        let name = self.name()?;
        self.skip_space();
        self.expect(b'>')?;
        Ok(Token::End(name.whole))
    }

    fn cdata(&mut self, rest: &'a str) -> Result<Token<'a>, StreamError> {
        let inside = rest.strip_prefix("<![CDATA[").ok_or(StreamError::RestrictedXml)?;
        let end = memchr::memmem::find(inside.as_bytes(), b"]]>").ok_or(StreamError::NotWellFormed)?;
        self.at += "<![CDATA[".len() + end + "]]>".len();
        Ok(Token::Cdata(&inside[..end]))
    }

    fn name(&mut self) -> Result<Name<'a>, StreamError> {
        let start = self.at;
        let first = self.name_part()?;
        if self.peek() != Some(b':') {
            return Ok(Name { whole: first, colon: 0 });
        }
        self.at += 1;
        self.name_part()?;
        Ok(Name { whole: &self.text[start..self.at], colon: first.len() })
    }

    fn name_part(&mut self) -> Result<&'a str, StreamError> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().position(|&b| !chars::continues_name(b)).unwrap_or(rest.len());
        let part = &self.text[self.at..self.at + length];
        let starts = part.as_bytes().first().is_some_and(|&b| chars::starts_name(b));
        if !starts || !(part.is_ascii() || chars::is_name(part)) {
            return Err(StreamError::NotWellFormed);
        }
        self.at += length;
        Ok(part)
    }

    fn quoted(&mut self) -> Result<&'a str, StreamError> {
        let quote = self.peek().filter(|b| matches!(b, b'\'' | b'"')).ok_or(StreamError::NotWellFormed)?;
        let rest = &self.text[self.at + 1..];
        let bytes = rest.as_bytes();
        let mut end = memchr::memchr3(quote, b'<', b'&', bytes).ok_or(StreamError::NotWellFormed)?;
        if bytes[end] == b'&' {
            end = memchr::memchr2(quote, b'<', bytes).ok_or(StreamError::NotWellFormed)?;
            check_references(&rest[..end])?;
        }
        if bytes[end] == b'<' {
            return Err(StreamError::NotWellFormed);
        }
        let value = &rest[..end];
        self.at += end + 2;
        Ok(value)
    }

    fn skip_space(&mut self) -> bool {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().position(|&b| !chars::is_space(b)).unwrap_or(rest.len());
        self.at += length;
        length > 0
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Result<(), StreamError> {
        if self.peek() != Some(byte) {
            return Err(StreamError::NotWellFormed);
        }
        self.at += 1;
        Ok(())
    }
}
