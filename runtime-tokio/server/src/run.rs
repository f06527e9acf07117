//! The running program: from the config to the last client.

use crate::admin::StartKey;
use crate::auth::Tokens;
use crate::clients::Clients;
use crate::config::broker::Broker;
use crate::config::{Config, Loaded, Origin, load};
use crate::demo::Demo;
use crate::hooks::Hooks;
use crate::hooks::notices::Notices;
use crate::http::served;
use crate::listeners::{Inherited, Listeners};
use crate::live::Live;
use crate::log::Log;
use crate::metrics::Recorder;
use crate::output::{BAD_CONFIG, complain, say};
use crate::records::{self, Records};
use crate::server::Server;
use crate::tls::Certificate;
use crate::wshub::{self, Gateway};
use crate::{recorder, reload, systemd};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use throng_tokio::Hub;
use throng_tokio::observe::Histograms;

/// How long what the last clients caused may take to reach Redis, or the back end.
const LAST: Duration = Duration::from_secs(2);

/// A message for the demo, as the body of the API's `publish`.
const HELLO: &str = r#"{"channel":"demo:lobby","data":{"text":"Hello by the API"}}"#;

/// Runs the program until it is told to end.
pub(crate) fn run(origin: Origin) -> ExitCode {
    let loaded = match load(&origin) {
        Ok(loaded) => loaded,
        Err(errors) => {
            complain(&errors);
            return ExitCode::from(BAD_CONFIG);
        }
    };
    // A reload reads the file that was found, not another one, and not none if it is gone.
    let origin = Origin { file: loaded.file.clone().or(origin.file), ..origin };
    let certificate = match Certificate::open(&loaded.config.tls) {
        Ok(certificate) => certificate.map(Arc::new),
        Err(why) => {
            complain(&[why]);
            return ExitCode::from(BAD_CONFIG);
        }
    };
    let log = Log::begin(loaded.config.log.format, &loaded.config.log.filter);
    for notice in &loaded.notices {
        tracing::info!("{notice}");
    }
    let inherited = Inherited::take();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("the threads cannot be started: {error}")),
    };
    let outcome = runtime.block_on(serve(loaded, origin, log, inherited, certificate));
    // A reload whose file never answers ends with the process.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => failed(&why),
    }
}

fn failed(why: &str) -> ExitCode {
    tracing::error!("{why}");
    ExitCode::FAILURE
}

async fn serve(
    loaded: Loaded,
    origin: Origin,
    log: Log,
    inherited: Inherited,
    certificate: Option<Arc<Certificate>>,
) -> Result<(), String> {
    let Loaded { config, file, .. } = loaded;
    let recorder = match config.metrics.enabled {
        true => Some(Recorder::install().map_err(|error| format!("the metrics cannot begin: {error}"))?),
        false => None,
    };
    let (host, port) = (config.wshub.redis.address.host.clone(), config.wshub.redis.address.port);
    let (enabled, live) = (config.wshub.enabled, Arc::new(Live::new(config)));
    let config = live.config();
    let gateway = match enabled {
        true => Some(Arc::new(
            Gateway::new(Arc::clone(&live)).map_err(|error| format!("Redis at {host}:{port}: {error}"))?,
        )),
        false => None,
    };
    let start_key = StartKey::for_config(&config)
        .map_err(|error| format!("no key can be made for the admin page: {error}"))?;
    let tokens = Arc::new(Tokens::begin(Arc::clone(&live))?);
    let uid = format!("{:032x}", fastrand::u128(..));
    let records = Arc::new(Records::default());
    // In WS-HUB mode the back end is told by Redis.
    let notices = if gateway.is_some() { None } else { Notices::of(&live, &uid) };
    let hooks = Arc::new(Hooks::new(Arc::clone(&live)));
    let clients = Clients {
        live: Arc::clone(&live),
        tokens: Arc::clone(&tokens),
        hooks: Arc::clone(&hooks),
        notices: notices.clone(),
        records: Arc::clone(&records),
        demo: Demo::default(),
    };
    let hub = build(&config, clients, gateway.as_ref())
        .map_err(|error| format!("the hub cannot begin: {error}"))?;
    let listeners = Listeners::open(&config, inherited).await?;
    let numbers = recorder.map(|recorder| recorder.of(&hub));
    let server = Arc::new(Server {
        uid,
        hub,
        live,
        start_key,
        records,
        tokens,
        hooks,
        certificate,
        numbers,
        gateway,
        handed_over: AtomicBool::new(false),
    });
    work(&server, notices.as_ref());
    // Signals are caught from here on: who reads the lines below may send one.
    let (address, api) = (listeners.main.address, listeners.api.as_ref().map(|api| api.address));
    let serving = listeners.serve(&server);
    let (serving, handover) = serving.map_err(|error| format!("the listeners cannot be copied: {error}"))?;
    recorder::begin(&server.hub, &config.recorder);
    tokio::spawn(reload::at_each_hangup(Arc::clone(&server), origin, log));
    #[cfg(unix)]
    tokio::spawn(crate::upgrade::at_a_signal(Arc::clone(&server), handover));
    #[cfg(not(unix))]
    let _handover = handover;
    tokio::spawn(systemd::follow(Arc::clone(&server)));
    announce(&server, file.as_deref(), address, api);
    systemd::ready();
    #[cfg(unix)]
    crate::upgrade::serves();
    serving.await;
    end(&server, notices.as_ref()).await;
    Ok(())
}

/// Begins what goes on beside the clients, until the program ends.
fn work(server: &Arc<Server>, notices: Option<&Arc<Notices>>) {
    if let Some(gateway) = &server.gateway {
        tokio::spawn(wshub::run(Arc::clone(gateway), server.hub.clone()));
    }
    if let Some(notices) = notices.cloned() {
        tokio::spawn(async move { notices.deliver().await });
    }
    if let Some(certificate) = server.certificate.clone() {
        tokio::spawn(certificate.watch());
    }
    tokio::spawn(records::keep(Arc::clone(&server.records), server.hub.clone()));
}

/// The last client has ended: what it caused is told.
async fn end(server: &Server, notices: Option<&Arc<Notices>>) {
    if let Some(notices) = notices {
        let left = notices.flush(LAST).await;
        if left > 0 {
            tracing::error!(left, "notices were not delivered: the back end is away or slow");
        }
    }
    systemd::ending(server);
    if let Some(gateway) = &server.gateway {
        let left = gateway.flush(LAST).await;
        if left > 0 {
            tracing::error!(left, "messages for the back end were not published: Redis is away or slow");
        }
    }
}

fn build(
    config: &Config,
    clients: Clients,
    gateway: Option<&Arc<Gateway>>,
) -> Result<Hub, throng_tokio::hub::ConfigError> {
    let mut builder = Hub::builder().config(config.hub()).origin(config.origins().policy());
    builder = builder.record(recorder::record(&config.recorder));
    if config.metrics.enabled {
        builder = builder.observe(Histograms::new());
    }
    if let Some(url) = &config.cluster.broker {
        builder = match (url.broker(), config.cluster.options()) {
            (Ok(Broker::Redis(redis)), Ok(options)) => builder.cluster(redis, options),
            (Ok(Broker::Nats(nats)), Ok(options)) => builder.cluster(nats, options),
            // Found when the config was read.
            (Err(_), _) | (_, Err(_)) => builder,
        };
    }
    if let Some(notices) = &clients.notices {
        builder = notices.hear(builder);
    }
    match gateway {
        Some(gateway) => {
            let placing = Arc::clone(gateway);
            builder
                .per_user(move |newcomer, present| wshub::clients::place(&placing, newcomer, present))
                .handler(wshub::clients::Clients(Arc::clone(gateway)))
                .build()
        }
        None => builder.handler(clients).build(),
    }
}

/// Says what is where.
fn announce(server: &Server, file: Option<&Path>, address: SocketAddr, api: Option<SocketAddr>) {
    let config = server.live.config();
    let file = file.map_or_else(|| "none, the defaults apply".into(), |file| file.display().to_string());
    let version = env!("CARGO_PKG_VERSION");
    let (ws, http) = if config.is_secure() { ("wss", "https") } else { ("ws", "http") };
    // Where the API is, and with it the admin page.
    let of_api = format!("{http}://{}", api.unwrap_or(address));
    let lines = served(&config, &format!("{ws}://{address}"), &format!("{http}://{address}"), &of_api);
    let api = api.map_or_else(String::new, |api| format!("  the API listens on {http}://{api}\n"));
    say(&format!("throng {version} listens on {http}://{address}\n{lines}{api}  config: {file}"));
    if let Some(key) = server.start_key.valid(&config) {
        let key = key.text();
        say(&format!(
            "\nThe key of this start, for programs on this machine: {key}\n  admin page: {of_api}/admin#key={key}"
        ));
        if config.has_demo() {
            say(&format!("  curl -H 'X-API-Key: {key}' -d '{HELLO}' {of_api}/api/publish"));
        }
    }
}
