use crate::connection::driver::Driver;
use crate::hosting::Connection;
use crate::state::inner::ConnectionState;
use crate::state::member::Member;

/// The cost of an idle connection in this crate, beside the hub's share and the host's task and transport.
#[test]
fn an_idle_connection_is_small() {
    assert!(size_of::<Driver<usize>>() <= 104, "{}", size_of::<Driver<usize>>());
    assert_eq!(size_of::<Connection<usize>>(), size_of::<Driver<usize>>());
    assert!(size_of::<Member>() <= 112, "{}", size_of::<Member>());
    assert!(size_of::<ConnectionState>() <= 48, "{}", size_of::<ConnectionState>());
}
