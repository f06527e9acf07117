//! The simulation of an application: the example `simulate`, what fails a run, and what peers can do.

#[allow(dead_code, reason = "the example's own main is not called")]
#[path = "../examples/simulate.rs"]
mod simulate;

use simulate::simulation;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use throng_tokio::simulation::{Failure, Faults, PeerError, Run, Simulation};
use throng_tokio::{CloseCode, Compression, Handler, Hub, Message, Refusal, Takeover};

#[test]
fn a_right_application_passes_and_each_seed_is_the_same_run_twice() {
    let summary = simulation(false).seeds(0..20).twice().run();
    assert_eq!(summary.runs, 20);
    assert!(summary.received >= 20 * 300, "{summary:?}");
}

#[test]
fn a_planted_bug_is_found_and_found_again_by_its_seed() {
    let simulation = simulation(true);
    let failure = simulation.try_run().expect_err("a seed finds it");
    let text = failure.to_string();
    assert!(text.contains("is online, and the list is"), "{text}");
    assert!(text.contains(&format!("run it again: THRONG_SEED={} ", failure.seed)), "{text}");
    assert!(!failure.recording.is_empty());
    assert_eq!(simulation.run_seed(failure.seed), Err(failure));
}

/// A hub that answers each message with the same.
fn echo() -> throng_tokio::Builder {
    Hub::builder().on_message(|client, message| _ = client.send(message))
}

fn failure_of(describe: impl Fn(&mut Run)) -> Failure {
    let simulation = Simulation::new(describe).faults(Faults::none()).time_limit(Duration::from_secs(60));
    simulation.run_seed(7).expect_err("it fails")
}

#[test]
#[should_panic(expected = "the range of seeds 3..3 is empty")]
fn a_simulation_without_a_seed_does_not_pass() {
    let _ = Simulation::new(|run: &mut Run| run.hub(echo())).seeds(3..3);
}

/// Run by the next test in processes of its own, with the variable set; by itself it runs its own seeds.
#[test]
fn an_echo_is_simulated() {
    Simulation::new(|run: &mut Run| run.hub(echo())).seeds(0..2).run();
}

#[test]
fn the_variable_must_name_a_seed() {
    let program = std::env::current_exe().expect("a test has a file");
    for (value, passes) in [("7", true), ("3..5", true), ("5..3", false), ("3..3", false), ("0..=3", false)] {
        let mut command = std::process::Command::new(&program);
        let command = command.args(["--exact", "an_echo_is_simulated"]).env("THRONG_SEED", value);
        let output = command.output().expect("it runs");
        assert_eq!(output.status.success(), passes, "{value}");
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let sentence = format!("THRONG_SEED={value:?} must be a seed such as 7, or a range such as 0..100");
        assert_eq!(said.contains(&sentence), !passes, "{value}: {said}");
    }
}

#[test]
fn what_happened_is_told_in_words() {
    let failure = failure_of(|run| {
        run.hub(Hub::builder().on_message(|client, _| _ = client.close(CloseCode(4000), "enough")));
        run.peer("ada", async |mut peer| {
            peer.connect("/").await?;
            peer.send("one").await?;
            peer.receive().await.map(drop)
        });
    });
    let closed = "ada: the hub closed the connection: 4000 (enough)";
    assert!(failure.last.iter().any(|line| line.ends_with(closed)), "{failure}");
    // Times in units that a person reads.
    let stands_still = |seed| {
        let mut faults = Faults::none();
        faults.standstills = true;
        let describe = |run: &mut Run| {
            run.hub(echo());
            run.peer("ada", async |peer| {
                peer.after_faults().await;
                Err(PeerError::wrong("enough"))
            });
        };
        let failure = Simulation::new(describe).faults(faults).run_seed(seed).expect_err("it fails");
        failure.last.into_iter().find(|line| line.contains("fault: the host stands still for "))
    };
    let told = (0..20).find_map(stands_still).expect("there is a standstill in some seed");
    let (_, time) = told.split_once("still for ").expect("it says how long");
    assert!(time.contains('.') && time.ends_with('s') && time.len() < 10, "{told}");
}

#[test]
fn whatever_is_not_as_it_must_be_fails_the_run_and_is_said() {
    let no_hub = failure_of(|_| {});
    let wrong = failure_of(|run| {
        run.hub(echo());
        run.peer("ada", async |mut peer| {
            peer.connect("/").await?;
            peer.send("one").await?;
            peer.expect("two").await
        });
    });
    let panicked = failure_of(|run| {
        run.hub(echo());
        run.peer("ada", async |_| panic!("planned"));
    });
    let hook_panicked = failure_of(|run| {
        run.hub(Hub::builder().on_message(|_, _| panic!("planned")));
        run.peer("ada", async |mut peer| {
            peer.connect("/").await?;
            peer.send("one").await?;
            peer.receive().await.map(drop)
        });
    });
    let waits = failure_of(|run| {
        run.hub(echo());
        run.peer("ada", async |mut peer| {
            peer.connect("/").await?;
            peer.receive().await.map(drop)
        });
    });
    let always = failure_of(|run| {
        run.hub(echo());
        run.always(
            "nobody comes",
            |hub| if hub.client_count() == 0 { Ok(()) } else { Err("one is here".into()) },
        );
        run.peer("ada", async |mut peer| peer.connect("/").await);
    });
    let finally = failure_of(|run| {
        run.hub(echo());
        run.finally("it is never over", |_| Err("it is".into()));
    });
    for (failure, says) in [
        (no_hub, "must call `Run::hub`"),
        (wrong, "ada: expected \"two\", received \"one\""),
        (panicked, "planned"),
        (hook_panicked, "the hook `message` panicked: panicked at"),
        (waits, "ada has not come to an end"),
        (always, "nobody comes: one is here"),
        (finally, "it is never over: it is"),
    ] {
        let text = failure.to_string();
        assert!(text.starts_with("the simulation fails with seed 7, after "), "{text}");
        assert!(failure.what.iter().any(|what| what.contains(says)), "{says} is not in {text}");
    }
}

struct Strict;

impl Handler for Strict {
    async fn before_connect(&self, connecting: &mut throng_tokio::Connecting) -> Result<(), Refusal> {
        if connecting.path() == "/" { Ok(()) } else { Err(Refusal::NotFound) }
    }

    async fn message(&self, client: &throng_tokio::Client, message: Message) {
        match message.as_bytes() {
            b"close me" => _ = client.close(CloseCode(4001), "as you like"),
            _ => _ = client.send(message),
        }
    }
}

/// Whatever a script does, its peer is told how its connection ended, and the hub notices its end.
#[test]
fn a_peer_may_end_its_connection_in_every_way() {
    let summary = Simulation::new(|run| {
        run.hub(Hub::builder().handler(Strict));
        run.peer("refused", async |mut peer| match peer.connect("/elsewhere").await {
            Err(PeerError::Refused(404)) => Ok(()),
            other => Err(PeerError::wrong(format!("{other:?}"))),
        });
        run.peer("closed", async |mut peer| {
            peer.connect("/").await?;
            peer.send("close me").await?;
            let stop = peer.ended().await;
            let told = PeerError::Closed { code: Some(CloseCode(4001)), reason: "as you like".into() };
            if stop == told { Ok(()) } else { Err(stop) }
        });
        run.peer("closes", async |mut peer| {
            peer.connect("/").await?;
            peer.send("one").await?;
            let code = peer.close(CloseCode(4002)).await?;
            assert_eq!(code, Some(CloseCode(4002)));
            peer.expect("one").await
        });
        run.peer("half-closes", async |mut peer| {
            peer.connect("/").await?;
            peer.send("one").await?;
            peer.half_close();
            peer.expect("one").await?;
            assert_eq!(peer.ended().await, PeerError::Closed { code: None, reason: String::new() });
            Ok(())
        });
    })
    .faults(Faults::none())
    .seeds(0..50)
    .twice()
    .run();
    assert_eq!(summary.runs, 50);
}

#[test]
fn a_peer_may_do_what_no_client_should() {
    let summary = Simulation::new(|run| {
        run.hub(Hub::builder().handler(Strict));
        run.peer("comes again", async |mut peer| {
            for end in 0..3 {
                peer.connect("/").await?;
                peer.send("one").await?;
                peer.expect("one").await?;
                match end {
                    0 => peer.vanish(),
                    1 => peer.reset(),
                    _ => peer.stop_answering(),
                }
                assert!(end == 2 || peer.send("two").await == Err(PeerError::NotConnected));
            }
            // The hub pings in vain.
            assert_eq!(peer.ended().await, PeerError::Broken);
            Ok(())
        });
        run.peer("reads later", async |mut peer| {
            peer.connect("/").await?;
            peer.stop_reading();
            peer.send("one").await?;
            assert_eq!(peer.receive_within(Duration::from_secs(20)).await?, None);
            peer.read_on();
            peer.expect("one").await
        });
        run.peer("makes no sense", async |mut peer| {
            peer.connect("/").await?;
            peer.send_bytes(&[0xff; 20]).await?;
            match peer.ended().await {
                PeerError::Closed { code: Some(CloseCode::PROTOCOL_ERROR), .. } => Ok(()),
                stop => Err(stop),
            }
        });
    })
    .faults(Faults::none())
    .seeds(0..50)
    .twice()
    .run();
    assert_eq!(summary.runs, 50);
}

/// The hub compresses what is long enough, for peers that offer it; all of them read the same text.
#[test]
fn a_peer_that_offers_compression_reads_what_the_hub_compresses() {
    let text = "la ".repeat(1_000);
    let sent = text.clone();
    let keepers = Arc::new(AtomicU32::new(0));
    let most = Arc::clone(&keepers);
    let summary = Simulation::new(move |run: &mut Run| {
        let mut compression = Compression::default();
        let keepers = Arc::clone(&most);
        compression.takeover = run.seed().is_multiple_of(2).then(Takeover::default);
        run.hub(echo().compression(compression));
        for (name, offers) in [("plain", false), ("compressed", true)] {
            let text = sent.clone();
            run.peer(name, async move |mut peer| {
                peer.offer_compression(offers);
                peer.after_faults().await;
                for _ in 0..2 {
                    peer.connect("/").await?;
                    for _ in 0..3 {
                        peer.send(text.clone()).await?;
                        peer.expect(&text).await?;
                    }
                }
                peer.close(CloseCode(1000)).await.map(drop)
            });
        }
        // A connection that keeps its context compresses for itself, and is not counted there.
        let should = if run.seed().is_multiple_of(2) { 0 } else { 6 };
        run.finally("six messages were compressed for all", move |hub| {
            let deflated = hub.compression_stats().deflated;
            if deflated == should { Ok(()) } else { Err(format!("{deflated}")) }
        });
        run.always("contexts are counted", move |hub| {
            keepers.fetch_max(hub.compression_stats().keepers, Ordering::Relaxed);
            Ok(())
        });
    })
    .seeds(0..10)
    .run();
    assert_eq!(summary.received, 10 * 12);
    assert!(keepers.load(Ordering::Relaxed) > 0, "no connection has kept its context");
}
