//! Where a value stands in a config, for an error about it.

use core::cell::Cell;
use core::fmt::{self, Display};
use serde::de::Error;

/// The place of a value. The error about it is named once, where it is made, because a format that knows the line adds that to the
/// error there: an error that is made anew further out would show the beginning of a table in place of the line.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    step: Step<'a>,
    is_told: &'a Cell<bool>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    /// The whole of what is read.
    Whole,
    /// A field of a config, by its name in full.
    Field(&'static str),
    /// A part of a value, as `per` is of a rate.
    Part(&'static str, &'a At<'a>),
}

impl<'a> At<'a> {
    pub(crate) const fn whole(is_told: &'a Cell<bool>) -> Self {
        Self { step: Step::Whole, is_told }
    }

    pub(crate) const fn field(self, name: &'static str) -> Self {
        Self { step: Step::Field(name), ..self }
    }

    pub(crate) const fn part(&'a self, name: &'static str) -> Self {
        Self { step: Step::Part(name, self), is_told: self.is_told }
    }

    /// What a part or a field is called.
    pub(crate) const fn name(&self) -> &'static str {
        match self.step {
            Step::Whole => "",
            Step::Field(name) | Step::Part(name, _) => name,
        }
    }

    /// An error about the value here, or about a part of it that has said so already.
    pub(crate) fn named<E: Error>(&self, error: E) -> E {
        if self.is_told.replace(true) || matches!(self.step, Step::Whole) {
            return error;
        }
        // Some formats say on lines of their own where it was: they will once more.
        E::custom(format_args!("{self}: {}", alloc::format!("{error}").lines().next().unwrap_or_default()))
    }
}

impl Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Step::Whole => Ok(()),
            Step::Field(name) => write!(f, "config field `{name}`"),
            Step::Part(name, At { step: Step::Whole, .. }) => write!(f, "`{name}`"),
            Step::Part(name, of) => write!(f, "{of}: `{name}`"),
        }
    }
}
