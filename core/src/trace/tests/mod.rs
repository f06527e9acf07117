mod damage;
mod determinism;
mod hashing;
mod random;
mod round_trip;
