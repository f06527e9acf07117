//! What may become of a newcomer through no fault of another's.

use throng_core::hub::{PerUser, Policy};

use super::Order;
use super::ledger::Account;
use super::plan::Plan;
use super::world::{Manners, Newcomer};

impl Newcomer {
    /// Its account, with the ends that the plan explains.
    pub(super) fn account(&self, plan: &Plan) -> Account {
        let config = &plan.config;
        let mut account = Account::default();
        let causes = &mut account.causes;
        // What is garbled may be a request all the same, of somebody who answers nothing.
        let is_wrong = self.manners != Manners::Proper;
        // So may somebody whose tasks are always polled last.
        let may_starve = plan.order == Order::Newest && plan.poll_cost > 0;
        causes.was_slow = self.pace.is_some() || is_wrong || may_starve;
        causes.may_overflow = config.outbox.policy == Policy::Disconnect;
        causes.may_be_evicted =
            matches!(config.admission.per_user, PerUser::EvictOldest(_)) || plan.most_of_user.is_some();
        causes.may_idle = plan.may_idle();
        causes.may_not_join = self.room.is_some();
        account
    }
}
