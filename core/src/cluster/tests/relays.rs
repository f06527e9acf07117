//! Messages and directives between nodes.

use super::*;
use crate::close::{CloseCode, CloseFrame};

fn deliveries(bus: &mut Bus, at: usize) -> Vec<Deliver> {
    let deliver = |action| match action {
        Action::Deliver(deliver) => Some(deliver),
        _ => None,
    };
    bus.take(at).into_iter().filter_map(deliver).collect()
}

#[test]
fn each_kind_of_message_reaches_those_nodes_that_it_concerns_once() {
    let mut bus = Bus::of(3);
    bus.want(1, Topic::Room("lobby"));
    bus.want(2, Topic::User("ada"));
    let there = bus.global(2, 7);
    for (to, scope, reached) in [
        (To::All, Scope::All, [false, true, true]),
        (To::Room("lobby"), room("lobby"), [false, true, false]),
        (To::User("ada"), Scope::User("ada".into()), [false, false, true]),
        (To::Client(&there), Scope::Client(client(7)), [false, false, true]),
    ] {
        for kind in [MessageKind::Text, MessageKind::Binary] {
            let payload = Bytes::from_static(b"hello");
            let now = bus.now;
            let outcome = bus.at(0).publish(now, Message { kind, ..message(to, &payload) });
            assert_eq!(outcome, Ok(Outcome::Queued));
            bus.settle();
            for (at, is_reached) in reached.into_iter().enumerate() {
                let expected = Deliver {
                    to: scope.clone(),
                    kind,
                    payload: payload.clone(),
                    place: None,
                    bare: None,
                    except_user: None,
                    except: [].into(),
                    covered: [].into(),
                    from: NodeId::new("a").unwrap(),
                    asker: None,
                };
                let expected = if is_reached { vec![expected] } else { vec![] };
                assert_eq!(deliveries(&mut bus, at), expected, "{to:?} {at}");
            }
        }
    }
    let echoes = bus.at(0).stats().echoes;
    assert!(echoes >= 2, "what it published to all came back");
    assert_eq!(bus.at(1).stats().delivered, 4);
    assert_eq!(bus.at(0).stats().relayed, 8);
    assert_eq!(bus.at(0).stats().relayed_bytes, 40);
}

#[test]
fn the_rooms_and_users_whose_own_copy_a_client_gets_are_named() {
    let mut bus = Bus::of(2);
    bus.want(1, Topic::Room("lobby"));
    let (now, payload) = (bus.now, Bytes::from_static(b"x"));
    let covered = [Topic::User("ada"), Topic::Room("other")];
    bus.at(0).publish(now, Message { covered: &covered, ..message(To::Room("lobby"), &payload) }).unwrap();
    bus.settle();
    let [deliver] = &deliveries(&mut bus, 1)[..] else { panic!("one is delivered") };
    assert_eq!(*deliver.covered, [Scope::User("ada".into()), room("other")]);

    // More than can be named: those that fit are.
    let names: Vec<String> = (0..300).map(|at| format!("{at:03}")).collect();
    let many: Vec<_> = names.iter().map(|name| Topic::Room(name)).collect();
    let long = "n".repeat(1_000);
    let few = [Topic::Room(&long); 5];
    for (covered, named) in [(&many[..], 255), (&few[..], 4)] {
        bus.at(0).publish(now, Message { covered, ..message(To::Room("lobby"), &payload) }).unwrap();
        bus.settle();
        assert_eq!(deliveries(&mut bus, 1)[0].covered.len(), named);
    }
}

#[test]
fn clients_are_excepted_on_their_own_node_and_nowhere_else() {
    let mut bus = Bus::of(3);
    for at in 0..3 {
        bus.want(at, Topic::Room("lobby"));
    }
    let mut of_former_start = bus.global(1, 4);
    of_former_start.incarnation -= 1;
    let except = [bus.global(0, 1), bus.global(1, 2), bus.global(1, 3), bus.global(2, 1), of_former_start];
    let payload = Bytes::from_static(b"hello");
    let relay = Message { except_user: Some("bob"), except: &except, ..message(To::Room("lobby"), &payload) };
    let now = bus.now;
    bus.at(0).publish(now, relay).unwrap();
    bus.settle();
    for (at, expected) in [(1, &[client(2), client(3)][..]), (2, &[client(1)])] {
        let [deliver] = &deliveries(&mut bus, at)[..] else { panic!("one") };
        assert_eq!((&*deliver.except, deliver.except_user.as_deref()), (expected, Some("bob")));
    }
}

#[test]
fn directives_reach_clients_and_users_elsewhere() {
    let mut bus = Bus::of(2);
    bus.want(1, Topic::User("ada"));
    let there = bus.global(1, 7);
    for directive in [
        Directive::Close(CloseFrame::new(CloseCode(4001), "bye")),
        Directive::Join("lobby".into()),
        Directive::Leave("lobby".into()),
    ] {
        for (to, scope) in [
            (Member::User("ada"), Scope::User("ada".into())),
            (Member::Client(&there), Scope::Client(client(7))),
        ] {
            let now = bus.now;
            assert_eq!(bus.at(0).command(now, to, &directive, false), Ok(Outcome::Queued));
            bus.settle();
            let from = NodeId::new("a").unwrap();
            let perform = Perform { to: scope, directive: directive.clone(), from, asker: None };
            assert_eq!(bus.take(1), [Action::Perform(perform.into())]);
        }
    }
}

#[test]
fn nothing_is_sent_to_a_client_of_this_node_or_of_a_former_start() {
    let mut bus = Bus::of(2);
    let here = bus.global(0, 1);
    let mut gone_here = here.clone();
    gone_here.incarnation -= 1;
    let mut gone_there = bus.global(1, 1);
    gone_there.incarnation -= 1;
    bus.rule(|_| Fate::Carried);
    for (to, expected) in [(&here, Outcome::Local), (&gone_here, Outcome::Gone), (&gone_there, Outcome::Gone)]
    {
        assert_eq!(bus.publish(0, To::Client(to), "?"), expected);
        let now = bus.now;
        let leave = Directive::Leave("lobby".into());
        assert_eq!(bus.at(0).command(now, Member::Client(to), &leave, false), Ok(expected));
    }
    bus.settle();
    assert_eq!(bus.carried, []);
}

#[test]
fn what_is_too_long_is_refused_and_changes_nothing() {
    let mut bus = Bus::of(1);
    let (now, long) = (bus.now, "x".repeat(1_025));
    let (payload, big) = (Bytes::new(), Bytes::from(vec![0; (1 << 20) + 1]));
    let ids: Vec<_> = (0..1_025)
        .map(|number| GlobalId { node: NodeId::new("z").unwrap(), incarnation: 1, client: client(number) })
        .collect();
    let too_long = Err(Refusal::NameTooLong { limit: 1_024 });
    for (message, expected) in [
        (message(To::All, &big), Err(Refusal::MessageTooBig { limit: 1 << 20 })),
        (message(To::Room(&long), &payload), too_long),
        (message(To::User(&long), &payload), too_long),
        (Message { except_user: Some(&long), ..message(To::All, &payload) }, too_long),
        (
            Message { except: &ids, ..message(To::All, &payload) },
            Err(Refusal::TooManyExcepted { limit: 1_024 }),
        ),
        (Message { except: &ids[1..], ..message(To::All, &payload) }, Ok(Outcome::Queued)),
    ] {
        assert_eq!(bus.at(0).publish(now, message), expected);
    }
    for directive in
        [Directive::Join((*long).into()), Directive::Close(CloseFrame::new(CloseCode(1000), &*long))]
    {
        assert_eq!(bus.at(0).command(now, Member::User("ada"), &directive, false), too_long);
    }
    assert_eq!(bus.at(0).stats().relayed, 1);
}

#[test]
fn the_longest_message_arrives() {
    let mut bus = Bus::of(2);
    let name = "n".repeat(1_024);
    bus.want(1, Topic::Room(&name));
    let payload = Bytes::from(vec![7; 1 << 20]);
    let node = NodeId::new(&"z".repeat(32)).unwrap();
    let ids: Vec<_> = (0..1_024)
        .map(|number| GlobalId { node: node.clone(), incarnation: u64::MAX, client: client(number) })
        .collect();
    let longest = Message { except_user: Some(&name), except: &ids, ..message(To::Room(&name), &payload) };
    let now = bus.now;
    assert_eq!(bus.at(0).publish(now, longest), Ok(Outcome::Queued));
    bus.settle();
    assert_eq!(deliveries(&mut bus, 1).len(), 1);
    assert_eq!(bus.at(1).stats().malformed.total(), 0);
}

/// What waits for the broker shares the memory of what was published here.
#[test]
fn a_payload_is_copied_only_into_the_batch() {
    let mut bus = Bus::of(1);
    let payload = Bytes::from(vec![1; 1_000]);
    let now = bus.now;
    bus.at(0).publish(now, message(To::All, &payload)).unwrap();
    assert!(!payload.is_unique());
    let mut commands = Vec::new();
    bus.at(0).poll_commands(usize::MAX, &mut commands);
    assert!(payload.is_unique());
}

#[test]
fn a_batch_has_no_more_bytes_or_commands_than_it_may() {
    let config = Config { batch: 4, ..Config::default() };
    let mut bus = Bus::with(1, &config);
    bus.settle();
    let payload = Bytes::from(vec![1; 1_000]);
    let now = bus.now;
    for _ in 0..7 {
        bus.at(0).publish(now, message(To::All, &payload)).unwrap();
    }
    let link = bus.stations[0].link.unwrap();
    for (max_bytes, expected) in [(1, 1), (2_200, 2), (usize::MAX, 4)] {
        let mut commands = Vec::new();
        assert_eq!(bus.at(0).poll_commands(max_bytes, &mut commands), Some(link));
        assert_eq!(commands.len(), expected);
        assert!(!bus.at(0).has_commands());
        bus.at(0).sent(now, link).unwrap();
    }
    assert_eq!(bus.at(0).stats().queue_messages, 0);
}
