//! The application's values, one a type.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::any::{Any, TypeId};
use core::{fmt, mem};

type Value = Box<dyn Any + Send + Sync>;

/// Most clients have none or one, so a list is smaller than a map, and faster.
#[derive(Default)]
pub(super) struct Metadata(Vec<(TypeId, Value)>);

impl Metadata {
    /// Keeps a value; the one of its type that was there comes back.
    pub(super) fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> Option<T> {
        let value: Value = Box::new(value);
        if let Some((_, old)) = self.0.iter_mut().find(|(id, _)| *id == TypeId::of::<T>()) {
            return unbox(mem::replace(old, value));
        }
        self.0.reserve_exact(1);
        self.0.push((TypeId::of::<T>(), value));
        None
    }

    pub(super) fn get<T: 'static>(&self) -> Option<&T> {
        let (_, value) = self.0.iter().find(|(id, _)| *id == TypeId::of::<T>())?;
        value.downcast_ref()
    }

    pub(super) fn remove<T: 'static>(&mut self) -> Option<T> {
        let at = self.0.iter().position(|(id, _)| *id == TypeId::of::<T>())?;
        unbox(self.0.remove(at).1)
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
