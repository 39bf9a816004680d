//! What an entity says about itself: identities, features, forms (XEP-0030 §3, XEP-0128).

use super::INFO;
use crate::{
    limits::CLIENT_FEATURES,
    stanza::Element,
    xep::forms::{self, Form},
};
use std::borrow::Cow;

/// What an entity is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Such as `client` or `server`.
    pub category: Cow<'static, str>,
    /// Such as `pc` or `im`.
    pub kind: Cow<'static, str>,
    /// The language of `name`, or empty.
    pub lang: Cow<'static, str>,
    /// A name for people, or empty.
    pub name: Cow<'static, str>,
}

/// Everything that an entity says about itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Info {
    /// What it is.
    pub identities: Vec<Identity>,
    /// What it can do.
    pub features: Vec<Cow<'static, str>>,
    /// More of it.
    pub forms: Vec<Form>,
}

/// The element is no such answer, or is over a limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an answer to disco#info")]
pub struct BadInfo;

impl Identity {
    /// An identity without a language.
    pub fn new(category: &'static str, kind: &'static str, name: impl Into<Cow<'static, str>>) -> Self {
        Self { category: category.into(), kind: kind.into(), lang: "".into(), name: name.into() }
    }

    fn parse(element: &Element) -> Self {
        let text = |name| Cow::Owned(element.attribute(name).unwrap_or_default().to_owned());
        let lang = Cow::Owned(element.lang().unwrap_or_default().to_owned());
        Self { category: text("category"), kind: text("type"), lang, name: text("name") }
    }

    fn to_element(&self) -> Element {
        let name = (!self.name.is_empty()).then_some(&*self.name);
        Element::new("identity", INFO)
            .with("category", &*self.category)
            .with("type", &*self.kind)
            .with_some("name", name)
    }
}

impl Info {
    /// With one identity and these features.
    pub fn new(identity: Identity, features: impl IntoIterator<Item = &'static str>) -> Self {
        let features = features.into_iter().map(Cow::Borrowed).collect();
        Self { identities: vec![identity], features, forms: Vec::new() }
    }

    /// Reads a `<query/>` that somebody answered with.
    pub fn parse(query: &Element) -> Result<Self, BadInfo> {
        if !query.is("query", INFO) {
            return Err(BadInfo);
        }
        let mut info = Self::default();
        for child in query.children() {
            if child.is("identity", INFO) {
                info.identities.push(Identity::parse(child));
            } else if child.is("feature", INFO) {
                let var = child.attribute("var").ok_or(BadInfo)?;
                info.features.push(Cow::Owned(var.to_owned()));
            } else if child.is("x", forms::NS) {
                info.forms.push(Form::parse(child).map_err(|_| BadInfo)?);
            }
        }
        let parts = info.features.len() + info.identities.len() + info.forms.len();
        if parts <= CLIENT_FEATURES { Ok(info) } else { Err(BadInfo) }
    }

    /// The `<query/>` to answer with.
    pub fn to_element(&self, node: Option<&str>) -> Element {
        let features = self.features.iter().map(|var| Element::new("feature", INFO).with("var", &**var));
        Element::new("query", INFO)
            .with_some("node", node)
            .with_children(self.identities.iter().map(Identity::to_element))
            .with_children(features)
            .with_children(self.forms.iter().map(Form::to_element))
    }
}
