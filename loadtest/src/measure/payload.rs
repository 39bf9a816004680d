//! What a message or a presence status carries: run, sender, number and the moment it was due.
//!
//! The run sets apart what an earlier run left behind (offline messages, history), which is not counted.

use std::time::{Duration, Instant};

/// Begins every payload.
const MARK: &str = "LT";

/// The numbers in one payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Payload {
    /// Who sent it.
    pub(crate) sender: usize,
    /// Its number among the sender's, from 0 without gaps.
    pub(crate) number: u64,
    /// When it was due.
    pub(crate) due: Instant,
}

/// Writes and reads the payloads of one run.
#[derive(Debug, Clone)]
pub(crate) struct Codec {
    run: u64,
    epoch: Instant,
    padding: String,
}

impl Codec {
    /// A codec that pads payloads to that many bytes.
    pub(crate) fn new(length: usize) -> Self {
        let mut run = [0; 8];
        // Without random numbers the clock still tells one run from the next.
        if getrandom::fill(&mut run).is_err() {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            run = now.as_secs().to_le_bytes();
        }
        Self { run: u64::from_le_bytes(run), epoch: Instant::now(), padding: ".".repeat(length) }
    }

    /// A short name of the run, for what must be new in each.
    pub(crate) fn run(&self) -> String {
        format!("{:x}", self.run)
    }

    /// The payload as text without anything to escape.
    pub(crate) fn encode(&self, payload: &Payload) -> String {
        let due = payload.due.saturating_duration_since(self.epoch).as_micros();
        let mut text = format!("{MARK} {:x} {} {} {due} ", self.run, payload.sender, payload.number);
        text.push_str(self.padding.get(text.len()..).unwrap_or_default());
        text
    }

    /// Reads a payload of this run.
    pub(crate) fn decode(&self, text: &str) -> Option<Payload> {
        let mut parts = text.strip_prefix(MARK)?.strip_prefix(' ')?.split(' ');
        if u64::from_str_radix(parts.next()?, 16).ok()? != self.run {
            return None;
        }
        let sender = parts.next()?.parse().ok()?;
        let number = parts.next()?.parse().ok()?;
        let due = self.epoch.checked_add(Duration::from_micros(parts.next()?.parse().ok()?))?;
        Some(Payload { sender, number, due })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_what_it_wrote(sender in any::<usize>(), number in any::<u64>(), ms in 0_u64..1_000_000) {
            let codec = Codec::new(120);
            let payload = Payload { sender, number, due: codec.epoch + Duration::from_millis(ms) };
            let text = codec.encode(&payload);
            prop_assert_eq!(text.len(), 120);
            prop_assert_eq!(codec.decode(&text), Some(payload));
        }

        #[test]
        fn odd_text_is_none(text in ".{0,80}") {
            prop_assert_eq!(Codec::new(0).decode(&text), None);
        }
    }

    #[test]
    fn another_run_is_not_ours() {
        let (one, two) = (Codec::new(0), Codec::new(0));
        let payload = Payload { sender: 1, number: 2, due: Instant::now() };
        assert_eq!(two.decode(&one.encode(&payload)), None);
    }
}
