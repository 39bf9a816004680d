//! Looking deeper into an element: an attribute, its text, the whole tree. What is asked of a stanza was checked when
//! the stanza was read; [`tree`] checks for itself, so that it may read anything.

use super::{Element, Node};
use crate::{
    limits::DEPTH,
    wire::{
        Bindings, InTag, Scope, Start, StreamError, Token, Tokens, read_start, unescape_attribute,
        unescape_text,
    },
};
use std::borrow::Cow;

/// An attribute of the element that `raw` begins with, by its name as written.
pub(super) fn attribute<'a>(raw: &'a str, wanted: &str) -> Option<Cow<'a, str>> {
    let mut tokens = Tokens::new(raw);
    tokens.next().ok()?;
    while let Ok(InTag::Attribute(name, value)) = tokens.attribute() {
        if name.whole == wanted {
            return Some(unescape_attribute(value));
        }
    }
    None
}

/// The text directly inside the element that `raw` is.
pub(super) fn text(raw: &str) -> Cow<'_, str> {
    let mut tokens = Tokens::new(raw);
    let mut found = Cow::Borrowed("");
    let mut depth = 0;
    while let Ok(Some(token)) = tokens.next() {
        match token {
            Token::Start(_) => depth += usize::from(opens(&mut tokens)),
            Token::End(_) => depth -= 1,
            Token::Text(raw) if depth == 1 => found += unescape_text(raw),
            Token::Cdata(raw) if depth == 1 => found += raw,
            Token::Text(_) | Token::Cdata(_) => {}
        }
        if depth == 0 {
            break;
        }
    }
    found
}

/// Reads a start tag to its end, and says whether content follows.
fn opens(tokens: &mut Tokens<'_>) -> bool {
    loop {
        match tokens.attribute() {
            Ok(InTag::Attribute(..)) => {}
            Ok(InTag::Open) => return true,
            Ok(InTag::Empty) | Err(_) => return false,
        }
    }
}

/// One element, and all below it, that stands in `scope`.
pub(super) fn tree(text: &str, scope: &Scope) -> Result<Element, StreamError> {
    let mut tokens = Tokens::new(text);
    let mut bindings = Bindings::new(scope);
    let mut open: Vec<(&str, Element)> = Vec::new();
    loop {
        let finished = match tokens.next()?.ok_or(StreamError::NotWellFormed)? {
            Token::Start(name) if open.len() < DEPTH => {
                let start = read_start(name, open.len(), &mut tokens, &mut bindings)?;
                let element = element(&start, &bindings)?;
                if !start.empty {
                    open.push((name.whole, element));
                    continue;
                }
                element
            }
            Token::Start(_) => return Err(StreamError::PolicyViolation),
            Token::End(name) => match open.pop() {
                Some((opened, element)) if opened == name => element,
                _ => return Err(StreamError::NotWellFormed),
            },
            Token::Text(raw) => {
                add(&mut open, Node::Text(unescape_text(raw).into_owned()))?;
                continue;
            }
            Token::Cdata(raw) => {
                add(&mut open, Node::Text(raw.to_owned()))?;
                continue;
            }
        };
        bindings.leave(open.len());
        if open.is_empty() {
            return tokens.finish().map(|()| finished);
        }
        add(&mut open, Node::Element(finished))?;
    }
}

fn add(open: &mut [(&str, Element)], node: Node) -> Result<(), StreamError> {
    let (_, parent) = open.last_mut().ok_or(StreamError::NotWellFormed)?;
    parent.push(node);
    Ok(())
}

fn element(start: &Start<'_>, bindings: &Bindings<'_>) -> Result<Element, StreamError> {
    let namespace = bindings.resolve(start.name.prefix())?.uri.to_owned();
    let mut element = Element::new(start.name.local().to_owned(), namespace);
    for (name, raw) in &start.attributes {
        let value = unescape_attribute(raw).into_owned();
        let namespace = match name.prefix() {
            "" => None,
            prefix => Some(bindings.resolve(prefix)?.uri.to_owned().into()),
        };
        element.push_attribute(name.local().to_owned().into(), namespace, value);
    }
    Ok(element)
}
