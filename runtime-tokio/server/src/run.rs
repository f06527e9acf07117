//! The running program: from the config to the last client.

use crate::admin::StartKey;
use crate::clients::Clients;
use crate::config::broker::Broker;
use crate::config::value::Listen;
use crate::config::{Config, Loaded, Origin, load};
use crate::http::served;
use crate::live::Live;
use crate::log::Log;
use crate::metrics::Recorder;
use crate::output::{BAD_CONFIG, complain, say};
use crate::records::{self, Records};
use crate::server::Server;
use crate::wshub::{self, Gateway};
use crate::{http, reload};
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use throng_tokio::observe::Histograms;
use throng_tokio::{Hub, ServeOptions};
use tokio::net::TcpListener;

/// How long what the last clients caused may take to reach Redis.
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
    let log = Log::begin(loaded.config.log.format, &loaded.config.log.filter);
    for notice in &loaded.notices {
        tracing::info!("{notice}");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("the threads cannot be started: {error}")),
    };
    let outcome = runtime.block_on(serve(loaded, origin, log));
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

async fn serve(loaded: Loaded, origin: Origin, log: Log) -> Result<(), String> {
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
    let records = Arc::new(Records::default());
    let hub = build(&config, &records, gateway.as_ref())
        .map_err(|error| format!("the hub cannot begin: {error}"))?;
    let listener = bind(config.listen()).await?;
    let address = listener.local_addr().map_err(|error| format!("the listener has no address: {error}"))?;
    let numbers = recorder.map(|recorder| recorder.of(&hub));
    if let Some(gateway) = &gateway {
        tokio::spawn(wshub::run(Arc::clone(gateway), hub.clone()));
    }
    let server = Arc::new(Server {
        uid: format!("{:032x}", fastrand::u128(..)),
        hub: hub.clone(),
        live,
        start_key,
        records: Arc::clone(&records),
        numbers,
        gateway: gateway.clone(),
    });
    tokio::spawn(records::keep(records, hub.clone()));
    // Signals are caught from here on: who reads the lines below may send one.
    let router = http::router(Arc::clone(&server));
    let serving = throng_tokio::axum::serve_with(listener, router, hub, ServeOptions::default());
    tokio::spawn(reload::at_each_hangup(Arc::clone(&server), origin, log));
    announce(&server, file.as_deref(), &address.to_string());
    serving.await;
    if let Some(gateway) = gateway {
        let left = gateway.flush(LAST).await;
        if left > 0 {
            tracing::error!(left, "messages for the back end were not published: Redis is away or slow");
        }
    }
    Ok(())
}

fn build(
    config: &Config,
    records: &Arc<Records>,
    gateway: Option<&Arc<Gateway>>,
) -> Result<Hub, throng_tokio::hub::ConfigError> {
    let mut builder = Hub::builder().config(config.hub()).origin(config.origins().policy());
    if config.metrics.enabled {
        builder = builder.observe(Histograms::new());
    }
    if let Some(url) = &config.cluster.broker {
        let options = config.cluster.options();
        builder = match url.broker() {
            Ok(Broker::Redis(redis)) => builder.cluster(redis, options),
            Ok(Broker::Nats(nats)) => builder.cluster(nats, options),
            // Found when the config was read.
            Err(_) => builder,
        };
    }
    match gateway {
        Some(gateway) => {
            let placing = Arc::clone(gateway);
            builder
                .per_user(move |newcomer, present| wshub::clients::place(&placing, newcomer, present))
                .handler(wshub::clients::Clients(Arc::clone(gateway)))
                .build()
        }
        None => builder.handler(Clients::new(Arc::clone(records))).build(),
    }
}

/// Listens on the first address that the system has.
async fn bind(listen: &Listen) -> Result<TcpListener, String> {
    let mut why = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in listen.addresses() {
        match TcpListener::bind(&address).await {
            Ok(listener) => return Ok(listener),
            Err(error) => why = error,
        }
    }
    Err(format!("cannot listen on {}: {why}", listen.text()))
}

/// Says what is where.
fn announce(server: &Server, file: Option<&Path>, address: &str) {
    let config = server.live.config();
    let file = file.map_or_else(|| "none, the defaults apply".into(), |file| file.display().to_string());
    let version = env!("CARGO_PKG_VERSION");
    let lines = served(&config, &format!("ws://{address}"), &format!("http://{address}"));
    say(&format!("throng {version} listens on http://{address}\n{lines}  config: {file}"));
    if let Some(key) = server.start_key.valid(&config) {
        let key = key.text();
        say(&format!(
            "\nThe key of this start, for programs on this machine: {key}\n  admin page: http://{address}/admin#key={key}"
        ));
        if config.has_demo() {
            say(&format!("  curl -H 'X-API-Key: {key}' -d '{HELLO}' http://{address}/api/publish"));
        }
    }
}
