use crate::connection::driver::Driver;
use crate::handshake::request::Request;
use crate::hosting::Connection;
use crate::lane::table::Slot;
use crate::state::connection::ConnectionShared;
use crate::state::inner::ClientState;
use crate::state::member::Member;
use crate::state::metadata::Metadata;
use crate::state::types::ConnectionState;
use std::sync::Arc;
use throng_core::websocket;

/// The cost of an idle connection in this crate, beside the hub's share and the host's task and transport.
#[test]
fn an_idle_connection_is_small() {
    assert!(size_of::<Driver<usize>>() <= 112, "{}", size_of::<Driver<usize>>());
    assert_eq!(size_of::<Connection<usize>>(), size_of::<Driver<usize>>());
    assert!(size_of::<ConnectionShared>() <= 24, "{}", size_of::<ConnectionShared>());
    assert!(size_of::<Metadata>() <= 16, "{}", size_of::<Metadata>());
    assert!(size_of::<ConnectionState>() <= 24, "{}", size_of::<ConnectionState>());
    assert!(size_of::<Member>() <= 104, "{}", size_of::<Member>());
    assert!(size_of::<ClientState>() <= 32, "{}", size_of::<ClientState>());
}

#[test]
fn values_are_kept_one_of_a_type_and_apart_from_the_request() {
    let mut kept = Metadata::default();
    assert_eq!(kept.get::<u8>(), None);
    assert_eq!((kept.remove::<u8>(), kept.take_request().is_some()), (None, false));
    assert_eq!((kept.insert(1_u8), kept.insert(2_u8)), (None, Some(1)));
    assert_eq!((kept.insert("text"), kept.insert("other")), (None, Some("text")));
    assert_eq!((kept.get(), kept.get()), (Some(&2_u8), Some(&"other")));
    let head = http::Request::get("/ws").body(()).expect("a target").into_parts().0;
    kept.set_request(Arc::new(Request::new(websocket::handshake::Request::from(head), None)));
    assert_eq!(kept.remove::<u8>(), Some(2));
    assert_eq!((kept.get::<u8>(), kept.get()), (None, Some(&"other")));
    assert_eq!(kept.request().map(|request| request.path().to_owned()).as_deref(), Some("/ws"));
    assert!(kept.take_request().is_some() && kept.request().is_none());
    assert_eq!((kept.get(), kept.get::<u8>()), (Some(&"other"), None));
    assert_eq!((kept.insert(3_u8), kept.remove(), kept.remove()), (None, Some("other"), Some(3_u8)));
    assert_eq!((kept.get::<u8>(), kept.get::<&str>()), (None, None));
}

/// The memory that a lane reads for each recipient before it writes.
#[test]
fn a_lane_has_one_cache_line_for_each_transport() {
    assert!(size_of::<Slot>() <= 64, "{}", size_of::<Slot>());
}
