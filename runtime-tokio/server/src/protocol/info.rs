//! What the presence of a room shows of a client, as the bytes that the hub keeps.

use serde_json::Value;
use throng_tokio::core::protocol::{ClientInfo, Data};

/// Begins the bytes that have a connection's info besides the subscription's: no JSON begins so.
const BOTH: u8 = 1;

/// The bytes for a client: those of the subscription's info as they are, or both.
pub(crate) fn encode(conn_info: Option<&Data>, chan_info: Option<&Data>) -> Vec<u8> {
    let chan = chan_info.map(Data::as_str);
    let Some(conn) = conn_info else { return chan.unwrap_or_default().into() };
    let mut bytes = vec![BOTH];
    let chan = chan.unwrap_or("null");
    bytes.extend_from_slice(format!("[{},{chan},{}]", conn.as_str(), chan_info.is_some()).as_bytes());
    bytes
}

/// The info of a connection, and what is left for that of its subscription.
pub(crate) fn decode(bytes: &[u8]) -> (Option<Value>, Vec<u8>) {
    let Some((&BOTH, rest)) = bytes.split_first() else { return (None, bytes.to_vec()) };
    match serde_json::from_slice::<(Value, Value, bool)>(rest) {
        Ok((conn, chan, true)) => (Some(conn), chan.to_string().into_bytes()),
        Ok((conn, _, false)) => (Some(conn), Vec::new()),
        Err(_) => (None, bytes.to_vec()),
    }
}

/// The client as other clients see it. Info that is not JSON, which only the API's `subscribe` can have given, is not shown.
pub(super) fn shown(client: String, user: String, bytes: &[u8], nesting: u32) -> ClientInfo {
    let (conn, chan) = decode(bytes);
    let data = |text: &str| Data::new(text, nesting).ok();
    ClientInfo {
        user,
        client,
        conn_info: conn.and_then(|conn| data(&conn.to_string())),
        chan_info: std::str::from_utf8(&chan).ok().and_then(data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_info_of_a_client_is_read_as_it_was_given() {
        let data = |text: &str| Data::new(text, 8).unwrap();
        let info = [None, Some(data(r#"{"name":"Ann"}"#)), Some(data("null"))];
        for conn in &info {
            for chan in &info {
                let bytes = encode(conn.as_ref(), chan.as_ref());
                let shown = shown("1.2".into(), "ann".into(), &bytes, 8);
                assert_eq!((&shown.conn_info, &shown.chan_info), (conn, chan), "{bytes:?}");
            }
        }
        assert_eq!(decode(b"\x01garbage"), (None, b"\x01garbage".to_vec()));
    }
}
