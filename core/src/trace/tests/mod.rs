mod damage;
mod determinism;
mod hashing;
mod invariants;
mod random;
mod round_trip;
