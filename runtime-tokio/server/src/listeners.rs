//! The addresses that the program listens on, and what is served on each.

use crate::config::Config;
use crate::config::value::Listen;
use crate::front::{Plain, Secure};
use crate::http::{Serves, router};
use crate::server::Shared;
use listenfd::ListenFd;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use throng_tokio::axum::serve_through;
use throng_tokio::{ServeOptions, Stop};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Sockets that the process was started with, by systemd or by the process whose place it takes: `LISTEN_FDS`.
pub(crate) struct Inherited(ListenFd);

impl Inherited {
    /// Takes them out of the environment: before there is a second thread.
    pub(crate) fn take() -> Self {
        Self(ListenFd::from_env())
    }

    /// The listener at this place, if there is one.
    fn listener(&mut self, at: usize) -> Result<Option<TcpListener>, String> {
        let wrong = |error: io::Error| format!("socket {} of LISTEN_FDS is no TCP listener: {error}", at + 1);
        let Some(listener) = self.0.take_tcp_listener(at).map_err(wrong)? else { return Ok(None) };
        #[cfg(unix)]
        if !rustix::net::sockopt::socket_acceptconn(&listener).unwrap_or(true) {
            return Err(format!("socket {} of LISTEN_FDS does not listen", at + 1));
        }
        listener.set_nonblocking(true).map_err(wrong)?;
        TcpListener::from_std(listener).map(Some).map_err(wrong)
    }
}

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

/// The listeners for another process that takes this one's place.
pub(crate) struct Handover {
    #[cfg_attr(not(unix), allow(dead_code, reason = "there is no SIGUSR2"))]
    listeners: Vec<std::net::TcpListener>,
    begin: watch::Sender<bool>,
}

impl Listeners {
    /// Listens on what the config says: with the sockets that the process was started with, in the order of `listen` and `api.listen`, and
    /// with new ones.
    ///
    /// # Errors
    /// An address cannot be listened on, or a socket of the process is none.
    pub(crate) async fn open(config: &Config, mut inherited: Inherited) -> Result<Self, String> {
        let needed = if config.api.listen.is_some() { 2 } else { 1 };
        if inherited.0.len() > needed {
            let given = inherited.0.len();
            return Err(format!(
                "{given} sockets are in LISTEN_FDS, {needed} at most are for this config: one for `listen`, one for `api.listen`"
            ));
        }
        let main = open(config.listen(), inherited.listener(0)?).await?;
        let api = match &config.api.listen {
            Some(listen) => {
                Some(open(listen, inherited.listener(1)?).await.map_err(|why| format!("api.listen: {why}"))?)
            }
            None => None,
        };
        Ok(Self { main, api })
    }

    /// Serves until the hub has been drained. Signals are caught from the call on, not from the first poll.
    ///
    /// # Errors
    /// The listeners cannot be kept for another process.
    pub(crate) fn serve(self, server: &Shared) -> io::Result<(impl Future<Output = ()>, Handover)> {
        let (begin, is_begun) = watch::channel(false);
        let all = [Some(&self.main), self.api.as_ref()];
        let listeners = all.into_iter().flatten().map(copy).collect::<io::Result<Vec<_>>>()?;
        let serves = if self.api.is_some() { Serves::AllButTheApi } else { Serves::Everything };
        let main = serve(self.main, server, serves, Stop::OnSignal, is_begun.clone());
        // Signals are the first listener's: counted twice, one would be the second signal.
        let api = self.api.map(|api| serve(api, server, Serves::Everything, Stop::OnHub, is_begun));
        let serving = async move {
            match api {
                Some(api) => drop(tokio::join!(main, api)),
                None => main.await,
            }
        };
        Ok((serving, Handover { listeners, begin }))
    }
}

#[cfg_attr(not(unix), allow(dead_code, reason = "there is no SIGUSR2"))]
impl Handover {
    /// Copies of the listeners.
    pub(crate) fn listeners(&self) -> io::Result<Vec<std::net::TcpListener>> {
        self.listeners.iter().map(std::net::TcpListener::try_clone).collect()
    }

    /// From now on this process accepts no connections.
    pub(crate) fn begin(&self) {
        self.begin.send_replace(true);
    }
}

/// A second socket for the same listener.
#[cfg(unix)]
fn copy(bound: &Bound) -> io::Result<std::net::TcpListener> {
    use std::os::fd::AsFd;
    bound.listener.as_fd().try_clone_to_owned().map(Into::into)
}

#[cfg(windows)]
fn copy(bound: &Bound) -> io::Result<std::net::TcpListener> {
    use std::os::windows::io::AsSocket;
    bound.listener.as_socket().try_clone_to_owned().map(Into::into)
}

/// Serves, over TLS if there is a certificate.
fn serve(
    bound: Bound,
    server: &Shared,
    serves: Serves,
    stop: Stop,
    handover: watch::Receiver<bool>,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let mut options = ServeOptions::default();
    options.stop = stop;
    let (router, hub) = (router(Arc::clone(server), serves), server.hub.clone());
    let plain = Plain { live: Arc::clone(&server.live), handover };
    match server.certificate.clone() {
        None => Box::pin(serve_through(bound.listener, router, hub, options, plain)),
        Some(certificate) => {
            Box::pin(serve_through(bound.listener, router, hub, options, Secure { plain, certificate }))
        }
    }
}

/// The listener that the process has already, or a new one on the first address that the system has.
async fn open(listen: &Listen, inherited: Option<TcpListener>) -> Result<Bound, String> {
    let listener = match inherited {
        Some(listener) => listener,
        None => bind(listen).await.map_err(|why| format!("cannot listen on {}: {why}", listen.text()))?,
    };
    let address = listener.local_addr().map_err(|error| format!("the listener has no address: {error}"))?;
    Ok(Bound { address, listener })
}

async fn bind(listen: &Listen) -> io::Result<TcpListener> {
    let mut why = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in listen.addresses() {
        match TcpListener::bind(&address).await {
            Ok(listener) => return Ok(listener),
            Err(error) => why = error,
        }
    }
    Err(why)
}
