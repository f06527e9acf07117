//! Messages, as they are published on a node and delivered to another, and the answers to questions.

use super::oracle::{Published, RunId};
use super::reading::{clients_of, number_of};
use super::world::{Check, World};
use throng_core::ClientId;
use throng_core::cluster::{Answer, Deliver, GlobalId, QuestionId, Scope};

impl World {
    pub(super) fn deliver(&mut self, site: usize, id: &RunId, deliver: &Deliver) -> Check {
        let message = number_of(&deliver.payload).ok_or("a message without a number")?;
        let now = self.now;
        let Some(run) = &mut self.sites[site].run else { return Ok(()) };
        let late = run.cluster.stats().late;
        let expected = {
            let published = &self.oracle.published[message];
            if published.scope != deliver.to || published.node != deliver.from.as_str() {
                return Err(format!("{deliver:?} is not {published:?}"));
            }
            // What the publisher meant, not what has arrived of it.
            let except: Vec<ClientId> = published
                .except
                .iter()
                .filter(|except| except.node.as_str() == id.0 && except.incarnation == id.1)
                .map(|except| except.client)
                .collect();
            run.recipients(&published.scope, published.except_user.as_deref(), &except)
        };
        let got = clients_of(run.deliver(deliver), message)?;
        if let Some(asker) = &deliver.asker {
            let local = run.now(now);
            // The queue may be full: then the asker's time runs out.
            let _ = run.cluster.answer(local, asker, !expected.is_empty());
        }
        self.delivered.push(message);
        let tells_all = self.tells_every_loss;
        self.oracle.deliver(id, message, late, tells_all)?;
        self.oracle.got(id, message, &got, &expected)
    }

    pub(super) fn answered(&mut self, id: &RunId, question: QuestionId, answer: Answer) -> Check {
        let Some(was_there) = self.asked.remove(&(id.clone(), question)) else {
            return Err(format!("{id:?} has an answer to {question:?}, which is not open"));
        };
        let name = match answer {
            Answer::Exists => "exists",
            Answer::Gone => "gone",
            Answer::NoAnswer => "no answer",
            Answer::UnknownNode => "unknown node",
            _ => "other",
        };
        *self.seen.answers.entry(name).or_default() += 1;
        if answer == Answer::Exists && !was_there {
            return Err(format!("{id:?} is told that a client exists which was gone before"));
        }
        Ok(())
    }

    /// A message of this node, published on its own hub first, as a host does.
    pub(super) fn publish(
        &mut self,
        site: usize,
        scope: Scope,
        client: Option<&GlobalId>,
        except: Vec<GlobalId>,
        except_user: Option<String>,
        asks: bool,
    ) -> Result<usize, String> {
        let (id, message) = (self.id_of(site), self.oracle.published.len());
        let (node, incarnation) = id.clone();
        let published = Published { node, incarnation, scope, index: None, except, except_user };
        self.oracle.published.push(published.clone());
        self.seen.published += 1;
        let now = self.now;
        let Some(run) = &mut self.sites[site].run else { return Ok(message) };
        let payload = bytes::Bytes::from(format!("m{message:06}"));
        if client.is_none() {
            let here: Vec<ClientId> = published
                .except
                .iter()
                .filter(|except| except.node.as_str() == id.0 && except.incarnation == id.1)
                .map(|except| except.client)
                .collect();
            let expected = run.recipients(&published.scope, published.except_user.as_deref(), &here);
            let got = run.publish(&published.scope, &payload, published.except_user.as_deref(), &here);
            let got = clients_of(got, message)?;
            self.oracle.got(&id, message, &got, &expected)?;
        }
        self.relay(site, &id, message, &published, client, &payload, asks, now)?;
        self.settle(site)?;
        Ok(message)
    }
}
