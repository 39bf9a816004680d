//! A script as a table of lines: who, and what about them.

/// One step.
pub(super) struct Line {
    /// In the script, from 1.
    pub(super) number: usize,
    /// The whole line, continuations joined.
    pub(super) text: String,
}

impl Line {
    /// `alice/phone` of `alice/phone: …` or `alice/phone hears …`.
    pub(super) fn who(&self) -> &str {
        let end = self.text.find([' ', ':']).unwrap_or(self.text.len());
        &self.text[..end]
    }

    /// `alice` of `alice/phone`.
    pub(super) fn user(&self) -> &str {
        self.who().split('/').next().unwrap_or_default()
    }

    /// What follows who.
    pub(super) fn rest(&self) -> &str {
        self.text[self.who().len()..].trim_start()
    }
}

/// The steps of a script.
pub(super) fn lines(script: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (at, text) in script.lines().enumerate() {
        let text = text.trim();
        if text.is_empty() || text.starts_with("--") {
            continue;
        }
        match lines.last_mut().filter(|_| text.starts_with('<')) {
            Some(last) => {
                if !last.text.ends_with('>') {
                    last.text.push(' ');
                }
                last.text.push_str(text);
            }
            None => lines.push(Line { number: at + 1, text: text.to_owned() }),
        }
    }
    lines
}

/// Every `{name}` of a text.
pub(super) fn variables(text: &str) -> impl Iterator<Item = &str> {
    let named = text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name));
    named.filter(|name| is_name(name))
}

/// What may stand between braces.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "#-_".contains(c))
}
