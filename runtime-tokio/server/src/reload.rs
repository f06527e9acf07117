//! A new config for the running program: all of it, or nothing.

use crate::config::keys::changed_for_restart;
use crate::config::{Origin, load};
use crate::log::Log;
use crate::server::Server;
use crate::systemd;

/// Reads the config again, and applies it.
///
/// # Errors
/// What is wrong with it, or which keys cannot change while the program runs. Nothing has changed then.
pub(crate) fn reload(server: &Server, origin: &Origin, log: &Log) -> Result<(), Vec<String>> {
    let new = load(origin)?.config;
    let fixed = changed_for_restart(&server.live.config(), &new);
    if !fixed.is_empty() {
        let told = fixed.iter().map(|key| format!("{key} cannot change while the program runs: restart it"));
        return Err(told.collect());
    }
    let fresh = server.certificate.as_ref().map(|certificate| certificate.read_again()).transpose();
    let fresh = fresh.map_err(|why| vec![why])?;
    server.hub.reconfigure(&new.hub()).map_err(|error| vec![error.to_string()])?;
    if let (Some(certificate), Some(fresh)) = (&server.certificate, fresh) {
        certificate.take(fresh);
    }
    log.set_filter(&new.log.filter);
    server.live.replace(new);
    Ok(())
}

/// Reloads at each SIGHUP, for ever. SIGHUP is caught from this call on, not only from the first poll: it would end the program before.
#[cfg(unix)]
pub(crate) fn at_each_hangup(
    server: crate::server::Shared,
    origin: Origin,
    log: Log,
) -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let hangups = signal(SignalKind::hangup());
    async move {
        let mut hangups = match hangups {
            Ok(hangups) => hangups,
            Err(error) => {
                return tracing::error!(%error, "SIGHUP cannot be caught: the config is not reloaded");
            }
        };
        while hangups.recv().await.is_some() {
            systemd::reloading();
            let (server, origin, log) = (server.clone(), origin.clone(), log.clone());
            // The disk may take its time, or never answer: no client waits for it, nor does the end of the program.
            let reloaded = tokio::task::spawn_blocking(move || reload(&server, &origin, &log)).await;
            systemd::ready();
            match reloaded.unwrap_or_else(|error| Err(vec![error.to_string()])) {
                Ok(()) => tracing::info!("the config was reloaded"),
                Err(errors) => {
                    for error in &errors {
                        tracing::error!("the config was not reloaded: {error}");
                    }
                }
            }
        }
    }
}

/// There is no SIGHUP.
#[cfg(not(unix))]
pub(crate) async fn at_each_hangup(_: crate::server::Shared, _: Origin, _: Log) {}
