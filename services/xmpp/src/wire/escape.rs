//! Character references and escaping (XML 1.0 §2.4, §4.1, §4.6). Only the five predefined entities exist
//! (RFC 6120 §11.1); what is written is always well-formed, whatever text comes in.

use super::{StreamError, chars};
use std::borrow::Cow;

/// Appends `text` as character data.
pub fn escape_text(text: &str, out: &mut Vec<u8>) {
    escape(text, &IN_TEXT, out);
}

/// Appends `value` as the inside of an attribute in single quotes; white space survives normalisation.
pub fn escape_attribute(value: &str, out: &mut Vec<u8>) {
    escape(value, &IN_ATTRIBUTE, out);
}

/// Bytes that need a second look: for most texts there is none, and the text is copied in one go.
static IN_TEXT: [bool; 256] = specials(false);
static IN_ATTRIBUTE: [bool; 256] = specials(true);

const fn specials(attribute: bool) -> [bool; 256] {
    let mut table = [false; 256];
    let mut b = 0_u8;
    loop {
        table[b as usize] = match b {
            b'&' | b'<' | b'>' | b'\r' | 0xef => true,
            b'\t' | b'\n' | b'\'' => attribute,
            _ => b < 0x20,
        };
        if b == u8::MAX {
            return table;
        }
        b += 1;
    }
}

fn escape(text: &str, special: &[bool; 256], out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    out.reserve(rest.len());
    while let Some(at) = rest.iter().position(|&b| special[usize::from(b)]) {
        out.extend_from_slice(&rest[..at]);
        let length = write_special(&rest[at..], out);
        rest = &rest[at + length..];
    }
    out.extend_from_slice(rest);
}

/// Writes what stands for the first character of `rest` and says how many bytes it had.
fn write_special(rest: &[u8], out: &mut Vec<u8>) -> usize {
    let written: &[u8] = match rest[0] {
        b'&' => b"&amp;",
        b'<' => b"&lt;",
        b'>' => b"&gt;",
        b'\'' => b"&apos;",
        b'\r' => b"&#13;",
        b'\n' => b"&#10;",
        b'\t' => b"&#9;",
        0xef => {
            let stray = matches!(rest, [_, 0xbf, 0xbe | 0xbf, ..]);
            out.extend_from_slice(if stray { "\u{fffd}".as_bytes() } else { &rest[..3] });
            return 3;
        }
        // A control character that XML does not have, from a door that does.
        _ => "\u{fffd}".as_bytes(),
    };
    out.extend_from_slice(written);
    1
}

/// Whether all references of a raw text are to predefined entities or to characters of XML.
pub(crate) fn check_references(raw: &str) -> Result<(), StreamError> {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        let reference = &rest[at + 1..];
        let end = reference.as_bytes().iter().take(REFERENCE_BYTES).position(|&b| b == b';');
        let name = &reference[..end.ok_or(StreamError::NotWellFormed)?];
        if resolve(name).is_none() {
            return Err(if name.starts_with('#') || name.is_empty() {
                StreamError::NotWellFormed
            } else {
                StreamError::RestrictedXml
            });
        }
        rest = &reference[name.len() + 1..];
    }
    Ok(())
}

/// More than the longest reference that makes sense, with its semicolon (`#x0010ffff;`).
const REFERENCE_BYTES: usize = 32;

fn resolve(name: &str) -> Option<char> {
    let code = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "apos" => return Some('\''),
        "quot" => return Some('"'),
        _ => name.strip_prefix('#')?,
    };
    let number = match code.strip_prefix('x') {
        Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16).ok()?,
        None if code.bytes().all(|b| b.is_ascii_digit()) => code.parse().ok()?,
        _ => return None,
    };
    char::from_u32(number).filter(|&c| chars::is_char(c))
}

/// Whether a raw attribute value stands for itself.
pub(crate) fn is_plain_value(raw: &str) -> bool {
    !raw.bytes().any(|b| matches!(b, b'&' | b'\t' | b'\n' | b'\r'))
}

/// Character data with its references resolved and its line ends as XML 1.0 §2.11 wants them.
pub(crate) fn unescape_text(raw: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'&', b'\r', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(unescape(raw, '\n'))
}

/// An attribute value with its references resolved and white space normalised (XML 1.0 §3.3.3).
pub(crate) fn unescape_attribute(raw: &str) -> Cow<'_, str> {
    if is_plain_value(raw) {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(unescape(raw, ' '))
}

/// `line` is what a line end becomes; with a space for it, tabs become spaces too.
fn unescape(raw: &str, line: char) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.bytes().position(|b| matches!(b, b'&' | b'\t' | b'\n' | b'\r')) {
        text.push_str(&rest[..at]);
        let special = &rest[at..];
        let length = match special.as_bytes()[0] {
            b'&' => {
                let end = memchr::memchr(b';', special.as_bytes()).unwrap_or(special.len() - 1);
                text.extend(resolve(&special[1..end.max(1)]));
                end + 1
            }
            b'\r' => {
                text.push(line);
                if special.starts_with("\r\n") { 2 } else { 1 }
            }
            b'\t' if line == '\n' => {
                text.push('\t');
                1
            }
            _ => {
                text.push(line);
                1
            }
        };
        rest = &special[length..];
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(text: &str, how: fn(&str, &mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        how(text, &mut out);
        String::from_utf8(out).expect("escaping keeps UTF-8")
    }

    #[test]
    fn what_xml_has_not_is_replaced() {
        assert_eq!(escaped("a\0b\u{ffff}c\u{ff01}", escape_text), "a\u{fffd}b\u{fffd}c\u{ff01}");
    }

    #[test]
    fn references_are_checked() {
        for good in ["&amp;&lt;&gt;&apos;&quot;", "&#65;&#x1F642;", "none"] {
            assert_eq!(check_references(good), Ok(()), "{good}");
        }
        for bad in ["&nbsp;", "&foo;"] {
            assert_eq!(check_references(bad), Err(StreamError::RestrictedXml), "{bad}");
        }
        for bad in ["&", "& ", "&;", "&#0;", "&#xD800;", "&#+5;", "&#x;", "&#99999999999;"] {
            assert_eq!(check_references(bad), Err(StreamError::NotWellFormed), "{bad}");
        }
    }

    #[test]
    fn white_space_is_normalised_as_xml_says() {
        assert_eq!(unescape_attribute("a\tb\r\nc\nd&#10;e"), "a b c d\ne");
        assert_eq!(unescape_text("a\tb\r\nc\rd&#13;e"), "a\tb\nc\nd\re");
    }

    proptest! {
        #[test]
        fn text_comes_back_as_it_was(text in "[^\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{fffe}\u{ffff}]*") {
            let (inside, value) = (escaped(&text, escape_text), escaped(&text, escape_attribute));
            prop_assert_eq!(unescape_text(&inside), text.as_str());
            prop_assert_eq!(unescape_attribute(&value), text.as_str());
        }
    }
}
