//! PUT and GET of the files of XEP-0363 (§5, §10): what a slot was granted for and nothing else comes in; what goes out
//! can run no script in the server's origin.

use super::{Web, allow_any_origin};
use crate::clock;
use actix_files::NamedFile;
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ContentDisposition, DispositionParam, DispositionType},
    web,
};
use transport::Permit;

/// Answers a browser's question whether it may PUT from another origin.
pub(super) async fn preflight() -> HttpResponse {
    allow_any_origin(HttpResponse::NoContent())
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, PUT, OPTIONS"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

/// Fills a slot.
pub(super) async fn put(
    web: web::Data<Web>,
    path: web::Path<(String, String)>,
    request: HttpRequest,
    body: web::Payload,
) -> HttpResponse {
    let (id, _) = path.into_inner();
    let uploads = web.front.uploads();
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let Some(filling) = token.and_then(|token| uploads.slots.take(clock::now(), &id, token)) else {
        return allow_any_origin(HttpResponse::Forbidden())
            .body("no slot was granted for this, or it has run out; ask for a new one\n");
    };
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced != Some(filling.size()) {
        return allow_any_origin(HttpResponse::BadRequest())
            .body("the size is not the one that the slot was granted for\n");
    }
    if filling.size() > web.front.disk_spare() {
        return allow_any_origin(HttpResponse::InsufficientStorage()).body("the disk is full\n");
    }
    let _permit = match admit(&web, &request) {
        Ok(permit) => permit,
        Err(refused) => {
            return allow_any_origin(HttpResponse::ServiceUnavailable()).body(format!("{refused}\n"));
        }
    };
    let gate = web.front.gate();
    let outcome = tokio::select! {
        outcome = filling.receive(body) => outcome,
        () = gate.drain_begins() => Err(std::io::Error::other("the server is shutting down")),
    };
    match outcome {
        Ok(()) => allow_any_origin(HttpResponse::Created()).finish(),
        Err(problem) => {
            tracing::warn!(%problem, "an upload failed");
            allow_any_origin(HttpResponse::InternalServerError())
                .body("the file could not be stored; ask for a new slot\n")
        }
    }
}

/// An upload counts as a connection for as long as it takes, of somebody who has signed in: the slot shows that.
fn admit(web: &Web, request: &HttpRequest) -> Result<Permit, String> {
    let peer = request.peer_addr().ok_or("the connection has no address")?;
    let mut permit = web.front.gate().admit(peer.ip()).map_err(|refused| refused.to_string())?;
    permit.signed_in();
    Ok(permit)
}

/// Gives a file out.
pub(super) async fn get(
    web: web::Data<Web>,
    path: web::Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let (id, _) = path.into_inner();
    let Some(found) = web.front.uploads().files.find(&id) else {
        return allow_any_origin(HttpResponse::NotFound())
            .body("there is no such file, or its time is over\n");
    };
    let Ok(file) = NamedFile::open(&found.path) else {
        return allow_any_origin(HttpResponse::NotFound())
            .body("there is no such file, or its time is over\n");
    };
    let media_type: mime::Mime = found.media_type.parse().unwrap_or(mime::APPLICATION_OCTET_STREAM);
    // Pictures, sound and films may be shown in place; SVG holds scripts, and is not one of them here.
    let shown = matches!(media_type.type_(), mime::IMAGE | mime::AUDIO | mime::VIDEO)
        && media_type.subtype() != mime::SVG;
    let disposition = if shown { DispositionType::Inline } else { DispositionType::Attachment };
    let mut response = file
        .set_content_type(media_type)
        .set_content_disposition(ContentDisposition {
            disposition,
            parameters: vec![DispositionParam::Filename(found.name)],
        })
        .into_response(&request);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, header::HeaderValue::from_static("*"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        header::HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    response
}
