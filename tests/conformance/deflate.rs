//! A client's end of compression (RFC 7692). It judges, so nothing of it is ours: another's deflate, and a reading of
//! its own of what was offered and answered.

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, TDEFLStatus, compress};
use throng_tests::inflate::{Inflate, TAIL, Way};

#[cfg(test)]
mod tests;

const NAME: &str = "permessage-deflate";
/// How hard this deflate tries.
const LEVEL: u8 = 6;
/// The largest window there is.
const MOST_BITS: u8 = 15;

/// A client's end of what was agreed.
pub(crate) struct Codec {
    pub(crate) deflate: Deflate,
    pub(crate) inflate: Inflate,
}

impl Codec {
    /// What was offered, and the headers that answer it, have come to.
    ///
    /// # Errors
    /// A client has to fail the connection over such an answer (section 7.1).
    pub(crate) fn agreed(offer: &str, answers: &[&str]) -> Result<Option<Self>, String> {
        let Some((server, client)) = agreed(offer, answers)? else { return Ok(None) };
        Ok(Some(Self { deflate: Deflate::new(client), inflate: Inflate::new(server) }))
    }
}

/// Parameters with their values.
type Parameters<'a> = Vec<(&'a str, Option<&'a str>)>;

/// What holds for the server, and what for the client; none if the server declined.
fn agreed(offer: &str, answers: &[&str]) -> Result<Option<(Way, Way)>, String> {
    let answer = match answers {
        [] => return Ok(None),
        [answer] if !answer.contains(',') => parameters(answer).ok_or("it is no answer")?,
        _ => return Err("it answers more than once".to_owned()),
    };
    let drops = |side: &str| find(&answer, &format!("{side}_no_context_takeover"));
    let most = |side: &str| find(&answer, &format!("{side}_max_window_bits"));
    for value in [most("server"), most("client")].into_iter().flatten() {
        bits(value).ok_or("a window in the answer is none")?;
    }
    if !offer.split(',').filter_map(parameters).any(|offered| is_answer(&answer, &offered)) {
        return Err("it answers what was not offered".to_owned());
    }
    let way = |side: &str| Way {
        is_kept: drops(side).is_none(),
        bits: most(side).and_then(bits).unwrap_or(MOST_BITS),
    };
    Ok(Some((way("server"), way("client"))))
}

/// None if they are not as section 7.1 has them.
fn parameters(extension: &str) -> Option<Parameters<'_>> {
    let mut parts = extension.split(';').map(str::trim);
    if parts.next() != Some(NAME) {
        return None;
    }
    let mut found = Parameters::new();
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name, Some(value.trim_matches('"'))),
            None => (part, None),
        };
        let is_right = match name {
            "server_no_context_takeover" | "client_no_context_takeover" => value.is_none(),
            "server_max_window_bits" => bits(value).is_some(),
            "client_max_window_bits" => value.is_none() || bits(value).is_some(),
            _ => false,
        };
        if !is_right || find(&found, name).is_some() {
            return None;
        }
        found.push((name, value));
    }
    Some(found)
}

/// The value of a parameter, if it is there.
fn find<'a>(parameters: &Parameters<'a>, name: &str) -> Option<Option<&'a str>> {
    parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn bits(value: Option<&str>) -> Option<u8> {
    ["8", "9", "10", "11", "12", "13", "14", "15"].contains(&value?).then(|| value?.parse().ok())?
}

/// Whether a server may take an offer with this answer (sections 7.1.1 and 7.1.2).
fn is_answer(answer: &Parameters<'_>, offered: &Parameters<'_>) -> bool {
    let both = |name| (find(offered, name), find(answer, name));
    let repeats = !matches!(both("server_no_context_takeover"), (Some(_), None));
    let server = match both("server_max_window_bits") {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(most), Some(answered)) => bits(answered) <= bits(most),
    };
    let client = match both("client_max_window_bits") {
        (_, None) => true,
        // Only who says that it heeds a limit may be given one.
        (None, Some(_)) => false,
        (Some(most), Some(answered)) => most.is_none() || bits(answered) <= bits(most),
    };
    repeats && server && client
}

/// Deflates what the client says, within what was agreed.
pub(crate) struct Deflate {
    state: Box<CompressorOxide>,
    way: Way,
    /// Bytes since it began anew.
    since: usize,
}

impl Deflate {
    pub(crate) fn new(way: Way) -> Self {
        let mut new = Self { state: Box::default(), way, since: 0 };
        new.begin();
        new
    }

    /// From here on nothing refers to what was before.
    fn begin(&mut self) {
        self.state.reset();
        self.state.set_format_and_level(DataFormat::Raw, LEVEL);
        self.since = 0;
    }

    /// A message as the payload of a frame with RSV1. This deflate knows one window only, the largest: for a smaller one it
    /// begins anew before it could look farther back.
    pub(crate) fn deflate(&mut self, payload: &[u8]) -> Vec<u8> {
        let window = match self.way.bits {
            MOST_BITS => usize::MAX,
            bits => 1 << bits,
        };
        if !self.way.is_kept {
            self.begin();
        }
        let mut out = Vec::new();
        for piece in payload.chunks(window) {
            if piece.len() > window - self.since.min(window) {
                self.begin();
            }
            self.since = self.since.saturating_add(piece.len());
            self.flush(piece, &mut out);
        }
        match out.strip_suffix(&TAIL) {
            Some(deflated) => deflated.to_vec(),
            // Nothing is nothing to flush: an empty block (section 7.2.3.6).
            None => vec![0x00],
        }
    }

    fn flush(&mut self, mut rest: &[u8], out: &mut Vec<u8>) {
        let mut room = vec![0; rest.len() / 2 + 64];
        loop {
            let (status, taken, made) = compress(&mut self.state, rest, &mut room, TDEFLFlush::Sync);
            assert_eq!(status, TDEFLStatus::Okay, "it deflates anything");
            rest = &rest[taken..];
            out.extend_from_slice(&room[..made]);
            // What did not fit is behind what filled the room.
            if rest.is_empty() && made < room.len() {
                return;
            }
        }
    }
}

/// Bytes that do not get shorter.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(next).collect()
}
