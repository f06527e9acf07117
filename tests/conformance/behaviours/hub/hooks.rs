//! The application's hooks.

use std::future::poll_fn;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};
use std::{env, thread};

use throng_core::websocket::Message;
use throng_core::websocket::handshake::Refusal;
use throng_runtime::{Client, Connecting, Denied, Disconnected, Handler, JoinError, Left, PanicOutput};
use throng_tests::http::upgrade;
use throng_tests::raw::{Raw, close};
use throng_tests::server::{Server, listener};
use throng_tests::wait::eventually;

use super::frames::counted;
use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

/// What the hooks of a client were told, line by line.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn push(&self, line: impl Into<String>) {
        self.lines().push(line.into());
    }

    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for somebody else to go on, on whatever the host runs.
async fn pause(time: Duration) {
    let mut is_begun = false;
    let wake_later = poll_fn(|cx| {
        if is_begun {
            return Poll::Ready(());
        }
        is_begun = true;
        let waker = cx.waker().clone();
        thread::spawn(move || {
            thread::sleep(time);
            waker.wake();
        });
        Poll::Pending
    });
    wake_later.await;
}

impl Handler for Log {
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), Refusal> {
        self.push(format!("before {}", connecting.path()));
        connecting.join("lobby");
        Ok(())
    }

    async fn connected(&self, client: &Client) {
        pause(Duration::from_millis(50)).await;
        let request = client.request().expect("it is kept until this returns");
        self.push(format!("connected {}", request.path()));
    }

    async fn message(&self, client: &Client, message: Message) {
        assert!(client.request().is_none());
        pause(Duration::from_millis(1)).await;
        let room = String::from_utf8_lossy(message.as_bytes());
        self.push(&*room);
        let result = client.join(&room).await;
        client.send(format!("{result:?}")).expect("it is open");
    }

    async fn before_join(&self, _: &Client, room: &str) -> Result<(), Denied> {
        if room == "secret" { Err(Denied) } else { Ok(()) }
    }

    async fn left(&self, _: &Client, room: &str, _: Left) {
        self.push(format!("left {room}"));
    }

    async fn disconnected(&self, client: &Client, end: Disconnected) {
        assert!(client.closed_at().is_none() || client.connected_at() <= client.closed_at());
        self.push(format!("disconnected {}", end.code));
    }
}

pub(crate) fn hooks_run_one_after_another_in_order(host: &Host) {
    let log = Log::default();
    let server = host.application(|builder| builder.handler(log.clone()));
    run(async {
        let mut peer = Peer::enter(&server, "/here").await;
        peer.say("secret").await;
        peer.say("open").await;
        assert_eq!(peer.text().await, format!("{:?}", Err::<(), _>(JoinError::Denied)));
        assert_eq!(peer.text().await, "Ok(Joined { members: 1, position: None, recovery: None })");
        peer.close(4000, "").await;
        assert_eq!(peer.closed().await.0, 4000);
    });
    eventually("the last hook has run", || log.lines().len() == 7);
    let log = log.lines();
    assert_eq!(log[..4], ["before /here", "connected /here", "secret", "open"]);
    assert_eq!(log[6], "disconnected 4000");
    let mut left = [log[4].as_str(), log[5].as_str()];
    left.sort_unstable();
    assert_eq!(left, ["left lobby", "left open"]);
}

/// What hooks keep with a client: how many messages it has sent.
#[derive(Clone)]
struct Count(u32);

pub(crate) fn what_is_kept_with_a_client_is_there_in_each_hook(host: &Host) {
    let log = Log::default();
    let last = log.clone();
    let server = host.application(|builder| {
        builder
            .before_connect(|connecting| {
                let token = connecting.request().header("host").map(str::to_owned);
                connecting.insert(token.unwrap_or_default());
                connecting.set_user("ann");
                Ok(())
            })
            .on_connect(|client| {
                client.insert(Count(0));
            })
            .on_message(|client, _| {
                let Count(count) = client.get().expect("it was kept");
                client.insert(Count(count + 1));
                let (token, user) = (client.get::<String>(), client.user());
                let _ = client.send(format!("{} {user:?} {token:?}", count + 1));
            })
            .on_disconnect(move |client, _| {
                let Count(count) = client.remove().expect("it was kept");
                last.push(format!("{count} {}", client.get::<Count>().is_none()));
            })
    });
    run(async {
        let mut peer = Peer::enter(&server, "/").await;
        let host = format!("{}", server.address);
        for number in 1..=3 {
            peer.say("count").await;
            assert_eq!(peer.text().await, format!("{number} Some(\"ann\") Some({host:?})"));
        }
    });
    eventually("the last hook has run", || *log.lines() == ["3 true"]);
}

pub(crate) fn a_request_that_the_application_refuses_is_answered(host: &Host) {
    let ask = |server: &Server| {
        let mut raw = Raw::connect(server.address);
        raw.send(upgrade("/echo").as_bytes());
        raw.response().status
    };
    let server = host.application(|builder| builder.before_connect(|_| Err(Refusal::NotFound)));
    assert_eq!(ask(&server), 404);
    server.returns_to(0);
    let server = host.application(|builder| builder.before_connect(|_| panic!("on purpose")));
    assert_eq!(ask(&server), 500);
    server.returns_to(0);
}

pub(crate) fn a_shutdown_does_not_wait_for_a_hook(host: &Host) {
    let server = host.server(|config| config.deadlines.close = Duration::from_millis(300));
    let mut raw = server.open("/hang");
    raw.say("go");
    eventually("it hangs", || server.told.messages() == 1);
    server.hub.shutdown();
    assert_eq!(raw.closed().code, 1001);
    raw.send(&close(1001, ""));
    raw.ended();
    eventually("serving has ended", || server.has_ended());
}

pub(crate) fn a_handler_that_panics_closes_its_own_client_only(host: &Host) {
    let server = host.server(|_| {});
    let mut witness = server.witness();
    for _ in 0..3 {
        let mut other = server.open("/panic");
        let mut raw = server.open("/panic");
        raw.say("go");
        assert_eq!(raw.closed().code, 1011);
        witness.is_served();
        other.send(&close(1000, ""));
        assert_eq!(other.closed().code, 1000);
    }
    assert_eq!(counted(&server.hub.stats(), 1011), 3);
    server.returns_to(1);
}

/// A test is run again, in a process of its own whose output can be read, with this set.
const AGAIN: &str = "THRONG_TEST_AGAIN";

/// Hooks panic in a child process: as many as are printed, and what else it prints.
#[expect(clippy::print_stdout, reason = "the parent process reads how long the panics took")]
pub(crate) fn what_panics_in_hooks_print_is_limited(host: &Host) {
    const PANICS: usize = 60;
    const OTHERS: usize = 15;
    if let Ok(limits) = env::var(AGAIN) {
        let output = if limits == "limited" { PanicOutput::Limited } else { PanicOutput::AsItIs };
        let server = host.server_on(listener(None), |_| {}, |builder| builder.panic_output(output));
        let began = Instant::now();
        for _ in 0..PANICS {
            let mut raw = server.open("/panic");
            raw.say("go");
            assert_eq!(raw.closed().code, 1011);
        }
        // What panics elsewhere is printed as ever.
        for _ in 0..OTHERS {
            let other = thread::spawn(|| panic!("of another thread"));
            assert!(other.join().is_err());
        }
        assert_eq!(server.hub.stats().handler_failures, PANICS as u64, "all of them are counted");
        println!("took {}", began.elapsed().as_secs());
        return;
    }
    for limits in ["limited", "not limited"] {
        let own = thread::current();
        let child = Command::new(env::current_exe().expect("this is a file"))
            .args(["--exact", own.name().expect("a test has a name"), "--nocapture"])
            .env(AGAIN, limits)
            .env("RUST_BACKTRACE", "0")
            .output()
            .expect("it starts");
        let (out, errors) = (String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
        assert!(child.status.success(), "{out}{errors}");
        let took = out.lines().find_map(|line| line.split_once("took ")?.1.parse::<usize>().ok());
        let most = 10 + took.expect("it says so") / 10 + 1;
        let printed = errors.matches("as asked for by a test").count();
        if limits == "limited" {
            assert!((10..=most.max(10)).contains(&printed), "{printed} in {took:?} s");
            assert!(errors.contains("throng: panics in hooks are not printed for now"), "{errors}");
        } else {
            assert_eq!(printed, PANICS);
        }
        assert_eq!(errors.matches("of another thread").count(), OTHERS, "{errors}");
    }
}

pub(crate) fn a_handler_that_never_returns_stalls_its_own_client_only(host: &Host) {
    let server = host.server_on(
        listener(None),
        |config| {
            config.deadlines.ping = Some(Duration::from_millis(200));
            config.deadlines.pong = Some(Duration::from_millis(1_000));
            config.deadlines.close = Duration::from_millis(300);
        },
        |builder| builder,
    );
    let watch = server.witness().watch();
    let mut stuck: Vec<_> = (0..20).map(|_| server.open("/hang")).collect();
    for raw in &mut stuck {
        raw.say("go");
    }
    eventually("all are stuck", || server.told.messages() >= 20);
    let mut other = server.open("/hang");
    other.send(&close(1000, "no hook needed"));
    assert_eq!(other.closed().code, 1000);
    drop(other);
    for mut raw in stuck {
        assert_eq!(raw.closed().code, 1011, "the application is late, not the peer");
    }
    assert_eq!(server.hub.stats().handler_failures, 20);
    server.returns_to(1);
    let served = watch.end();
    assert!(served.trips() > 0);
}
