//! XMPP over HTTP requests (XEP-0206 over XEP-0124): each POST is handed to the session it names, and answered with what
//! that session says. HTTPS only.

mod drive;
mod intake;
mod registry;

pub(super) use intake::Intake;
pub(super) use registry::Registry;

use super::{Web, allow_any_origin};
use actix_web::{HttpRequest, HttpResponse, http::header, web};
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::oneshot;
use transport::Refused;
use xmpp::bosh::{Body, Condition};

/// A request on its way to its session, with the way back.
pub(super) struct Posted {
    body: Body,
    answer: oneshot::Sender<Bytes>,
}

/// Why a request comes to no session.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Said in a body: there is no such session (any more).
    Ended(Condition),
    /// Said by the status 503: later there may be room.
    Busy(&'static str),
}

/// Answers a browser's question whether it may POST from another origin.
pub(super) async fn preflight() -> HttpResponse {
    allow_any_origin(HttpResponse::NoContent())
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "POST, OPTIONS"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

/// One request.
pub(super) async fn post(
    web: web::Data<Web>,
    registry: web::Data<Registry>,
    intake: web::Data<Intake>,
    request: HttpRequest,
    content: web::Payload,
) -> HttpResponse {
    let body = match intake.read(content).await {
        Ok(bytes) => Body::parse(&bytes),
        Err(status) => return allow_any_origin(HttpResponse::build(status)).finish(),
    };
    let (answer, answered) = oneshot::channel();
    let handed = match body {
        Err(condition) => return reply(condition.body()),
        Ok(body) if body.sid.is_some() => registry.post(Posted { body, answer }),
        Ok(body) => open(&web, &registry.into_inner(), &request, Posted { body, answer }),
    };
    match handed {
        Ok(()) => {}
        Err(Refusal::Ended(condition)) => return reply(condition.body()),
        Err(Refusal::Busy(why)) => {
            return allow_any_origin(HttpResponse::ServiceUnavailable()).body(format!("{why}\n"));
        }
    }
    // A session that ends without an answer is one that is not there.
    reply(answered.await.unwrap_or_else(|_| Condition::ItemNotFound.body()))
}

/// Begins a session, if there is room for one more.
fn open(
    web: &web::Data<Web>,
    registry: &Arc<Registry>,
    request: &HttpRequest,
    posted: Posted,
) -> Result<(), Refusal> {
    let Some(peer) = request.peer_addr() else { return Err(Refusal::Ended(Condition::BadRequest)) };
    let permit = web.front.gate().admit(peer.ip()).map_err(|refused| match refused {
        Refused::Draining => Refusal::Ended(Condition::SystemShutdown),
        Refused::Total | Refused::Address | Refused::Unsigned => Refusal::Busy("too many connections"),
    })?;
    let place = registry.place()?;
    drive::start(web, peer.ip(), permit, place, posted);
    Ok(())
}

/// XEP-0124 §5: what happens to a session is said in the body, so that this is 200 always.
fn reply(body: Bytes) -> HttpResponse {
    allow_any_origin(HttpResponse::Ok())
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type("text/xml; charset=utf-8")
        .body(body)
}
