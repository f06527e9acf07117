//! Another config while the hub runs.

use throng_core::hub::Must;
use throng_runtime::SendError;
use throng_tests::raw::{Closed, TEXT, frame};

use crate::hosts::Host;

pub(crate) fn a_shorter_message_limit_holds_for_the_next_message(host: &Host) {
    let server = host.server(|_| {});
    let mut witness = server.witness();
    let mut raw = server.open("/echo");
    let say = |bytes| frame(TEXT, &vec![b'x'; bytes]);
    raw.send(&say(1_000));
    assert_eq!(raw.message().len(), 1_000);
    let mut config = server.hub.config();
    config.outbox.message_bytes = 100;
    server.hub.reconfigure(&config).expect("it can stand");
    raw.send(&say(100));
    assert_eq!(raw.message().len(), 100);
    assert!(matches!(server.hub.broadcast("x".repeat(101)), Err(SendError::Hub(_))), "it is too long");
    raw.send(&say(101));
    assert_eq!(raw.closed(), Closed { code: 1009, reason: "message too big".into() });
    witness.is_served();
    config.rooms.members = Some(0);
    let refused = server.hub.reconfigure(&config).expect_err("it cannot stand");
    assert_eq!((refused.field, refused.must), ("rooms.members", Must::BePositiveOrNone));
    assert_eq!(server.hub.config().rooms.members, None);
    drop(raw);
    server.returns_to(1);
}
