use super::ask;
use crate::hosting::Report;
use crate::tests::host::World;
use crate::{Builder, Client, Hub, Newcomer, Placement, SetUserError};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use throng_core::hub::{Cause, Config, Error, PerUser, Refusal};
use throng_core::{CloseCode, CloseFrame};

/// The query names the user, and says whether the user is set only after the upgrade.
fn by_query(builder: Builder) -> Builder {
    builder
        .before_connect(|connecting| {
            let user = connecting.request().query("user").unwrap_or_default();
            connecting.insert(user.clone());
            match connecting.path() {
                "/late" => connecting.authenticate(),
                _ if user.is_empty() => {}
                _ => connecting.set_user(user),
            }
            Ok(())
        })
        .authenticate(|session| {
            Box::pin(async move {
                session.receive().await?;
                let user = session.get::<String>().cloned().unwrap_or_default();
                session.set_user(&user)?;
                Ok(())
            })
        })
}

fn enough() -> CloseFrame {
    CloseFrame::new(CloseCode(4001), "one is enough")
}

fn first_wins(_: &Newcomer<'_>, roster: &[Client]) -> Placement {
    if roster.is_empty() { Placement::Admit } else { Placement::refuse(enough()) }
}

fn last_wins(_: &Newcomer<'_>, roster: &[Client]) -> Placement {
    Placement::evict(roster, CloseFrame::new(CloseCode(4002), "elsewhere"))
}

fn world(placing: fn(&Newcomer<'_>, &[Client]) -> Placement) -> World {
    World::new(by_query(Hub::builder()).per_user(placing))
}

#[test]
fn before_the_upgrade_the_refusal_of_a_newcomer_is_an_http_answer() {
    let mut world = world(first_wins);
    let first = ask(&mut world, "/?user=ada");
    assert!(first.answer().0.starts_with("HTTP/1.1 101"));
    let (head, body) = ask(&mut world, "/?user=ada").answer();
    assert!(head.starts_with("HTTP/1.1 409"), "{head}");
    assert_eq!(body, ["one is enough"]);
    assert!(ask(&mut world, "/?user=bob").answer().0.starts_with("HTTP/1.1 101"));
    assert_eq!((world.hub.client_count(), world.hub.stats().opened), (2, 2));
    assert!(first.texts().is_empty());
}

#[test]
fn after_the_upgrade_it_is_a_close_frame() {
    let mut world = world(first_wins);
    ask(&mut world, "/?user=ada");
    let late = ask(&mut world, "/late?user=ada");
    late.send("I am ada");
    world.run();
    assert_eq!(late.answer().1, ["closed Some(4001)"]);
    assert!(world.reports().contains(&Report::Rejected { code: 4001 }));
    assert_eq!(world.hub.stats().opened, 1);
}

#[test]
fn of_two_that_are_let_in_at_once_the_second_to_open_is_refused() {
    let mut world = world(first_wins);
    let peers = [(); 2].map(|()| ask(&mut world, "/late?user=ada"));
    for peer in &peers {
        peer.send("I am ada");
    }
    world.run();
    let answers = peers.map(|peer| peer.answer().1);
    assert_eq!(answers.iter().filter(|answer| answer.is_empty()).count(), 1, "{answers:?}");
    assert!(answers.contains(&vec!["closed Some(4001)".into()]), "{answers:?}");
    assert_eq!(world.hub.clients_of("ada").len(), 1);
}

#[test]
fn the_evicted_one_hears_why_and_is_told_before_the_newcomer() {
    for path in ["/?user=ada", "/late?user=ada"] {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let (ends, starts) = (Arc::clone(&lines), Arc::clone(&lines));
        let builder = by_query(Hub::builder())
            .per_user(last_wins)
            .on_connect(move |_| starts.lock().unwrap().push("connected".into()))
            .on_disconnect(move |_, end| ends.lock().unwrap().push(format!("disconnected {}", end.code)));
        let mut world = World::new(builder);
        let first = ask(&mut world, path);
        first.send("I am ada");
        world.run();
        let second = ask(&mut world, path);
        second.send("I am ada");
        world.run();
        assert_eq!(first.answer().1, ["closed Some(4002)"]);
        assert!(second.answer().1.is_empty());
        assert_eq!(*lines.lock().unwrap(), ["connected", "disconnected 4002", "connected"], "{path}");
        assert_eq!(world.hub.stats().evicted, 1);
    }
}

#[test]
fn the_newcomer_waits_for_the_last_hook_of_the_evicted_and_not_for_ever() {
    let starts = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&starts);
    let builder = by_query(Hub::builder())
        .hook_limit(None)
        .per_user(last_wins)
        .on_connect(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        })
        .on_disconnect_async(|_, _| std::future::pending());
    let mut world = World::new(builder);
    ask(&mut world, "/?user=ada");
    let second = ask(&mut world, "/?user=ada");
    second.send("early");
    world.pass(Duration::from_millis(4_999));
    assert_eq!((starts.load(Ordering::Relaxed), world.hub.client_count()), (1, 1));
    world.pass(Duration::from_millis(1));
    assert_eq!(starts.load(Ordering::Relaxed), 2);
    assert_eq!(world.hub.stats().received, 1);
}

#[test]
fn a_newcomer_that_goes_while_it_waits_has_never_been_connected() {
    let ends = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&ends);
    let builder = by_query(Hub::builder()).per_user(last_wins).on_disconnect_async(move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        std::future::pending()
    });
    let mut world = World::new(builder);
    ask(&mut world, "/?user=ada");
    let second = ask(&mut world, "/?user=ada");
    world.cancel(&second);
    assert_eq!((world.hub.client_count(), ends.load(Ordering::Relaxed)), (0, 1));
}

/// The value that tells the clients of a user apart.
#[derive(Clone, PartialEq)]
struct Device(String);

#[test]
fn the_application_sees_what_is_kept_with_each_and_since_when() {
    let builder = by_query(Hub::builder())
        .before_connect(|connecting| {
            let device = connecting.request().query("device").unwrap_or_default();
            connecting.insert(Device(device));
            connecting.set_user("ada");
            Ok(())
        })
        .per_user(|newcomer, roster| {
            assert_eq!(newcomer.user(), "ada");
            assert!(newcomer.request().is_some());
            assert!(roster.iter().all(|client| client.connected_at().is_some()));
            let device = newcomer.get::<Device>();
            let same: Vec<_> = roster.iter().filter(|client| client.get::<Device>() == device).collect();
            if same.is_empty() { Placement::Admit } else { Placement::evict(same, enough()) }
        });
    let mut world = World::new(builder);
    let [phone, laptop, phone_again] = ["phone", "laptop", "phone"].map(|device| {
        let peer = ask(&mut world, &format!("/?device={device}"));
        assert!(peer.answer().0.starts_with("HTTP/1.1 101"));
        peer
    });
    assert_eq!(phone.texts(), ["closed Some(4001)"]);
    assert!(laptop.texts().is_empty() && phone_again.texts().is_empty());
    assert_eq!(world.hub.clients_of("ada").len(), 2);
}

#[test]
fn a_roster_that_changes_while_the_application_decides_is_shown_again() {
    let rosters: Arc<Mutex<Vec<usize>>> = Arc::default();
    let seen = Arc::clone(&rosters);
    let builder = by_query(Hub::builder()).per_user(move |_, roster| {
        let mut seen = seen.lock().unwrap();
        seen.push(roster.len());
        // A client ends during the second call, at the newcomer's opening.
        if seen.len() == 4 {
            roster[0].close(CloseCode::NORMAL, "").unwrap();
        }
        Placement::evict(roster, CloseFrame::new(CloseCode(4002), "elsewhere"))
    });
    let mut world = World::new(builder);
    let first = ask(&mut world, "/?user=ada");
    let second = ask(&mut world, "/?user=ada");
    assert_eq!(*rosters.lock().unwrap(), [0, 0, 1, 1, 0]);
    assert_eq!(first.answer().1, ["closed Some(1000)"]);
    assert!(second.answer().1.is_empty());
    assert_eq!(world.hub.stats().evicted, 0, "no client was evicted by the decision that was outdated");
}

#[test]
fn a_roster_that_never_settles_is_given_up() {
    never_settles(|builder| builder, 1013);
    let mapped = |cause| match cause {
        Cause::RosterChanged => CloseFrame::new(CloseCode(4013), "what a crowd"),
        cause => cause.into(),
    };
    never_settles(|builder| builder.close_code(mapped), 4013);
}

fn never_settles(build: impl FnOnce(Builder) -> Builder, code: u16) {
    let (is_nested, calls) = (AtomicBool::new(false), Arc::new(AtomicU32::new(0)));
    let count = Arc::clone(&calls);
    let stranger: Arc<Mutex<Option<Client>>> = Arc::default();
    let other = Arc::clone(&stranger);
    let builder = by_query(Hub::builder()).per_user(move |_, roster| {
        if !is_nested.swap(true, Ordering::Relaxed) {
            count.fetch_add(1, Ordering::Relaxed);
            if let Some(other) = &*other.lock().unwrap() {
                let user = if roster.is_empty() { Some("ada") } else { None };
                other.set_user(user).unwrap();
            }
            is_nested.store(false, Ordering::Relaxed);
        }
        Placement::Admit
    });
    let mut world = World::new(build(builder));
    ask(&mut world, "/");
    *stranger.lock().unwrap() = Some(super::only(&world));
    let peer = ask(&mut world, "/?user=ada");
    assert_eq!(peer.answer().1, [format!("closed Some({code})")]);
    assert!(calls.load(Ordering::Relaxed) < 20);
    peer.end();
    world.run();
    assert_eq!(world.hub.connection_count(), 1);
}

#[test]
fn an_application_that_panics_refuses_one_newcomer_and_nobody_else_notices() {
    let mut world = world(|newcomer, _| {
        if newcomer.user() == "eve" {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
        Placement::Admit
    });
    let ada = ask(&mut world, "/?user=ada");
    assert!(ask(&mut world, "/?user=eve").answer().0.starts_with("HTTP/1.1 500"));
    let late = ask(&mut world, "/late?user=eve");
    late.send("I am eve");
    world.run();
    assert_eq!(late.answer().1, ["closed Some(1011)"]);
    assert!(world.reports().contains(&Report::Panicked { client: None, hook: "per_user" }));
    assert!(ada.answer().1.is_empty());
    assert_eq!(world.hub.client_count(), 1);
}

#[test]
fn a_client_that_gets_a_user_is_a_newcomer_too() {
    let mut world = world(first_wins);
    let ada = ask(&mut world, "/?user=ada");
    let other = ask(&mut world, "/");
    let client = world.hub.client(world.hub.clients()[1]).unwrap();
    assert_eq!(client.set_user(Some("ada")), Err(SetUserError::Denied(enough())));
    assert_eq!(client.user(), None);
    assert_eq!(client.set_user(Some("bob")), Ok(()));
    assert_eq!(client.set_user(Some("bob")), Ok(()), "it is that user already");
    assert_eq!(client.set_user(None), Ok(()));
    assert!(ada.answer().1.is_empty() && other.answer().1.is_empty());
    other.end();
    world.run();
    assert_eq!(client.set_user(Some("cleo")), Err(Error::Gone.into()));
}

#[test]
fn whoever_cannot_have_a_user_is_told_the_hubs_refusal_in_one_step() {
    let mut config = Config::default();
    config.admission.per_user = PerUser::RefuseNewest(1);
    let mut world = World::new(by_query(Hub::builder().config(config)));
    let _ada = ask(&mut world, "/?user=ada");
    let _other = ask(&mut world, "/");
    let client = world.hub.client(world.hub.clients()[1]).unwrap();
    let error = client.set_user(Some("ada")).unwrap_err();
    assert_eq!(error.refusal(), Some(Refusal::TooManyOfUser { limit: 1 }));
    assert_eq!(SetUserError::Denied(enough()).refusal(), None, "it is the application's");
    assert_eq!(SetUserError::from(Error::Gone).refusal(), None, "it is no refusal");
}

#[test]
fn a_client_that_gets_a_user_evicts_those_whom_the_application_names() {
    let mut world = world(last_wins);
    let old = ask(&mut world, "/?user=ada");
    ask(&mut world, "/");
    let client = world.hub.client(world.hub.clients()[1]).unwrap();
    assert_eq!(client.set_user(Some("ada")), Ok(()));
    world.run();
    assert_eq!(old.answer().1, ["closed Some(4002)"]);
    assert_eq!(world.hub.clients_of("ada"), [client.id()]);
}

#[test]
fn who_has_no_user_is_not_asked_about() {
    let mut world = world(|_, _| Placement::refuse(enough()));
    assert!(ask(&mut world, "/").answer().0.starts_with("HTTP/1.1 101"));
    assert_eq!(world.hub.client_count(), 1);
}

#[test]
fn the_configs_evictions_have_a_code_of_the_applications_choosing() {
    let mut config = Config::default();
    config.admission.per_user = PerUser::EvictOldest(1);
    let builder = by_query(Hub::builder()).config(config).close_code(|cause| match cause {
        Cause::Evicted => CloseFrame::new(CloseCode(4010), "you have moved"),
        cause => cause.into(),
    });
    let mut world = World::new(builder);
    let old = ask(&mut world, "/?user=ada");
    ask(&mut world, "/?user=ada");
    assert_eq!(old.answer().1, ["closed Some(4010)"]);
}
