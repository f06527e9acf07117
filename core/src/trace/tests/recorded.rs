use crate::frame::Frame;
use crate::hub::{Config, Error, Hub, Refusal, Target};
use crate::outbox::Batch;
use crate::time::Instant;
use crate::trace::{RecordedHub, Recorder, replay};
use alloc::vec::Vec;

fn run(mut hub: RecordedHub) -> (Vec<crate::hub::Action>, RecordedHub) {
    let now = Instant::from_nanos(7);
    let (ada, bob) = (hub.admit(now, Some("ada")).unwrap(), hub.admit(now, Some("bob")).unwrap());
    for client in [ada, bob] {
        hub.join(now, client, "lobby").unwrap();
    }
    assert_eq!(hub.join(now, bob, "lobby"), Err(Error::Refused(Refusal::AlreadyInRoom)));
    let frame = Frame::raw("hello".into());
    let published = hub.publish(now, &[Target::Room("lobby")], &[ada], &frame, None).unwrap();
    assert_eq!(published.queued, 1);
    let mut config = hub.hub().config().clone();
    config.rooms.members = Some(0);
    assert_eq!(hub.reconfigure(now, &config).map_err(|error| error.field), Err("rooms.members"));
    config.rooms.members = Some(9);
    assert_eq!(hub.reconfigure(now, &config), Ok(()));
    let connection = hub.hub().connection_of(bob).unwrap();
    assert_eq!(hub.poll_ready(), Some(connection));
    assert_eq!(hub.transmit(now, connection, 64 << 10, &mut Batch::default()), Ok(1));
    hub.shutdown(now).unwrap();
    let mut actions = Vec::new();
    while let Some(action) = hub.poll_action() {
        actions.push(action);
    }
    (actions, hub)
}

#[test]
fn typed_methods_are_recorded_and_do_what_those_of_the_hub_do() {
    let config = Config::default();
    let recorder = Recorder::new(&config);
    let plain = RecordedHub::new(Hub::new(config.clone()).unwrap(), None);
    let recorded = RecordedHub::new(Hub::new(config).unwrap(), Some(recorder));
    let ((told, mut plain), (told_recorded, recorded)) = (run(plain), run(recorded));
    assert_eq!(told, told_recorded);
    assert!(!told.is_empty() && plain.recorder().is_none());
    let (hub, recorder) = recorded.into_parts();
    let recorder = recorder.unwrap();
    let replayed = replay(recorder.log(), [3, 4]).unwrap();
    assert_eq!((replayed.hash, replayed.events), (recorder.hash(), recorder.events()));
    assert_eq!(hub.state(), plain.hub().state());
}
