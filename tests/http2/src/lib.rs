//! Has nothing but a test.
