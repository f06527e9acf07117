//! The grammar of channel names: `namespace:name`, `$private`, `name#ann,bob`.

use crate::config::protocol::{Protocol, Rules, Who};

/// What the name of a channel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Channel<'a> {
    /// Only clients with a token for it may subscribe.
    pub(super) is_private: bool,
    pub(super) namespace: Option<&'a str>,
    /// The users that may subscribe, if the name has such a list.
    users: Option<&'a str>,
}

impl<'a> Channel<'a> {
    pub(super) fn of(name: &'a str) -> Self {
        let (is_private, rest) = match name.strip_prefix('$') {
            Some(rest) => (true, rest),
            None => (false, name),
        };
        let (rest, users) = match rest.split_once('#') {
            Some((rest, users)) => (rest, Some(users)),
            None => (rest, None),
        };
        Self { is_private, namespace: rest.split_once(':').map(|(namespace, _)| namespace), users }
    }

    /// The rules for the channel; `None` if its namespace is not configured.
    pub(super) fn rules(&self, protocol: &Protocol) -> Option<Rules> {
        match self.namespace {
            None => Some(protocol.channels),
            Some(namespace) => protocol.namespaces.0.get(namespace).copied(),
        }
    }

    /// Whether the back end decides who may subscribe without a token for the channel.
    pub(super) fn is_left_to_the_back_end(&self, rules: Rules) -> bool {
        !self.is_private && self.users.is_none() && rules.subscribe == Who::Hook
    }

    /// Whether a client of this user may subscribe without a token for the channel.
    pub(super) fn admits(&self, user: &str, rules: Rules) -> bool {
        match (self.is_private, self.users) {
            (true, _) => false,
            (false, Some(users)) => !user.is_empty() && users.split(',').any(|one| one == user),
            (false, None) => may(rules.subscribe, user, false),
        }
    }
}

/// Whether a client may do what these may.
pub(super) fn may(who: Who, user: &str, is_subscribed: bool) -> bool {
    match who {
        // For `Hook` the back end is asked besides.
        Who::Nobody | Who::Hook => false,
        Who::Subscribers => is_subscribed,
        Who::Users => !user.is_empty(),
        Who::Everybody => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_its_namespace_and_who_may_subscribe() {
        let users = Rules { subscribe: Who::Users, ..Rules::default() };
        for (name, namespace, nobody, anonymous, ann, by_rule) in [
            ("news", None, false, false, false, true),
            ("chat:room", Some("chat"), false, false, false, true),
            ("chat:a:b", Some("chat"), false, false, false, true),
            (":empty", Some(""), false, false, false, true),
            ("$news", None, false, false, false, false),
            ("$chat:room#ann", Some("chat"), false, false, false, false),
            ("dialog#ann", None, false, false, true, true),
            ("chat:dialog#bob,ann", Some("chat"), false, false, true, true),
            ("dialog#", None, false, false, false, false),
            ("dialog#anna", None, false, false, false, false),
            ("name#a:b", None, false, false, false, false),
        ] {
            let channel = Channel::of(name);
            assert_eq!(channel.namespace, namespace, "{name}");
            assert_eq!(channel.admits("", Rules::default()), nobody, "{name}");
            assert_eq!(channel.admits("", users), anonymous, "{name}");
            assert_eq!(channel.admits("ann", Rules::default()), ann, "{name}");
            assert_eq!(channel.admits("ann", users), by_rule, "{name}");
        }
    }
}
