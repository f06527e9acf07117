//! The names and bytes that operations choose from by number.

/// Names of rooms: `n` means the one at `n` modulo their number. The last two are no good.
pub const ROOMS: [&str; 6] = ["red", "green", "blue", "grey", "much-too-long", ""];

/// Idempotency keys: 0 means none, `n` the one before `n`, modulo their number and one. The last one is no good.
pub const KEYS: [&str; 4] = ["", "k", "l", "too long"];

/// Names of users: 0 means nobody, `n` the one before `n`, modulo their number and one. The last two are no good.
pub const USERS: [&str; 5] = ["ada", "bob", "eve", "much-too-long", ""];

/// Names of sessions: 0 means none, `n` the one before `n`, modulo their number and one. The last two are no good.
pub const SESSIONS: [&str; 5] = ["tab", "phone", "desk", "much-too-long", ""];

/// Bytes about a client. The last are too long.
pub const INFOS: [&str; 4] = ["", "a", "b", "too long"];
