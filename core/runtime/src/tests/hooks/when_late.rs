use super::{Diary, ask, only};
use crate::hosting::Report;
use crate::tests::host::World;
use crate::{Client, Hook, Hub, JoinError};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use throng_core::websocket::Message;

const LIMIT: Duration = Duration::from_secs(5);

fn is_late(report: &Report, of: Hook) -> bool {
    matches!(report, Report::TimedOut { hook, .. } if *hook == of.name())
}

#[test]
fn a_request_that_is_asked_about_for_too_long_is_refused() {
    let diary = Diary::hanging(Hook::BeforeConnect);
    let mut world = diary.world();
    let peer = ask(&mut world, "/");
    world.pass(LIMIT - Duration::from_millis(1));
    assert!(peer.take().is_empty());
    world.pass(Duration::from_millis(1));
    let (head, _) = peer.answer();
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    assert!(is_late(&world.reports()[0], Hook::BeforeConnect));
    assert_eq!(diary.lines(), ["before_connect"]);
}

#[test]
fn a_client_that_is_not_made_ready_is_closed() {
    let diary = Diary::hanging(Hook::Connected);
    let mut world = diary.world();
    let peer = ask(&mut world, "/");
    peer.send("x");
    world.pass(LIMIT);
    assert_eq!(peer.answer().1, ["closed Some(1011)"]);
    assert_eq!(
        diary.lines(),
        ["before_connect", "connected", "error TimedOut(Connected)", "disconnected 1011 Hub"]
    );
}

/// Hooks whose lateness has no consequence for their client.
#[test]
fn a_hook_that_is_late_is_dropped_and_the_client_goes_on() {
    for (hook, say, told) in [
        (Hook::Message, "hello", &["before_message", "message hello", "after_message TimedOut"][..]),
        (Hook::BeforeMessage, "hello", &["before_message", "after_message TimedOut"]),
        (Hook::AfterMessage, "hello", &["before_message", "message hello", "after_message Done"]),
        (
            Hook::Joined,
            "join den",
            &["before_message", "message join den", "before_join den", "after_message Done", "joined den 1"],
        ),
        (
            Hook::BeforeJoin,
            "join den",
            &["before_message", "message join den", "before_join den", "after_message Done"],
        ),
        (
            Hook::BeforeLeave,
            "leave lobby",
            &[
                "before_message",
                "message leave lobby",
                "before_leave lobby",
                "after_message Done",
                "left lobby Asked",
            ],
        ),
        (
            Hook::Left,
            "leave lobby",
            &[
                "before_message",
                "message leave lobby",
                "before_leave lobby",
                "after_message Done",
                "left lobby Asked",
            ],
        ),
    ] {
        let diary = Diary::hanging(hook);
        // A message handler may wait for the hooks that it calls.
        let mut builder = Hub::builder().handler(diary.clone());
        if hook != Hook::Message {
            builder = builder.message_limit(None);
        }
        let mut world = World::new(builder);
        let peer = ask(&mut world, "/?room=lobby");
        world.pass(LIMIT);
        diary.lines();
        let late = world.reports().len();
        peer.send(say);
        world.run();
        world.pass(LIMIT);
        let mut lines = diary.lines();
        let error = format!("error TimedOut({hook:?})");
        let at = lines.iter().position(|line| *line == error);
        assert!(at.is_some(), "{hook}: {lines:?}");
        lines.retain(|line| *line != error);
        assert_eq!(lines, told, "{hook}");
        assert!(is_late(&world.reports()[late], hook), "{hook}");
        assert!(only(&world).is_open(), "{hook}");
        peer.send("still here");
        world.run();
        assert!(diary.lines().contains(&"before_message".into()), "{hook}");
    }
}

#[test]
fn the_last_hook_has_its_time_too() {
    let diary = Diary::hanging(Hook::Disconnected);
    let mut world = diary.world();
    let peer = ask(&mut world, "/");
    peer.end();
    world.run();
    assert!(!world.is_over(&peer));
    world.pass(LIMIT);
    assert!(world.is_over(&peer));
    assert!(is_late(&world.reports()[0], Hook::Disconnected));
}

#[test]
fn without_a_limit_a_hook_takes_as_long_as_it_likes() {
    let diary = Diary::hanging(Hook::Message);
    let mut world = World::new(Hub::builder().hook_limit(None).handler(diary.clone()));
    let peer = ask(&mut world, "/");
    peer.send("x");
    world.pass(Duration::from_secs(50));
    assert_eq!(diary.lines().last().unwrap(), "message x");
    assert!(only(&world).is_open());
    peer.end();
}

#[test]
fn a_late_answer_to_a_join_is_an_error_of_its_own() {
    let errors: Arc<Mutex<Vec<JoinError>>> = Arc::default();
    let seen = Arc::clone(&errors);
    let builder = Hub::builder()
        .hook_limit(Duration::from_secs(1))
        .message_limit(None)
        .before_join_async(|_, room| {
            let is_late = room == "late";
            Box::pin(async move {
                if is_late {
                    std::future::pending::<()>().await;
                }
                std::panic::resume_unwind(Box::new("on purpose"))
            })
        })
        .on_message_async(move |client: Client, message: Message| {
            let seen = Arc::clone(&seen);
            async move {
                let error = client.join(&super::text(&message)).await.unwrap_err();
                seen.lock().unwrap().push(error);
            }
        });
    let mut world = World::new(builder);
    let peer = ask(&mut world, "/");
    peer.send("late");
    world.run();
    world.pass(Duration::from_secs(1));
    assert!(only(&world).is_open());
    peer.send("panic");
    world.run();
    assert_eq!(*errors.lock().unwrap(), [JoinError::TimedOut, JoinError::Panicked]);
    assert_eq!(peer.answer().1, ["closed Some(1011)"]);
}

/// The test's host remembers every timer that waits.
#[test]
fn a_hook_that_is_done_at_once_has_no_timer() {
    let diary = Diary::default();
    let mut world = diary.world();
    let peer = ask(&mut world, "/?room=lobby");
    let timers = world.timers();
    for _ in 0..10 {
        peer.send("hello");
        world.run();
    }
    assert_eq!(world.timers(), timers);
    let diary = Diary::hanging(Hook::Message);
    let mut world = diary.world();
    let peer = ask(&mut world, "/");
    let timers = world.timers();
    peer.send("hello");
    world.run();
    assert_eq!(world.timers(), timers + 1);
}
