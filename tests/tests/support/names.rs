//! Names that nobody may have in the chat.

/// An override of the direction, joiners alone, the end of a line, a filler, tags, a blank of braille, a soft hyphen.
pub(crate) const INVISIBLE: [&str; 23] = [
    "A\u{202e}da",
    "\u{200b}\u{200d}",
    "Ada\u{2028}Bo",
    "\u{3164}",
    "Ada\u{e0041}\u{e007f}",
    "\u{2800}",
    "A\u{ad}da",
    "\u{ffa0}",
    "Ada\u{fe0f}",
    "Ada\u{7}",
    "\u{2066}Ada\u{2069}",
    "\u{feff}Ada",
    "\u{1d173}",
    "\u{61c}Ada",
    "\u{115f}",
    // A note without a head, a filler, what arranges hieroglyphs; private use; what stands for others; no character.
    "\u{1d159}",
    "\u{16fe4}",
    "A\u{13430}da",
    "\u{e000}",
    "Ada\u{10fffd}",
    "\u{fffc}",
    "\u{ffff}",
    "Ada\u{fdd0}",
];

/// Cyrillic, Greek, Cherokee, Lisu, Coptic, Armenian, Deseret; a small capital.
pub(crate) const MIXED: [&str; 9] = [
    "\u{410}da",
    "Ad\u{3b1}",
    "\u{391}\u{434}",
    "\u{13aa}da",
    "\u{a4ee}da",
    "\u{2c80}da",
    "Ada\u{585}",
    "\u{10404}da",
    "\u{1d00}\u{434}",
];
