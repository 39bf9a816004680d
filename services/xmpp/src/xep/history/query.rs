//! Which part of a history is wanted (XEP-0313 §4.1, §4.3): the filter form and the page (XEP-0059) as one question. A
//! filter that is not understood is refused, never left out.

use super::{NS, page};
use crate::{
    limits::HISTORY_IDS,
    session::{Answer, Question},
    stanza::{Condition, Element},
    xep::{
        datetime,
        forms::{Field, FieldKind, Form, FormKind},
        rsm::{Place, Wish},
        service::{Error, Step},
    },
};
use domain::{
    Timestamp, address,
    history::{HistoryId, Owner, Query},
    limits::HISTORY_PAGE,
};

/// A page that was asked for, of whose history is still open.
pub(super) struct Asked {
    query_id: Option<String>,
    flipped: bool,
    query: Query,
}

impl Asked {
    /// Of this one's.
    pub(super) fn of(self, owner: Owner) -> Step {
        let wanted = page::Wanted {
            from: owner.address().clone(),
            query_id: self.query_id,
            flipped: self.flipped,
            count_only: self.query.max == 0,
        };
        // Whether there is anything is learnt from one message.
        let query = Query { max: self.query.max.max(1), ..self.query };
        Step::ask(Question::History(owner, query), move |context, answer| match answer {
            Answer::History(page) => wanted.reply(context.me, &page),
            _ => Step::confused(),
        })
    }
}

/// The filters that a history knows (§4.1.1): a user's own, or that of a conference.
pub(super) fn form(own: bool) -> Form {
    let with = Field::list("with", []).typed(FieldKind::Address, "With whom");
    let mut form = Form::new(FormKind::Form, NS);
    form.fields.extend(own.then_some(with));
    form.with(Field::list("start", []).typed(FieldKind::TextOne, "From when on"))
        .with(Field::list("end", []).typed(FieldKind::TextOne, "Until when"))
        .with(Field::list("before-id", []).typed(FieldKind::TextOne, "Before which message"))
        .with(Field::list("after-id", []).typed(FieldKind::TextOne, "After which message"))
        .with(Field::list("ids", []).typed(FieldKind::ListMany, "Only these messages"))
}

/// Reads what is wanted, of the user's own history or of a conference's.
pub(super) fn read(payload: &Element, own: bool) -> Result<Asked, Error> {
    let bad = || Error::from(Condition::BadRequest);
    let wish = Wish::within(payload).map_err(|_| bad())?;
    let max = wish.max.unwrap_or(HISTORY_PAGE).min(HISTORY_PAGE);
    let mut query = Query { max, ..Query::default() };
    if let Some(form) = Form::within(payload, NS).map_err(|_| bad())? {
        filter(&form, own, &mut query)?;
    }
    match &wish.place {
        Place::Start => {}
        Place::After(after) => query.after = query.after.max(Some(id(after)?)),
        Place::End => query.last_page = true,
        Place::Before(before) => {
            query.before = Some(earlier(query.before, id(before)?));
            query.last_page = true;
        }
        Place::Index(_) => return Err(Condition::FeatureNotImplemented.into()),
    }
    let query_id = payload.attribute("queryid").map(str::to_owned);
    let flipped = payload.child("flip-page", NS).is_some();
    Ok(Asked { query_id, flipped, query })
}

fn filter(form: &Form, own: bool, query: &mut Query) -> Result<(), Error> {
    for field in form.fields.iter().filter(|field| field.var != "FORM_TYPE") {
        let Some(text) = field.values.first() else { continue };
        match &*field.var {
            // Conversations are between two people, so an endpoint's name filters no further.
            "with" if own => {
                let (with, _) =
                    address::parse_full(text).map_err(|_| Error::from(Condition::JidMalformed))?;
                query.with = Some(with);
            }
            "start" => query.start = Some(time(text)?),
            "end" => query.end = Some(time(text)?),
            "before-id" => query.before = Some(earlier(query.before, id(text)?)),
            "after-id" => query.after = query.after.max(Some(id(text)?)),
            "ids" if field.values.len() > HISTORY_IDS => {
                return Err(Error::because(Condition::NotAcceptable, "Too many messages in one request."));
            }
            "ids" => query.ids = field.values.iter().map(|text| id(text)).collect::<Result<_, _>>()?,
            _ => return Err(Error::because(Condition::FeatureNotImplemented, "A filter is not known.")),
        }
    }
    Ok(())
}

fn earlier(known: Option<HistoryId>, id: HistoryId) -> HistoryId {
    known.map_or(id, |known| known.min(id))
}

fn time(text: &str) -> Result<Timestamp, Error> {
    datetime::parse(text).ok_or_else(|| Error::because(Condition::BadRequest, "A time is no date-time."))
}

/// An id that no message can have is one that is not there (§4.3.1).
fn id(text: &str) -> Result<HistoryId, Error> {
    text.parse().map_err(|_| Condition::ItemNotFound.into())
}
