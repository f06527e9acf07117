//! Marks: the clients that a publish has reached are known by its sequence number.

use crate::hub::Outbox;
use crate::id::ConnectionId;
use crate::outbox::Outboxes;

#[test]
fn a_number_that_comes_again_after_so_many_publishes_marks_nobody() {
    let mut outboxes = Outboxes::new(Outbox::default(), (64, 1024), 1, 0);
    let client = outboxes.entries.insert(ConnectionId::from_u64(7), 0).expect("there is room");
    let first = outboxes.next_sequence();
    outboxes.except(client.index, first);
    outboxes.sequence = u64::from(u32::MAX);
    let again = outboxes.next_sequence();
    assert_eq!(first as u32, again as u32, "the marks have come round");
    assert_ne!(outboxes.entries[client.index].mark, again as u32);
}
