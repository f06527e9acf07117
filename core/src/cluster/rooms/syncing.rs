//! How far this node has come with the roster of another one.

use super::record::Key;
use crate::time::Instant;

/// Whether a roster is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sync {
    /// What has come is all that is known of.
    #[default]
    No,
    /// It is to be asked for, with the pages behind this record.
    Wanted { after: Option<Key> },
    /// A page behind this record is asked for, until this moment.
    Asked { ask: u64, after: Option<Key>, until: Instant },
}
