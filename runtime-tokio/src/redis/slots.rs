//! Which node of a Redis Cluster serves which channel: <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>.

use super::resp::Value;
use throng_runtime::cluster::{BrokerError, Subject};

/// How many slots there are.
const SLOTS: usize = 16_384;

/// The slot of a subject, which has no `{}`.
pub(super) fn slot(subject: &Subject) -> usize {
    usize::from(crc16(subject.as_str().as_bytes())) % SLOTS
}

/// CRC-16/XMODEM. One table of 16 entries: subjects are short.
fn crc16(bytes: &[u8]) -> u16 {
    const NIBBLES: [u16; 16] = [
        0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7, 0x8108, 0x9129, 0xa14a, 0xb16b,
        0xc18c, 0xd1ad, 0xe1ce, 0xf1ef,
    ];
    let step = |crc: u16, nibble: u8| (crc << 4) ^ NIBBLES[usize::from((crc >> 12) as u8 ^ nibble)];
    bytes.iter().fold(0, |crc, byte| step(step(crc, byte >> 4), byte & 15))
}

/// The masters, and which slots each has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Topology {
    /// Host and port of each master. An empty host is that of the node that was asked.
    pub(super) masters: Vec<(String, u16)>,
    /// For each slot the place of its master in the list.
    pub(super) slots: Box<[u16]>,
}

/// Reads the reply to `CLUSTER SLOTS`.
///
/// # Errors
/// Slots are served by no node, or the reply is none.
pub(super) fn topology(reply: &Value<'_>) -> Result<Topology, BrokerError> {
    let none = || BrokerError::new("the reply to CLUSTER SLOTS cannot be read");
    let Value::List(ranges) = reply else { return Err(none()) };
    let mut masters: Vec<(String, u16)> = Vec::new();
    let mut slots = vec![u16::MAX; SLOTS].into_boxed_slice();
    for range in ranges {
        let Value::List(range) = range else { return Err(none()) };
        let [Value::Integer(first), Value::Integer(last), Value::List(master), ..] = &range[..] else {
            return Err(none());
        };
        let (first, last) = (usize::try_from(*first).ok(), usize::try_from(*last).ok());
        let (Some(first), Some(last)) = (first, last.filter(|last| *last < SLOTS)) else {
            return Err(none());
        };
        let (host, port) = match &master[..] {
            [Value::Text(host), Value::Integer(port), ..] => (&host[..], port),
            [Value::Null, Value::Integer(port), ..] => (&b""[..], port),
            _ => return Err(none()),
        };
        let host = String::from_utf8(host.to_vec()).map_err(|_| none())?;
        let address = (host, u16::try_from(*port).map_err(|_| none())?);
        let place = masters.iter().position(|master| *master == address).unwrap_or_else(|| {
            masters.push(address);
            masters.len() - 1
        });
        let place = u16::try_from(place).map_err(|_| none())?;
        slots.get_mut(first..=last).ok_or_else(none)?.fill(place);
    }
    let missing = slots.iter().filter(|place| **place == u16::MAX).count();
    if missing > 0 {
        return Err(BrokerError::new(format_args!(
            "{missing} of {SLOTS} slots of the cluster have no master"
        )));
    }
    Ok(Topology { masters, slots })
}

#[cfg(test)]
mod tests {
    use super::{crc16, slot, topology};
    use crate::redis::resp::{Parsed, parse};
    use throng_runtime::cluster::Subject;

    #[test]
    fn slots_are_those_of_redis() {
        // As the specification of the cluster and CLUSTER KEYSLOT say.
        assert_eq!(crc16(b"123456789"), 0x31c3);
        for (text, expected) in [("foo", 12_182), ("bar", 5_061), ("hello", 866)] {
            assert_eq!(slot(&Subject::new(text).expect("a subject")), expected, "{text}");
        }
    }

    fn read(reply: &str) -> Result<super::Topology, String> {
        match parse(reply.as_bytes(), 1 << 20) {
            Ok(Parsed::Whole(value, _)) => topology(&value).map_err(|error| error.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn masters_are_found_and_replicas_left_out() {
        let reply = "*2\r\n*4\r\n:0\r\n:8191\r\n*3\r\n$1\r\na\r\n:1\r\n$2\r\nid\r\n*3\r\n$1\r\nr\r\n:9\r\n$2\r\nid\r\n\
                     *3\r\n:8192\r\n:16383\r\n*3\r\n_\r\n:2\r\n$2\r\nid\r\n";
        let topology = read(reply).expect("all slots are served");
        assert_eq!(topology.masters, [("a".to_owned(), 1), (String::new(), 2)]);
        assert_eq!((topology.slots[0], topology.slots[8_191], topology.slots[8_192]), (0, 0, 1));
    }

    #[test]
    fn what_is_no_whole_topology_is_an_error() {
        let replies = [
            "*0\r\n",
            "+OK\r\n",
            "*1\r\n*3\r\n:0\r\n:16382\r\n*3\r\n$1\r\na\r\n:1\r\n$2\r\nid\r\n",
            "*1\r\n*3\r\n:0\r\n:16384\r\n*3\r\n$1\r\na\r\n:1\r\n$2\r\nid\r\n",
            "*1\r\n*3\r\n:5\r\n:4\r\n*3\r\n$1\r\na\r\n:1\r\n$2\r\nid\r\n",
            "*1\r\n*3\r\n:-1\r\n:4\r\n*3\r\n$1\r\na\r\n:1\r\n$2\r\nid\r\n",
            "*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$1\r\na\r\n:70000\r\n$2\r\nid\r\n",
            "*1\r\n*2\r\n:0\r\n:16383\r\n",
        ];
        for reply in replies {
            assert!(read(reply).is_err(), "{reply:?}");
        }
        assert!(read(replies[2]).is_err_and(|error| error.starts_with("1 of 16384 slots")));
    }
}
