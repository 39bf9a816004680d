//! Whether what was heard is what was expected: by subset. Attributes, text and children that the pattern names must be
//! there; whatever else is there does not matter.
//!
//! `{x}` as a whole value takes the value if `x` is not known yet, else compares. `*` is any value, `-` none at all.
//! Children inside `<not xmlns='play'/>` must not be there.

use super::table::{is_name, variables};
use std::collections::BTreeMap;
use xmpp::stanza::Element;

/// What is known.
pub(super) type Variables = BTreeMap<String, String>;

/// Puts known values in the place of their names.
pub(super) fn filled(text: &str, known: &Variables) -> String {
    let mut filled = text.to_owned();
    for name in variables(text) {
        if let Some(value) = known.get(name) {
            filled = filled.replace(&format!("{{{name}}}"), &escaped(value));
        }
    }
    filled
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;")
}

/// Reads a pattern.
pub(super) fn read(text: &str, known: &Variables) -> Result<Element, String> {
    let text = filled(text, known);
    Element::parse(text.as_bytes()).map_err(|error| format!("{error:?} in the pattern {text}"))
}

/// Compares; what is learnt on the way is kept only if all fits.
pub(super) fn matches(pattern: &Element, heard: &Element, known: &mut Variables) -> bool {
    let mut learnt = known.clone();
    let fits = element(pattern, heard, &mut learnt);
    if fits {
        *known = learnt;
    }
    fits
}

fn element(pattern: &Element, heard: &Element, known: &mut Variables) -> bool {
    pattern.is(heard.name(), heard.namespace())
        && attributes(pattern, heard, known)
        && text(pattern, heard, known)
        && children(pattern, heard, known)
}

fn attributes(pattern: &Element, heard: &Element, known: &mut Variables) -> bool {
    pattern.attributes().iter().all(|wanted| {
        let same = |other: &&xmpp::stanza::Attribute| {
            other.name == wanted.name && other.namespace == wanted.namespace
        };
        let found = heard.attributes().iter().find(same);
        value(&wanted.value, found.map(|attribute| attribute.value.as_str()), known)
    })
}

fn text(pattern: &Element, heard: &Element, known: &mut Variables) -> bool {
    let wanted = pattern.text();
    let (wanted, heard) = (wanted.trim(), heard.text());
    wanted.is_empty() || value(wanted, Some(heard.trim()).filter(|text| !text.is_empty()), known)
}

fn value(wanted: &str, heard: Option<&str>, known: &mut Variables) -> bool {
    let name = wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).filter(|name| is_name(name));
    match (wanted, heard) {
        ("-", heard) => heard.is_none(),
        (_, None) => false,
        ("*", Some(_)) => true,
        (wanted, Some(heard)) => match name {
            Some(name) => known.entry(name.to_owned()).or_insert_with(|| heard.to_owned()) == heard,
            None => wanted == heard,
        },
    }
}

fn children(pattern: &Element, heard: &Element, known: &mut Variables) -> bool {
    let mut used = Vec::new();
    pattern.children().all(|wanted| {
        if wanted.is("not", "play") {
            return !wanted
                .children()
                .any(|unwanted| heard.children().any(|child| element(unwanted, child, &mut known.clone())));
        }
        for (at, child) in heard.children().enumerate() {
            let mut learnt = known.clone();
            if !used.contains(&at) && element(wanted, child, &mut learnt) {
                used.push(at);
                *known = learnt;
                return true;
            }
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, heard: &str, known: &mut Variables) -> bool {
        let pattern = read(pattern, known).expect("a pattern");
        matches(&pattern, &Element::parse(heard.as_bytes()).expect("XML"), known)
    }

    #[test]
    fn what_is_named_must_be_there_and_nothing_else_matters() {
        let heard = "<message from='a' to='b' type='chat'><body>hi</body><x xmlns='urn:x'/></message>";
        let known = &mut Variables::new();
        for good in ["<message/>", "<message from='a'><body>hi</body></message>", "<message id='-' to='*'/>"]
        {
            assert!(fits(good, heard, known), "{good}");
        }
        for bad in
            ["<iq/>", "<message from='b'/>", "<message><body>ho</body></message>", "<message from='-'/>"]
        {
            assert!(!fits(bad, heard, known), "{bad}");
        }
        let not = "<message><not xmlns='play'><x xmlns='urn:x'/></not></message>";
        assert!(!fits(not, heard, known) && fits(not, "<message/>", known));
    }

    #[test]
    fn variables_are_learnt_once_and_compared_after() {
        let known = &mut Variables::new();
        assert!(fits("<a id='{x}' of='{x}'>{y}</a>", "<a id='1' of='1'>t</a>", known));
        assert_eq!((known["x"].as_str(), known["y"].as_str()), ("1", "t"));
        assert!(!fits("<a id='{x}'/>", "<a id='2'/>", known));
        assert!(fits("<a b='{x}-{y}'/>", "<a b='1-t'/>", known));
        assert!(!fits("<a><b c='{z}'/><d/></a>", "<a><b c='1'/></a>", known) && !known.contains_key("z"));
    }
}
