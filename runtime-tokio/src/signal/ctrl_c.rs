//! Catches Ctrl-C where there are no signals.

use std::sync::mpsc;
use std::{io, thread};
use tokio::runtime::Builder;

/// Starts the thread that calls `signalled` for each Ctrl-C, with a tokio runtime of its own. The application's runtime would not do: one of its
/// workers waits for Ctrl-C, and no other worker takes over while a hook blocks that one.
pub(super) fn catch(signalled: fn()) -> io::Result<()> {
    let (tell, told) = mpsc::sync_channel(1);
    let listen = move || {
        let listening = || {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let entered = runtime.enter();
            let caught = tokio::signal::ctrl_c();
            drop(entered);
            Ok((runtime, caught))
        };
        // `catch` waits for what is told, so telling cannot fail.
        let (runtime, mut caught) = match listening() {
            Ok((runtime, caught)) => (runtime, Box::pin(caught)),
            Err(error) => {
                let _ = tell.send(Err(error));
                return;
            }
        };
        let _ = tell.send(Ok(()));
        runtime.block_on(async move {
            loop {
                match caught.as_mut().await {
                    Ok(()) => signalled(),
                    Err(error) => {
                        tracing::warn!(%error, "cannot catch Ctrl-C: it will not drain the hub");
                        return;
                    }
                }
                caught = Box::pin(tokio::signal::ctrl_c());
            }
        });
    };
    thread::Builder::new().name("throng-signals".into()).spawn(listen)?;
    told.recv().unwrap_or_else(|_| Err(io::Error::other("the thread that waits for signals has ended")))
}
