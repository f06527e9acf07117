//! Questions whether a client of another node exists.

use super::*;

/// Asks of node 0 about a client, with a message.
fn ask(bus: &mut Bus, id: &GlobalId) -> Outcome {
    let (now, payload) = (bus.now, Bytes::from_static(b"?"));
    let outcome =
        bus.at(0).publish(now, Message { asks: true, ..message(To::Client(id), &payload) }).unwrap();
    bus.settle();
    outcome
}

fn asker(bus: &mut Bus, at: usize) -> Asker {
    let asker = bus.take(at).into_iter().find_map(|action| match action {
        Action::Deliver(deliver) => deliver.asker.map(|asker| *asker),
        Action::Perform(perform) => perform.asker,
        _ => None,
    });
    asker.expect("somebody asks")
}

fn answers(bus: &mut Bus) -> Vec<(u64, Answer)> {
    let answer = |action| match action {
        Action::Answer { question, answer } => Some((question.0, answer)),
        _ => None,
    };
    bus.take(0).into_iter().filter_map(answer).collect()
}

/// Two nodes that know each other.
fn two() -> Bus {
    let mut bus = Bus::of(2);
    bus.pass(6 * SECOND);
    bus.take(0);
    bus.take(1);
    bus
}

#[test]
fn a_question_has_the_answer_that_the_other_host_gives() {
    let mut bus = two();
    let there = bus.global(1, 7);
    for (number, exists, answer) in [(1, true, Answer::Exists), (2, false, Answer::Gone)] {
        assert_eq!(ask(&mut bus, &there), Outcome::Asked(QuestionId(number)));
        assert_eq!(answers(&mut bus), []);
        let (asker, now) = (asker(&mut bus, 1), bus.now);
        bus.at(1).answer(now, &asker, exists).unwrap();
        bus.settle();
        assert_eq!(answers(&mut bus), [(number, answer)]);
        // An answer that comes again, or too late, answers nothing.
        bus.at(1).answer(now, &asker, exists).unwrap();
        bus.settle();
        bus.pass(10 * SECOND);
        assert_eq!(answers(&mut bus), []);
    }
    let (now, leave) = (bus.now, Directive::Leave("lobby".into()));
    bus.at(0).command(now, Member::Client(&there), &leave, true).unwrap();
    bus.settle();
    let asker = asker(&mut bus, 1);
    bus.at(1).answer(now, &asker, true).unwrap();
    bus.settle();
    assert_eq!(answers(&mut bus), [(3, Answer::Exists)]);
}

#[test]
fn a_question_without_an_answer_ends_in_time() {
    let mut bus = two();
    let there = bus.global(1, 7);
    ask(&mut bus, &there);
    bus.pass(Duration::from_millis(4_999));
    assert_eq!(answers(&mut bus), []);
    bus.pass(Duration::from_millis(1));
    assert_eq!(answers(&mut bus), [(1, Answer::NoAnswer)]);
    assert_eq!((bus.at(0).stats().questions, bus.at(0).stats().unanswered), (1, 1));
}

#[test]
fn what_is_known_is_answered_at_once() {
    let mut bus = two();
    let mut gone = bus.global(1, 7);
    gone.incarnation -= 1;
    let mut newer = bus.global(1, 7);
    newer.incarnation += 1;
    let unknown = GlobalId { node: NodeId::new("z").unwrap(), ..gone.clone() };
    let mut gone_here = bus.global(0, 7);
    gone_here.incarnation -= 1;
    for (number, id, answer) in [
        (1, gone, Answer::Gone),
        (2, newer, Answer::UnknownNode),
        (3, unknown, Answer::UnknownNode),
        (4, gone_here, Answer::Gone),
    ] {
        assert_eq!(ask(&mut bus, &id), Outcome::Asked(QuestionId(number)));
        assert_eq!(answers(&mut bus), [(number, answer)]);
    }
    let here = bus.global(0, 7);
    assert_eq!(ask(&mut bus, &here), Outcome::Local);
    assert_eq!(answers(&mut bus), []);
}

#[test]
fn questions_to_a_node_that_is_gone_end_with_it() {
    let mut bus = two();
    let there = bus.global(1, 7);
    ask(&mut bus, &there);
    let now = bus.now;
    bus.at(1).goodbye(now).unwrap();
    bus.settle();
    assert_eq!(answers(&mut bus), [(1, Answer::NoAnswer)]);
    assert_eq!(ask(&mut bus, &there), Outcome::Asked(QuestionId(2)));
    assert_eq!(answers(&mut bus), [(2, Answer::UnknownNode)]);
}

#[test]
fn open_questions_end_when_this_node_leaves() {
    let mut bus = two();
    let there = bus.global(1, 7);
    ask(&mut bus, &there);
    ask(&mut bus, &there);
    let now = bus.now;
    bus.at(0).goodbye(now).unwrap();
    bus.settle();
    assert_eq!(answers(&mut bus), [(1, Answer::NoAnswer), (2, Answer::NoAnswer)]);
}

#[test]
fn a_question_about_a_client_of_a_former_start_is_answered_by_the_machine() {
    let mut bus = two();
    let there = bus.global(1, 7);
    // The other node starts again, and the question is on its way.
    let (now, payload) = (bus.now, Bytes::from_static(b"?"));
    bus.at(0).publish(now, Message { asks: true, ..message(To::Client(&there), &payload) }).unwrap();
    let mut commands = Vec::new();
    bus.at(0).poll_commands(usize::MAX, &mut commands);
    bus.stations.pop();
    let again = bus.add(&Config::default(), identity("b", 500));
    bus.settle();
    for command in commands {
        let Command::Publish { subject, payload } = command else { continue };
        bus.carry(&subject, &payload);
    }
    let (now, link) = (bus.now, bus.stations[0].link.unwrap());
    bus.at(0).sent(now, link).unwrap();
    bus.settle();
    assert_eq!(bus.at(again).stats().gone, 1);
    assert!(!bus.take(again).iter().any(|action| matches!(action, Action::Deliver(_))));
    // The restart itself ended it, before the answer came.
    assert_eq!(answers(&mut bus), [(1, Answer::NoAnswer)]);
}

#[test]
fn too_many_questions_are_refused() {
    let config = Config { questions: 2, ..Config::default() };
    let mut bus = Bus::with(2, &config);
    bus.pass(6 * SECOND);
    let there = bus.global(1, 7);
    ask(&mut bus, &there);
    ask(&mut bus, &there);
    let (now, payload) = (bus.now, Bytes::new());
    let third = bus.at(0).publish(now, Message { asks: true, ..message(To::Client(&there), &payload) });
    assert_eq!(third, Err(Refusal::TooManyQuestions { limit: 2 }));
    bus.pass(6 * SECOND);
    assert!(matches!(ask(&mut bus, &there), Outcome::Asked(_)));
}
