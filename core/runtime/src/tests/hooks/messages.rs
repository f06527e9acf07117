use super::{Diary, ask};
use crate::tests::host::World;
use crate::tests::peer::masked;
use crate::{Client, Handled, HandledAs, Hook, Hub, Ruling};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use throng_core::websocket::Message;
use throng_core::{CloseCode, CloseFrame, ClosedBy};

#[test]
fn a_message_passes_or_is_changed_or_refused() {
    let diary = Diary::default();
    let mut world = diary.world();
    let peer = ask(&mut world, "/");
    for (said, heard, result) in [
        ("hello", Some("hello"), "Done"),
        ("whisper", Some("WHISPER"), "Done"),
        ("spam", None, "Refused"),
        ("hello", Some("hello"), "Done"),
    ] {
        diary.lines();
        peer.send(said);
        world.run();
        let mut expected = vec!["before_message".to_owned()];
        expected.extend(heard.map(|heard| format!("message {heard}")));
        expected.push(format!("after_message {result}"));
        assert_eq!(diary.lines(), expected);
    }
}

#[test]
fn a_message_may_be_refused_by_closing() {
    let diary = Diary::default();
    let mut world = diary.world();
    let peer = ask(&mut world, "/");
    diary.lines();
    peer.push(&[masked("worse"), masked("too late")].concat());
    world.run();
    let end = format!("disconnected 4001 {:?}", ClosedBy::Application);
    assert_eq!(diary.lines(), ["before_message", "after_message Refused", &end]);
    assert_eq!(peer.answer().1, ["closed Some(4001)"]);
}

#[test]
fn what_is_done_at_once_is_the_same_as_what_waits() {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let (heard, handled) = (Arc::clone(&lines), Arc::clone(&lines));
    let builder = Hub::builder()
        .before_message(|_, message| match message.as_bytes() {
            b"spam" => Ruling::Refuse,
            b"worse" => Ruling::Close(CloseFrame::default()),
            _ => Ruling::Change(Message::Binary(message.clone().into_bytes())),
        })
        .on_message(move |_, message| heard.lock().unwrap().push(format!("{message:?}")))
        .after_message(move |_, handled_as| {
            handled.lock().unwrap().push(format!("{:?}", handled_as.result));
        });
    let mut world = World::new(builder);
    let peer = ask(&mut world, "/");
    peer.push(&[masked("a"), masked("spam"), masked("b"), masked("worse"), masked("c")].concat());
    world.run();
    let expected = [r#"Binary(b"a")"#, "Done", "Refused", r#"Binary(b"b")"#, "Done", "Refused"];
    assert_eq!(*lines.lock().unwrap(), expected);
    assert_eq!(peer.answer().1, ["closed Some(1008)"]);
}

#[test]
fn messages_wait_for_the_hooks_of_the_one_before() {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let [asked, heard, handled] = [(); 3].map(|()| Arc::clone(&lines));
    let builder = Hub::builder()
        .before_message_async(move |_: Client, message: Message| {
            asked.lock().unwrap().push(super::text(&message) + "?");
            let mut polls = 0;
            std::future::poll_fn(move |cx| {
                polls += 1;
                cx.waker().wake_by_ref();
                if polls > 3 { Poll::Ready(Ruling::Pass) } else { Poll::Pending }
            })
        })
        .on_message(move |_, message| heard.lock().unwrap().push(super::text(&message) + "!"))
        .after_message(move |_, _| handled.lock().unwrap().push("after".into()));
    let mut world = World::new(builder);
    let peer = ask(&mut world, "/");
    peer.push(&[masked("a"), masked("b")].concat());
    world.run();
    assert_eq!(lines.lock().unwrap().join(" "), "a? a! after b? b! after");
}

#[test]
fn every_message_has_its_end() {
    for (hook, result, rest) in [
        (Hook::Message, HandledAs::Panicked, "error Panicked(Message)"),
        (Hook::BeforeMessage, HandledAs::Panicked, "error Panicked(BeforeMessage)"),
    ] {
        let diary = Diary::panicking(hook);
        let mut world = diary.world();
        let peer = ask(&mut world, "/");
        peer.send("x");
        world.run();
        let lines = diary.lines();
        let after = lines.iter().position(|line| *line == format!("after_message {result:?}")).unwrap();
        assert_eq!(lines[after + 1..], [rest, "disconnected 1011 Hub"]);
    }
    for hook in [Hook::Message, Hook::BeforeMessage] {
        let diary = Diary::hanging(hook);
        let mut world = diary.world();
        let peer = ask(&mut world, "/");
        peer.send("x");
        world.run();
        peer.end();
        world.run();
        // The client is not read while its hook hangs, so the close comes from elsewhere.
        world.hub.shutdown();
        world.pass(Duration::from_secs(5));
        let lines = diary.lines();
        assert!(
            lines.contains(&"after_message TimedOut".into())
                || lines.contains(&"after_message Abandoned".into())
        );
        assert_eq!(lines.iter().filter(|line| line.starts_with("after_message")).count(), 1, "{lines:?}");
        assert!(lines.last().unwrap().starts_with("disconnected"), "{lines:?}");
    }
}

#[test]
fn a_hook_that_is_abandoned_is_told_so() {
    let told: Arc<Mutex<Vec<Handled>>> = Arc::default();
    let seen = Arc::clone(&told);
    let builder = Hub::builder()
        .hook_limit(None)
        .on_message_async(|_: Client, _: Message| std::future::pending())
        .after_message(move |_, handled| seen.lock().unwrap().push(*handled));
    let mut world = World::new(builder);
    let peer = ask(&mut world, "/");
    peer.send("hang");
    world.run();
    world.hub.close(world.hub.clients()[0], CloseCode::NORMAL, "").unwrap();
    world.run();
    assert!(told.lock().unwrap().is_empty());
    // Nothing is read, so the peer's answer to the close frame is not seen.
    world.pass(Duration::from_secs(6));
    assert!(world.is_over(&peer));
    let told = told.lock().unwrap();
    assert_eq!((told.len(), told[0].result), (1, HandledAs::Abandoned));
    assert_eq!(told[0].took, Duration::from_secs(5));
}
