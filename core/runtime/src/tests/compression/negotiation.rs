//! Whether a client's messages are compressed.

use super::{ASKS, Echo, Talker, builder};
use crate::tests::host::World;
use crate::{CompressionStats, Hub};
use throng_core::websocket::deflate::Compression;

#[test]
fn it_is_off_unless_the_hub_and_the_client_want_it() {
    let mut silent = World::new(Hub::builder().handler(Echo));
    assert_eq!(Talker::of(&mut silent, ASKS).extensions, None);
    assert_eq!(silent.hub.compression_stats(), CompressionStats::default());
    let mut world = World::new(builder());
    for (offer, answer) in [
        ("", None),
        ("foo", None),
        ("permessage-deflate; nonsense", None),
        (ASKS, Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")),
    ] {
        assert_eq!(Talker::of(&mut world, offer).extensions.as_deref(), answer, "{offer}");
    }
}

#[test]
fn an_application_may_decline_for_a_client() {
    let mut world = World::new(builder().before_connect(|connecting| {
        if connecting.path() == "/secret" {
            connecting.decline_compression();
        }
        Ok(())
    }));
    assert_eq!(Talker::under(&mut world, "/secret", ASKS).extensions, None);
    assert!(Talker::under(&mut world, "/", ASKS).extensions.is_some());
    assert_eq!(world.hub.compression_stats().takers, 1);
}

#[test]
fn a_setting_that_cannot_stand_is_named() {
    let mut compression = Compression::default();
    compression.level = 10;
    let error = Hub::builder().compression(compression).build().unwrap_err();
    assert_eq!((error.field, error.value), ("compression.level", 10));
    assert!(Hub::builder().compression(compression).compression(None).build().is_ok());
}
