//! The config of the running program.

use crate::config::Config;
use std::sync::{Arc, PoisonError, RwLock};

/// The config in force. A reload replaces it as a whole.
#[derive(Debug)]
pub(crate) struct Live(RwLock<Arc<Config>>);

impl Live {
    pub(crate) fn new(config: Config) -> Self {
        Self(RwLock::new(Arc::new(config)))
    }

    /// The config in force. A request takes it once, so that it sees one config.
    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn replace(&self, config: Config) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }
}
