//! The opening tag of a stream: `<stream:stream>` (RFC 6120 §4.7) or `<open/>` (RFC 7395 §3.4).

use super::{
    Bindings, Scope, Start, StreamError, Token, Tokens, checked, read_start, tokens::InTag,
    unescape_attribute,
};
use crate::{limits::HEADER_PREFIXES, ns};

/// What the other side says of itself when it opens a stream.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Header {
    /// The domain that is meant to serve it, as written.
    pub to: Option<Box<str>>,
    /// Who it says it is, as written.
    pub from: Option<Box<str>>,
    /// The stream's id; clients give none.
    pub id: Option<Box<str>>,
    /// The default language of what it says.
    pub lang: Option<Box<str>>,
    /// The version as written.
    pub version: Option<Box<str>>,
    /// The declarations that hold for the stanzas that follow.
    pub scope: Scope,
}

impl Header {
    /// Reads [`super::Piece::Header`]. Errors: those of RFC 6120 §4.8 and §11 about namespaces and XML.
    pub fn parse(bytes: &[u8]) -> Result<Self, StreamError> {
        Self::parse_in(bytes, ns::CLIENT)
    }

    /// The same, of a stream whose stanzas are in another namespace; they are read as if they were in `jabber:client`.
    pub fn parse_in(bytes: &[u8], namespace: &str) -> Result<Self, StreamError> {
        let text = skip_declaration(checked(bytes)?)?;
        let none = Scope::Framed;
        let (start, bindings) = start_tag(text, &none)?;
        if bindings.resolve(start.name.prefix())?.uri != ns::STREAMS {
            return Err(StreamError::InvalidNamespace);
        }
        if start.name.local() != "stream" {
            return Err(StreamError::BadFormat);
        }
        if bindings.resolve("")?.uri != namespace {
            return Err(StreamError::InvalidNamespace);
        }
        // RFC 6120 §4.8.5: with another prefix a peer could not tell our `stream:error`.
        if start.name.prefix() != "stream" {
            return Err(StreamError::BadNamespacePrefix);
        }
        let mut header = Self::of(&start);
        header.scope = scope(&bindings)?;
        Ok(header)
    }

    /// Reads the `<open/>` of a WebSocket, one whole message.
    pub fn parse_open(bytes: &[u8]) -> Result<Self, StreamError> {
        let text = skip_declaration(checked(bytes)?)?;
        let none = Scope::Framed;
        let (start, bindings) = start_tag(text, &none)?;
        if bindings.resolve(start.name.prefix())?.uri != ns::FRAMING {
            return Err(StreamError::InvalidNamespace);
        }
        if start.name.local() != "open" {
            return Err(StreamError::BadFormat);
        }
        Ok(Self { scope: Scope::Framed, ..Self::of(&start) })
    }

    fn of(start: &Start<'_>) -> Self {
        let value = |wanted: &str| {
            let found = start.attributes.iter().find(|(name, _)| name.whole == wanted);
            found.map(|(_, raw)| Box::from(unescape_attribute(raw)))
        };
        Self {
            to: value("to"),
            from: value("from"),
            id: value("id"),
            lang: value("xml:lang"),
            version: value("version"),
            scope: Scope::Usual,
        }
    }
}

fn start_tag<'a>(text: &'a str, scope: &'a Scope) -> Result<(Start<'a>, Bindings<'a>), StreamError> {
    let mut tokens = Tokens::new(text);
    let mut bindings = Bindings::new(scope);
    let Some(Token::Start(name)) = tokens.next()? else { return Err(StreamError::NotWellFormed) };
    let start = read_start(name, 0, &mut tokens, &mut bindings)?;
    Ok((start, bindings))
}

fn scope(bindings: &Bindings<'_>) -> Result<Scope, StreamError> {
    let prefixes: Vec<(Box<str>, Box<str>)> =
        bindings.prefixes().map(|(prefix, uri)| (prefix.into(), uri.into())).collect();
    match prefixes.len() {
        1 => Ok(Scope::Usual),
        n if n > HEADER_PREFIXES => Err(StreamError::PolicyViolation),
        _ => Ok(Scope::Declared(prefixes.into())),
    }
}

/// The text after its XML declaration, if it has one; it may say version 1.0 and UTF-8 only (RFC 6120 §11.5, §11.6).
pub(crate) fn skip_declaration(text: &str) -> Result<&str, StreamError> {
    let Some(inside) = text.strip_prefix("<?xml") else { return Ok(text) };
    let (declared, rest) = inside.split_once("?>").ok_or(StreamError::NotWellFormed)?;
    let closed = format!("{declared}>");
    let mut tokens = Tokens::new(&closed);
    let mut versioned = false;
    while let InTag::Attribute(name, value) = tokens.attribute()? {
        match name.whole {
            "version" if value == "1.0" => versioned = true,
            "encoding" if value.eq_ignore_ascii_case("utf-8") => {}
            "encoding" => return Err(StreamError::UnsupportedEncoding),
            "standalone" if matches!(value, "yes" | "no") => {}
            _ => return Err(StreamError::NotWellFormed),
        }
    }
    if versioned {
        Ok(rest.trim_start_matches([' ', '\t', '\r', '\n']))
    } else {
        Err(StreamError::NotWellFormed)
    }
}
