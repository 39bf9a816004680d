//! The host of a [`Session`]: reads frames to the scenario's ear, writes the outbox, answers stream management
//! (XEP-0198 §4) and pings (XEP-0199).
//!
//! Reading never waits for writing, so a server that waits for us to read is always read.

use std::rc::Rc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::connect::Connection;
use super::{Ear, Session};
use crate::limits;
use crate::trouble::Trouble;
use crate::wire::SM;
use crate::wire::scanner::{Frame, Scanner};
use crate::wire::stanza::Stanza;

/// Runs the session until it is signed out (then all is well) or ends otherwise (then the reason).
pub(crate) async fn drive(
    session: Rc<Session>,
    ear: Rc<dyn Ear>,
    connection: Connection,
) -> Result<(), Trouble> {
    let (reader, writer) = tokio::io::split(connection.stream);
    tokio::select! {
        read = read_all(&session, &*ear, reader, connection.scanner) => match read {
            Ok(()) => Ok(()),
            Err(_) if session.closing.get() => Ok(()),
            Err(trouble) => Err(trouble),
        },
        written = write_all(&session, writer) => written,
    }
}

async fn read_all(
    session: &Session,
    ear: &dyn Ear,
    mut reader: ReadHalf<TlsStream<TcpStream>>,
    mut scanner: Scanner,
) -> Result<(), Trouble> {
    loop {
        while let Some(frame) = scanner.next_frame()? {
            match frame {
                Frame::Element(bytes) => hear(session, ear, Stanza::new(bytes))?,
                Frame::Open(_) => {}
                Frame::Close => return closed(session),
            }
        }
        if reader.read_buf(scanner.space()).await? == 0 {
            return closed(session);
        }
    }
}

fn closed(session: &Session) -> Result<(), Trouble> {
    if session.closing.get() { Ok(()) } else { Err(Trouble::Closed("while the user was signed in")) }
}

fn hear(session: &Session, ear: &dyn Ear, stanza: Stanza<'_>) -> Result<(), Trouble> {
    match stanza.name() {
        b"r" => {
            let handled = session.acks.borrow().handled();
            session.write(&format!("<a xmlns='{SM}' h='{handled}'/>"));
        }
        b"a" => {
            let count = stanza.attribute("h").and_then(|h| h.parse().ok()).unwrap_or(0);
            while let Some(due) = next_acknowledged(session, count) {
                ear.acknowledged(session, due);
            }
            ear.refill(session);
        }
        b"stream:error" => {
            return Err(Trouble::Refused { what: "the stream", condition: stanza.condition() });
        }
        _ => {
            session.acks.borrow_mut().received();
            if stanza.name() == b"iq" && matches!(stanza.attribute("type"), Some("get" | "set")) {
                answer(session, stanza);
            }
            ear.heard(session, stanza);
        }
    }
    Ok(())
}

/// A function of its own, so that the counters are free again when the ear is told.
fn next_acknowledged(session: &Session, count: u32) -> Option<std::time::Instant> {
    session.acks.borrow_mut().acknowledged(count)
}

/// Roster pushes and pings get an empty result (RFC 6121 §2.1.6, XEP-0199 §4.1), other requests an error
/// (RFC 6120 §8.4).
fn answer(session: &Session, stanza: Stanza<'_>) {
    let id = stanza.attribute("id").unwrap_or_default();
    let to = stanza.attribute("from").map(|from| format!(" to='{from}'")).unwrap_or_default();
    if stanza.has("jabber:iq:roster") || stanza.has("urn:xmpp:ping") {
        session.say(&format!("<iq type='result' id='{id}'{to}/>"));
    } else {
        session.say(&format!(
            "<iq type='error' id='{id}'{to}><error type='cancel'>\
             <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        ));
    }
}

async fn write_all(session: &Session, mut writer: WriteHalf<TlsStream<TcpStream>>) -> Result<(), Trouble> {
    let mut writing = Vec::new();
    loop {
        if session.overflow.get() {
            return Err(Trouble::OutboxFull);
        }
        std::mem::swap(&mut writing, &mut *session.outbox.borrow_mut());
        if writing.is_empty() {
            session.wake.notified().await;
            continue;
        }
        writer.write_all(&writing).await?;
        writer.flush().await?;
        writing.clear();
        if writing.capacity() > limits::OUTBOX / 64 {
            writing = Vec::new();
        }
    }
}
