//! The HTTP listener: health, metrics, discovery of the ways for web clients (XEP-0156), XMPP over WebSocket (RFC 7395)
//! and over requests (XEP-0206), and the files of XEP-0363.

mod bosh;
mod files;
mod websocket;

pub use actix_web::dev::ServerHandle;

use crate::front::FrontEnd;
use actix_web::{App, HttpResponse, HttpServer, Responder, dev::Server, http::header, web};
use metrics_exporter_prometheus::PrometheusHandle;
use std::net::TcpListener;

/// What the HTTP listener serves.
#[derive(Clone)]
pub struct Web {
    /// The front end behind it.
    pub front: FrontEnd,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    /// Makes a session for each WebSocket.
    pub sessions: crate::session::Sessions,
}

/// Starts the listener; `tls` makes it HTTPS. The caller awaits the server and stops it.
pub fn serve(
    listener: TcpListener,
    tls: Option<transport::ServerConfig>,
    web: Web,
) -> std::io::Result<Server> {
    let data = web::Data::new(web);
    let (registry, intake) =
        (web::Data::new(bosh::Registry::default()), web::Data::new(bosh::Intake::default()));
    let secure = tls.is_some();
    let make = move || {
        let app = App::new().app_data(data.clone()).configure(routes);
        let (registry, intake) = (registry.clone(), intake.clone());
        app.configure(move |config| {
            if secure {
                config.app_data(registry).app_data(intake).configure(bosh_routes);
            }
        })
    };
    let server = HttpServer::new(make).workers(1).disable_signals().shutdown_timeout(5);
    let server = match tls {
        Some(config) => server.listen_rustls_0_23(listener, config)?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/health/live", web::get().to(live))
        .route("/health/ready", web::get().to(ready))
        .route("/metrics", web::get().to(metrics))
        .route("/.well-known/host-meta", web::get().to(host_meta_xml))
        .route("/.well-known/host-meta.json", web::get().to(host_meta_json))
        .route("/xmpp-websocket", web::get().to(websocket::open))
        .service(
            web::resource("/upload/{id}/{name}")
                .route(web::put().to(files::put))
                .route(web::get().to(files::get))
                .route(web::head().to(files::get))
                .route(web::method(actix_web::http::Method::OPTIONS).to(files::preflight)),
        );
}

/// XEP-0124 §5; served where nobody but the client can read it.
fn bosh_routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/http-bind")
            .route(web::post().to(bosh::post))
            .route(web::method(actix_web::http::Method::OPTIONS).to(bosh::preflight)),
    );
}

/// The process runs.
async fn live() -> impl Responder {
    "ok\n"
}

/// It takes work: every shard is owned and the log can be written.
async fn ready(web: web::Data<Web>) -> impl Responder {
    let troubles = web.front.troubles();
    if troubles.is_empty() {
        HttpResponse::Ok().body("ready\n")
    } else {
        HttpResponse::ServiceUnavailable().body(troubles.join("\n") + "\n")
    }
}

async fn metrics(web: web::Data<Web>) -> impl Responder {
    web.front.publish_meters();
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(web.metrics.render() + &web.front.meters().rooms.text())
}

/// XEP-0156 §3: the ways for clients that know only the domain.
async fn host_meta_xml(web: web::Data<Web>) -> impl Responder {
    let Some(ways) = web.front.web_ways() else { return HttpResponse::NotFound().finish() };
    let links =
        ways.iter().map(|(way, url)| format!("<Link rel='urn:xmpp:alt-connections:{way}' href='{url}'/>"));
    let body = format!(
        "<?xml version='1.0' encoding='utf-8'?>\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>{}</XRD>\n",
        links.collect::<String>()
    );
    allow_any_origin(HttpResponse::Ok()).content_type("application/xrd+xml").body(body)
}

async fn host_meta_json(web: web::Data<Web>) -> impl Responder {
    let Some(ways) = web.front.web_ways() else { return HttpResponse::NotFound().finish() };
    let links = ways
        .iter()
        .map(|(way, url)| format!("{{\"rel\":\"urn:xmpp:alt-connections:{way}\",\"href\":\"{url}\"}}"));
    let body = format!("{{\"links\":[{}]}}\n", links.collect::<Vec<_>>().join(","));
    allow_any_origin(HttpResponse::Ok()).content_type("application/json").body(body)
}

/// Web clients of any origin may read it: it holds nothing that depends on who asks.
fn allow_any_origin(mut response: actix_web::HttpResponseBuilder) -> actix_web::HttpResponseBuilder {
    response.insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    response
}
