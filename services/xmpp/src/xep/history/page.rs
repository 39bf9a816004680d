//! A page of history on its way to the client (XEP-0313 §4.2): a message for each, then the `<fin/>` that says which
//! part of the whole it was.

use super::NS;
use crate::{
    session::message::{Reader, append},
    stanza::{Element, Tag},
    xep::{forward::write_forwarded, rsm, service::Step},
};
use bytes::Bytes;
use domain::{
    Address, EndpointId,
    history::{Page, Record},
};

/// How the page was asked for.
pub(super) struct Wanted {
    /// Whose history it is.
    pub(super) from: Address,
    pub(super) query_id: Option<String>,
    /// Newest first (§4.3.3); which messages it holds stays the same.
    pub(super) flipped: bool,
    /// None of them is wanted, only whether there are any.
    pub(super) count_only: bool,
}

impl Wanted {
    pub(super) fn reply(&self, me: &EndpointId, page: &Page) -> Step {
        let records = if self.count_only { &[][..] } else { &page.records };
        let ends = records.first().zip(records.last());
        let ends = ends.map(|(first, last)| (first.id.to_string(), last.id.to_string()));
        let complete = page.complete && records.len() == page.records.len();
        let fin = Element::new("fin", NS)
            .with_some("complete", complete.then_some("true"))
            .with_child(rsm::set(ends, None, None));
        let mut stanzas: Vec<Bytes> = records.iter().map(|record| self.result(me, record)).collect();
        if self.flipped {
            stanzas.reverse();
        }
        Step::Reply(stanzas, Some(fin))
    }

    fn result(&self, me: &EndpointId, record: &Record) -> Bytes {
        let reader = Reader { user: &me.user, endpoint: None, nested: true, late: false, foreign: false };
        let mut xml = Vec::with_capacity(512);
        Tag::open(&mut xml, "message").attr("from", self.from.as_str()).attr_shown("to", me).content(|xml| {
            Tag::open_in(xml, "result", NS)
                .attr_some("queryid", self.query_id.as_deref())
                .attr_shown("id", record.id)
                .content(|xml| {
                    write_forwarded(Some(record.said.at), |xml| append(&record.said, &reader, xml), xml);
                });
        });
        xml.into()
    }
}
