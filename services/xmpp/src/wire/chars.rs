//! Which characters XML 1.0 (fifth edition, §2.2 and §2.3) allows, and where.

use super::StreamError;

const SPACE: u8 = 1;
const NAME_START: u8 = 2;
const NAME: u8 = 4;

/// The classes of each byte; those of a character beyond ASCII are looked at one by one.
static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut b = 0_u8;
    loop {
        table[b as usize] = match b {
            b' ' | b'\t' | b'\n' | b'\r' => SPACE,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80..=0xff => NAME_START | NAME,
            b'0'..=b'9' | b'-' | b'.' => NAME,
            _ => 0,
        };
        if b == u8::MAX {
            return table;
        }
        b += 1;
    }
}

pub(crate) fn is_space(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & SPACE != 0
}

/// Whether a name may begin with this byte; a colon may not.
pub(crate) fn starts_name(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & NAME_START != 0
}

/// Whether a name may go on with this byte; a colon ends a part of it.
pub(crate) fn continues_name(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & NAME != 0
}

/// A part of a name that has characters beyond ASCII: whether XML allows them (production 4 and 4a, no colon).
pub(crate) fn is_name(part: &str) -> bool {
    let start = |c: char| {
        matches!(c, 'a'..='z' | 'A'..='Z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
            | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
            | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
            | '\u{10000}'..='\u{effff}')
    };
    let inner = |c: char| {
        start(c)
            || matches!(c, '0'..='9' | '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
    };
    part.starts_with(start) && part.chars().all(inner)
}

/// Whether XML has this character at all (production 2).
pub(crate) fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// The bytes as text, if they are UTF-8 and hold only characters that XML has.
pub(crate) fn checked(bytes: &[u8]) -> Result<&str, StreamError> {
    let text = std::str::from_utf8(bytes).map_err(|_| StreamError::NotWellFormed)?;
    // Counted, not searched: without a branch, many bytes are looked at in one instruction.
    let control =
        bytes.iter().map(|&b| usize::from(b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r'))).sum::<usize>()
            > 0;
    // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
    let stray = || {
        memchr::memchr_iter(0xef, bytes)
            .any(|at| bytes[at..].starts_with(&[0xef, 0xbf]) && bytes[at + 2] >= 0xbe)
    };
    if control || stray() { Err(StreamError::NotWellFormed) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_characters_of_xml_pass() {
        assert!(checked("caf\u{e9} \t\r\n \u{1f642} \u{fffd}".as_bytes()).is_ok());
        for bad in [&b"\x00"[..], b"a\x1fb", b"\xff", b"\xc3", "\u{fffe}".as_bytes(), "x\u{ffff}".as_bytes()]
        {
            assert_eq!(checked(bad), Err(StreamError::NotWellFormed), "{bad:?}");
        }
    }

    #[test]
    fn names_are_those_of_xml() {
        assert!(["a", "_x-1.2", "\u{e9}t\u{e9}"].into_iter().all(is_name));
        assert!(!["", "1a", "-a", "a\u{d7}b", "a b"].into_iter().any(is_name));
    }
}
