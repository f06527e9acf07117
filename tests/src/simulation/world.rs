//! The run itself: what happens next, until nothing does.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use http::{HeaderMap, header};
use throng_core::CloseCode;
use throng_core::hub::{Members, Target};
use throng_core::websocket::handshake::ClientHandshake;
use throng_runtime::hosting::{Host, HostedHub};
use throng_runtime::simulation::engine::clock::Clock;
use throng_runtime::simulation::engine::executor::Executor;
use throng_runtime::simulation::engine::host::{SimulatedHost, Timing};
use throng_runtime::simulation::engine::network::handles::Network;
use throng_runtime::simulation::engine::network::wires::Kind;
use throng_runtime::simulation::engine::world::{self as engine, Engine, Happening, World as _};
use throng_runtime::{Coalesce, Hub, Record};

use super::application::{self, Application};
use super::compression::Offer;
use super::configs;
use super::ledger::Ledger;
use super::meter::Metering;
use super::peer::{Peer, Stage};
use super::plan::{MILLI, MOST_BEHIND, Plan, ROOMS, SECOND, USERS};
use super::rooms::room;
use super::scene::{Due, Scene};
use super::{Failure, Run, chance};

pub(super) struct World {
    pub(super) scene: Scene,
    pub(super) hub: Hub,
    hosted: HostedHub,
    pub(super) engine: Engine<Due>,
    pub(super) application: Application,
    /// In the order of their serial numbers, which are those of their wires, too.
    pub(super) peers: Vec<Peer>,
    pub(super) phase: &'static str,
}

/// Who connects.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Newcomer {
    pub(super) user: Option<u64>,
    pub(super) room: Option<u64>,
    pub(super) ponder: Option<u64>,
    pub(super) pace: Option<(usize, u64)>,
    pub(super) offer: Option<Offer>,
    pub(super) manners: Manners,
}

/// How somebody asks for a WebSocket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Manners {
    #[default]
    Proper,
    /// It asks for what the application does not allow.
    Refused,
    /// It never comes to the end of its request.
    Dawdles,
    /// It sends something else.
    Garbles,
}

pub(super) use throng_runtime::simulation::engine::world::Failed;

impl World {
    pub(super) fn new(plan: Plan, clock: &Arc<Clock>) -> Self {
        let mut rng = Rng::with_seed(plan.seed ^ 0x5eed);
        let clock = Arc::clone(clock);
        let network = Network::new(Arc::clone(&clock), plan.conditions.clone(), rng.fork());
        // Numbers of its own: whether the clock runs backwards changes nothing else.
        let behind = Rng::with_seed(plan.seed ^ 0xbac4);
        let timing = Timing { slack: plan.slack, backward: plan.backward, behind: MOST_BEHIND };
        let host = Arc::new(SimulatedHost::new(Arc::clone(&clock), timing, behind));
        let executor = Executor::new(plan.order, rng.fork());
        let mut engine = Engine::new(Arc::clone(&clock), network.clone(), Arc::clone(&host), executor);
        (engine.poll_cost, engine.spurious) = (plan.poll_cost, plan.spurious);
        let ledger = Arc::new(Mutex::new(Ledger::new(plan.bursts)));
        let application = Application::new(Arc::clone(&ledger), Arc::clone(&host), plan.answers);
        let mut builder = Hub::builder()
            .config(plan.config.clone())
            .compression(plan.compressing.as_ref().and_then(|compressing| compressing.hub))
            .coalesce(if plan.coalesces { Coalesce::Newlines } else { Coalesce::Nothing })
            .write_delay(plan.write_delay)
            .lanes(NonZeroU16::new(plan.lanes).unwrap_or(NonZeroU16::MIN))
            .seed(plan.seed)
            .epoch_seed(plan.seed)
            .record(Record::Events)
            .handler(application.clone());
        if plan.hooks_at_once {
            let application = application.clone();
            builder =
                builder.on_message(move |client, message| application.message_at_once(client, &message));
        }
        if plan.is_watched() {
            let [before, after, error] = [(); 3].map(|()| application.clone());
            builder = builder
                .before_message(move |client, _| before.before_message(client))
                .after_message(move |client, handled| after.after_message(client, *handled))
                .on_error(move |client, failure| error.error(client, failure));
        }
        if let Some(most) = plan.most_of_user {
            builder = builder.per_user(move |newcomer, roster| application::place(newcomer, roster, most));
        }
        if !plan.is_limited() {
            builder = builder.message_limit(None);
        }
        let hub = match builder.build() {
            Ok(hub) => hub,
            Err(error) => unreachable!("the plan of seed {} cannot stand: {error}", plan.seed),
        };
        let started = Arc::clone(&host);
        let hosted = HostedHub::start(hub.clone(), |_| started as Arc<dyn Host>);
        let metering = plan.metering();
        let scene = Scene { plan, clock, network, ledger, metering, rng, compressor: RefCell::default() };
        let (peers, phase) = (Vec::new(), "faults");
        Self { scene, hub, hosted, engine, application, peers, phase }
    }

    pub(super) fn run(mut self) -> Result<Run, Failure> {
        let result = self.go_through();
        let (at, seed) = (self.time(), self.scene.plan.seed);
        result.map_err(|what| Failure { seed, at, phase: self.phase, what })
    }

    fn go_through(&mut self) -> Result<Run, Failed> {
        self.begin();
        let end = self.scene.plan.faults_last;
        self.run_until(end)?;
        self.phase = "settling";
        self.settle()?;
        self.phase = "ending";
        self.end()
    }

    pub(super) fn time(&self) -> Duration {
        Duration::from_nanos(self.scene.clock.now())
    }

    fn begin(&mut self) {
        let plan = self.scene.plan.clone();
        for _ in 0..plan.peers {
            let newcomer = self.somebody();
            let serial = self.connect(newcomer);
            let pause = Peer::pause(&mut self.scene);
            self.scene.network.put(pause, Due::Act(serial));
        }
        if let Some(every) = plan.application {
            self.scene.network.put(every, Due::Application);
        }
        // Now and then it stands still again, and then maybe while it catches up.
        for _ in 0..plan.jumps() {
            let at = self.scene.rng.u64(..plan.wakes_for().unwrap_or(plan.faults_last));
            self.scene.network.put(at, Due::Jump);
        }
        if plan.next_config.is_some() {
            let at = self.scene.rng.u64(..plan.faults_last);
            self.scene.network.put(at, Due::Reconfigure);
        }
    }

    /// Anybody whom the plan allows.
    fn somebody(&mut self) -> Newcomer {
        let Scene { plan, rng, .. } = &mut self.scene;
        let kinds = &plan.kinds;
        let manners = match () {
            () if chance(rng, kinds.refused) => Manners::Refused,
            () if chance(rng, kinds.dawdlers) => Manners::Dawdles,
            () if chance(rng, kinds.garblers) => Manners::Garbles,
            () => Manners::Proper,
        };
        Newcomer {
            user: chance(rng, kinds.with_user).then(|| rng.u64(..USERS)),
            room: chance(rng, kinds.with_room).then(|| rng.u64(..ROOMS)),
            ponder: chance(rng, kinds.pondered).then(|| rng.u64(..12_000)),
            pace: chance(rng, kinds.slow_readers)
                .then(|| (rng.usize(20..2_000), rng.u64(50 * MILLI..SECOND)))
                .or_else(|| {
                    (kinds.tricklers > 0 && chance(rng, kinds.tricklers))
                        .then(|| (1, rng.u64(500 * MILLI..SECOND + 500 * MILLI)))
                }),
            offer: plan.compressing.as_ref().and_then(|compressing| compressing.offer(rng)),
            manners,
        }
    }

    /// A peer that connects now; its serial number.
    pub(super) fn connect(&mut self, newcomer: Newcomer) -> usize {
        let serial = self.peers.len();
        let capacity = self.scene.plan.capacity.clone();
        let Scene { plan, rng, network, metering, .. } = &mut self.scene;
        let capacities = (rng.usize(capacity.clone()), rng.usize(capacity));
        let tap = metering.as_mut().map(Metering::begin);
        let kind = Kind { capacities, keeps_back: plan.keeps_back, answers: plan.answers, tap };
        let (wire, reader, writer) = network.open(kind);
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, (serial % 250) as u8)), 1);
        let account = newcomer.account(plan);
        self.scene.ledger().accounts.push(account);
        let connection = self.hosted.connect(reader, writer, Some(address));
        let task = self.engine.executor.spawn(Box::pin(connection));
        let (stage, out) = self.request(serial, &newcomer);
        let mut peer = Peer::new(serial, wire, task, stage, out);
        peer.pace = newcomer.pace;
        peer.offer = newcomer.offer;
        peer.flush(&self.scene);
        self.peers.push(peer);
        serial
    }

    fn request(&mut self, serial: usize, newcomer: &Newcomer) -> (Stage, Vec<u8>) {
        let mut path = format!("/?serial={serial}");
        let refused = (newcomer.manners == Manners::Refused).then_some(1);
        let parameters = [
            ("user", newcomer.user),
            ("room", newcomer.room),
            ("ponder", newcomer.ponder),
            ("refuse", refused),
        ];
        for (name, value) in parameters {
            if let Some(value) = value {
                path.push_str(&format!("&{name}={value}"));
            }
        }
        let offer = newcomer.offer.map(|offer| (header::SEC_WEBSOCKET_EXTENSIONS, offer.header()));
        let headers = HeaderMap::from_iter(offer);
        let made = ClientHandshake::new("sim", &path, "dGhlIHNhbXBsZSBub25jZQ==", &headers);
        let Ok((handshake, mut bytes)) = made else { unreachable!("the request can stand") };
        let rng = &mut self.scene.rng;
        match newcomer.manners {
            Manners::Proper | Manners::Refused => (Stage::Asking(handshake), bytes),
            Manners::Dawdles => {
                bytes.truncate(rng.usize(..bytes.len()));
                (Stage::Hopeless, bytes)
            }
            Manners::Garbles => {
                // Not the first line, which says who it is.
                let first = path.len() + "GET  HTTP/1.1\r\n".len();
                (0..rng.usize(1..20)).for_each(|_| {
                    let at = rng.usize(first..bytes.len());
                    bytes[at] = rng.u8(..);
                });
                (Stage::Hopeless, bytes)
            }
        }
    }

    /// A peer that reads a byte now and then is not written to for longer than its write deadline, and some.
    fn watch_trickler(&mut self, wire: usize) {
        let Scene { plan, clock, .. } = &self.scene;
        let deadlines = &plan.config.deadlines;
        let peer = &mut self.peers[wire];
        let is_watched = peer.pace.is_some_and(|(bytes, _)| bytes == 1)
            && deadlines.write_rate.is_some()
            && plan.jump.is_none();
        let client = self.scene.ledger().accounts[peer.serial].client;
        let waits = client
            .and_then(|client| self.hub.client(client)?.outbox())
            .is_some_and(|(messages, _)| messages > 0);
        if !is_watched || !waits {
            peer.behind_since = None;
            return;
        }
        let since = *peer.behind_since.get_or_insert(clock.now());
        let most = 2 * deadlines.write + Duration::from_secs(5);
        if clock.now() - since > most.as_nanos() as u64 {
            let what =
                format!("peer {} takes a byte now and then, and is written to for {most:?}", peer.serial);
            self.scene.ledger().violation(what);
        }
    }

    fn reconfigure(&mut self) {
        let plan = &mut self.scene.plan;
        let Some(next) = plan.next_config.take() else { return };
        if let Err(error) = self.hub.reconfigure(&next) {
            unreachable!("the next config of seed {} cannot stand: {error}", plan.seed);
        }
        if let Some(metering) = &mut self.scene.metering {
            metering.set_pace(plan.paces.and_then(|[_, pace]| pace));
        }
        plan.last_config = Some(std::mem::replace(&mut plan.config, next));
    }

    fn has_faults(&self) -> bool {
        self.phase == "faults"
    }

    fn act(&mut self, serial: usize) {
        if !self.has_faults() {
            return;
        }
        let peer = &mut self.peers[serial];
        if peer.act(&mut self.scene) {
            self.cancel(serial);
        }
        let peer = &self.peers[serial];
        let again = Peer::pause(&mut self.scene);
        let at = self.scene.clock.now() + again;
        // Whoever is over comes again as somebody else.
        if peer.is_over() {
            if self.peers.len() < self.scene.plan.peers * 3 {
                let newcomer = self.somebody();
                let serial = self.connect(newcomer);
                self.scene.network.put(at, Due::Act(serial));
            }
        } else {
            self.scene.network.put(at, Due::Act(serial));
        }
    }

    /// The host drops the task of a connection.
    fn cancel(&mut self, serial: usize) {
        {
            let mut ledger = self.scene.ledger();
            let account = &mut ledger.accounts[serial];
            account.cancel();
            if let Some(client) = account.client {
                ledger.serials.remove(&client);
            }
        }
        let task = self.peers[serial].task;
        self.engine.executor.cancel(task);
    }

    fn act_as_application(&mut self) {
        if !self.has_faults() {
            return;
        }
        if self.scene.plan.changes_rooms {
            self.change_room();
        }
        let rng = &mut self.scene.rng;
        let size = rng.u64(self.scene.plan.acts.message.clone());
        let serial = rng.usize(..self.peers.len());
        let room = room(rng.u64(..ROOMS));
        match rng.u32(..20) {
            0 if chance(rng, 200) => self.application.dismiss(&self.hub, serial),
            1..14 => self.application.publish(&self.hub, &[Target::Room(&room)], &[], size, None),
            _ => self.application.publish(&self.hub, &[Target::All], &[], size, None),
        }
        let every = self.scene.plan.application.unwrap_or(SECOND);
        self.scene.network.put(self.scene.clock.now() + every, Due::Application);
    }

    fn change_room(&mut self) {
        let rng = &mut self.scene.rng;
        let number = rng.u64(..ROOMS);
        match rng.u32(..20) {
            0 => self.application.close_room(&self.hub, number, Members::Leave),
            1 => {
                let (code, reason) = (CloseCode(4000), "the room is closed");
                self.application.close_room(&self.hub, number, Members::Disconnect { code, reason });
            }
            2..6 => {
                let config = configs::room_config(rng);
                self.application.configure_room(&self.hub, number, config);
            }
            _ => {}
        }
    }

    /// The host stands still, for as long as the plan says at most.
    fn jump(&mut self) {
        let most = self.scene.plan.jump.unwrap_or_default();
        let end = self.scene.clock.now() + self.scene.rng.u64(..=most);
        if let Some(most) = self.scene.plan.wakes_for() {
            let next = end + self.scene.rng.u64(..most);
            if next < self.scene.plan.faults_last {
                self.scene.network.put(next, Due::Jump);
            }
        }
        // What the host has a part in comes later.
        self.stand_still(end, |due| !matches!(due, Due::Read(_) | Due::Resume(_)));
    }
}

impl engine::World for World {
    type Due = Due;

    fn engine(&mut self) -> &mut Engine<Due> {
        &mut self.engine
    }

    fn rng(&mut self) -> &mut Rng {
        &mut self.scene.rng
    }

    fn happen(&mut self, happening: Happening<Due>) {
        let Self { scene, peers, .. } = self;
        match happening {
            Happening::Arrived(wire) => peers[wire].read(scene),
            Happening::Room(wire) => peers[wire].flush(scene),
            Happening::Own(Due::Read(wire)) => {
                peers[wire].read_later(scene);
                self.watch_trickler(wire);
            }
            Happening::Own(Due::Resume(wire)) => peers[wire].resume(scene),
            Happening::Own(Due::Act(serial)) => self.act(serial),
            Happening::Own(Due::Application) => self.act_as_application(),
            Happening::Own(Due::Jump) => self.jump(),
            Happening::Own(Due::Reconfigure) => self.reconfigure(),
        }
    }

    fn look(&mut self) -> Result<(), Failed> {
        self.check_bounds()
    }
}
