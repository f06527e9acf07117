//! A run, as it goes.

use crate::handles::hosted::HostedHub;
use crate::handles::hub::Hub;
use crate::host::Report;
use crate::simulation::engine::basics::lock;
use crate::simulation::engine::caught::last;
use crate::simulation::engine::executor::TaskId;
use crate::simulation::engine::network::wires::NetworkConditions;
use crate::simulation::engine::world::{Engine, Failed, Happening, World};
use crate::simulation::link::Link;
use crate::simulation::peer::{Links, Peer};
use crate::simulation::peer_error::PeerError;
use crate::simulation::run::{Rule, Run};
use crate::simulation::shared::{Due, Shared};
use crate::state::recording::Record;
use fastrand::Rng;
use std::future::Future;
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

const SECOND: u64 = 1_000_000_000;
/// Between two looks at whether the scripts are over, in nanoseconds.
const STEP: u64 = SECOND / 10;
/// How long the hub may take to notice that everybody is gone, and to stop.
const SETTLING: u64 = 600 * SECOND;

pub(crate) struct Stage {
    pub(crate) engine: Engine<Due>,
    shared: Arc<Shared>,
    links: Links,
    rng: Rng,
    hub: Hub,
    scripts: Vec<(Arc<str>, TaskId)>,
    always: Vec<Rule>,
    finally: Vec<Rule>,
}

impl World for Stage {
    type Due = Due;

    fn engine(&mut self) -> &mut Engine<Due> {
        &mut self.engine
    }

    fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    fn happen(&mut self, happening: Happening<Due>) {
        match happening {
            Happening::Arrived(wire) => self.at(wire, Link::arrive),
            Happening::Room(wire) => self.at(wire, Link::flush),
            Happening::Own(Due::Fault(wire, fault)) => {
                self.at(wire, |link, shared| link.suffer(shared, fault));
            }
            Happening::Own(Due::Resume(wire)) => self.at(wire, Link::resume),
            Happening::Own(Due::Read(wire)) => self.at(wire, Link::read_later),
            Happening::Own(Due::Standstill(nanos)) => {
                let shown = Duration::from_nanos(nanos);
                self.shared.note(format_args!("fault: the host stands still for {shown:.1?}"));
                let end = self.shared.clock.now() + nanos;
                self.stand_still(end, |due| matches!(due, Due::Standstill(_) | Due::FaultsEnd));
            }
            Happening::Own(Due::FaultsEnd) => self.end_faults(),
        }
    }

    fn look(&mut self) -> Result<(), Failed> {
        for report in self.engine.host.take_reports() {
            self.shared.note(format_args!("the host reports: {report:?}"));
            if let Report::Panicked { hook, .. } = report {
                let what = last().unwrap_or_default();
                self.shared.fail(format!("the hook `{hook}` panicked: {what}"));
            }
        }
        let mut failed = self.shared.take_failed();
        failed.extend(self.shared.network.take_violations());
        failed.extend(broken(&mut self.always, &self.hub));
        if failed.is_empty() { Ok(()) } else { Err(failed) }
    }
}

impl Stage {
    /// Everything is there, and nothing has happened.
    pub(crate) fn new(run: Run, engine: Engine<Due>, mut rng: Rng) -> Result<Self, Failed> {
        let Run { seed, shared, builder, peers, always, finally } = run;
        let Some(builder) = builder else {
            return Err(vec![
                "the run has no hub: the closure of the simulation must call `Run::hub`".into(),
            ]);
        };
        let lanes = NonZeroU16::MIN.saturating_add(rng.u16(..3));
        let built = builder.lanes(lanes).seed(seed).epoch_seed(seed).record(Record::Events).build();
        let hub = built.map_err(|error| vec![format!("the hub cannot be built: {error}")])?;
        let host = Arc::clone(&shared.host);
        let _ = shared.hub.set(HostedHub::start(hub.clone(), |_| host));
        let mut stage =
            Self { engine, shared, links: Links::default(), rng, hub, scripts: Vec::new(), always, finally };
        for (number, (name, script)) in peers.into_iter().enumerate() {
            let peer =
                Peer::new(Arc::clone(&name), number, Arc::clone(&stage.shared), Arc::clone(&stage.links));
            let (script, shared, named) = (script(peer), Arc::clone(&stage.shared), Arc::clone(&name));
            let task = stage.engine.executor.spawn(Box::pin(async move {
                match script.await {
                    Ok(()) | Err(PeerError::Fault) => {
                        shared.note(format_args!("the script of {named} is over"));
                    }
                    Err(stop) => shared.fail(format!("{named}: {stop}")),
                }
            }));
            stage.scripts.push((name, task));
        }
        let plan = &stage.shared.plan;
        for (at, nanos) in &plan.standstills {
            stage.shared.network.put(*at, Due::Standstill(*nanos));
        }
        stage.shared.network.put(plan.lasting, Due::FaultsEnd);
        Ok(stage)
    }

    /// From the first moment to the last.
    pub(crate) fn go_through(&mut self, limit: Duration) -> Result<(), Failed> {
        let limit = limit.as_nanos() as u64;
        while let Some(waiting) = self.waiting() {
            if self.shared.clock.now() > limit {
                return Err(vec![format!("{waiting} has not come to an end: its script still waits")]);
            }
            self.run_until(self.shared.clock.now() + STEP)?;
        }
        self.end_faults();
        // Clients that are away end when their grace is over.
        self.wait_until(|hub| hub.connection_count() == 0 && hub.client_count() == 0)?;
        // The last hooks follow.
        self.run_until(self.shared.clock.now() + SECOND)?;
        let failed = broken(&mut self.finally, &self.hub);
        if !failed.is_empty() {
            return Err(failed);
        }
        self.hub.shutdown();
        let mut stopped = Box::pin(self.hub.stopped());
        self.wait_until(move |_| stopped.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready())?;
        let left = self.hub.connection_count();
        if left > 0 {
            return Err(vec![format!("{left} connections are left after a shutdown")]);
        }
        self.look()
    }

    fn wait_until(&mut self, mut is_so: impl FnMut(&Hub) -> bool) -> Result<(), Failed> {
        let end = self.shared.clock.now() + SETTLING;
        while !is_so(&self.hub) && self.shared.clock.now() < end {
            self.run_until(self.shared.clock.now() + STEP)?;
        }
        Ok(())
    }

    /// Somebody whose script is not over.
    fn waiting(&self) -> Option<Arc<str>> {
        let is_waiting = |script: &&(_, TaskId)| !self.engine.executor.is_over(script.1);
        self.scripts.iter().find(is_waiting).map(|(name, _)| Arc::clone(name))
    }

    fn at(&self, wire: usize, act: impl FnOnce(&mut Link, &Shared)) {
        let link: Option<Arc<Mutex<Link>>> = lock(&self.links).get(wire).map(Arc::clone);
        if let Some(link) = link {
            act(&mut lock(&link), &self.shared);
        }
    }

    fn end_faults(&self) {
        if self.shared.is_after_faults() {
            return;
        }
        self.shared.note(format_args!("there are no faults from here on"));
        self.shared.network.set_conditions(NetworkConditions::without_faults());
        self.shared.end_faults();
        let links = lock(&self.links).len();
        (0..links).for_each(|wire| self.at(wire, Link::end_faults));
    }

    /// What the hub has recorded.
    pub(crate) fn recording(&self) -> Option<(Vec<u8>, u64, u64)> {
        self.hub.take_recording().map(|recording| (recording.log, recording.events, recording.hash))
    }
}

fn broken(rules: &mut [Rule], hub: &Hub) -> Vec<String> {
    let wrong = |rule: &mut Rule| (rule.holds)(hub).err().map(|wrong| format!("{}: {wrong}", rule.what));
    rules.iter_mut().filter_map(wrong).collect()
}
