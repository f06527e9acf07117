use crate::connection::driver::Driver;
use crate::hosting::Connection;
use crate::lane::table::Slot;
use crate::state::connection::ConnectionShared;
use crate::state::inner::ClientState;
use crate::state::member::Member;
use crate::state::types::ConnectionState;

/// The cost of an idle connection in this crate, beside the hub's share and the host's task and transport.
#[test]
fn an_idle_connection_is_small() {
    assert!(size_of::<Driver<usize>>() <= 112, "{}", size_of::<Driver<usize>>());
    assert_eq!(size_of::<Connection<usize>>(), size_of::<Driver<usize>>());
    assert!(size_of::<ConnectionShared>() <= 24, "{}", size_of::<ConnectionShared>());
    assert!(size_of::<ConnectionState>() <= 24, "{}", size_of::<ConnectionState>());
    assert!(size_of::<Member>() <= 112, "{}", size_of::<Member>());
    assert!(size_of::<ClientState>() <= 32, "{}", size_of::<ClientState>());
}

/// The memory that a lane reads for each recipient before it writes.
#[test]
fn a_lane_has_one_cache_line_for_each_transport() {
    assert!(size_of::<Slot>() <= 64, "{}", size_of::<Slot>());
}
