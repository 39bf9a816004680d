//! The shallow reading of a top-level element: one pass that checks all of it and remembers where the children are
//! (RFC 6120 §8.1, §11.1).

use super::Kind;
use crate::{
    limits::DEPTH,
    ns,
    wire::{
        Bindings, Scope, Start, StreamError, Token, Tokens, checked, is_plain_value, read_start,
        unescape_attribute,
    },
};
use bytes::Bytes;
use smallvec::SmallVec;

/// A range of a stanza's bytes; it begins and ends between characters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(super) fn whole(bytes: &Bytes) -> Self {
        Self::between(0, bytes.len())
    }

    fn between(start: usize, end: usize) -> Self {
        let narrow = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: narrow(start), end: narrow(end) }
    }

    /// Of a part of `whole`.
    fn of_part(whole: &str, part: &str) -> Self {
        let start = part.as_ptr().addr() - whole.as_ptr().addr();
        Self::between(start, start + part.len())
    }

    /// The text; the bytes are those that were checked to be UTF-8 when the stanza was read.
    pub(super) fn of(self, bytes: &Bytes) -> &str {
        std::str::from_utf8(self.bytes(bytes)).unwrap_or_default()
    }

    pub(super) fn bytes(self, bytes: &Bytes) -> &[u8] {
        bytes.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// A text that is there as it stands, or had to be resolved, or is one that everybody knows.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Absent,
    Plain(Span),
    Known(&'static str),
    Resolved(Box<str>),
}

impl Part {
    pub(super) fn of<'s>(&'s self, bytes: &'s Bytes) -> Option<&'s str> {
        match self {
            Self::Absent => None,
            Self::Plain(span) => Some(span.of(bytes)),
            Self::Known(text) => Some(text),
            Self::Resolved(text) => Some(text),
        }
    }

    fn value(whole: &str, raw: &str) -> Self {
        if is_plain_value(raw) {
            return Self::Plain(Span::of_part(whole, raw));
        }
        Self::Resolved(unescape_attribute(raw).into())
    }

    fn namespace(whole: &str, uri: &str) -> Self {
        let inside = whole.as_bytes().as_ptr_range().contains(&uri.as_ptr());
        match uri {
            ns::CLIENT => Self::Known(ns::CLIENT),
            ns::STREAMS => Self::Known(ns::STREAMS),
            "" => Self::Known(""),
            _ if inside => Self::Plain(Span::of_part(whole, uri)),
            _ => Self::Resolved(uri.into()),
        }
    }
}

/// Where a child is.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: Span,
    pub(super) namespace: Part,
    pub(super) span: Span,
    /// Its bytes mean the same in any stanza whose default namespace is `jabber:client`.
    pub(super) portable: bool,
}

/// What a stanza is and where its parts are.
#[derive(Clone, Debug)]
pub(super) struct Outline {
    pub(super) kind: Kind,
    pub(super) name: Span,
    pub(super) namespace: Part,
    /// To, from, id, type, language.
    pub(super) routing: [Part; 5],
    pub(super) children: SmallVec<[Entry; 4]>,
}

/// Reads all of one top-level element.
pub(super) fn outline(bytes: &[u8], scope: &Scope) -> Result<Outline, StreamError> {
    let text = checked(bytes)?;
    let mut reader = Reader {
        text,
        tokens: Tokens::new(text),
        bindings: Bindings::new(scope),
        foreign: false,
        open: SmallVec::new(),
        children: SmallVec::new(),
    };
    let Some(Token::Start(name)) = reader.tokens.next()? else { return Err(StreamError::NotWellFormed) };
    let start = read_start(name, 0, &mut reader.tokens, &mut reader.bindings)?;
    let uri = reader.bindings.resolve(name.prefix())?.uri;
    let (kind, namespace) = (kind(name.local(), uri), Part::namespace(text, uri));
    reader.foreign = reader.bindings.resolve("")?.uri != ns::CLIENT;
    reader.content(&start)?;
    Ok(Outline {
        kind,
        name: Span::of_part(text, name.local()),
        namespace,
        routing: routing(text, &start),
        children: reader.children,
    })
}

fn kind(name: &str, namespace: &str) -> Kind {
    match name {
        _ if namespace != ns::CLIENT => Kind::Nonza,
        "message" => Kind::Message,
        "presence" => Kind::Presence,
        "iq" => Kind::Iq,
        _ => Kind::Nonza,
    }
}

/// The attributes of RFC 6120 §8.1: to, from, id, type, xml:lang.
fn routing(text: &str, start: &Start<'_>) -> [Part; 5] {
    let mut found = [const { Part::Absent }; 5];
    for (name, raw) in &start.attributes {
        let place = match name.whole {
            "to" => 0,
            "from" => 1,
            "id" => 2,
            "type" => 3,
            "xml:lang" => 4,
            _ => continue,
        };
        found[place] = Part::value(text, raw);
    }
    found
}

struct Reader<'a> {
    text: &'a str,
    tokens: Tokens<'a>,
    bindings: Bindings<'a>,
    /// The default namespace that the children stand in is not `jabber:client`.
    foreign: bool,
    /// Names of the open elements.
    open: SmallVec<[&'a str; 8]>,
    children: SmallVec<[Entry; 4]>,
}

impl<'a> Reader<'a> {
    /// Reads to the end tag of the top element, and then nothing may follow but white space.
    fn content(&mut self, top: &Start<'a>) -> Result<(), StreamError> {
        if !top.empty {
            self.open.push(top.name.whole);
        }
        while !self.open.is_empty() {
            let at = self.tokens.position();
            match self.tokens.next()?.ok_or(StreamError::NotWellFormed)? {
                Token::Start(name) => {
                    let depth = self.open.len();
                    if depth >= DEPTH {
                        return Err(StreamError::PolicyViolation);
                    }
                    let start = read_start(name, depth, &mut self.tokens, &mut self.bindings)?;
                    self.started(&start, at, depth)?;
                }
                Token::End(name) => self.ended(name)?,
                Token::Text(_) | Token::Cdata(_) => {}
            }
        }
        self.tokens.finish()
    }

    fn started(&mut self, start: &Start<'a>, at: usize, depth: usize) -> Result<(), StreamError> {
        if depth == 1 {
            let uri = self.bindings.resolve(start.name.prefix())?.uri;
            self.children.push(Entry {
                name: Span::of_part(self.text, start.name.local()),
                namespace: Part::namespace(self.text, uri),
                span: Span::between(at, self.tokens.position()),
                portable: true,
            });
        }
        let foreign_default = self.foreign && start.reach.inherits_default(2);
        if foreign_default || !start.reach.prefixes_within(2) {
            self.children.last_mut().into_iter().for_each(|child| child.portable = false);
        }
        if start.empty {
            self.bindings.leave(depth);
        } else {
            self.open.push(start.name.whole);
        }
        Ok(())
    }

    fn ended(&mut self, name: &str) -> Result<(), StreamError> {
        if self.open.pop() != Some(name) {
            return Err(StreamError::NotWellFormed);
        }
        let depth = self.open.len();
        self.bindings.leave(depth);
        if depth == 1
            && let Some(child) = self.children.last_mut()
        {
            child.span.end = Span::between(0, self.tokens.position()).end;
        }
        Ok(())
    }
}
