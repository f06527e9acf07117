//! JSON web tokens: who a client is, which rooms it begins in, and until when it may stay.
//!
//! | file | what |
//! | --- | --- |
//! | `place` | where in a request the token is |
//! | `claims` | what a token says |
//! | `check` | whether a token is valid, and why not |
//! | `jwks`, `fetch` | a JWK set that is fetched from a URL, kept, and fetched again |
//! | `make` | tokens for trying |
//! | `signatures` | what jsonwebtoken leaves to ring |

mod check;
mod claims;
mod fetch;
mod jwks;
mod make;
pub(crate) mod place;
mod signatures;
#[cfg(test)]
mod tests;

pub(crate) use check::{BadToken, Tokens};
pub(crate) use claims::{Claims, seconds};
pub(crate) use make::{Signing, make};
