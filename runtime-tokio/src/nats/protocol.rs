//! The client protocol of NATS, without I/O: <https://docs.nats.io/reference/reference-protocols/nats-protocol>.

/// The longest line: INFO names all servers of a cluster, in bytes.
const LINE: usize = 64 << 10;

/// What a server sends. It borrows from the buffer that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Operation<'a> {
    /// What the server is, as JSON.
    Info(&'a [u8]),
    Message {
        subject: &'a [u8],
        payload: &'a [u8],
    },
    Ping,
    Pong,
    /// Of servers that are asked to be verbose.
    Ok,
    /// The text without its quotes.
    Error(&'a [u8]),
}

/// What the beginning of a buffer is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed<'a> {
    /// An operation of so many bytes.
    Whole(Operation<'a>, usize),
    /// The buffer must have at least so many bytes.
    Needs(usize),
}

/// Why bytes are not the protocol.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

/// Reads the first operation of a buffer. A length that a peer names is checked against the limit and never reserved in advance.
pub(super) fn parse(buffer: &[u8], limit: usize) -> Result<Parsed<'_>, Malformed> {
    let Some(end) = buffer.iter().take(LINE).position(|&byte| byte == b'\n') else {
        if buffer.len() >= LINE {
            return Err(Malformed("a line of more than 64 KiB"));
        }
        return Ok(Parsed::Needs(buffer.len() + 1));
    };
    let Some((b'\r', line)) = buffer[..end].split_last() else {
        return Err(Malformed("a line that does not end with CR LF"));
    };
    let after = end + 1;
    let (name, rest) = match line.iter().position(|byte| matches!(byte, b' ' | b'\t')) {
        None => (line, &line[line.len()..]),
        Some(blank) => (&line[..blank], line[blank..].trim_ascii()),
    };
    let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
    if is(b"MSG") {
        return message(buffer, rest, after, limit);
    }
    let operation = match () {
        () if is(b"PING") => Operation::Ping,
        () if is(b"PONG") => Operation::Pong,
        () if is(b"+OK") => Operation::Ok,
        () if is(b"INFO") => Operation::Info(rest),
        () if is(b"-ERR") => {
            let text = rest.strip_prefix(b"'").and_then(|text| text.strip_suffix(b"'"));
            Operation::Error(text.unwrap_or(rest))
        }
        () => return Err(Malformed("an unknown operation")),
    };
    Ok(Parsed::Whole(operation, after))
}

/// `MSG subject sid [reply] length`, and the payload.
fn message<'a>(
    buffer: &'a [u8],
    words: &'a [u8],
    after: usize,
    limit: usize,
) -> Result<Parsed<'a>, Malformed> {
    let bad = Malformed("a message without subject, number or length");
    let mut words = words.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (Some(subject), Some(_), Some(third)) = (words.next(), words.next(), words.next()) else {
        return Err(bad);
    };
    let length = words.next().unwrap_or(third);
    let length = core::str::from_utf8(length).ok().and_then(|length| length.parse::<usize>().ok());
    let length = length.ok_or(bad)?;
    if length > limit {
        return Err(Malformed("a message longer than the limit"));
    }
    let end = after + length;
    if buffer.len() < end + 2 {
        return Ok(Parsed::Needs(end + 2));
    }
    if &buffer[end..end + 2] != b"\r\n" {
        return Err(Malformed("a message that does not end with CR LF"));
    }
    Ok(Parsed::Whole(Operation::Message { subject, payload: &buffer[after..end] }, end + 2))
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Operation, Parsed, parse};

    fn message<'a>(subject: &'a str, payload: &'a str) -> Operation<'a> {
        Operation::Message { subject: subject.as_bytes(), payload: payload.as_bytes() }
    }

    #[test]
    fn operations_of_each_kind_are_read() {
        let operations = [
            ("PING\r\n", Operation::Ping),
            ("pong\r\n", Operation::Pong),
            ("+OK\r\n", Operation::Ok),
            ("INFO {\"a\":1}\r\n", Operation::Info(b"{\"a\":1}")),
            ("-ERR 'Slow Consumer'\r\n", Operation::Error(b"Slow Consumer")),
            ("-ERR\r\n", Operation::Error(b"")),
            ("MSG r.a 1 3\r\na\r\n\r\n", message("r.a", "a\r\n")),
            ("MSG r.a 1 reply 0\r\n\r\n", message("r.a", "")),
            ("msg\tr.a\t12  2\r\nab\r\n", message("r.a", "ab")),
        ];
        for (bytes, operation) in operations {
            let whole = Parsed::Whole(operation, bytes.len());
            assert_eq!(parse(bytes.as_bytes(), 100), Ok(whole), "{bytes:?}");
        }
    }

    #[test]
    fn a_beginning_needs_more_and_never_less_than_it_has() {
        let bytes = b"MSG r.a 1 10\r\n0123456789\r\n";
        for length in 0..bytes.len() {
            match parse(&bytes[..length], 100) {
                Ok(Parsed::Needs(needed)) => assert!(needed > length && needed <= bytes.len(), "{length}"),
                other => panic!("{length}: {other:?}"),
            }
        }
    }

    /// Bytes that are nearly right: words of the protocol in any order.
    #[test]
    fn any_bytes_are_an_operation_or_need_more_or_are_refused() {
        const WORDS: [&[u8]; 12] =
            [b"MSG", b"PING", b"PONG", b"INFO", b"-ERR", b"+OK", b" ", b"\r\n", b"\r", b"\t", b"1", b"r.a"];
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % below as u64) as usize
        };
        let (mut whole, mut refused) = (0, 0);
        for _ in 0..200_000 {
            let length = next(12);
            let bytes: Vec<u8> = (0..length).flat_map(|_| WORDS[next(WORDS.len())]).copied().collect();
            match parse(&bytes, 100) {
                Ok(Parsed::Whole(_, length)) => {
                    assert!(length <= bytes.len(), "{bytes:?}");
                    whole += 1;
                }
                Ok(Parsed::Needs(needed)) => assert!(needed > bytes.len() && needed < 300, "{bytes:?}"),
                Err(_) => refused += 1,
            }
        }
        assert!(whole > 1_000 && refused > 1_000, "{whole} operations, {refused} refused");
    }

    #[test]
    fn malformed_bytes_are_refused() {
        let malformed = [
            ("HMSG a 1 2 3\r\n", "an unknown operation"),
            ("\r\n", "an unknown operation"),
            ("\n", "a line that does not end with CR LF"),
            ("PING\n", "a line that does not end with CR LF"),
            ("MSG a 1\r\n", "a message without subject, number or length"),
            ("MSG a 1 x\r\n", "a message without subject, number or length"),
            ("MSG a 1 -1\r\n", "a message without subject, number or length"),
            ("MSG a 1 99999999999999999999999\r\n", "a message without subject, number or length"),
            ("MSG a 1 101\r\n", "a message longer than the limit"),
            ("MSG a 1 1\r\nabc\r\n", "a message that does not end with CR LF"),
        ];
        for (bytes, why) in malformed {
            assert_eq!(parse(bytes.as_bytes(), 100), Err(Malformed(why)), "{bytes:?}");
        }
        assert_eq!(parse(&vec![b'a'; 70_000], 100), Err(Malformed("a line of more than 64 KiB")));
    }
}
