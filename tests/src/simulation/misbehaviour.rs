//! What a peer does besides speaking, right or wrong.

use throng_core::CloseCode;
use throng_core::websocket::ControlPayload;
use throng_runtime::simulation::engine::network::pipe::End;

use super::chance;
use super::peer::Peer;
use super::plan::{Act, SECOND};
use super::scene::{Due, Scene};
use super::speech::Verb;

/// Messages that one says before it is gone, less than so many.
const LAST_WORDS: usize = 40;
/// Pings of a flood.
const FLOOD: u64 = 1_500;

impl Peer {
    pub(super) fn misbehave(&mut self, act: Act, scene: &mut Scene) {
        let mut ledger = scene.ledger();
        let causes = &mut ledger.accounts[self.serial].causes;
        match act {
            Act::Close | Act::CloseAndFinish | Act::Depart => {
                drop(ledger);
                self.close(act, scene);
            }
            Act::Finish => {
                (causes.broke, causes.finished) = (true, true);
                drop(ledger);
                self.has_finished = true;
                self.last = Some(End::Finished);
            }
            Act::Reset => {
                causes.broke = true;
                drop(ledger);
                self.flush(scene);
                self.finish(scene, End::Reset);
            }
            Act::Vanish => {
                (causes.broke, causes.was_slow) = (true, true);
                drop(ledger);
                self.has_vanished = true;
                scene.network.vanish(self.wire);
            }
            Act::Stall => {
                causes.was_slow = true;
                drop(ledger);
                self.is_stalled = true;
                let time = scene.rng.u64(..10 * SECOND);
                scene.network.put(scene.clock.now() + time, Due::Resume(self.wire));
            }
            Act::Mute => {
                causes.was_slow = true;
                self.is_mute = true;
            }
            Act::Flood => {
                drop(ledger);
                (0..FLOOD).for_each(|_| self.ping(scene));
            }
            Act::Violate => {
                drop(ledger);
                let violation = self.choose_violation(&mut scene.rng);
                self.violate(violation, scene);
            }
            Act::Cancel => {
                causes.broke = true;
            }
            Act::Ping => {
                drop(ledger);
                self.ping(scene);
            }
            Act::Pong => {
                drop(ledger);
                self.pong(&ControlPayload::EMPTY, scene);
            }
            _ => {}
        }
    }

    /// It sends a close frame, and maybe is gone behind it.
    fn close(&mut self, act: Act, scene: &mut Scene) {
        let is_prompt = scene.plan.is_prompt();
        if act == Act::Depart {
            let messages = scene.rng.usize(..LAST_WORDS);
            (0..messages).for_each(|_| self.say(Verb::Echo, 0, 20, scene));
            self.is_leaving = true;
        }
        let codes = [None, Some(CloseCode::NORMAL), Some(CloseCode(4001))];
        let code = codes[(self.said % 3) as usize];
        let mut ledger = scene.ledger();
        let causes = &mut ledger.accounts[self.serial].causes;
        causes.closed = Some(code.unwrap_or(CloseCode::NO_STATUS));
        // Whoever leaves takes nothing any more; what it has said counts, if it can be handled in time.
        causes.was_slow |= self.is_leaving;
        causes.broke |= self.is_leaving && !is_prompt;
        drop(ledger);
        self.last = match act {
            Act::CloseAndFinish => Some(End::Finished),
            Act::Depart => Some(End::Gone),
            _ => None,
        };
        self.say_close(code, scene);
    }

    /// It vanishes, or answers nothing any more.
    pub(super) fn desert(&mut self, scene: &mut Scene) {
        let act = if chance(&mut scene.rng, 500) { Act::Vanish } else { Act::Mute };
        self.misbehave(act, scene);
    }
}
