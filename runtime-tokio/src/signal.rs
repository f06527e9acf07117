//! The signals that ask a server to end.

/// Ready at the next SIGTERM or Ctrl-C. Where signals cannot be had, never.
#[cfg(unix)]
pub(crate) async fn first() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::warn!("signals cannot be caught");
        return core::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Ready at the next Ctrl-C. Where signals cannot be had, never.
#[cfg(not(unix))]
pub(crate) async fn first() {
    if tokio::signal::ctrl_c().await.is_err() {
        tracing::warn!("signals cannot be caught");
        core::future::pending().await
    }
}
