//! The numbers of one node to one subject, as they arrive.

/// How far a stream has been heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    stream: u64,
    /// The greatest number that came, or of which a tail told.
    top: u64,
    /// Which of the last 64 numbers came: bit 0 is `top`.
    came: u64,
    /// No number below this was missed when the stream was first heard.
    first: u64,
}

/// What a number says about its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the next one, after so many that were lost.
    New { lost: u64 },
    /// It has come before, or is too old to know.
    Repeated,
    /// It comes after later ones: it was told as lost, unless it is of before the stream was heard; then so many are lost by dropping it.
    Late { lost: u64 },
}

impl Heard {
    /// The first message that comes of a node on a subject. Nobody knows what was sent before the subscription, so nothing is lost.
    pub(super) const fn first(stream: u64, sequence: u64) -> Self {
        Self { stream, top: sequence, came: 1, first: sequence }
    }

    /// The first that comes of a node on a subject is a tail.
    pub(super) const fn told(stream: u64, top: u64) -> Self {
        Self { stream, top, came: 0, first: top.saturating_add(1) }
    }

    /// The node has started again. Its streams begin anew, and this node was subscribed all the time.
    pub(super) const fn restart(&mut self) {
        *self = Self { stream: 0, top: 0, came: 1, first: 1 };
    }

    /// Takes in the number of a message. O(1).
    pub(super) const fn check(&mut self, stream: u64, sequence: u64) -> Verdict {
        if stream < self.stream {
            return Verdict::Repeated;
        }
        if stream > self.stream {
            // The sender has told the end of the old stream before it began another.
            *self = Self { stream, top: sequence, came: 1, first: 1 };
            return Verdict::New { lost: sequence.saturating_sub(1) };
        }
        if sequence > self.top {
            let step = sequence - self.top;
            self.advance(step);
            self.came |= 1;
            return Verdict::New { lost: step - 1 };
        }
        let age = self.top - sequence;
        if age >= 64 || self.came >> age & 1 == 1 {
            return Verdict::Repeated;
        }
        self.came |= 1 << age;
        Verdict::Late { lost: (sequence < self.first) as u64 }
    }

    /// Takes in that the last message of a stream has this number; returns how many are lost. O(1).
    pub(super) const fn tail(&mut self, stream: u64, top: u64) -> u64 {
        if stream > self.stream {
            *self = Self { stream, top, came: 0, first: 1 };
            return top;
        }
        if stream < self.stream || top <= self.top {
            return 0;
        }
        let step = top - self.top;
        self.advance(step);
        step
    }

    const fn advance(&mut self, step: u64) {
        self.came = if step < 64 { self.came << step } else { 0 };
        self.top += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Verdicts of the numbers of stream 5, after those before in the list, and the first is 10.
    #[test]
    fn numbers_tell_what_is_lost_repeated_and_late() {
        use Verdict::{Late, New, Repeated};
        let mut heard = Heard::first(5, 10);
        for (stream, sequence, expected) in [
            (5, 10, Repeated),
            (5, 11, New { lost: 0 }),
            (5, 14, New { lost: 2 }),
            (5, 12, Late { lost: 0 }),
            (5, 12, Repeated),
            (5, 13, Late { lost: 0 }),
            (5, 14, Repeated),
            // Of before the first: dropped, so it is lost.
            (5, 9, Late { lost: 1 }),
            (5, 9, Repeated),
            (5, 100, New { lost: 85 }),
            // Nobody knows any more.
            (5, 36, Repeated),
            (5, 37, Late { lost: 0 }),
            // An older stream, then newer ones.
            (4, 1_000, Repeated),
            (6, 1, New { lost: 0 }),
            (5, 101, Repeated),
            (9, 3, New { lost: 2 }),
            (9, 2, Late { lost: 0 }),
            (9, u64::MAX, New { lost: u64::MAX - 4 }),
            (9, 3, Repeated),
        ] {
            assert_eq!(heard.check(stream, sequence), expected, "{stream} {sequence}");
        }
    }

    #[test]
    fn a_tail_tells_what_is_lost_at_the_end() {
        let mut heard = Heard::first(5, 10);
        for (stream, top, lost) in
            [(5, 10, 0), (5, 12, 2), (5, 12, 0), (5, 11, 0), (4, 99, 0), (7, 3, 3), (7, 3, 0)]
        {
            assert_eq!(heard.tail(stream, top), lost, "{stream} {top}");
        }
        assert_eq!(heard.check(7, 3), Verdict::Late { lost: 0 }, "the tail was faster");
        assert_eq!(heard.check(7, 4), Verdict::New { lost: 0 });
    }

    #[test]
    fn what_a_node_sent_after_it_started_again_is_counted_from_its_first_number() {
        let mut heard = Heard::first(5, 10);
        heard.restart();
        assert_eq!(heard.check(1, 3), Verdict::New { lost: 2 });
        assert_eq!(heard.check(1, 1), Verdict::Late { lost: 0 });
    }
}
