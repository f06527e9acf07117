//! The addresses that the program listens on, and what is served on each.

use crate::config::Config;
use crate::config::value::Listen;
use crate::http::{Serves, router};
use crate::server::Shared;
use std::io;
use std::net::SocketAddr;
use throng_tokio::{ServeOptions, Stop};
use tokio::net::TcpListener;

/// A listener, and the address that it has.
pub(crate) struct Bound {
    pub(crate) address: SocketAddr,
    listener: TcpListener,
}

/// All listeners of the program.
pub(crate) struct Listeners {
    /// That of the clients.
    pub(crate) main: Bound,
    /// `api.listen`.
    pub(crate) api: Option<Bound>,
}

impl Listeners {
    /// Listens on what the config says.
    ///
    /// # Errors
    /// An address cannot be listened on.
    pub(crate) async fn open(config: &Config) -> Result<Self, String> {
        let main = bind(config.listen()).await?;
        let api = match &config.api.listen {
            Some(listen) => Some(bind(listen).await.map_err(|why| format!("api.listen: {why}"))?),
            None => None,
        };
        Ok(Self { main, api })
    }

    /// Serves until the hub has been drained. Signals are caught from the call on, not from the first poll.
    pub(crate) fn serve(self, server: &Shared) -> impl Future<Output = ()> {
        let serves = if self.api.is_some() { Serves::AllButTheApi } else { Serves::Everything };
        let hub = &server.hub;
        let clients = router(Shared::clone(server), serves);
        let main =
            throng_tokio::axum::serve_with(self.main.listener, clients, hub.clone(), ServeOptions::default());
        let api = self.api.map(|api| {
            let mut options = ServeOptions::default();
            // Signals are the first listener's: counted twice, one would be the second signal.
            options.stop = Stop::OnHub;
            let everything = router(Shared::clone(server), Serves::Everything);
            throng_tokio::axum::serve_with(api.listener, everything, hub.clone(), options)
        });
        async move {
            match api {
                Some(api) => drop(tokio::join!(main, api)),
                None => main.await,
            }
        }
    }
}

/// Listens on the first address that the system has.
async fn bind(listen: &Listen) -> Result<Bound, String> {
    let mut why = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in listen.addresses() {
        match TcpListener::bind(&address).await {
            Ok(listener) => {
                let address = listener.local_addr();
                let address = address.map_err(|error| format!("the listener has no address: {error}"))?;
                return Ok(Bound { address, listener });
            }
            Err(error) => why = error,
        }
    }
    Err(format!("cannot listen on {}: {why}", listen.text()))
}
