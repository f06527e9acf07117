//! A peer, as its script sees it.

use crate::simulation::engine::basics::lock;
use crate::simulation::engine::network::pipe::End;
use crate::simulation::engine::network::wires::Kind;
use crate::simulation::link::{Link, shown};
use crate::simulation::peer_error::PeerError;
use crate::simulation::shared::{Due, Shared};
use crate::simulation::time::Time;
use http::HeaderMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use throng_core::CloseCode;
use throng_core::websocket::handshake::ClientHandshake;
use throng_core::websocket::{Message, Utf8Bytes};
#[cfg(feature = "deflate")]
use {crate::simulation::inflating, std::borrow::Cow};

/// The base64 of 16 bytes: nothing depends on which.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The connections of a run, by the numbers of their wires.
pub(crate) type Links = Arc<Mutex<Vec<Arc<Mutex<Link>>>>>;

/// A client at the other end of a simulated connection: [`Run::peer`](super::Run::peer) gives it to its script.
///
/// It speaks RFC 6455: it answers pings, and answers a close frame. It has one connection at a time; [`connect`](Self::connect)
/// begins another one. When it is dropped, at the end of its script, it ends its connection as a process does that exits.
pub struct Peer {
    name: Arc<str>,
    number: usize,
    shared: Arc<Shared>,
    links: Links,
    link: Option<Arc<Mutex<Link>>>,
    /// Where its connections come from, if not from an address of its own.
    address: Option<IpAddr>,
    #[cfg(feature = "deflate")]
    offers_compression: bool,
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("name", &self.name).field("number", &self.number).finish_non_exhaustive()
    }
}

impl Peer {
    pub(crate) fn new(name: Arc<str>, number: usize, shared: Arc<Shared>, links: Links) -> Self {
        Self {
            name,
            number,
            shared,
            links,
            link: None,
            address: None,
            #[cfg(feature = "deflate")]
            offers_compression: false,
        }
    }

    /// Its name, as the run has given it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its number in the run: 0 is the first peer.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// Opens a WebSocket with a request for this path, which may have a query. A connection that it had before ends.
    ///
    /// # Errors
    /// [`PeerError::Refused`] if the hub or a `before_connect` refuses, [`PeerError::Fault`] if the simulation cuts the connection before it
    /// is open; [`PeerError::Wrong`] if this is no path.
    pub async fn connect(&mut self, path: &str) -> Result<(), PeerError> {
        self.connect_with(path, &HeaderMap::new()).await
    }

    /// The same, with headers of the request: an Origin, a cookie, a subprotocol.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_with(&mut self, path: &str, headers: &HeaderMap) -> Result<(), PeerError> {
        self.let_go();
        #[cfg(feature = "deflate")]
        let with_offer = self.with_offer(headers);
        #[cfg(feature = "deflate")]
        let headers: &HeaderMap = &with_offer;
        let made = ClientHandshake::new("simulation", path, KEY, headers);
        let (handshake, request) = made.map_err(|error| PeerError::Wrong(format!("{path:?}: {error}")))?;
        let link = self.begin(|name, wire, pace| Link::new(name, wire, handshake, request, pace))?;
        poll_fn(|cx| lock(&link).poll_open(cx)).await
    }

    /// Opens a transport and sends nothing: for a peer that makes its request itself by [`send_bytes`](Self::send_bytes), in parts,
    /// slowly or never, or asks for a page such as `/healthz`. [`read_to_end`](Self::read_to_end) reads the answer. A connection that
    /// it had before ends.
    ///
    /// # Errors
    /// [`PeerError::NotConnected`] if the run has no hub yet.
    pub fn dial(&mut self) -> Result<(), PeerError> {
        self.let_go();
        self.begin(Link::bare).map(drop)
    }

    /// After [`dial`](Self::dial): all that the hub sends until it ends its direction.
    ///
    /// # Errors
    /// [`PeerError::Fault`] if the simulation cuts the connection, or has made the hub end it before an answer;
    /// [`PeerError::NotConnected`].
    pub async fn read_to_end(&mut self) -> Result<Vec<u8>, PeerError> {
        let link = self.link()?;
        poll_fn(|cx| lock(link).poll_bytes(cx)).await
    }

    /// Sets the address from which its next connections come, for limits per address. Default: an address of its own in
    /// `10.0.0.0/16`.
    pub fn set_address(&mut self, address: IpAddr) {
        self.address = Some(address);
    }

    /// Whether the peer offers compression (permessage-deflate, RFC 7692) from its next connection on. Default: no. If the hub
    /// accepts, the peer inflates what the hub compresses; it sends its own messages uncompressed.
    #[cfg(feature = "deflate")]
    pub fn offer_compression(&mut self, offers: bool) {
        self.offers_compression = offers;
    }

    #[cfg(feature = "deflate")]
    fn with_offer<'a>(&self, headers: &'a HeaderMap) -> Cow<'a, HeaderMap> {
        if !self.offers_compression {
            return Cow::Borrowed(headers);
        }
        let mut headers = headers.clone();
        inflating::offer(&mut headers);
        Cow::Owned(headers)
    }

    /// A wire to the hub, with the hub's task at its end.
    fn begin(
        &mut self,
        link: impl FnOnce(Arc<str>, usize, Option<(usize, u64)>) -> Link,
    ) -> Result<Arc<Mutex<Link>>, PeerError> {
        let shared = &self.shared;
        let Some(hub) = shared.hub.get() else { return Err(PeerError::NotConnected) };
        let now = shared.clock.now();
        let (peer_faults, capacities) = {
            let mut rng = shared.rng();
            let capacity = shared.plan.capacity.clone();
            (shared.plan.peer_faults(now, &mut rng), (rng.usize(capacity.clone()), rng.usize(capacity)))
        };
        let kind =
            Kind { capacities, keeps_back: shared.plan.keeps_back, answers: shared.plan.answers, tap: None };
        let (wire, reader, writer) = shared.network.open(kind);
        let link = link(Arc::clone(&self.name), wire, peer_faults.pace);
        #[cfg(feature = "deflate")]
        let link = link.offering(self.offers_compression);
        let link = Arc::new(Mutex::new(link));
        lock(&self.links).push(Arc::clone(&link));
        let [.., high, low] = self.number.to_be_bytes();
        let address = self.address.unwrap_or_else(|| Ipv4Addr::new(10, 0, high, low).into());
        let connection = hub.connect(reader, writer, Some(SocketAddr::new(address, 1024)));
        crate::host::Host::spawn(&*shared.host, Box::pin(connection));
        for (after, fault) in peer_faults.faults {
            shared.network.put(now + after, Due::Fault(wire, fault));
        }
        lock(&link).flush(shared);
        self.link = Some(Arc::clone(&link));
        Ok(link)
    }

    /// Sends a text. Ready when the transport has taken all of it.
    ///
    /// # Errors
    /// Why the connection has ended, or [`PeerError::NotConnected`].
    pub async fn send(&mut self, text: impl Into<Utf8Bytes>) -> Result<(), PeerError> {
        self.send_message(Message::Text(text.into())).await
    }

    /// Sends a message, text or binary.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_message(&mut self, message: Message) -> Result<(), PeerError> {
        let link = self.link()?;
        {
            let mut link = lock(link);
            link.may_send()?;
            link.send(&self.shared, &message);
        }
        poll_fn(|cx| lock(link).poll_sent(cx)).await
    }

    /// Sends these bytes, whatever they are: for a peer that breaks the protocol.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), PeerError> {
        let link = self.link()?;
        {
            let mut link = lock(link);
            link.may_send()?;
            link.send_bytes(&self.shared, bytes);
        }
        poll_fn(|cx| lock(link).poll_sent(cx)).await
    }

    /// The next message. Those that came before the end of the connection come before the error.
    ///
    /// # Errors
    /// Why the connection has ended, or [`PeerError::NotConnected`].
    pub async fn receive(&mut self) -> Result<Message, PeerError> {
        let link = self.link()?;
        poll_fn(|cx| lock(link).poll_receive(&self.shared, cx)).await
    }

    /// The next message, if one comes within this time.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    pub async fn receive_within(&mut self, time: Duration) -> Result<Option<Message>, PeerError> {
        let clock = self.time();
        let mut late = pin!(clock.sleep(time));
        let link = self.link()?;
        poll_fn(|cx| match lock(link).poll_receive(&self.shared, cx) {
            Poll::Ready(received) => Poll::Ready(received.map(Some)),
            Poll::Pending => late.as_mut().poll(cx).map(|()| Ok(None)),
        })
        .await
    }

    /// The next message must be this text.
    ///
    /// # Errors
    /// [`PeerError::Wrong`] if it is another one; else as [`receive`](Self::receive).
    pub async fn expect(&mut self, text: &str) -> Result<(), PeerError> {
        match self.receive().await? {
            Message::Text(received) if received == text => Ok(()),
            received => Err(PeerError::Wrong(format!("expected {text:?}, received {}", shown(&received)))),
        }
    }

    /// Skips messages until one is as it is to be, and returns it.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    pub async fn receive_until(
        &mut self,
        mut is_it: impl FnMut(&Message) -> bool,
    ) -> Result<Message, PeerError> {
        loop {
            let message = self.receive().await?;
            if is_it(&message) {
                return Ok(message);
            }
        }
    }

    /// Sends a close frame and waits for the hub's. Messages that come before it can still be
    /// [received](Self::receive).
    ///
    /// # Errors
    /// How the connection ended, if not by a close frame.
    pub async fn close(&mut self, code: CloseCode) -> Result<Option<CloseCode>, PeerError> {
        let link = self.link()?;
        {
            let mut link = lock(link);
            link.may_send()?;
            link.close(&self.shared, Some(code));
        }
        match poll_fn(|cx| lock(link).poll_over(cx)).await {
            PeerError::Closed { code, .. } => Ok(code),
            stop => Err(stop),
        }
    }

    /// Waits until the connection has ended, and says why.
    pub async fn ended(&mut self) -> PeerError {
        match self.link() {
            Ok(link) => poll_fn(|cx| lock(link).poll_over(cx)).await,
            Err(stop) => stop,
        }
    }

    /// Ends its direction of the transport behind what it has sent, and reads on.
    pub fn half_close(&mut self) {
        if let Some(link) = &self.link {
            lock(link).end_last(&self.shared);
        }
    }

    /// Resets the transport: what is under way is lost.
    pub fn reset(&mut self) {
        if let Some(link) = self.link.take() {
            lock(&link).end(&self.shared, End::Reset);
        }
    }

    /// Is gone without a word, as a phone that loses its network. It may connect again, while the hub still has the old
    /// connection.
    pub fn vanish(&mut self) {
        if let Some(link) = self.link.take() {
            lock(&link).vanish(&self.shared);
        }
    }

    /// Reads nothing any more. The transport fills, and what the hub sends waits in the client's outbox.
    pub fn stop_reading(&mut self) {
        if let Some(link) = &self.link {
            lock(link).reads = false;
        }
    }

    /// Reads again.
    pub fn read_on(&mut self) {
        if let Some(link) = &self.link {
            let mut link = lock(link);
            link.reads = true;
            link.arrive(&self.shared);
        }
    }

    /// Answers neither pings nor close frames any more.
    pub fn stop_answering(&mut self) {
        if let Some(link) = &self.link {
            lock(link).answers = false;
        }
    }

    /// Waits until there are no faults any more. From then on, what the application promises must come to pass.
    pub async fn after_faults(&self) {
        poll_fn(|cx| match self.shared.is_after_faults_or_wakes(cx.waker()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }

    /// Whether there are no faults any more.
    #[must_use]
    pub fn is_after_faults(&self) -> bool {
        self.shared.is_after_faults()
    }

    /// Waits for this long, in virtual time.
    pub async fn sleep(&self, time: Duration) {
        self.time().sleep(time).await;
    }

    /// The clock of the run.
    #[must_use]
    pub fn time(&self) -> Time {
        Time(Arc::clone(&self.shared))
    }

    /// A number within this range, which follows from the seed.
    #[must_use]
    pub fn random(&self, range: RangeInclusive<u64>) -> u64 {
        self.shared.rng().u64(range)
    }

    fn link(&self) -> Result<&Arc<Mutex<Link>>, PeerError> {
        self.link.as_ref().ok_or(PeerError::NotConnected)
    }

    fn let_go(&mut self) {
        if let Some(link) = self.link.take() {
            lock(&link).end_last(&self.shared);
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.let_go();
    }
}
