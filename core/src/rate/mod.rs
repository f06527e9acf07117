//! STUB
/// A rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate { n: u32, b: u32 }
impl Rate {
    /// n a second.
    pub const fn per_second(n: u32) -> Self { Self { n, b: n } }
    /// burst.
    pub const fn burst(mut self, b: u32) -> Self { self.b = b; self }
}
