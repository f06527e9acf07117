//! Bytes of a peer, and how they come in pieces.

/// Bytes, and behind them how they are cut: sizes of pieces, a byte each, and in the low half of the last byte how many
/// of those there are. Its high half is for the target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cuts<'a> {
    pub(super) bytes: &'a [u8],
    sizes: &'a [u8],
    pub(super) variant: u8,
}

/// From this on sizes are in steps.
const LARGE: usize = 128;
const STEP: usize = 48;

impl<'a> Cuts<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        let (last, rest) = input.split_last().map_or((0, input), |(&last, rest)| (last, rest));
        let sizes = usize::from(last & 0xf).min(rest.len());
        let (bytes, sizes) = rest.split_at(rest.len() - sizes);
        Self { bytes, sizes, variant: last >> 4 }
    }

    /// The other way: an input of these parts.
    pub(super) fn join(bytes: &[u8], sizes: &[u8], variant: u8) -> Vec<u8> {
        [bytes, sizes, &[variant << 4 | sizes.len() as u8]].concat()
    }

    /// The sizes of pieces, over and over. Some may be zero, but never all.
    pub(super) fn sizes(self) -> impl Iterator<Item = usize> + Clone + 'a {
        let goes_on = self.sizes.iter().any(|&size| size > 0);
        let sizes = if goes_on { self.sizes } else { &[255] };
        sizes.iter().cycle().map(|&size| match usize::from(size) {
            small @ ..LARGE => small,
            large => LARGE + (large - LARGE) * STEP,
        })
    }
}

/// The pieces of a buffer, of these sizes, until it is used up. One buffer, as that of a host, so that a piece costs no
/// allocation.
pub(super) fn pieces(
    bytes: &mut [u8],
    mut sizes: impl Iterator<Item = usize>,
) -> impl Iterator<Item = &mut [u8]> {
    let mut rest = bytes;
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let size = sizes.next()?.min(rest.len());
        let (piece, behind) = core::mem::take(&mut rest).split_at_mut(size);
        rest = behind;
        Some(piece)
    })
}
