//! A short run that is recorded.

use super::{Seed, seed};
use bytes::Bytes;
use core::num::NonZeroU32;
use throng_core::hub::{Config, Event, Fate, Hub, Incumbent, Outcome, Policy, Sink, Target};
use throng_core::outbox::{Batch, Progress, Transport, Written};
use throng_core::trace::{Payloads, Recorder};
use throng_core::{Address, ClientId, CloseCode, ConnectionId, Frame, Instant, MessageKind};

/// Events from one checkpoint to the next.
pub(super) const EVERY: NonZeroU32 = NonZeroU32::new(4).unwrap();

/// A hub, its recorder and its time.
pub(super) struct Run {
    pub(super) hub: Hub,
    pub(super) recorder: Recorder,
    batch: Batch,
    pub(super) now: u64,
}

impl Run {
    pub(super) fn new(config: &Config) -> Self {
        Self::recorded_by(Recorder::new(config), config)
    }

    pub(super) fn recorded_by(recorder: Recorder, config: &Config) -> Self {
        let hub = Hub::new(config.clone()).expect("the config stands");
        Self { hub, recorder, batch: Batch::default(), now: 0 }
    }

    pub(super) fn event(&mut self, event: Event<'_>) -> Option<Outcome> {
        self.now += 1_000_000;
        let (now, sink) = (Instant::from_nanos(self.now), Sink::Batch(&mut self.batch));
        let outcome = self.recorder.handle_into(&mut self.hub, now, event, sink);
        self.batch.clear();
        while self.recorder.poll_action().is_some() {}
        outcome.ok()
    }

    pub(super) fn accept(&mut self, address: Option<Address>) -> ConnectionId {
        match self.event(Event::Accept { address, lane: 0 }) {
            Some(Outcome::Accepted(connection)) => connection,
            other => unreachable!("nobody is refused: {other:?}"),
        }
    }

    pub(super) fn reserve(&mut self, connection: ConnectionId, user: Option<&str>) -> ClientId {
        match self.event(Event::Reserve { connection, user, session: None, rooms: &[] }) {
            Some(Outcome::Reserved(reserved)) => reserved.client,
            other => unreachable!("nobody is refused: {other:?}"),
        }
    }

    pub(super) fn admit(&mut self, user: Option<&str>) -> ClientId {
        let connection = self.accept(None);
        let client = self.reserve(connection, user);
        self.event(Event::Open { connection });
        client
    }

    /// The connection of a client that is there.
    pub(super) fn on(&self, client: ClientId) -> ConnectionId {
        self.hub.connection_of(client).expect("it is there")
    }

    /// A client is written to, and takes so much.
    pub(super) fn written(&self, client: ClientId, progress: Progress, transport: Transport) -> Written {
        Written { connection: self.on(client), client, progress, transport }
    }

    pub(super) fn publish(
        &mut self,
        targets: &[Target<'_>],
        except: &[ClientId],
        len: usize,
        policy: Option<Policy>,
    ) {
        let frame = Frame::new(Some(MessageKind::Binary), &[0x82, 126, 0, 0], Bytes::from(vec![0; len]))
            .expect("it is short");
        self.event(Event::Publish { publisher: None, targets, except, frame: &frame, policy, dedup: None });
    }

    pub(super) fn publish_as(&mut self, client: ClientId, targets: &[Target<'_>], len: usize) {
        let frame = Frame::new(Some(MessageKind::Text), &[0x81, 126, 0, 0], Bytes::from(vec![0; len]))
            .expect("it is short");
        self.event(Event::Publish {
            publisher: Some(client),
            targets,
            except: &[client],
            frame: &frame,
            policy: None,
            dedup: None,
        });
    }

    pub(super) fn place(&mut self, client: ClientId, user: &str, among: &[(ClientId, Fate)]) {
        let among: Vec<_> = among.iter().map(|&(client, fate)| Incumbent { client, fate }).collect();
        self.event(Event::Place { client, user, among: &among, code: CloseCode(4100), reason: "elsewhere" });
    }

    /// From here on a flight recorder records.
    pub(super) fn record_last(&mut self, config: &Config, payloads: Payloads) {
        self.recorder = Recorder::ring(config, 0).payloads(payloads).checkpoint_every(EVERY);
    }

    pub(super) fn finish(mut self, name: &str) -> Seed {
        seed(name, self.recorder.take())
    }
}
