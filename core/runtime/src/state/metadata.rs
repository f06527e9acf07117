//! The application's values, one per type.
//!
//! `http::Extensions` takes only values that are `Clone`, and a map of a crate hashes to find one of two.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::any::{Any, TypeId};
use core::{fmt, mem};

type Value = Box<dyn Any + Send + Sync>;

/// Most clients have no value or one, so a list is smaller and faster than a map. Every client has the list, so it has
/// no spare capacity.
#[derive(Default)]
pub(crate) struct Metadata(Box<[(TypeId, Value)]>);

impl Metadata {
    /// Stores a value; returns the earlier value of its type.
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> Option<T> {
        let value: Value = Box::new(value);
        if let Some((_, old)) = self.0.iter_mut().find(|(id, _)| *id == TypeId::of::<T>()) {
            return unbox(mem::replace(old, value));
        }
        self.edit(|values| {
            values.reserve_exact(1);
            values.push((TypeId::of::<T>(), value));
        });
        None
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        let (_, value) = self.0.iter().find(|(id, _)| *id == TypeId::of::<T>())?;
        value.downcast_ref()
    }

    pub(crate) fn remove<T: 'static>(&mut self) -> Option<T> {
        let at = self.0.iter().position(|(id, _)| *id == TypeId::of::<T>())?;
        unbox(self.edit(|values| values.remove(at)).1)
    }

    fn edit<R>(&mut self, change: impl FnOnce(&mut Vec<(TypeId, Value)>) -> R) -> R {
        let mut values = mem::take(&mut self.0).into_vec();
        let result = change(&mut values);
        self.0 = values.into_boxed_slice();
        result
    }
}

fn unbox<T: 'static>(value: Value) -> Option<T> {
    value.downcast().ok().map(|value| *value)
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metadata({} values)", self.0.len())
    }
}
