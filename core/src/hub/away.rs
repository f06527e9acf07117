//! Clients that lose their connection and stay, for the time of their grace.
//!
//! A client goes away if it has a session, the config has a grace, the hub runs, and no limit of away clients is reached.
//! Otherwise it ends with its connection.

use super::attach::Queued;
use super::connection::Row;
use super::session::Away;
use super::{Action, EndedBy, Hub, Notice, Owner, State};
use crate::close::{CloseCode, ClosedBy};
use crate::id::Name;
use crate::outbox::{NONE, Phase};
use crate::time::{Instant, nanos};

/// The reason of a client that did not return.
const NOT_RETURNED: &str = "did not return in time";

/// How a client loses its connection.
pub(super) struct Loss {
    pub(super) code: CloseCode,
    pub(super) reason: Option<Name>,
    pub(super) by: ClosedBy,
}

impl Loss {
    /// The transport has ended without a close frame.
    pub(super) const TRANSPORT: Self =
        Self { code: CloseCode::ABNORMAL, reason: None, by: ClosedBy::Transport };
}

impl Hub {
    /// Whether a client of this index is open and stays when it loses its connection now, whatever the limits.
    pub(super) fn has_grace(&self, index: u32) -> bool {
        self.config.sessions.grace.is_some()
            && self.state == State::Running
            && self.outboxes.entries.phase(index) == Phase::Open
            && self.clients[index as usize].session != NONE
    }

    /// Whether the peer's close frame ends its client at once.
    pub(super) fn is_farewell(&self, code: Option<CloseCode>) -> bool {
        match self.config.sessions.ended_by {
            EndedBy::AnyClose => true,
            EndedBy::NormalClose => code.is_none_or(|code| matches!(code.0, 1000 | 3000..=4999)),
            EndedBy::NoClose => false,
        }
    }

    /// Whether a client that loses its connection goes away. It is counted if only a limit forbids it.
    pub(super) fn may_go_away(&mut self, row: Row, index: u32) -> bool {
        if !self.has_grace(index) {
            return false;
        }
        let limits = &self.config.sessions;
        let of_user = self.users.get(self.clients[index as usize].user).map_or(0, |user| user.away);
        let of_address = self.addresses.get(self.connections[row].address).map_or(0, |origin| origin.away);
        let fits = [
            (limits.total, self.phases.detached),
            (limits.per_user, of_user),
            (limits.per_address, of_address),
        ]
        .into_iter()
        .all(|(limit, away)| limit.is_none_or(|limit| away < limit));
        self.totals.away_refused += u64::from(!fits);
        fits
    }

    /// Lets a client stay that loses its connection, which the host has ended or is asked to end. `false` without effect if the
    /// client may not stay.
    pub(super) fn lose(&mut self, row: Row, index: u32, loss: Loss) -> bool {
        if !self.may_go_away(row, index) {
            return false;
        }
        self.go_away(row, index, loss);
        self.detach(row, index, Queued::Keep);
        true
    }

    /// The same for a connection that is still written its close frame.
    pub(super) fn lose_closing(&mut self, row: Row, index: u32, code: Option<CloseCode>, loss: Loss) -> bool {
        if !self.may_go_away(row, index) {
            return false;
        }
        self.go_away(row, index, loss);
        self.part(row, index, code, None);
        true
    }

    /// Makes a client away, which is about to be separated from its connection.
    fn go_away(&mut self, row: Row, index: u32, Loss { code, reason, by }: Loss) {
        let client = self.outboxes.entries.id(index);
        self.outboxes.entries[index].phase = Phase::Away;
        let lasts = self.config.sessions.grace.map_or(0, nanos);
        let until = self.now.as_nanos().saturating_add(lasts);
        let at = self.put_off(Row(index), until, lasts);
        let timer = self.wheel.insert(Instant::from_nanos(at), Owner::Away(index));
        let address = self.connections[row].address;
        let client_state = &self.clients[index as usize];
        if let Some(session) = self.sessions.get_mut(client_state.session) {
            session.away = Some(Away { timer, until, lasts, address });
        }
        if let Some(user) = self.users.get_mut(client_state.user) {
            user.away += 1;
        }
        if let Some(origin) = self.addresses.get_mut(address) {
            origin.away += 1;
        }
        self.totals.went_away += 1;
        self.notices.push_back(Notice::Action(Action::Away { client, code, by, reason }));
    }

    /// Ends the grace of a client with this session, if it is away.
    pub(super) fn stop_grace(&mut self, index: u32, slot: u32) {
        let Some(away) = self.sessions.get_mut(slot).filter(|session| session.client == index) else {
            return;
        };
        let Some(Away { timer, address, .. }) = away.away.take() else { return };
        self.wheel.remove(timer);
        if let Some(user) = self.users.get_mut(self.clients[index as usize].user) {
            user.away -= 1;
        }
        if let Some(origin) = self.addresses.get_mut(address) {
            origin.away -= 1;
            self.tidy_address(address);
        }
    }

    /// What is known of a client that is away.
    pub(super) fn away(&self, index: u32) -> Option<&Away> {
        let session = self.sessions.get(self.clients[index as usize].session)?;
        session.away.as_ref().filter(|_| session.client == index)
    }

    /// When the grace of an away client is over.
    pub(super) fn grace_over(&self, index: u32, away: &Away) -> u64 {
        self.put_off(Row(index), away.until, away.lasts)
    }

    /// Ends an away client whose grace is over.
    pub(super) fn away_timeout(&mut self, index: u32) {
        let Some(away) = self.away(index).copied() else { return };
        let until = self.grace_over(index, &away);
        if until > self.now.as_nanos() {
            return self.wheel.reset(away.timer, Instant::from_nanos(until));
        }
        self.totals.not_returned += 1;
        self.outboxes.stop_sending(index);
        self.leave_hub(index, CloseCode::ABNORMAL, Some(NOT_RETURNED.into()), ClosedBy::Hub);
        self.forget_client(index);
    }
}
