//! A whole start tag: its name, its attributes without repeats (XML 1.0 §3.1, Namespaces in XML 1.0 §6.3), its
//! namespace declarations taken up.

use super::{
    StreamError,
    bindings::Bindings,
    tokens::{InTag, Name, Tokens, same},
};
use crate::limits::ATTRIBUTES;
use smallvec::SmallVec;

/// A start tag, read to its end.
pub(crate) struct Start<'a> {
    /// The element's name.
    pub(crate) name: Name<'a>,
    /// Attributes that are no namespace declarations, their values unresolved.
    pub(crate) attributes: SmallVec<[(Name<'a>, &'a str); 6]>,
    /// The tag ended with `/>`.
    pub(crate) empty: bool,
    /// How far out the declarations stand that it uses.
    pub(crate) reach: Reach,
}

/// How far out the declarations stand that a tag uses, as levels ([`super::bindings::Resolved::level`]);
/// `usize::MAX` where it uses none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Reach {
    /// The outermost declaration of a prefix on it.
    prefixes: usize,
    /// The declaration of the default namespace that it is in.
    default: usize,
}

impl Reach {
    /// Whether all prefixes used are declared at `level` or further in.
    pub(crate) fn prefixes_within(self, level: usize) -> bool {
        self.prefixes >= level
    }

    /// Whether the tag is in a default namespace that is declared further out than `level`.
    pub(crate) fn inherits_default(self, level: usize) -> bool {
        self.default < level
    }
}

/// Reads the tag that begins with `name`, of an element at `depth`.
pub(crate) fn read_start<'a>(
    name: Name<'a>,
    depth: usize,
    tokens: &mut Tokens<'a>,
    bindings: &mut Bindings<'a>,
) -> Result<Start<'a>, StreamError> {
    let mut start = Start {
        name,
        attributes: SmallVec::new(),
        empty: false,
        reach: Reach { prefixes: usize::MAX, default: usize::MAX },
    };
    let mut declared: SmallVec<[&str; 4]> = SmallVec::new();
    loop {
        match tokens.attribute()? {
            InTag::Attribute(name, value) => {
                let repeated = declared.iter().any(|known| same(known, name.whole))
                    || start.attributes.iter().any(|(known, _)| same(known.whole, name.whole));
                if repeated {
                    return Err(StreamError::NotWellFormed);
                }
                if start.attributes.len() + declared.len() == ATTRIBUTES {
                    return Err(StreamError::PolicyViolation);
                }
                if bindings.declare(&name, value, depth)? {
                    declared.push(name.whole);
                } else {
                    start.attributes.push((name, value));
                }
            }
            InTag::Open => break,
            InTag::Empty => {
                start.empty = true;
                break;
            }
        }
    }
    start.reach = reach(&start, bindings)?;
    Ok(start)
}

fn reach(start: &Start<'_>, bindings: &Bindings<'_>) -> Result<Reach, StreamError> {
    let own = bindings.resolve(start.name.prefix())?.level;
    let mut reach = if start.name.prefix().is_empty() {
        Reach { prefixes: usize::MAX, default: own }
    } else {
        Reach { prefixes: own, default: usize::MAX }
    };
    let mut seen: SmallVec<[(&str, &str); 4]> = SmallVec::new();
    for (name, _) in start.attributes.iter().filter(|(name, _)| !name.prefix().is_empty()) {
        let resolved = bindings.resolve(name.prefix())?;
        if seen.contains(&(resolved.uri, name.local())) {
            return Err(StreamError::NotWellFormed);
        }
        seen.push((resolved.uri, name.local()));
        reach.prefixes = reach.prefixes.min(resolved.level);
    }
    Ok(reach)
}
