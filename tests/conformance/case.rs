//! What a case is: what is sent, and what must come back. Data, so that each host plays the same.

use throng_tests::raw::{CLOSE, frame};

/// The first byte of the first frame of a fragmented text.
pub(crate) const TEXT_BEGINS: u8 = 0x01;
/// The first byte of the first frame of a fragmented binary message.
pub(crate) const BINARY_BEGINS: u8 = 0x02;
/// The first byte of a fragment between.
pub(crate) const GOES_ON: u8 = 0x00;
/// The first byte of the last fragment.
pub(crate) const ENDS: u8 = 0x80;

/// A behaviour.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Category of the Autobahn suite, and a number, as in 6.4.1. In category 5 the numbers up to 20 are its, too; ours come after
    /// them, or have a third part. Elsewhere some are its and some are ours.
    pub(crate) id: String,
    /// What is sent.
    pub(crate) name: String,
    /// Where RFC 6455 says what must come of it.
    pub(crate) section: &'static str,
    /// The extensions that the client asks for.
    pub(crate) offer: Option<Offer>,
    pub(crate) parts: Vec<Part>,
    /// What comes back before the close frame.
    pub(crate) said: Vec<Said>,
    /// A peer that has closed need not be told anything any more (section 5.5.1): nothing coming back is as good.
    pub(crate) need: Need,
    pub(crate) end: End,
    /// What comes back gets shorter if it is deflated: that is the best answer then.
    pub(crate) shrinks: bool,
    pub(crate) chops: Vec<Chop>,
}

/// What the client offers.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) extensions: String,
    /// Whether a server that compresses agrees.
    pub(crate) is_taken: bool,
}

/// What the client does, one after another.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Send(Vec<u8>),
    /// A message, deflated within what was agreed, in fragments of so many bytes.
    Deflated {
        /// The first byte of its frame, if that were the whole of it, and were not deflated.
        first: u8,
        payload: Vec<u8>,
        fragment: usize,
    },
    /// Waits until so many things have come back in all.
    Hear(usize),
    /// Nothing comes back for a moment, and the connection lives on.
    Quiet,
    /// What has been sent is enough to fail the connection. A peer that waits for more gets it.
    FailsFast,
}

/// What a server says, but for close frames.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Said {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    All,
    AllOrNothing,
}

/// How it ends. Of several codes the first is the best answer, each is a legal one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The client closes with 1000 once it has heard everything.
    ByClient,
    /// A close frame is among what was sent: it is answered, and the server ends the transport (section 7.1.1).
    Answered(&'static [u16]),
    /// The server fails the connection (section 7.1.7): with a close frame as it should, or without.
    Failed(&'static [u16]),
}

/// How the bytes are cut on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chop {
    Whole,
    Every(usize),
    /// Each frame by itself.
    Frames,
    Random,
}

/// A close frame without a code counts as this one (section 7.1.5).
pub(crate) const NO_CODE: u16 = 1005;

impl Case {
    /// A case in which nothing is sent yet, and the client closes.
    pub(crate) fn new(id: impl Into<String>, name: impl Into<String>, section: &'static str) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            section,
            offer: None,
            parts: Vec::new(),
            said: Vec::new(),
            need: Need::All,
            end: End::ByClient,
            shrinks: false,
            chops: Vec::new(),
        }
    }

    /// The client offers compression, to which the server is to agree.
    pub(crate) fn offers(mut self, offer: impl Into<String>) -> Self {
        self.offer = Some(Offer { extensions: offer.into(), is_taken: true });
        self
    }

    /// The client offers what the server is to decline.
    pub(crate) fn declined(mut self, offer: impl Into<String>) -> Self {
        self.offer = Some(Offer { extensions: offer.into(), is_taken: false });
        self
    }

    pub(crate) fn send(mut self, bytes: impl AsRef<[u8]>) -> Self {
        match self.parts.last_mut() {
            Some(Part::Send(sent)) => sent.extend_from_slice(bytes.as_ref()),
            _ => self.parts.push(Part::Send(bytes.as_ref().to_vec())),
        }
        self
    }

    /// Sends a frame.
    pub(crate) fn frame(self, first: u8, payload: impl AsRef<[u8]>) -> Self {
        self.send(frame(first, payload.as_ref()))
    }

    /// Sends a message, deflated within what was agreed.
    pub(crate) fn deflated(self, first: u8, payload: impl AsRef<[u8]>) -> Self {
        self.deflated_in(usize::MAX, first, payload)
    }

    /// The same in fragments of so many bytes.
    pub(crate) fn deflated_in(mut self, fragment: usize, first: u8, payload: impl AsRef<[u8]>) -> Self {
        self.parts.push(Part::Deflated { first, payload: payload.as_ref().to_vec(), fragment });
        self
    }

    /// Sends a message in fragments.
    pub(crate) fn fragments<T: AsRef<[u8]>>(self, first: u8, fragments: impl IntoIterator<Item = T>) -> Self {
        self.send(in_fragments(first, fragments))
    }

    /// Sends a close frame with so much as its body.
    pub(crate) fn close(self, body: impl AsRef<[u8]>) -> Self {
        self.frame(CLOSE, body)
    }

    pub(crate) fn text(mut self, text: impl AsRef<[u8]>) -> Self {
        self.said.push(Said::Text(text.as_ref().to_vec()));
        self
    }

    pub(crate) fn binary(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.said.push(Said::Binary(bytes.as_ref().to_vec()));
        self
    }

    /// Whatever comes back gets shorter if it is deflated.
    pub(crate) fn shrinking(mut self) -> Self {
        self.shrinks = true;
        self
    }

    pub(crate) fn pong(mut self, payload: impl AsRef<[u8]>) -> Self {
        self.said.push(Said::Pong(payload.as_ref().to_vec()));
        self
    }

    /// Waits for all that was expected so far.
    pub(crate) fn heard(mut self) -> Self {
        self.parts.push(Part::Hear(self.said.len()));
        self
    }

    pub(crate) fn quiet(mut self) -> Self {
        self.parts.push(Part::Quiet);
        self
    }

    pub(crate) fn fails_fast(mut self) -> Self {
        self.parts.push(Part::FailsFast);
        self
    }

    pub(crate) fn failed(mut self, codes: &'static [u16]) -> Self {
        self.end = End::Failed(codes);
        self
    }

    pub(crate) fn answered(mut self, codes: &'static [u16]) -> Self {
        self.end = End::Answered(codes);
        self
    }

    pub(crate) fn or_nothing(mut self) -> Self {
        self.need = Need::AllOrNothing;
        self
    }

    /// Cuts it in these ways only.
    pub(crate) fn chopped(mut self, chops: impl Into<Vec<Chop>>) -> Self {
        self.chops = chops.into();
        self
    }

    /// In how many ways it is cut: whole, at random, and each octet by itself unless those are too many.
    pub(crate) fn chops(&self) -> Vec<Chop> {
        /// Single octets cost a system call each.
        const FEW: usize = 2_000;
        if !self.chops.is_empty() {
            return self.chops.clone();
        }
        let sent = self.parts.iter().map(|part| match part {
            Part::Send(bytes) | Part::Deflated { payload: bytes, .. } => bytes.len(),
            _ => 0,
        });
        let most = if sent.sum::<usize>() <= FEW { 1 } else { 997 };
        vec![Chop::Whole, Chop::Every(most), Chop::Random]
    }

    /// The category: what stands before the first dot.
    pub(crate) fn category(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }
}

/// A message in fragments, as frames.
pub(crate) fn in_fragments<T: AsRef<[u8]>>(first: u8, fragments: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut fragments = fragments.into_iter().peekable();
    let mut opcode = first & !ENDS;
    let mut frames = Vec::new();
    while let Some(fragment) = fragments.next() {
        let fin = if fragments.peek().is_none() { ENDS } else { 0 };
        frames.extend(frame(fin | opcode, fragment.as_ref()));
        opcode = GOES_ON;
    }
    frames
}

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, payload) = match self {
            Self::Text(payload) => ("text", payload),
            Self::Binary(payload) => ("binary", payload),
            Self::Pong(payload) => ("pong", payload),
        };
        let shown = &payload[..payload.len().min(24)];
        write!(f, "{kind} of {} bytes: {}", payload.len(), shown.escape_ascii())
    }
}
