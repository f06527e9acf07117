//! The application's values, one per type, and the request while it is kept.
//!
//! `http::Extensions` takes only values that are `Clone`, and a map of a crate hashes to find one of two.

use crate::state::request::Request;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::{fmt, mem};

type Value = Box<dyn Any + Send + Sync>;

/// Nearly all clients have one value or none, and their request is dropped once they are connected: then this owns no memory
/// but the value's.
#[derive(Default)]
pub(crate) struct Metadata(Kept);

enum Kept {
    One(Value),
    /// `None`: nothing is kept.
    More(Option<Box<More>>),
}

/// More than one value, or the request.
#[derive(Default)]
struct More {
    values: Vec<Value>,
    request: Option<Arc<Request>>,
}

impl Default for Kept {
    fn default() -> Self {
        Self::More(None)
    }
}

impl Metadata {
    /// Stores a value; returns the earlier value of its type.
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> Option<T> {
        let value: Value = Box::new(value);
        if let Some(old) = self.values_mut().iter_mut().find(|value| (***value).is::<T>()) {
            return unbox(mem::replace(old, value));
        }
        if let Kept::More(None) = self.0 {
            self.0 = Kept::One(value);
            return None;
        }
        self.edit(|more| {
            more.values.reserve_exact(1);
            more.values.push(value);
        });
        None
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        self.values().iter().find_map(|value| (**value).downcast_ref())
    }

    pub(crate) fn remove<T: 'static>(&mut self) -> Option<T> {
        let at = self.values().iter().position(|value| (**value).is::<T>())?;
        unbox(self.edit(|more| more.values.remove(at)))
    }

    /// The request, while it is kept.
    pub(crate) fn request(&self) -> Option<&Arc<Request>> {
        match &self.0 {
            Kept::More(Some(more)) => more.request.as_ref(),
            _ => None,
        }
    }

    /// Keeps the request.
    pub(crate) fn set_request(&mut self, request: Arc<Request>) {
        self.edit(|more| more.request = Some(request));
    }

    /// Stops keeping the request, and returns it.
    pub(crate) fn take_request(&mut self) -> Option<Arc<Request>> {
        self.request()?;
        self.edit(|more| more.request.take())
    }

    fn values(&self) -> &[Value] {
        match &self.0 {
            Kept::One(value) => core::slice::from_ref(value),
            Kept::More(Some(more)) => &more.values,
            Kept::More(None) => &[],
        }
    }

    fn values_mut(&mut self) -> &mut [Value] {
        match &mut self.0 {
            Kept::One(value) => core::slice::from_mut(value),
            Kept::More(Some(more)) => &mut more.values,
            Kept::More(None) => &mut [],
        }
    }

    /// Changes what is kept, as a list. A single value without the request is kept without one.
    fn edit<R>(&mut self, change: impl FnOnce(&mut More) -> R) -> R {
        let mut more = match mem::take(&mut self.0) {
            Kept::One(value) => Box::new(More { values: Vec::from([value]), request: None }),
            Kept::More(more) => more.unwrap_or_default(),
        };
        let result = change(&mut more);
        self.0 = if more.request.is_some() || more.values.len() > 1 {
            Kept::More(Some(more))
        } else {
            more.values.pop().map_or_else(Kept::default, Kept::One)
        };
        result
    }
}

fn unbox<T: 'static>(value: Value) -> Option<T> {
    value.downcast().ok().map(|value| *value)
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metadata({} values)", self.values().len())
    }
}
