use crate::close::{CloseCode, ClosedBy};
use crate::hub::{
    Action, DropReason, Dropped, Epoch, Error, Ignored, Outcome, Position, Published, Refusal, Verdict,
};
use crate::id::{ClientId, ConnectionId};
use crate::time::Instant;
use crate::trace::ActionHash;
use core::hash::{Hash, Hasher};

fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = ActionHash::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn integers_enter_in_little_endian_and_sizes_as_64_bits() {
    let mut bytes = ActionHash::new();
    bytes.write(&[1, 2, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]);
    bytes.write(&[5, 0, 0, 0, 0, 0, 0, 0, 0xfa, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    let mut numbers = ActionHash::new();
    numbers.write_u8(1);
    numbers.write_u16(2);
    numbers.write_u32(3);
    numbers.write_u64(4);
    numbers.write_usize(5);
    numbers.write_isize(-6);
    assert_eq!(numbers.finish(), bytes.finish());
}

/// Logs and hashes are exchanged between machines: if one of these values changes, change the version of the format.
#[test]
fn what_comes_out_of_a_hub_hashes_to_the_same_number_on_every_machine() {
    let (client, connection) = (ClientId::from_u64(7 << 32 | 3), ConnectionId::from_u64(8 << 32 | 4));
    let dropped = Dropped { frames: 2, bytes: 99, of_history: true, reason: DropReason::HubFull };
    let reason = Some("enough".into());
    let retry_at = Instant::from_nanos(12_345_678_901);
    let position = Some(Position { epoch: Epoch::from_u64(5).expect("not zero"), offset: 6 });
    let ignored = Some(Ignored::Outdated);
    let published = Published { queued: 1, dropped: 2, refused: 3, unknown: 4, position, ignored };
    let table: [(u64, u64); 8] = [
        (hash_of(&Action::Connected { client, connection }), 0x700fea1d77ce8af0),
        (hash_of(&Action::Left { client, room: "lobby".into() }), 0x596fd136d373761a),
        (
            hash_of(&Action::Disconnected { client, code: CloseCode::POLICY, by: ClosedBy::Hub, reason }),
            0xd5611b32a5c1e623,
        ),
        (hash_of(&Action::Dropped { client, dropped }), 0xcf89a9e970e65fc9),
        (hash_of(&Action::Stopped), 0x215d83d34b64736a),
        (hash_of(&Ok::<_, Error>(Outcome::Published(published))), 0x598d78999cb9658b),
        (hash_of(&Ok::<_, Error>(Outcome::Verdict(Verdict::Pause { until: retry_at }))), 0xadab7bab9e2c3cc2),
        (hash_of(&Err::<Outcome, _>(Error::Refused(Refusal::ConnectRate { retry_at }))), 0x2545a7ca1933feae),
    ];
    assert_eq!(table.map(|(found, _)| found), table.map(|(_, pinned)| pinned));
}
