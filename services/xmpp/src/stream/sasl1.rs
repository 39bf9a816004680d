//! SASL as RFC 6120 §6 has it: `<auth/>`, challenges, `<success/>`, and a new stream after it.

use super::{Out, State, Stream};
use crate::{sasl::SaslError, stanza::Stanza, wire::StreamError};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::Timestamp;

impl Stream {
    pub(super) fn sasl1(&mut self, now: Timestamp, element: &Stanza, out: &mut Out) {
        let under_way = matches!(&self.state, State::Negotiating(n) if n.request.is_some());
        match element.name() {
            // The two profiles cannot be mixed.
            _ if under_way => self.refuse(SaslError::MalformedRequest, None, out),
            "auth" if self.is_challenged() => self.refuse(SaslError::MalformedRequest, None, out),
            "auth" => {
                let mechanism = element.attribute("mechanism").unwrap_or_default();
                match initial_response(&element.text()) {
                    Ok(initial) => self.begin(&mechanism, initial.as_deref(), out),
                    Err(error) => self.refuse(error, None, out),
                }
            }
            "response" => match decode(&element.text()) {
                Ok(message) => self.respond(now, &message, out),
                Err(error) => self.refuse(error, None, out),
            },
            "abort" => self.refuse(SaslError::Aborted, None, out),
            _ => self.fail(StreamError::UnsupportedStanzaType, None, out),
        }
    }
}

/// RFC 6120 §6.4.2: nothing is no message, `=` is an empty one.
fn initial_response(text: &str) -> Result<Option<Vec<u8>>, SaslError> {
    match text.trim_ascii() {
        "" => Ok(None),
        "=" => Ok(Some(Vec::new())),
        encoded => decode(encoded).map(Some),
    }
}

pub(super) fn decode(text: &str) -> Result<Vec<u8>, SaslError> {
    STANDARD.decode(text.trim_ascii()).map_err(|_| SaslError::IncorrectEncoding)
}
