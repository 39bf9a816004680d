//! What Standard Edition and a front end of a pool have in common. This page is the table of contents: what is opened, in
//! which order, and how it is closed.

mod files;
mod folders;
mod logging;
mod panic;
mod secret;
mod upkeep;

pub(crate) use upkeep::names as certificate_names;

use super::frontend as role;
use crate::config::{LogFormat, Node, Standard, host_name};
use ::frontend::{
    Doors, FrontEnd, Settings,
    admin::{self, Admin, AdminServer, Alone},
    session::Sessions,
    upload::Terms,
    web::{self, Web},
};
use domain::{conversation, user};
use metrics_exporter_prometheus::PrometheusBuilder;
use std::{
    error::Error,
    net::{SocketAddr, TcpListener},
    process::ExitCode,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::signal::unix::{SignalKind, signal};
use transport::{Admission, ConnectionLimits, Entrance, Gate, Tls, authority::Authority};

/// How long a node of a pool waits for its first shards before it says that it is ready without any.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs until it is told to stop.
pub(super) fn run(standard: Standard, node: Option<Node>) -> ExitCode {
    logging::start(&standard.log, standard.log_format == LogFormat::Json);
    panic::ends_the_process();
    match ::frontend::block_on(serve(standard, node)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            eprintln!("linnet: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(standard: Standard, node: Option<Node>) -> Result<(), Box<dyn Error>> {
    let mut stop = Stop::listen()?;
    folders::make(&standard.data)?;
    files::allow(standard.max_connections)?;
    let metrics = PrometheusBuilder::new().install_recorder()?;
    ::frontend::meters::Meters::describe();

    let tls = certificate(&standard)?;
    let store = open_store(&standard, node.as_ref())?;
    if let Some(cut) = store.cut() {
        tracing::warn!(?cut, "the end of the log was cut: it was being written when the process was killed");
    }
    let log = match &node {
        Some(node) => role::log(node)?,
        None => event_log::Log::start(
            store.log(),
            event_log::Options { disk_reserve: standard.disk_reserve, ..event_log::Options::default() },
        )?,
    };
    let follow = archive::Follow::start(log.clone(), store.clone())?;
    let history = archive::History::new(log.clone(), store.clone(), &follow);
    let gate = Gate::new(Admission {
        connections: standard.max_connections,
        per_address: standard.max_connections_per_address,
        ..Admission::default()
    });
    let entrance = Arc::new(Entrance {
        gate: Arc::clone(&gate),
        tls: Arc::clone(&tls),
        limits: ConnectionLimits::default(),
    });

    let settings = settings(&standard)?;
    let pool = node.as_ref().map(role::join).transpose()?;
    let front =
        FrontEnd::start(settings, log.clone(), store, history, Arc::clone(&gate), pool.clone()).await?;
    let sessions = Sessions::new(
        front.clone(),
        stream_settings(&standard, node.as_ref(), xmpp::xep::stream_features(&front.settings().xmpp))?,
    );
    let doors = Doors {
        xmpp: standard.xmpp,
        xmpp_tls: standard.xmpp_tls,
        component: standard.component,
        behind_balancer: node.as_ref().is_some_and(|node| node.proxy_protocol),
    };
    let opened = ::frontend::open(&front, &sessions, &entrance, &doors)?;
    let web = serve_web(&standard, &tls, Web { front: front.clone(), metrics, sessions })?;
    let seen: Arc<dyn admin::Pool> = match &pool {
        Some(pool) => Arc::new(pool.clone()),
        None => Arc::new(Alone::new(host_name(), front.log().shards())),
    };
    let grpc = serve_admin(&standard, front.clone(), seen).await?;
    upkeep::start(&front, &standard, &tls);
    if let Some(pool) = &pool {
        pool.settled(PATIENCE).await;
    }
    announce(&standard, &opened, web.as_ref().map(|(address, _)| *address), grpc);

    stop.asked().await;
    if let Some(pool) = &pool {
        tracing::info!("shutting down: shards are handed over");
        if tokio::time::timeout(standard.drain_timeout, pool.drain()).await.is_err() {
            tracing::warn!("not every shard could be handed over; others claim them");
        }
    }
    tracing::info!("shutting down: clients are told, what was acknowledged is on disk already");
    let left = gate.drain(standard.drain_timeout).await;
    if left > 0 {
        tracing::warn!(left, "connections did not close in time and are dropped");
    }
    if let Some((_, server)) = web {
        server.stop(false).await;
    }
    match &pool {
        Some(pool) => pool.leave().await,
        None => front.write_down(true, Duration::from_secs(20)).await,
    }
    log.close();
    drop(follow);
    tracing::info!("good-bye");
    Ok(())
}

/// What this node keeps: the log too, where that is embedded.
fn open_store(standard: &Standard, node: Option<&Node>) -> Result<store::Store, Box<dyn Error>> {
    let mut options = store::Options::default();
    if let Some(node) = node {
        options.shards = node.shards;
    }
    Ok(store::Store::open(&folders::closed(&standard.data, "db")?, options)?)
}

/// What the front end is told.
fn settings(standard: &Standard) -> Result<Settings, Box<dyn Error>> {
    let mut xmpp = xmpp::session::Config::new(standard.domain.clone())?;
    xmpp.administrators.clone_from(&standard.admin);
    xmpp.offline_messages = standard.offline_im;
    xmpp.upload_bytes = standard.upload_max;
    xmpp.peers = standard.components.keys().cloned().collect();
    let web = standard.http.map(|http| {
        let scheme = if standard.http_tls { "https" } else { "http" };
        format!("{scheme}://{}:{}", standard.domain, http.port())
    });
    if web.is_none() || standard.upload_max == 0 {
        xmpp.uploads = None;
    }
    let day = Duration::from_hours(24);
    Ok(Settings {
        domain: standard.domain.clone(),
        user: user::Policy { offline_im: standard.offline_im, ..user::Policy::default() },
        conversation: conversation::Policy {
            quiet: standard.session_quiet,
            creators: conversation::Creators::Domain(standard.domain.as_str().into()),
            seed: secret::random()?,
            ..conversation::Policy::default()
        },
        workers: standard.workers.get(),
        uploads: folders::closed(&standard.data, "upload")?,
        upload_terms: Terms {
            max_file: standard.upload_max,
            quota: standard.upload_quota,
            keep: day * standard.upload_days,
        },
        web,
        components: Arc::new(standard.components.clone()),
        xmpp: Arc::new(xmpp),
        disk_reserve: standard.disk_reserve,
    })
}

fn stream_settings(
    standard: &Standard,
    node: Option<&Node>,
    features: bytes::Bytes,
) -> Result<xmpp::stream::Settings, Box<dyn Error>> {
    let secret = match node {
        Some(node) => role::disguise(node),
        None => secret::keep(&standard.data.join("secret"))?,
    };
    let mut settings = xmpp::stream::Settings::new(standard.domain.clone(), secret);
    settings.stanza_bytes = standard.max_stanza;
    settings.features = features;
    Ok(settings)
}

/// The certificate that was given, or one of a CA of our own.
fn certificate(standard: &Standard) -> Result<Arc<Tls>, Box<dyn Error>> {
    if let Some((certificate, key)) = &standard.certificate {
        return Ok(Tls::open(certificate, key)?);
    }
    let authority = Authority::new(standard.data.join("tls"));
    authority.ensure(&upkeep::names(&standard.domain), SystemTime::now())?;
    Ok(Tls::open(&authority.certificate(), &authority.key())?)
}

fn serve_web(
    standard: &Standard,
    tls: &Arc<Tls>,
    web: Web,
) -> Result<Option<(SocketAddr, web::ServerHandle)>, Box<dyn Error>> {
    let Some(address) = standard.http else { return Ok(None) };
    let listener = TcpListener::bind(address).map_err(|error| format!("--http {address}: {error}"))?;
    let address = listener.local_addr()?;
    let config = if standard.http_tls { Some(tls.https()?) } else { None };
    let server = web::serve(listener, config, web)?;
    let handle = server.handle();
    tokio::task::spawn_local(server);
    Ok(Some((address, handle)))
}

async fn serve_admin(
    standard: &Standard,
    front: FrontEnd,
    pool: Arc<dyn admin::Pool>,
) -> Result<Option<SocketAddr>, Box<dyn Error>> {
    let Some(address) = standard.grpc else { return Ok(None) };
    let listener =
        tokio::net::TcpListener::bind(address).await.map_err(|error| format!("--grpc {address}: {error}"))?;
    let address = listener.local_addr()?;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .build_v1()?;
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<AdminServer<Admin>>().await;
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    let server = tonic::transport::Server::builder()
        .add_service(health_service)
        .add_service(reflection)
        .add_service(AdminServer::new(Admin::new(front, pool)))
        .serve_with_incoming(incoming);
    tokio::task::spawn_local(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the administrators' service has ended");
        }
    });
    Ok(Some(address))
}

/// One line for people and for scripts that wait for the start: the ports that are really open.
fn announce(standard: &Standard, doors: &Doors, http: Option<SocketAddr>, grpc: Option<SocketAddr>) {
    let shown = |address: Option<SocketAddr>| address.map_or("off".to_owned(), |address| address.to_string());
    println!(
        "linnet: {} is ready: xmpp {} xmpp-tls {} http {} component {} grpc {}",
        standard.domain,
        shown(doors.xmpp),
        shown(doors.xmpp_tls),
        shown(http),
        shown(doors.component),
        shown(grpc)
    );
}

/// The signals that end the process politely.
struct Stop {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
