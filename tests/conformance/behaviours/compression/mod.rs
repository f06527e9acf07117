//! What a hub that compresses sends, and what that costs.

pub(crate) mod variants;
