//! Whose hooks the task of a connection calls.

/// Whose hooks a task calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Serves {
    /// Those of its connection's client.
    Client,
    /// Those of its client, once the task of an earlier connection has handed over the service.
    Later,
    /// Those of its client, which has lost the connection.
    Lost,
    /// Nobody's: another task has its client's service.
    Nobody,
}
