//! Another's inflater (RFC 7692), which judges what ours deflates: in a window no larger than was agreed on, that holds nothing
//! which may not be referred to.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// What a sync flush ends with, and what is left out on the wire (section 7.2.1).
pub const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// What was agreed for one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Whether a message may refer back to those before it.
    pub is_kept: bool,
    /// How far back, as a power of two.
    pub bits: u8,
}

/// Inflates what comes one way: what looks farther back than was agreed is an error.
pub struct Inflate {
    state: Box<DecompressorOxide>,
    window: Vec<u8>,
    at: usize,
    way: Way,
}

impl Inflate {
    /// Nothing has come yet.
    pub fn new(way: Way) -> Self {
        Self { state: Box::default(), window: vec![0; 1 << way.bits], at: 0, way }
    }

    /// Whether a message of so many bytes may have been deflated by itself: it is seen no farther back than that.
    pub fn is_in_reach(&self, bytes: usize) -> bool {
        self.way.is_kept || bytes <= self.window.len()
    }

    /// A message from the payload of a frame with RSV1.
    ///
    /// # Errors
    /// It is not deflated data, or not within what was agreed.
    pub fn inflate(&mut self, payload: &[u8]) -> Result<Vec<u8>, String> {
        if !self.way.is_kept {
            // Zeros are in no message that is compared: whoever refers to what was before makes another one.
            self.state.init();
            self.window.fill(0);
            self.at = 0;
        }
        let input = [payload, &TAIL].concat();
        let (mut rest, mut out) = (&input[..], Vec::new());
        loop {
            let (status, taken, made) =
                decompress(&mut self.state, rest, &mut self.window, self.at, TINFL_FLAG_HAS_MORE_INPUT);
            rest = &rest[taken..];
            out.extend_from_slice(&self.window[self.at..][..made]);
            self.at = (self.at + made) % self.window.len();
            match status {
                TINFLStatus::HasMoreOutput => {}
                TINFLStatus::NeedsMoreInput if rest.is_empty() => return Ok(out),
                // A last block: another one may follow (section 7.2.3.4).
                TINFLStatus::Done if rest == TAIL => {
                    self.state.init();
                    return Ok(out);
                }
                TINFLStatus::Done => self.state.init(),
                status => return Err(format!("{status:?} after {} bytes of {:?}", out.len(), self.way)),
            }
        }
    }
}
