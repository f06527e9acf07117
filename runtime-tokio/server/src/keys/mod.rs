//! The keys that check signatures of tokens.
//!
//! | file | what |
//! | --- | --- |
//! | `set` | public keys in PEM, and those of a JWK set |
//! | `url` | the URL of a JWK set |

mod set;
mod url;

pub(crate) use set::{Key, KeySet};
pub(crate) use url::JwksUrl;
