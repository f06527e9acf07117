use super::{
    GRACE, Table, ask, assert_clean, config, connect, hub, lose, participant, refused, world, world_with,
};
use crate::participants::{Identity, Participant, ParticipantError, Route};
use crate::tests::host::World;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use throng_core::hub::{Refusal as Refused, SecondConnection};
use throng_core::websocket::handshake::Refusal;

#[test]
fn a_participant_enters_speaks_and_leaves() {
    let (mut world, table) = world();
    let (ada, _) = connect(&mut world, "/7?user=ada&session=s1");
    let (bob, _) = connect(&mut world, "/7?user=bob");
    assert_eq!(table.take(), ["join 7 ada anew by s1", "join 7 bob anew by -"]);
    let handle = participant(&world, "7", "ada");
    assert_eq!((handle.room(), handle.id()), ("7", "ada"));
    let identity = Identity { user: Some("ada".into()), session: Some("s1".into()) };
    assert_eq!(*handle.identity(), identity);
    assert_eq!(handle.client().user().as_deref(), Some("ada"));
    assert_eq!(Participant::of(handle.client()), Some(handle.clone()));
    ada.send("hello");
    world.run();
    assert_eq!((ada.texts(), bob.texts()), (vec![], vec!["hello".to_owned()]));
    handle.close(throng_core::CloseCode(4000), "enough").unwrap();
    world.run();
    assert_eq!(ada.texts(), ["closed Some(4000)"]);
    assert_eq!(table.take(), ["message ada hello", "leave ada 4000 Application"]);
    // The handle outlives it.
    assert_eq!(handle.send("late"), Err(ParticipantError::ParticipantOffline));
    assert_eq!(handle.id(), "ada");
    world.pass(Duration::from_secs(10));
    assert_clean(&world);
}

#[test]
fn a_resolver_that_refuses_answers_the_request() {
    let (mut world, table) = world();
    assert_eq!(refused(&mut world, "/7?user=ada&session=refused", 403), "Not at this table.\n");
    assert_eq!(refused(&mut world, "/7?session=nameless", 400), "Invalid participant: its id is empty.\n");
    // Nobody has come, and nobody is counted.
    assert_eq!((world.hub.client_count(), world.hub.room_exists("7")), (0, false));
    assert_eq!(table.take(), Vec::<String>::new());
}

#[test]
fn the_errors_of_entering_say_which_they_are() {
    #[derive(Clone, Default)]
    struct Errors(Arc<Mutex<Vec<ParticipantError>>>);
    let errors = Errors::default();
    let (route, noted) = (Route::new(Table::default()), errors.clone());
    let builder = crate::Hub::builder().before_connect_async(move |connecting| {
        let (route, noted) = (route.clone(), noted.clone());
        Box::pin(async move {
            let identity = Identity { user: None, session: connecting.request().query("session") };
            let entered = route.enter(connecting, "7", identity).await;
            entered.inspect_err(|error| noted.0.lock().unwrap().push(error.clone()))?;
            Ok(())
        })
    });
    let mut world = World::new(builder);
    refused(&mut world, "/?session=refused", 403);
    refused(&mut world, "/?session=nameless", 400);
    let refusal = Refusal::custom(403, "Not at this table.\n");
    let expected = [ParticipantError::ResolverRejected(refusal), ParticipantError::EmptyParticipantId];
    assert_eq!(*errors.0.lock().unwrap(), expected);
    assert_eq!(expected[0].to_string(), "the identity was refused: Not at this table.");
}

#[test]
fn a_name_that_is_too_long_is_answered_with_how_long_it_may_be() {
    let (mut world, table) = world();
    let long = |len: usize| format!("/room?user={}", "x".repeat(len));
    let said = refused(&mut world, &long(252), 400);
    assert_eq!(
        said,
        "Invalid participant: its room (4 bytes) and its id (252 bytes) have more than 252 bytes together.\n"
    );
    // U+0000, "4" and ":" stand before both, and the limit is 255.
    let _ = connect(&mut world, &long(248));
    assert_eq!(table.take().len(), 1);
}

#[test]
fn join_may_refuse_with_a_code_and_then_nobody_has_left() {
    let (mut world, table) = world();
    let (peer, texts) = connect(&mut world, "/7?user=full");
    assert_eq!(texts, ["closed Some(4003)"]);
    peer.send("too late");
    world.run();
    assert_eq!(table.take(), ["join 7 full anew by -"]);
    world.pass(Duration::from_secs(10));
    assert!(world.is_over(&peer) && !world.hub.room_exists("7"));
    assert_clean(&world);
}

#[test]
fn messages_wait_until_join_has_returned() {
    let (mut world, table) = world();
    let (peer, _) = connect(&mut world, "/7?user=slow");
    peer.send("hi");
    world.run();
    assert_eq!(table.take(), ["join 7 slow anew by -"]);
    // It is a member meanwhile.
    world.hub.participants().send_to("7", "slow", "welcome").unwrap();
    world.run();
    assert_eq!(peer.texts(), ["welcome"]);
    table.open(1);
    world.run();
    assert_eq!(table.take(), ["joined slow", "message slow hi"]);
}

#[test]
fn a_join_that_panics_or_takes_too_long_closes_its_participant_who_leaves() {
    let mut config = config();
    config.hooks.limit = Some(Duration::from_secs(5));
    let (mut world, table) = world_with(config);
    let (peer, texts) = connect(&mut world, "/7?user=panics");
    assert_eq!(texts, ["closed Some(1011)"]);
    let lines =
        ["join 7 panics anew by -", "error panics the hook connected panicked", "leave panics 1011 Hub"];
    assert_eq!(table.take(), lines);
    let (slow, _) = connect(&mut world, "/7?user=slow");
    world.pass(Duration::from_secs(6));
    assert_eq!(slow.texts(), ["closed Some(1011)"]);
    let lines = [
        "join 7 slow anew by -",
        "error slow the hook connected exceeded its time limit",
        "leave slow 1011 Hub",
    ];
    assert_eq!(table.take(), lines);
    world.pass(Duration::from_secs(20));
    assert!(world.is_over(&peer) && world.is_over(&slow));
    assert_clean(&world);
}

#[test]
fn whoever_returns_in_time_joins_again_and_has_missed_nothing() {
    let (mut world, table) = world();
    let (ada, _) = connect(&mut world, "/7?user=ada&session=s1");
    let handle = participant(&world, "7", "ada");
    lose(&mut world, &ada);
    assert!(handle.client().is_away());
    let participants = world.hub.participants();
    participants.send_to("7", "ada", "one").unwrap();
    participants.broadcast("7", &[], "two").unwrap();
    participants.broadcast("7", &["ada"], "not for ada").unwrap();
    handle.send("three").unwrap();
    world.pass(GRACE / 2);
    assert_eq!(table.take(), ["join 7 ada anew by s1"]);
    // Another browser of the same user.
    let (ada, texts) = connect(&mut world, "/7?user=ada&session=s2");
    assert_eq!(texts, ["one", "two", "three"]);
    assert_eq!(participant(&world, "7", "ada"), handle);
    assert_eq!(handle.identity().session.as_deref(), Some("s2"));
    ada.send("here");
    world.run();
    world.pass(GRACE);
    assert_eq!(table.take(), ["join 7 ada again by s2", "message ada here"]);
    assert_clean(&world);
}

#[test]
fn a_join_that_refuses_a_return_ends_the_participant_and_it_leaves() {
    let (mut world, table) = world();
    let (ada, _) = connect(&mut world, "/7?user=ada");
    lose(&mut world, &ada);
    let (_, texts) = connect(&mut world, "/7?user=ada&session=unwanted");
    assert_eq!(texts, ["closed Some(4003)"]);
    let lines = ["join 7 ada anew by -", "join 7 ada again by unwanted", "leave ada 4003 Application"];
    assert_eq!(table.take(), lines);
}

#[test]
fn of_two_connections_the_newer_one_wins_or_is_refused_as_the_config_says() {
    let (mut world, table) = world();
    let (older, _) = connect(&mut world, "/7?user=ada");
    let (newer, _) = connect(&mut world, "/7?user=ada&session=s2");
    assert_eq!(older.texts(), ["closed Some(1008)"]);
    newer.send("hi");
    world.run();
    let lines = ["join 7 ada anew by -", "join 7 ada again by s2", "message ada hi"];
    assert_eq!((table.take(), world.hub.member_count("7")), (lines.map(str::to_owned).to_vec(), 1));

    let mut config = config();
    config.sessions.second = SecondConnection::Refused;
    let (mut world, table) = world_with(config);
    let (older, _) = connect(&mut world, "/7?user=ada");
    refused(&mut world, "/7?user=ada", 409);
    older.send("still here");
    world.run();
    assert_eq!(table.take(), ["join 7 ada anew by -", "message ada still here"]);
}

#[test]
fn without_a_grace_the_newer_connection_wins_too() {
    let (mut world, table) = world_with(throng_core::hub::Config::default());
    let (older, _) = connect(&mut world, "/7?user=ada");
    let _ = connect(&mut world, "/7?user=ada");
    assert_eq!(older.texts(), ["closed Some(1008)"]);
    assert_eq!(table.take(), ["join 7 ada anew by -", "join 7 ada again by -"]);
}

#[test]
fn one_id_in_two_rooms_is_two_participants_and_one_of_another_user_is_refused() {
    let (mut first, _) = world();
    let (seven, _) = connect(&mut first, "/7?user=ada");
    let (eight, _) = connect(&mut first, "/8?user=ada");
    first.hub.participants().send_to("8", "ada", "to eight").unwrap();
    first.run();
    assert_eq!((seven.texts(), eight.texts()), (vec![], vec!["to eight".to_owned()]));
    // Both have no user, and the resolver gives the id of a user's participant.
    let (mut world, _) = world();
    let _ = connect(&mut world, "/7?user=guest");
    assert!(refused(&mut world, "/7", 403).contains("another user"));
}

#[test]
fn rooms_and_ids_that_look_alike_together_are_not_confused() {
    let (mut world, _) = world();
    let (one, _) = connect(&mut world, "/a?user=bc");
    let (two, _) = connect(&mut world, "/ab?user=c");
    world.hub.participants().send_to("a", "bc", "one").unwrap();
    world.hub.participants().send_to("ab", "c", "two").unwrap();
    world.run();
    assert_eq!((one.texts(), two.texts()), (vec!["one".to_owned()], vec!["two".to_owned()]));
    assert_eq!(world.hub.client_count(), 2);
}

#[test]
fn peers_that_say_who_they_are_after_the_upgrade_can_be_participants_too() {
    let (mut world, table) = world();
    let late = ask(&mut world, "/late/7");
    late.send("ada");
    late.send("hello");
    world.run();
    let (bob, _) = connect(&mut world, "/7?user=bob");
    late.send("bob?");
    world.run();
    assert_eq!(bob.texts(), ["bob?"]);
    lose(&mut world, &late);
    world.hub.participants().send_to("7", "ada", "waits").unwrap();
    let late = ask(&mut world, "/late/7?session=s2");
    late.send("ada");
    world.run();
    assert_eq!(late.answer().1, ["waits"]);
    let lines = [
        "join 7 ada anew by -",
        "message ada hello",
        "join 7 bob anew by -",
        "message ada bob?",
        "join 7 ada again by s2",
    ];
    assert_eq!(table.take(), lines);
    for (session, reason) in
        [("refused", "Not at this table."), ("nameless", "the id of the participant is empty")]
    {
        let late = ask(&mut world, &format!("/late/7?session={session}"));
        late.send("eve");
        world.run();
        let bytes = late.take();
        assert!(bytes.windows(reason.len()).any(|window| window == reason.as_bytes()), "{session}");
    }
    // Until the peers that were refused are given up.
    world.pass(Duration::from_secs(10));
    assert_clean(&world);
}

#[test]
fn nobody_else_can_name_the_session_of_a_participant() {
    // An application that also takes the names of sessions from its peers.
    let route = Route::new(Table::default());
    let builder = crate::Hub::builder()
        .config(config())
        .before_connect_async(move |connecting| {
            let route = route.clone();
            Box::pin(async move {
                match connecting.path() {
                    "/7" => route.enter(connecting, "7", Identity::default()).await?,
                    "/late" => connecting.authenticate(),
                    _ => {}
                }
                // Has no effect on a participant.
                let session = connecting.request().query("session");
                session.into_iter().for_each(|session| connecting.set_session(session));
                Ok(())
            })
        })
        .authenticate(|session| {
            Box::pin(async move {
                let name = session.receive().await?;
                session.set_session(&String::from_utf8_lossy(name.as_bytes()))?;
                Ok(())
            })
        });
    let mut world = World::new(builder);
    let (guest, _) = connect(&mut world, "/7?session=mine");
    let handle = participant(&world, "7", "guest");
    let known = handle.client().session().expect("it has one");
    refused(&mut world, "/?session=%001:7guest", 403);
    let late = ask(&mut world, "/late");
    late.send(&known);
    world.run();
    assert_eq!(late.answer().1, ["closed Some(1008)"]);
    let (_, _) = connect(&mut world, "/");
    let other = world.hub.clients().into_iter().find(|id| *id != handle.client().id());
    let other = world.hub.client(other.expect("it is open")).expect("it is open");
    let refusal =
        |result: Result<(), throng_core::hub::Error>| result.map_err(throng_core::hub::Error::refusal);
    assert_eq!(refusal(other.set_session(&known)), Err(Some(Refused::SessionOfAnotherUser)));
    assert_eq!(refusal(handle.client().set_session("mine")), Err(Some(Refused::SessionInUse)));
    assert_eq!((guest.texts(), handle.client().is_open()), (vec![], true), "it has noticed nothing");
}

#[test]
fn the_hooks_of_the_hub_are_called_too_in_their_order() {
    let table = Table::default();
    let [connected, resumed, away, left] = [(); 4].map(|()| table.clone());
    let [before, message, disconnected] = [(); 3].map(|()| table.clone());
    let builder = hub(config(), Route::new(table.clone()))
        .on_connect(move |client| connected.note(format_args!("connected {}", client.request().is_some())))
        .on_resumed(move |_, _| resumed.note("resumed"))
        .on_away(move |_, _| away.note("away"))
        .on_leave(move |_, room, _| left.note(format_args!("left {room}")))
        .before_message(move |_, _| {
            before.note("before");
            crate::Ruling::Pass
        })
        .on_message(move |_, _| message.note("message of the hub"))
        .on_disconnect(move |_, _| disconnected.note("disconnected"));
    let mut world = World::new(builder);
    let (ada, _) = connect(&mut world, "/7?user=ada");
    ada.send("hi");
    world.run();
    lose(&mut world, &ada);
    let _ = connect(&mut world, "/7?user=ada");
    participant(&world, "7", "ada").close(throng_core::CloseCode(4000), "").unwrap();
    world.run();
    let lines = [
        "connected true",
        "join 7 ada anew by -",
        "before",
        "message ada hi",
        "away",
        "resumed",
        "join 7 ada again by -",
        "left 7",
        "leave ada 4000 Application",
        "disconnected",
    ];
    assert_eq!(table.take(), lines);
}
