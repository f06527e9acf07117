//! The ids that a hub gives: of connections and of clients, counted apart.

/// The places of one kind of id, each with the generation of the id that has it, or will have it next.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    generations: Vec<u32>,
    /// Places that are free again. The one freed last is used first.
    free: Vec<usize>,
}

impl Ids {
    /// A new id as a number: the generation above, the place below.
    pub(super) fn give(&mut self) -> u64 {
        let place = self.free.pop().unwrap_or_else(|| {
            self.generations.push(0);
            self.generations.len() - 1
        });
        u64::from(self.generations[place]) << 32 | place as u64
    }

    /// An id is stale from now on.
    pub(super) fn take_back(&mut self, place: usize) {
        self.generations[place] += 1;
        self.free.push(place);
    }

    /// As many places as were ever used at once.
    pub(super) fn places(&self) -> usize {
        self.generations.len()
    }
}
