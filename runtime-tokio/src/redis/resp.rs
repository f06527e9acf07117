//! RESP3, the protocol of Redis 6 and later, without I/O: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

use bytes::{BufMut, BytesMut};

/// How deep values may be nested. Replies that are asked for have at most four levels.
const DEPTH: usize = 8;
/// The longest line: a number, a status or an error, in bytes.
const LINE: usize = 64 << 10;

/// A value that borrows its bytes from the buffer that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A status, a string, or a number that is no integer.
    Text(&'a [u8]),
    Error(&'a [u8]),
    Integer(i64),
    Null,
    /// A list, a set, or the keys and values of a map in turn.
    List(Vec<Value<'a>>),
    /// Not a reply.
    Push(Vec<Value<'a>>),
}

/// What the beginning of a buffer is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed<'a> {
    /// A value of so many bytes.
    Whole(Value<'a>, usize),
    /// The buffer must have at least so many bytes.
    Needs(usize),
}

/// Why bytes are no RESP3.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

enum Stop {
    Needs(usize),
    Malformed(&'static str),
}

/// Reads the first value of a buffer. A length that a peer names is checked against the limit and never reserved in advance.
pub(super) fn parse(buffer: &[u8], limit: usize) -> Result<Parsed<'_>, Malformed> {
    let mut cursor = Cursor { buffer, at: 0, limit };
    match cursor.value(0) {
        Ok(value) => Ok(Parsed::Whole(value, cursor.at)),
        Err(Stop::Needs(length)) => Ok(Parsed::Needs(length)),
        Err(Stop::Malformed(why)) => Err(Malformed(why)),
    }
}

struct Cursor<'a> {
    buffer: &'a [u8],
    at: usize,
    limit: usize,
}

impl<'a> Cursor<'a> {
    fn value(&mut self, depth: usize) -> Result<Value<'a>, Stop> {
        if depth > DEPTH {
            return Err(Stop::Malformed("values are nested too deeply"));
        }
        let line = self.line()?;
        let Some((kind, rest)) = line.split_first() else {
            return Err(Stop::Malformed("an empty line"));
        };
        match kind {
            b'+' | b',' | b'(' | b'#' => Ok(Value::Text(rest)),
            b'-' => Ok(Value::Error(rest)),
            b':' => integer(rest).map(Value::Integer),
            b'_' => Ok(Value::Null),
            b'$' | b'=' => Ok(self.bulk(rest)?.map_or(Value::Null, Value::Text)),
            b'!' => Ok(self.bulk(rest)?.map_or(Value::Null, Value::Error)),
            b'*' | b'~' => Ok(self.list(rest, 1, depth)?.map_or(Value::Null, Value::List)),
            b'%' => Ok(self.list(rest, 2, depth)?.map_or(Value::Null, Value::List)),
            b'>' => Ok(Value::Push(self.list(rest, 1, depth)?.unwrap_or_default())),
            // Attributes describe the value that follows. Nothing here asks for any.
            b'|' => {
                self.list(rest, 2, depth)?;
                self.value(depth + 1)
            }
            _ => Err(Stop::Malformed("a value of an unknown kind")),
        }
    }

    /// A line, without its end.
    fn line(&mut self) -> Result<&'a [u8], Stop> {
        let rest = &self.buffer[self.at..];
        match rest.iter().take(LINE).position(|&byte| byte == b'\n') {
            Some(end) if end > 0 && rest[end - 1] == b'\r' => {
                self.at += end + 1;
                Ok(&rest[..end - 1])
            }
            Some(_) => Err(Stop::Malformed("a line that does not end with CR LF")),
            None if rest.len() >= LINE => Err(Stop::Malformed("a line of more than 64 KiB")),
            None => Err(Stop::Needs(self.buffer.len() + 1)),
        }
    }

    fn bulk(&mut self, length: &[u8]) -> Result<Option<&'a [u8]>, Stop> {
        let length = match integer(length)? {
            -1 => return Ok(None),
            length => usize::try_from(length).map_err(|_| Stop::Malformed("a negative length"))?,
        };
        if length > self.limit {
            return Err(Stop::Malformed("a string longer than the limit for messages"));
        }
        let end = self.at + length;
        if self.buffer.len() < end + 2 {
            return Err(Stop::Needs(end + 2));
        }
        if &self.buffer[end..end + 2] != b"\r\n" {
            return Err(Stop::Malformed("a string that does not end with CR LF"));
        }
        let bytes = &self.buffer[self.at..end];
        self.at = end + 2;
        Ok(Some(bytes))
    }

    fn list(&mut self, length: &[u8], each: usize, depth: usize) -> Result<Option<Vec<Value<'a>>>, Stop> {
        let length = match integer(length)? {
            -1 => return Ok(None),
            length => usize::try_from(length).map_err(|_| Stop::Malformed("a negative length"))?,
        };
        // Each value has at least three bytes.
        let length = length.checked_mul(each).filter(|length| *length <= self.limit / 3);
        let length = length.ok_or(Stop::Malformed("a list longer than the limit for messages"))?;
        let mut values = Vec::new();
        for _ in 0..length {
            // Beside the longest string there is place for the words around it.
            if self.at > self.limit.saturating_add(LINE) {
                return Err(Stop::Malformed("a value longer than the limit for messages"));
            }
            values.push(self.value(depth + 1)?);
        }
        Ok(Some(values))
    }
}

fn integer(digits: &[u8]) -> Result<i64, Stop> {
    let text = core::str::from_utf8(digits).ok();
    text.and_then(|text| text.parse().ok()).ok_or(Stop::Malformed("a number that is none"))
}

/// Appends a command.
pub(super) fn command(out: &mut BytesMut, words: &[&[u8]]) {
    length(out, b'*', words.len());
    for word in words {
        length(out, b'$', word.len());
        out.put_slice(word);
        out.put_slice(b"\r\n");
    }
}

fn length(out: &mut BytesMut, kind: u8, length: usize) {
    let mut digits = [0; 20];
    let (mut at, mut rest) = (digits.len(), length);
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.put_u8(kind);
    out.put_slice(&digits[at..]);
    out.put_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Parsed, Value, command, parse};
    use bytes::BytesMut;

    const LIMIT: usize = 1_000;

    fn text(text: &str) -> Value<'_> {
        Value::Text(text.as_bytes())
    }

    #[test]
    fn values_of_each_kind_are_read() {
        let values = [
            ("+OK\r\n", text("OK")),
            ("-ERR no\r\n", Value::Error(b"ERR no")),
            (":-12\r\n", Value::Integer(-12)),
            ("$5\r\na\r\nbc\r\n", text("a\r\nbc")),
            ("$0\r\n\r\n", text("")),
            ("$-1\r\n", Value::Null),
            ("*-1\r\n", Value::Null),
            ("_\r\n", Value::Null),
            ("#t\r\n", text("t")),
            (",1.5\r\n", text("1.5")),
            ("(123\r\n", text("123")),
            ("!5\r\nERR x\r\n", Value::Error(b"ERR x")),
            ("=5\r\ntxt:a\r\n", text("txt:a")),
            ("*2\r\n:1\r\n*1\r\n+a\r\n", Value::List(vec![Value::Integer(1), Value::List(vec![text("a")])])),
            ("~1\r\n+a\r\n", Value::List(vec![text("a")])),
            ("%1\r\n+a\r\n:1\r\n", Value::List(vec![text("a"), Value::Integer(1)])),
            ("|1\r\n+k\r\n+v\r\n:7\r\n", Value::Integer(7)),
            (">2\r\n+message\r\n$1\r\nx\r\n", Value::Push(vec![text("message"), text("x")])),
        ];
        for (bytes, value) in values {
            let whole = Parsed::Whole(value, bytes.len());
            assert_eq!(parse(bytes.as_bytes(), LIMIT), Ok(whole), "{bytes:?}");
        }
    }

    #[test]
    fn a_beginning_needs_more_and_never_less_than_it_has() {
        let bytes = b">3\r\n$7\r\nmessage\r\n$3\r\nr.a\r\n$10\r\n0123456789\r\n";
        for length in 0..bytes.len() {
            match parse(&bytes[..length], LIMIT) {
                Ok(Parsed::Needs(needed)) => assert!(needed > length && needed <= bytes.len(), "{length}"),
                other => panic!("{length}: {other:?}"),
            }
        }
    }

    #[test]
    fn malformed_bytes_are_refused() {
        let malformed = [
            ("?\r\n", "a value of an unknown kind"),
            ("\r\n", "an empty line"),
            ("+a\n", "a line that does not end with CR LF"),
            (":a\r\n", "a number that is none"),
            (":99999999999999999999\r\n", "a number that is none"),
            ("$-2\r\n", "a negative length"),
            ("$1001\r\n", "a string longer than the limit for messages"),
            ("$1\r\nabc\r\n", "a string that does not end with CR LF"),
            ("*9223372036854775807\r\n", "a list longer than the limit for messages"),
            ("%9223372036854775807\r\n", "a list longer than the limit for messages"),
            ("*-2\r\n", "a negative length"),
        ];
        for (bytes, why) in malformed {
            assert_eq!(parse(bytes.as_bytes(), LIMIT), Err(Malformed(why)), "{bytes:?}");
        }
        let deep = "*1\r\n".repeat(100);
        assert_eq!(parse(deep.as_bytes(), LIMIT), Err(Malformed("values are nested too deeply")));
        let long = vec![b'+'; 70_000];
        assert_eq!(parse(&long, LIMIT), Err(Malformed("a line of more than 64 KiB")));
    }

    /// Bytes that are nearly right: each a few of the characters that mean something.
    #[test]
    fn any_bytes_are_a_value_or_need_more_or_are_refused() {
        const WORDS: [&[u8]; 16] = [
            b"*", b">", b"%", b"|", b"$", b"+", b"-", b":", b"_", b"\r\n", b"\r", b"1", b"3", b"99", b"-1",
            b"x",
        ];
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
            match parse(&bytes, LIMIT) {
                Ok(Parsed::Whole(_, length)) => {
                    assert!(length <= bytes.len(), "{bytes:?}");
                    whole += 1;
                }
                Ok(Parsed::Needs(needed)) => assert!(needed > bytes.len() && needed < 2 * LIMIT, "{bytes:?}"),
                Err(_) => refused += 1,
            }
        }
        assert!(whole > 1_000 && refused > 1_000, "{whole} values, {refused} refused");
    }

    #[test]
    fn commands_are_lists_of_strings() {
        let mut out = BytesMut::new();
        command(&mut out, &[b"PUBLISH", b"r.a", &[b'x'; 123]]);
        let expected = [b"*3\r\n$7\r\nPUBLISH\r\n$3\r\nr.a\r\n$123\r\n", &[b'x'; 123][..], b"\r\n"].concat();
        assert_eq!(out, expected);
        out.clear();
        command(&mut out, &[b""]);
        assert_eq!(out, &b"*1\r\n$0\r\n\r\n"[..]);
    }
}
