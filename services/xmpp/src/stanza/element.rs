//! A small tree for the payloads of iqs and the like: built, read and written. Names are borrowed where they are
//! known at compile time.

use super::read;
use crate::{
    ns,
    wire::{Scope, StreamError, checked, escape_attribute, escape_text},
};
use std::borrow::Cow;

/// One element with everything in it. `Debug` shows its name only: the content may be the user's own.
#[derive(Clone, PartialEq, Eq)]
pub struct Element {
    name: Cow<'static, str>,
    namespace: Cow<'static, str>,
    attributes: Vec<Attribute>,
    nodes: Vec<Node>,
}

/// One attribute; namespace declarations are none.
#[derive(Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Without prefix.
    pub name: Cow<'static, str>,
    /// `None` for the usual case, an attribute without prefix.
    pub namespace: Option<Cow<'static, str>>,
    /// References resolved.
    pub value: String,
}

/// What an element holds.
#[derive(Clone, PartialEq, Eq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text, references resolved.
    Text(String),
}

impl Element {
    /// An empty element.
    pub fn new(name: impl Into<Cow<'static, str>>, namespace: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), namespace: namespace.into(), attributes: Vec::new(), nodes: Vec::new() }
    }

    /// Reads one complete element that stands in a `jabber:client` stanza (or declares its own namespaces).
    ///
    /// Errors: as for [`super::Stanza::parse`].
    pub fn parse(bytes: &[u8]) -> Result<Self, StreamError> {
        read::tree(checked(bytes)?, &Scope::Usual)
    }

    /// With an attribute; replaces one of the same name.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// With an attribute if there is a value.
    #[must_use]
    pub fn with_some(self, name: impl Into<Cow<'static, str>>, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With one more child.
    #[must_use]
    pub fn with_child(mut self, child: Element) -> Self {
        self.nodes.push(Node::Element(child));
        self
    }

    /// With these children too.
    #[must_use]
    pub fn with_children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.nodes.extend(children.into_iter().map(Node::Element));
        self
    }

    /// With this text at its end.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.push(Node::Text(text.into()));
        self
    }

    /// Sets an attribute; replaces one of the same name.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        match self.attributes.iter_mut().find(|a| a.name == name && a.namespace.is_none()) {
            Some(known) => known.value = value,
            None => self.push_attribute(name, None, value),
        }
    }

    /// Adds something at the end. Text after text becomes one, and empty text nothing, as it is when read again.
    pub fn push(&mut self, node: Node) {
        match (self.nodes.last_mut(), node) {
            (Some(Node::Text(last)), Node::Text(text)) => last.push_str(&text),
            (_, Node::Text(text)) if text.is_empty() => {}
            (_, node) => self.nodes.push(node),
        }
    }

    pub(super) fn push_attribute(
        &mut self,
        name: Cow<'static, str>,
        namespace: Option<Cow<'static, str>>,
        value: String,
    ) {
        self.attributes.push(Attribute { name, namespace, value });
    }

    /// Its name without prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Whether it has this name and namespace.
    pub fn is(&self, name: &str, namespace: &str) -> bool {
        self.name == name && self.namespace == namespace
    }

    /// The value of an attribute without prefix.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|a| a.name == name && a.namespace.is_none());
        found.map(|a| a.value.as_str())
    }

    /// Its `xml:lang`.
    pub fn lang(&self) -> Option<&str> {
        let found =
            self.attributes.iter().find(|a| a.name == "lang" && a.namespace.as_deref() == Some(ns::XML));
        found.map(|a| a.value.as_str())
    }

    /// All attributes, in order.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// Everything in it, in order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The child elements, in order.
    pub fn children(&self) -> impl Iterator<Item = &Element> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first child of this name and namespace.
    pub fn child(&self, name: &str, namespace: &str) -> Option<&Element> {
        self.children().find(|child| child.is(name, namespace))
    }

    /// The first child.
    pub fn first(&self) -> Option<&Element> {
        self.children().next()
    }

    /// The text directly inside.
    pub fn text(&self) -> String {
        let texts = self.nodes.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    /// Appends it as it must stand where `outer` is the default namespace; declares namespaces only where they
    /// change.
    pub fn write(&self, outer: &str, out: &mut Vec<u8>) {
        out.push(b'<');
        out.extend_from_slice(self.name.as_bytes());
        if self.namespace != outer {
            out.extend_from_slice(b" xmlns='");
            escape_attribute(&self.namespace, out);
            out.push(b'\'');
        }
        self.attributes.iter().enumerate().for_each(|(index, attribute)| attribute.write(index, out));
        if self.nodes.is_empty() {
            out.extend_from_slice(b"/>");
            return;
        }
        out.push(b'>');
        for node in &self.nodes {
            match node {
                Node::Element(element) => element.write(&self.namespace, out),
                Node::Text(text) => escape_text(text, out),
            }
        }
        out.extend_from_slice(b"</");
        out.extend_from_slice(self.name.as_bytes());
        out.push(b'>');
    }

    /// Its bytes, as they must stand in a `jabber:client` stanza.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(ns::CLIENT, &mut out);
        out
    }
}

impl Attribute {
    /// `index` makes the prefix, which must be unique in its element.
    fn write(&self, index: usize, out: &mut Vec<u8>) {
        out.push(b' ');
        match self.namespace.as_deref() {
            None => {}
            Some(ns::XML) => out.extend_from_slice(b"xml:"),
            Some(namespace) => {
                out.extend_from_slice(format!("xmlns:a{index}='").as_bytes());
                escape_attribute(namespace, out);
                out.extend_from_slice(format!("' a{index}:").as_bytes());
            }
        }
        out.extend_from_slice(self.name.as_bytes());
        out.extend_from_slice(b"='");
        escape_attribute(&self.value, out);
        out.push(b'\'');
    }
}

impl std::fmt::Debug for Element {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{} xmlns='{}'>", self.name, self.namespace)
    }
}
